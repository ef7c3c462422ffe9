#pragma once

// A module of many cases, and what they gave.

#include "function_builder.hpp"

namespace sequences {

// The function of a case, in parts that can be taken away.
struct case_function {
  val result = val::i32;
  std::vector<val> locals;
  std::vector<std::vector<std::uint8_t>> operators;
};

// One page, no growth: a case changes only contents, of tables too, and `reset` puts them back.
class batch {
 public:
  batch(const plan& p, std::uint64_t seed) : plan_(p), seed_(seed), data_(65536) {
    random_source r(seed);
    for (auto& b : data_) b = std::uint8_t(r.next() >> 8);
    add_helpers();
  }

  void add(std::uint64_t number) { add(number, make(number)); }
  void add(std::uint64_t number, const case_function& f) {
    code_writer body;
    for (const auto& o : f.operators) body.append(o);
    const function_type type{{val::i32, val::i32, val::i64, val::i64, val::f32, val::f32, val::f64, val::f64}, {f.result}};
    builder_.export_as(name(number), lightbeam::external::function, builder_.function(type, f.locals, body));
  }
  case_function make(std::uint64_t number) const {
    random_source r = source(number);
    auto chain = plan_.chain(number, r);
    function_builder f(module_, std::move(chain), r);
    return {f.result(), f.locals(), f.build().operators()};
  }
  // The names of the operators that a case is about.
  std::string chain_text(std::uint64_t number) const {
    random_source r = source(number);
    std::string names;
    for (const auto& link : plan_.chain(number, r)) names += (names.empty() ? "" : ", ") + std::string(link.row->name);
    return names;
  }
  static std::string name(std::uint64_t number) { return "case " + std::to_string(number); }
  std::vector<std::uint8_t> bytes() const { return builder_.bytes(); }

 private:
  random_source source(std::uint64_t number) const { return random_source(seed_ ^ (number * 0x9e3779b97f4a7c15)); }

  void add_helpers() {
    constexpr const char* spectest_globals[] = {"global_i32", "global_i64", "global_f32", "global_f64"};
    for (const val t : number_types) module_.imported_global[number(t)] = builder_.import_global("spectest", spectest_globals[number(t)], t, false);
    builder_.memory(1, 1);
    builder_.export_as("memory", lightbeam::external::memory, 0);
    builder_.passive_data(data_);
    std::vector<std::uint32_t> table;
    for (const val t : number_types) {
      const auto n = number(t);
      module_.global[n] = builder_.global(t, 0);
      builder_.export_as("global " + std::to_string(n), lightbeam::external::global, module_.global[n]);
      module_.unary_type[n] = builder_.type({{t}, {t}});
      module_.pair_type[n] = builder_.type({{t, t}, {t, t}});
      module_.identity[n] = builder_.function({{t}, {t}}, {}, code_writer().op("local.get", 0));
      module_.swap[n] = builder_.function({{t, t}, {t, t}}, {}, code_writer().op("local.get", 1).op("local.get", 0));
      module_.gather[n] = add_gather(t);
      module_.table_slot[n] = std::uint32_t(table.size());
      table.push_back(module_.identity[n]);
    }
    builder_.table(table);
    module_.references = builder_.table(val::funcref, references_size, references_size);
    module_.elements = builder_.passive_elements(table);
    add_clobber();
    add_nulls();
    add_reset();
  }
  // Writes all of its arguments to memory, and gives the last of that type back.
  std::uint32_t add_gather(val result) {
    const auto params = gathered_for(result);
    code_writer w;
    std::uint32_t last = 0;
    for (std::uint32_t i = 0; i < params.size(); ++i) {
      w.i32(0).op("local.get", i).memory(operators_of[number(params[i])].store, 3072 + 8 * i);
      if (params[i] == result) last = i;
    }
    return builder_.function({{params.begin(), params.end()}, {result}}, {}, w.op("local.get", last));
  }
  // Keeps as many values alive as there are registers, and changes all that a callee may change.
  void add_clobber() {
    std::vector<val> locals;
    code_writer w;
    for (std::uint32_t i = 0; i < 12; ++i)
      for (const val t : number_types) {
        w.constant(t, 0x77 + i).op("local.set", std::uint32_t(locals.size()));
        locals.push_back(t);
      }
    w.block("loop");
    for (std::uint32_t i = 0; i < locals.size(); ++i) w.op("local.get", i);
    for (std::uint32_t i = 0; i < locals.size(); ++i) w.op("local.set", std::uint32_t(locals.size() - 1 - (i + 4) % locals.size()));
    w.op("local.get", 0).op("i32.eqz").op("br_if", 0).op("end");
    module_.clobber = builder_.function({}, locals, w);
  }
  // Which elements of the table of references are null, a bit each.
  void add_nulls() {
    code_writer w;
    w.i32(0);
    for (std::uint32_t i = 0; i < references_size; ++i) w.i32(1).op("i32.shl").i32(std::int32_t(i)).op("table.get", module_.references).op("ref.is_null").op("i32.or");
    builder_.export_as("nulls", lightbeam::external::function, builder_.function({{}, {val::i32}}, {}, w));
  }
  void add_reset() {
    code_writer w;
    w.i32(0).i32(0).i32(65536).op("memory.init", 0, 0);
    w.i32(0).constant_null().i32(references_size).op("table.fill", module_.references);
    w.i32(0).i32(0).i32(4).op("table.init", module_.elements, module_.references);
    for (const val t : number_types) w.constant(t, 0x1234567 * (number(t) + 1)).op("global.set", module_.global[number(t)]);
    builder_.export_as("reset", lightbeam::external::function, builder_.function({}, {}, w));
  }

  const plan& plan_;
  std::uint64_t seed_;
  std::vector<std::uint8_t> data_;
  module_builder builder_;
  surroundings module_;
};

}  // namespace sequences
