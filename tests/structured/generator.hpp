#pragma once

// Makes a program of a seed. Every loop back counts a local down or looks at the fuel, and so does every function that calls
// others, so that programs end.

#include "values.hpp"

namespace structured {

class generator final : public value_generator {
 public:
  generator(program& p, random_source& r) : value_generator(p, r, r.pick(risks)) {}

  void run() {
    if (r_.one_in(3)) palette_ = {r_.pick(number_types), r_.pick(number_types)};
    program_.fuel = 20 + r_.below(120);
    program_.globals = {val::i32};
    for (const val t : {val::i32, val::i64, val::f32, val::f64, val::funcref, val::externref})
      for (auto n = 1 + r_.below(2); n--;) program_.globals.push_back(t);
    program_.data.resize(100);
    for (auto& b : program_.data) b = std::uint8_t(r_.next());
    program_.functions.resize(2 + r_.below(5));
    for (auto& f : program_.functions) f.type = {any_types(r_.one_in(8) ? 20 : 6), any_types(r_.one_in(8) ? 12 : 4)};
    const auto hosts = std::uint32_t(host_imports().size());
    for (int i = 0; i < 8; ++i) program_.elements.push_back(r_.one_in(6) ? r_.below(hosts) : hosts + r_.below(program_.functions.size()));
    for (auto& f : program_.functions) body(f);
    for (int i = 0; i < 8; ++i) add_call();
  }

 private:
  static constexpr std::uint32_t risks[] = {0, 0, 300, 100, 30};

  // ---- functions and their calls

  void body(function& f) {
    function_ = &f, leaf_ = r_.one_in(3), budget_ = int(20 + r_.below(r_.one_in(4) ? 900 : 250));
    scopes_ = {{function_label, f.type.results, false, {}}}, next_label_ = function_label + 1;
    add_locals();
    f.body = captured([&] {
      if (!leaf_) take_fuel();
      for (auto n = r_.below(6); n--;) {
        const val t = any_number();
        simple_or_constant(t), set(any_local(t));
      }
      for (auto n = 1 + r_.below(5); n--;) statement(0);
      arm({}, f.type.results, 0);
    });
  }
  void simple_or_constant(val t) { r_.one_in(2) ? constant(t, sequences::any_value(r_, t)) : value(t, 5); }
  void take_fuel() {
    get_global(fuel_global), emit("i32.eqz");
    auto leave = captured([&] {
      for (const val t : function_->type.results) constant(t, 7);
      return_();
    });
    auto& i = emit("if", next_label_++, 1, {});
    i.body = std::move(leave);
    get_global(fuel_global), i32(1), emit("i32.sub"), set_global(fuel_global);
  }
  void add_call() {
    call c{r_.below(program_.functions.size()), {}};
    for (const val t : program_.functions[c.function].type.params) {
      if (is_reference(t))
        c.arguments.push_back({t, t == val::funcref || r_.one_in(2), 5});
      else
        c.arguments.push_back({t, false, sequences::any_value(r_, t)});
    }
    program_.calls.push_back(std::move(c));
  }

  // ---- calls

  // A call of something whose first result is of that type, which stays; or of anything, of which nothing stays.
  void call_giving(std::optional<val> first, int depth) override {
    const auto hosts = std::uint32_t(host_imports().size());
    std::vector<std::uint32_t> fit;
    for (std::uint32_t f = 0; f < hosts + (leaf_ ? 0 : program_.functions.size()); ++f) {
      const auto& results = type_of(program_, f).results;
      const bool refuses = f == hosts - 1 && !risky();
      if (!refuses && (!first || (!results.empty() && results[0] == *first))) fit.push_back(f);
    }
    if (fit.empty()) return constant(*first, is_reference(*first) ? 0 : sequences::any_value(r_, *first));
    const auto f = r_.pick(fit);
    const auto& type = type_of(program_, f);
    if (r_.one_in(3)) plain_arguments(type.params);
    else values(type.params, depth + 1);
    if (!call_through_table(f, depth)) emit("call", f, type.params.size(), type.results);
    consume({type.results.begin() + (first ? 1 : 0), type.results.end()});
  }
  // Those that want registers of every kind while they move.
  void plain_arguments(const types& params) {
    for (const val t : params) {
      if (is_reference(t) || r_.one_in(4)) get(any_local(t));
      else if (t == val::f32 || t == val::f64) constant(t, sequences::any_value(r_, t));
      else get(any_local(t)), get(any_local(t)), emit(t == val::i32 ? lightbeam::op("i32.mul") : lightbeam::op("i64.mul"));
    }
  }
  bool call_through_table(std::uint32_t f, int depth) {
    if (r_.one_in(2)) return false;
    for (std::uint32_t slot = 0; slot < program_.elements.size(); ++slot) {
      if (program_.elements[slot] != f) continue;
      const auto& type = type_of(program_, f);
      if (risky())
        value(val::i32, depth), i32(31), emit("i32.and");
      else if (r_.one_in(3))
        i32(slot), tee(any_local(val::i32));
      else
        i32(slot);
      emit("call_indirect", functions_table, type.params.size() + 1, type.results).type = type;
      return true;
    }
    return false;
  }

  // ---- blocks

  void block_giving(const types& results, int depth) override {
    if (spent(depth)) return values(results, depth);
    types params = r_.one_in(2) ? types() : any_types(3);
    switch (r_.below(4)) {
      case 0: return block(params, results, depth);
      case 1: return loop(params, results, depth);
      default: return if_(params, results, depth);
    }
  }
  instruction shape(const types& params, const types& results) const {
    instruction i;
    i.type = {params, results}, i.pops = params.size(), i.pushes = results;
    return i;
  }
  // What a block's body holds, in the scope of its label.
  template <class F>
  std::vector<instruction> scoped(scope s, const F& f) {
    scopes_.push_back(std::move(s));
    auto inner = captured(f);
    scopes_.pop_back();
    return inner;
  }
  void place(lightbeam::op o, instruction i) {
    i.row = o.operator->();
    out_->push_back(std::move(i));
    --budget_;
  }
  void block(const types& params, const types& results, int depth) {
    values(params, depth + 1);
    auto i = shape(params, results);
    i.a = next_label_++;
    i.body = scoped({i.a, results, false, {}}, [&] { arm(params, results, depth + 1); });
    place("block", std::move(i));
  }
  void if_(const types& params, const types& results, int depth) {
    values(params, depth + 1), condition(depth);
    auto i = shape(params, results);
    i.a = next_label_++, ++i.pops;
    i.body = scoped({i.a, results, false, {}}, [&] { arm(params, results, depth + 1); });
    if (params != results || r_.one_in(2)) {
      i.otherwise = scoped({i.a, results, false, {}}, [&] { arm(params, results, depth + 1); });
      if (i.otherwise.empty()) i.otherwise = captured([&] { emit("nop"); });
    }
    place("if", std::move(i));
  }
  std::size_t loops_around() const {
    std::size_t n = 0;
    for (const auto& s : scopes_) n += s.loop;
    return n;
  }
  // Goes round at its end, before or after the results are computed, and wherever a branch inside does.
  void loop(const types& params, const types& results, int depth) {
    const auto around = loops_around();
    scope s{next_label_++, params, true, {}};
    if (around < std::size(counters_) && (leaf_ || !r_.one_in(3)))
      s.counter = counters_[around];
    else if (leaf_)
      return values(results, depth + 1);
    values(params, depth + 1);
    if (s.counter) i32(1 + r_.below(around == 0 ? 12 : 4)), set(*s.counter);
    auto i = shape(params, results);
    i.a = s.label;
    i.body = scoped(s, [&] {
      if (!s.counter) take_fuel();
      consume(params);
      for (auto n = r_.below(4); n--;) statement(depth + 1);
      const bool results_first = r_.one_in(3);
      if (results_first) values(results, depth + 1);
      branch_if(s, depth + 1);
      if (!results_first) arm({}, results, depth + 1);
    });
    place("loop", std::move(i));
  }

  // From what lies on the stack to the results of a block; or it ends with a branch.
  void arm(types stack, const types& results, int depth) {
    for (auto n = spent(depth) ? 0 : r_.below(depth < 2 ? 4 : 2); n--;) statement(depth + 1);
    if (r_.one_in(depth == 0 ? 20 : 8)) return terminator(depth);
    std::size_t kept = 0;
    while (kept < stack.size() && kept < results.size() && stack[kept] == results[kept]) ++kept;
    if (kept && r_.one_in(3)) kept = 0;
    consume({stack.begin() + std::ptrdiff_t(kept), stack.end()});
    if (kept && r_.one_in(2)) statement(depth + 1);
    values({results.begin() + std::ptrdiff_t(kept), results.end()}, depth + 1);
  }
  // Takes values off the stack, the last one first.
  void consume(const types& stack) {
    for (auto t = stack.rbegin(); t != stack.rend(); ++t) {
      switch (r_.below(6)) {
        case 0: drop(); break;
        case 1: set_global(any_global(*t)); break;
        case 2: tee(any_local(*t)), set(any_local(*t)); break;
        default: set(any_local(*t));
      }
    }
  }

  // ---- branches

  // A loop that counts is gone back to while its counter is positive, others on any condition.
  void branch_if(const scope& s, int depth) {
    values(s.carried, depth + 1);
    if (s.counter)
      get(*s.counter), i32(1), emit("i32.sub"), tee(*s.counter), i32(0), emit("i32.gt_s");
    else
      condition(depth);
    emit("br_if", s.label, s.carried.size() + 1, s.carried);
    consume(s.carried);
  }
  void return_() {
    auto& i = emit("return", 0, function_->type.results.size(), {});
    i.ends_sequence = true;
  }
  // Labels that take the same types along; not those of loops that count, which need a condition.
  std::vector<std::uint32_t> labels_like(const types& carried) const {
    std::vector<std::uint32_t> all;
    for (const auto& s : scopes_)
      if (!s.counter && s.carried == carried) all.push_back(s.label);
    return all;
  }
  void table_branch(const scope& s, int depth) {
    const auto labels = labels_like(s.carried);
    values(s.carried, depth + 1), value(val::i32, depth + 1);
    if (!r_.one_in(4)) i32(7), emit("i32.and");
    auto& i = emit("br_table", 0, s.carried.size() + 1, {});
    for (auto n = 1 + r_.below(6); n--;) i.labels.push_back(r_.pick(labels));
    i.ends_sequence = true;
  }
  void terminator(int depth) {
    const scope s = r_.pick(scopes_);
    for (auto n = r_.one_in(3) ? 1 + r_.below(4) : 0; n--;) value(any_number(), depth + 2);  // what the branch drops
    switch (r_.below(8)) {
      case 0: values(function_->type.results, depth + 1), return_(); break;
      case 1:
        if (risk_ != 0 && r_.one_in(3)) {
          emit("unreachable").ends_sequence = true;
          break;
        }
        [[fallthrough]];
      default:
        if (s.counter)
          values(function_->type.results, depth + 1), return_();
        else if (r_.one_in(2))
          table_branch(s, depth);
        else
          values(s.carried, depth + 1), emit("br", s.label, s.carried.size(), {}).ends_sequence = true;
    }
    if (r_.one_in(3)) dead_code(depth);
  }
  void leave_if(int depth) {
    condition(depth);
    auto i = shape({}, {});
    i.a = next_label_++, ++i.pops;
    i.body = scoped({i.a, {}, false, {}}, [&] { terminator(depth); });
    place("if", std::move(i));
  }
  void dead_code(int depth) {
    if (r_.one_in(2)) statement(depth + 2);
    if (r_.one_in(3)) emit("i32.add"), emit("i64.extend_i32_u"), drop();
    if (r_.one_in(3)) emit("select", 0, 3, {val::i32}), drop();
    if (r_.one_in(4)) emit("unreachable").ends_sequence = true;
  }

  // ---- statements

  void statement(int depth) override {
    if (spent(depth)) return;
    const scope s = r_.pick(scopes_);
    switch (r_.below(20)) {
      case 0:
      case 1:
      case 2:
      case 3: return assign(depth);
      case 4:
      case 5:
      case 6: return store(depth);
      case 7: return value(any_type(), depth + 1), drop();
      case 8:
      case 9: return if_({}, {}, depth + 1);
      case 10: return block_giving({}, depth + 1);
      case 11:
      case 12: return loop({}, {}, depth + 1);
      case 13: return branch_if(s, depth + 1);
      case 14: return call_giving({}, depth + 1);
      case 15: return r_.one_in(3) ? on_deep_stack(depth) : many_values(depth);
      case 16: return bulk(depth);
      case 17: return tables(depth);
      case 18: return leave_if(depth + 1);
      default: return set_some_global(depth);
    }
  }
  void assign(int depth) {
    const val t = any_type();
    value(t, depth + 1), set(any_local(t));
  }
  void set_some_global(int depth) {
    const val t = any_type();
    value(t, depth + 1), set_global(any_global(t));
  }
  void store(int depth) {
    const op_row& row = *r_.pick(stores());
    address(depth + 1), determined(row.type.in[1], depth + 1);
    auto& i = emit(row);
    i.a = r_.below(row.natural_alignment + 1u), i.b = offset();
  }
  // More values at once than there are registers, or a block with several results.
  void many_values(int depth) {
    const types all = any_types(r_.one_in(3) ? 16 : 4);
    if (all.size() > 4 || r_.one_in(3))
      values(all, depth + 2);
    else
      block_giving(all, depth + 1);
    if (r_.one_in(2)) statement(depth + 1);
    consume(all);
  }
  // Something above so many values that walks over the stack end before the last.
  void on_deep_stack(int depth) {
    types all;
    for (auto runs = 1 + r_.below(3); runs--;) {
      const bool constants = r_.one_in(2);
      for (auto n = 16 + r_.below(28); n--;) {
        all.push_back(any_number());
        constants ? constant(all.back(), sequences::any_value(r_, all.back())) : get(any_local(all.back()));
      }
    }
    for (auto n = 1 + r_.below(3); n--;) r_.one_in(3) ? statement(depth + 1) : call_giving({}, depth + 1);
    consume(all);
  }
  void length(int depth, std::uint32_t most) { risky() ? value(val::i32, depth + 1) : i32(r_.below(most)); }
  void bulk(int depth) {
    switch (r_.below(4)) {
      case 0: return address(depth), value(val::i32, depth + 1), length(depth, 70), void(emit("memory.fill"));
      case 1: return address(depth), address(depth), length(depth, 70), void(emit("memory.copy"));
      case 2: return address(depth), i32(r_.below(50)), length(depth, 40), void(emit("memory.init", 0, 0));
      default:
        if (risk_ != 0 && r_.one_in(8)) emit("data.drop");
        emit("nop");
    }
  }
  void tables(int depth) {
    const auto table = r_.below(2);
    const val t = table ? val::externref : val::funcref;
    switch (r_.below(6)) {
      case 0:
      case 1: return table_index(depth), value(t, depth + 1), void(emit("table.set", table, 2, {}));
      case 2: return i32(8 + r_.below(6)), value(t, depth + 1), length(depth, 3), void(emit("table.fill", table, 3, {}));
      case 3: return i32(8 + r_.below(6)), i32(r_.below(14)), length(depth, 3), void(emit("table.copy", table, table));
      case 4: return i32(8 + r_.below(6)), i32(r_.below(6)), length(depth, 3), void(emit("table.init", 0, functions_table));
      default:
        if (risk_ != 0 && r_.one_in(8)) emit("elem.drop");
        emit("nop");
    }
  }
};

inline program generate(std::uint64_t seed, std::uint64_t number) {
  random_source r(seed * 0x9e3779b97f4a7c15 ^ number);
  program p;
  generator(p, r).run();
  return p;
}

}  // namespace structured
