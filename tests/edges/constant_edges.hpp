#pragma once

// Every operator of two numbers with a constant on either side, for all values at the edges, in front of whatever may be fused
// with it, against the interpreter.

#include "../sequences/difference.hpp"
#include "../sequences/plan.hpp"
#include "world.hpp"

namespace edges {

class constant_edges {
 public:
  constant_edges(std::string_view policy, suite::cpu_level cpu, checks& all) : oracle_(suite::make_backend("interpreter", cpu)), tested_(suite::make_backend(policy, cpu)), all_(all) {}

  void run() {
    for (const auto& row : lightbeam::op_table)
      if (sequences::usable(row) && row.immediate == lightbeam::imm::none && row.type.ins == 2) run(row);
  }

 private:
  static std::vector<std::uint64_t> values(val t) {
    const auto all = [](const auto& numbers) { return std::vector<std::uint64_t>(std::begin(numbers), std::end(numbers)); };
    switch (t) {
      case val::i32: return all(sequences::i32_values);
      case val::i64: return all(sequences::i64_values);
      case val::f32: return all(sequences::f32_values);
      default: return all(sequences::f64_values);
    }
  }

  void run(const lightbeam::op_row& row) {
    const val in = row.type.in[0], out = row.type.out[0];
    const auto numbers = values(in);
    module_builder m;
    for (std::size_t k = 0; k < numbers.size(); ++k)
      for (const bool left : {false, true}) {
        code_writer w;
        std::vector<val> results;
        consumers(w, results, row, [&] {
          if (left) w.constant(in, numbers[k]);
          w.op("local.get", 0);
          if (!left) w.constant(in, numbers[k]);
          w.opcode(row.code);
        });
        m.export_as(name(k, left), lightbeam::external::function, m.function({{in}, results}, std::vector{out}, w));
      }
    const auto oracle = loaded(*oracle_, m), tested = loaded(*tested_, m);
    for (std::size_t k = 0; k < numbers.size(); ++k)
      for (const bool left : {false, true})
        for (const auto x : numbers) {
          const suite::value argument{in, false, x};
          const auto wanted = oracle_->invoke(oracle, name(k, left), std::span(&argument, 1));
          const auto got = tested_->invoke(tested, name(k, left), std::span(&argument, 1));
          const auto why = difference_(wanted, got, oracle_->saw_nan());
          all_.expect(why.empty(), why.empty() ? "" : std::string(row.name) + " of " + std::to_string(x) + (left ? " and, on the left, " : " and ") + std::to_string(numbers[k]) + ": " + why);
        }
  }

  // The value, through a local as well; whether it is 0, as a value, for `if`, `br_if` and `select`.
  static void consumers(code_writer& w, std::vector<val>& results, const lightbeam::op_row& row, auto operation) {
    const val out = row.type.out[0];
    results = {out, out};
    operation();
    operation();
    w.op("local.set", 1).op("local.get", 1);
    if (is_float(out)) return;
    const auto test = [&] { operation(), out == val::i64 ? w.op("i64.eqz") : w; };
    results.insert(results.end(), 4, val::i32);
    operation(), w.op(out == val::i64 ? lightbeam::op("i64.eqz") : lightbeam::op("i32.eqz"));
    test(), w.block("if", val::i32).i32(1).op("else").i32(2).op("end");
    w.block("block", val::i32).i32(3), test(), w.op("br_if", 0).op("drop").i32(4).op("end");
    w.i32(5).i32(6), test(), w.op("select");
  }

  static std::string name(std::size_t k, bool left) { return std::to_string(2 * k + left); }
  static suite::handle loaded(suite::backend& b, const module_builder& m) {
    const auto module = b.compile(m.bytes());
    if (const auto* f = std::get_if<lightbeam::failure>(&module)) throw std::runtime_error(f->text());
    b.new_store();
    return std::get<suite::handle>(b.instantiate(std::get<suite::handle>(module)));
  }

  std::unique_ptr<suite::backend> oracle_, tested_;
  sequences::difference difference_{sequences::difference::offsets::all};
  checks& all_;
};

}  // namespace edges
