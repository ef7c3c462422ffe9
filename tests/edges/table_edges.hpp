#pragma once

// Operators of tables with ranges and indices at the edges, against a model in plain C++.

#include "operands.hpp"

namespace edges {

// A table of this many elements and one of three to copy from and to, of which one can grow (its elements lie elsewhere) and one
// cannot. Element i is function i, which returns i.
class table_range_edges {
 public:
  table_range_edges(const policies::any_engine& engine, checks& result, std::uint32_t size, bool grows, const shapes& s) : checks_(result), size_(size), functions_(begin(grows), s) {
    const std::uint32_t type = module_.type({{}, {val::i32}}), other = module_.type({{val::f32}, {}});
    for_all_ranges({size_, segment_size}, [&](range r) {
      const auto of = [&](auto... operands) {
        code_writer w;
        (functions_.operand(w, r, std::size_t(operands)), ...);
        return w;
      };
      const auto with_function = [&] { return of(0).op("ref.func", 5); };
      functions_.add("table.init", r, of(0, 1, 2).op("table.init", 1, 0));
      functions_.add("table.copy", r, of(0, 1, 2).op("table.copy", 0, 0));
      functions_.add("table.copy from another", r, of(0, 1, 2).op("table.copy", 0, 1));
      functions_.add("table.copy to another", r, of(0, 1, 2).op("table.copy", 1, 0));
      code_writer fill = with_function(), clear = of(0).constant_null();
      functions_.operand(fill, r, 2), functions_.operand(clear, r, 2);
      functions_.add("table.fill", r, fill.op("table.fill", 0));
      functions_.add("table.fill with null", r, clear.op("table.fill", 0));
      functions_.add("table.set", r, with_function().op("table.set", 0));
      functions_.add("table.get", r, of(0).op("table.get", 0).op("ref.is_null"), {val::i32});
      functions_.add("call_indirect", r, of(0).op("call_indirect", type, 0), {val::i32});
      code_writer wrongly;
      wrongly.constant(val::f32, 0);
      functions_.operand(wrongly, r, 0);
      functions_.add("call_indirect of another type", r, wrongly.op("call_indirect", other, 0));
    });
    for (const std::uint32_t table : {0u, 1u})
      add_unary(module_, "call through " + std::to_string(table), code_writer().op("local.get", 0).op("call_indirect", type, table));
    module_.export_as("elem.drop", lightbeam::external::function, module_.function({}, {}, code_writer().op("elem.drop", 1)));
    world_.emplace(engine, module_);
  }

  void run() {
    for_all_ranges({size_, segment_size}, [&](range r) {
      ranges(r);
      elements(r);
      restore();
    });
    world_->call("elem.drop", {});
    for_all_ranges({size_, segment_size}, [&](range r) { check_init(r, 0); });
  }

 private:
  using model = std::vector<int>;  // the number of the function, -1 for null
  static constexpr std::uint32_t function_count = 10, other_size = 3, segment_size = 4;
  static constexpr std::uint32_t segment[segment_size] = {9, 8, 7, 6}, others[other_size] = {3, 2, 1};

  module_builder& begin(bool grows) {
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < function_count; ++i) all.push_back(module_.function({{}, {val::i32}}, {}, code_writer().i32(std::int32_t(i))));
    module_.active_elements(module_.table(val::funcref, size_, size_ + grows), std::span(all).first(size_));
    module_.passive_elements(segment);
    module_.active_elements(module_.table(val::funcref, other_size, other_size + !grows), others);
    module_.export_as("table", lightbeam::external::table, 0);
    module_.export_as("another", lightbeam::external::table, 1);
    for (std::uint32_t i = 0; i < function_count; ++i) module_.export_as("function " + std::to_string(i), lightbeam::external::function, i);
    return module_;
  }

  model contents(const char* table) const {
    const auto t = world_->table(table);
    model all;
    for (std::uint32_t i = 0; i < t.size(); ++i) {
      const auto f = t.at(i).value();
      all.push_back(f.is_null() ? -1 : f({}).value()[0].as<std::int32_t>());
    }
    return all;
  }
  // What calls go by is kept beside the references.
  bool calls_reach(std::uint32_t table, const model& m) const {
    for (std::uint32_t i = 0; i < m.size(); ++i) {
      const outcome wanted = m[i] < 0 ? outcome{trap_code::uninitialized_element} : outcome{{}, std::uint64_t(m[i])};
      if (world_->call("call through " + std::to_string(table), {std::int32_t(i)}) != wanted) return false;
    }
    return true;
  }
  void restore() {
    for (std::uint32_t i = 0; i < size_; ++i) checks_.expect(bool(world_->table("table").set(i, world_->function("function " + std::to_string(i)))), "table.set by the host");
    for (std::uint32_t i = 0; i < other_size; ++i) checks_.expect(bool(world_->table("another").set(i, world_->function("function " + std::to_string(others[i])))), "table.set by the host");
  }
  static outcome trap_unless(bool good) { return good ? outcome{} : outcome{trap_code::table_out_of_bounds}; }

  // `effect`: on both tables, where nothing traps.
  void step(const char* op, range r, const outcome& wanted, const std::function<void(model&, model&)>& effect = [](model&, model&) {}) {
    model after = contents("table"), another = contents("another");
    if (!wanted.trap) effect(after, another);
    const std::string what = functions_.text(op, r) + ", table of " + std::to_string(size_);
    checks_.expect(wanted, functions_.call(*world_, op, r), what);
    const bool same = contents("table") == after && contents("another") == another;
    checks_.expect(same && (wanted.trap || r.count == 0 || (calls_reach(0, after) && calls_reach(1, another))), what + ": the tables differ from what they must be");
  }
  void check_init(range r, std::uint32_t segment_now) {
    step("table.init", r, trap_unless(inside(r.to, r.count, size_) && inside(r.from, r.count, segment_now)), [&](model& m, model&) {
      for (std::uint32_t i = 0; i < r.count; ++i) m[r.to + i] = int(segment[r.from + i]);
    });
  }
  static void copy(model& to, model from, range r) {
    for (std::uint32_t i = 0; i < r.count; ++i) to[r.to + i] = from[r.from + i];
  }

  void ranges(range r) {
    const auto fits = [&](std::uint32_t to_size, std::uint32_t from_size) { return trap_unless(inside(r.to, r.count, to_size) && inside(r.from, r.count, from_size)); };
    check_init(r, segment_size);
    step("table.copy", r, fits(size_, size_), [&](model& m, model&) { copy(m, m, r); });
    step("table.copy from another", r, fits(size_, other_size), [&](model& m, model& another) { copy(m, another, r); });
    step("table.copy to another", r, fits(other_size, size_), [&](model& m, model& another) { copy(another, m, r); });
  }
  void elements(range r) {
    const bool one_fits = inside(r.to, 1, size_);
    const outcome filled = trap_unless(inside(r.to, r.count, size_));
    step("table.set", r, trap_unless(one_fits), [&](model& m, model&) { m[r.to] = 5; });
    step("call_indirect of another type", r, one_fits ? outcome{trap_code::indirect_call_type_mismatch} : outcome{trap_code::undefined_element});
    step("table.fill with null", r, filled, [&](model& m, model&) { std::fill_n(m.begin() + std::ptrdiff_t(r.to), r.count, -1); });
    const model now = contents("table");
    const bool null = one_fits && now[r.to] < 0;
    step("table.get", r, one_fits ? outcome{{}, null} : trap_unless(false));
    step("call_indirect", r, !one_fits ? outcome{trap_code::undefined_element} : null ? outcome{trap_code::uninitialized_element} : outcome{{}, std::uint64_t(now[r.to])});
    step("table.fill", r, filled, [&](model& m, model&) { std::fill_n(m.begin() + std::ptrdiff_t(r.to), r.count, 5); });
  }

  checks& checks_;
  std::uint32_t size_;
  module_builder module_;
  ranged_functions functions_;
  std::optional<world> world_;
};

class table_edges {
 public:
  table_edges(const policies::any_engine& engine, checks& result) : engine_(engine), checks_(result) {}

  void run() {
    for (const auto& s : all_shapes) table_range_edges(engine_, checks_, 10, false, s).run();
    for (const auto& s : {all_shapes[0], all_shapes[3]}) {
      table_range_edges(engine_, checks_, 10, true, s).run();
      table_range_edges(engine_, checks_, 0, false, s).run();
    }
    for (const std::uint32_t maximum : {1u, 2u, 4u, 65536u, 0xffffffffu})
      for (const std::uint32_t delta : {0u, 1u, 2u, 3u, 4u, 65535u, 65536u, most, 0x7fffffffu, 0x80000000u, 0xffffffffu}) grow(maximum, delta);
    grow(0xffffffff, most - 1);
  }

 private:
  static constexpr std::uint32_t most = 10'000'000;  // what a store allows if nothing is said

  // A table of one element, twice: it stays, what lies beyond the old end can be reached afterwards, and nothing beyond the new one.
  void grow(std::uint32_t maximum, std::uint32_t delta) {
    module_builder b;
    const std::uint32_t type = b.type({{}, {val::i32}}), seven = b.function({{}, {val::i32}}, {}, code_writer().i32(7)), eight = b.function({{}, {val::i32}}, {}, code_writer().i32(8));
    b.active_elements(b.table(val::funcref, 1, maximum), std::span(&seven, 1));
    b.export_as("eight", lightbeam::external::function, eight);
    add_unary(b, "grow", code_writer().op("ref.func", eight).op("local.get", 0).op("table.grow", 0));
    add_unary(b, "size", code_writer().op("table.size", 0));
    add_unary(b, "get", code_writer().op("local.get", 0).op("table.get", 0).op("ref.is_null"));
    add_unary(b, "call", code_writer().op("local.get", 0).op("call_indirect", type, 0));
    const world w(engine_, b);
    const std::string what = "table.grow " + std::to_string(delta) + " of at most " + std::to_string(maximum);
    const std::uint32_t size = grown_twice(w, checks_, what, 1, std::min(maximum, most), delta);
    for (const std::uint32_t at : {0u, 1u, size - 2, size - 1, size, size + 1}) {
      checks_.expect(at < size ? outcome{} : outcome{trap_code::table_out_of_bounds}, w.call("get", {std::int32_t(at)}), what + ": table.get " + std::to_string(at));
      checks_.expect(at < size ? outcome{{}, at == 0 ? 7u : 8u} : outcome{trap_code::undefined_element}, w.call("call", {std::int32_t(at)}), what + ": call_indirect " + std::to_string(at));
    }
  }

  const policies::any_engine& engine_;
  checks& checks_;
};

}  // namespace edges
