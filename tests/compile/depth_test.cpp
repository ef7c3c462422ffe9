#include "../sequences/module_builder.hpp"
#include "policies/policies.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;
using sequences::code_writer;
using sequences::module_builder;

// Walks over the operand stack end after 32 entries: what lies there is settled in time all the same.
namespace {

constexpr int x = 1000, y = 3, z = 77;

// Under every policy, what `m` exports as "run" gives; `exporter`, if any, is what it imports from.
template <class F, class... Argument>
void check_run(auto expected, const module_builder& m, const module_builder* exporter, Argument... arguments) {
  for (const auto policy : policies::names()) {
    if (policy == "mvp") continue;  // mutable globals are exported
    CAPTURE(policy);
    const auto engine = policies::make_engine(policy);
    store s;
    linker l;
    if (exporter) l.instance("a", l.instantiate(s, engine->compile(exporter->bytes()).value()).value());
    const auto compiled = engine->compile(m.bytes());
    REQUIRE(compiled);
    CHECK(l.instantiate(s, *compiled).value().get<F>("run").value()(arguments...).value() == expected);
  }
}

// A function of x, y and z: pushes `deep`, then y so many times, does what must not change the first, and gives the sum.
template <class Deep, class Change>
void check(Deep deep, Change change) {
  for (int above = 24; above < 44; ++above) {
    module_builder m;
    m.memory(1, 1);
    const auto setter = m.function({{val::i32}, {}}, {}, code_writer().i32(16).op("local.get", 0).memory("i32.store", 0));
    code_writer w;
    w.i32(16).op("local.get", 0).memory("i32.store", 0);
    deep(w);
    for (int i = 0; i < above; ++i) w.op("local.get", 1);
    change(w, setter);
    for (int i = 0; i < above; ++i) w.op("i32.add");
    m.export_as("run", external::function, m.function({{val::i32, val::i32, val::i32}, {val::i32}}, {}, w));
    CAPTURE(above);
    check_run<int(int, int, int)>(x + above * y, m, nullptr, x, y, z);
  }
}
void local(code_writer& w) { w.op("local.get", 0); }
void sum(code_writer& w) { w.op("local.get", 0).i32(5).op("i32.add").i32(5).op("i32.sub"); }
void load(code_writer& w) { w.i32(16).memory("i32.load", 0); }

}  // namespace

TEST_CASE("a local that is read deep below is written") {
  for (const auto deep : {local, sum}) {
    check(deep, [](code_writer& w, std::uint32_t) { w.op("local.get", 2).op("local.set", 0); });
    check(deep, [](code_writer& w, std::uint32_t) { w.op("local.get", 0).op("local.get", 2).op("i32.xor").op("local.set", 0); });
    check(deep, [](code_writer& w, std::uint32_t) { w.op("local.get", 0).i32(9).op("i32.mul").op("local.tee", 0).op("drop"); });
  }
}

TEST_CASE("memory that is read deep below is written") {
  check(load, [](code_writer& w, std::uint32_t) { w.i32(16).op("local.get", 2).memory("i32.store", 0); });
  check(load, [](code_writer& w, std::uint32_t setter) { w.op("local.get", 2).op("call", setter); });
  check(load, [](code_writer& w, std::uint32_t) { w.block("block").i32(16).op("local.get", 2).memory("i32.store", 0).op("end"); });
}

TEST_CASE("what lies deep below outlives a call") {
  for (const auto deep : {local, sum, load}) check(deep, [](code_writer& w, std::uint32_t setter) { w.op("local.get", 2).op("call", setter); });
}

namespace {

// Below what follows: constants, then locals, more of both than walks over the stack look at.
void bury(code_writer& w, std::uint32_t local, int others) {
  for (int i = 0; i < 32; ++i) w.i32(5);
  for (int i = 0; i < 5; ++i) w.op("local.get", local);
  for (int i = 0; i < others; ++i) w.op("local.get", 0);
}
void unbury(code_writer& w, int others) {
  for (int i = 0; i < 32 + 5 + others; ++i) w.op("drop");
}

}  // namespace

// An i32 whose upper half is not zero would reach any address.
TEST_CASE("arguments stay what they are while others move, above a deep stack") {
  const std::uint64_t much = 0xffff'ffff'ffff'fff8;
  for (std::uint32_t local = 1; local <= 7; ++local)
    for (const int others : {0, 26, 27, 28, 40})
      for (int constant_at = 0; constant_at < 5; ++constant_at) {
        CAPTURE(local);
        CAPTURE(others);
        CAPTURE(constant_at);
        module_builder m;
        function_type callee{{val::i32, val::i32, val::i32, val::i32, val::i32}, {val::i64}};
        callee.params[std::size_t(constant_at)] = val::f64;
        code_writer sum, w;
        sum.constant(val::i64, 0);
        for (std::uint32_t i = 0; i < 5; ++i)
          if (int(i) != constant_at) sum.op("local.get", i).op("i64.extend_i32_u").op("i64.add");
        const auto f = m.function(callee, {}, sum);
        const std::uint32_t three = local == 1 ? 2 : 1;
        w.op("local.get", 0).op("local.set", local).constant(val::i64, 3).op("local.set", three);
        bury(w, local, others);
        for (int i = 0; i < 5; ++i) {
          if (i == constant_at) w.constant(val::f64, 0x3ff8'0000'0000'0000);
          else if (i == 0 || (i == 1 && constant_at == 0)) w.constant(val::i64, 9).op("i32.wrap_i64");
          else w.op("local.get", three).op("local.get", three).op("i64.mul").op("i32.wrap_i64");
        }
        w.op("call", f).op("local.set", 8);
        unbury(w, others);
        w.op("local.get", 8);
        const std::vector<val> locals(8, val::i64);
        m.export_as("run", external::function, m.function({{val::i64}, {val::i64}}, locals, w));
        check_run<std::uint64_t(std::uint64_t)>(4 * 9, m, nullptr, much);
      }
}

// Its value lies behind a pointer, in a register that must stay the pointer's until it is read.
TEST_CASE("an imported global is read above a deep stack") {
  for (const val t : {val::i32, val::i64, val::f32, val::f64})
    for (const int others : {0, 40, 70}) {
      CAPTURE(int(t));
      CAPTURE(others);
      module_builder owner, m;
      owner.export_as("g", external::global, owner.global(t, 42));
      const auto g = m.import_global("a", "g", t);
      constexpr std::uint32_t count = 20;
      const std::vector<val> locals(count, val::f64);
      code_writer w;
      for (std::uint32_t i = 1; i <= count; ++i) w.op("local.get", 0).op("f64.reinterpret_i64").op("local.set", i);
      for (int pairs = 0; pairs < 2; ++pairs) w.op("local.get", 1).op("local.get", 2).op("f64.add");
      for (int i = 0; i < others; ++i) w.op("local.get", count);
      w.op("global.get", g);
      if (t == val::f32) w.op("i32.reinterpret_f32");
      if (t == val::f64) w.op("i64.reinterpret_f64");
      if (t == val::i32 || t == val::f32) w.op("i64.extend_i32_u");
      w.op("local.set", 0);
      for (int i = 0; i < others + 2; ++i) w.op("drop");
      w.op("local.get", 0);
      m.export_as("run", external::function, m.function({{val::i64}, {val::i64}}, locals, w));
      check_run<std::uint64_t(std::uint64_t)>(42, m, &owner, std::uint64_t{0x1122'3344'5566'7788});
    }
}

TEST_CASE("what a branch takes along stays while loads below it are done") {
  struct number {
    val type;
    op from, back;
  };
  const number numbers[] = {{val::i32, "nop", "nop"}, {val::i64, "i64.extend_i32_u", "i32.wrap_i64"}, {val::f32, "f32.convert_i32_s", "i32.trunc_f32_s"}, {val::f64, "f64.convert_i32_s", "i32.trunc_f64_s"}};
  for (const auto& n : numbers)
    for (const op branch : {op("br"), op("br_if"), op("br_table")})
      for (const int below : {1, 2, 5, 40}) {
        CAPTURE(int(n.type));
        CAPTURE(branch->name);
        CAPTURE(below);
        module_builder m;
        m.memory(1, 1);
        code_writer w;
        w.block("block", n.type);
        for (int i = 0; i < below; ++i) w.op("local.get", 0).memory("i32.load", 0);
        w.op("local.get", 1).op("local.get", 2).op("i32.mul").op(n.from);
        if (branch->name != op("br")->name) w.op("local.get", 3);
        if (branch->name == op("br_table")->name) w.op(branch, 1, 0, 0);
        else w.op(branch, 0);
        if (branch->name == op("br_if")->name) w.op("unreachable");
        w.op("end").op(n.back);
        m.export_as("run", external::function, m.function({{val::i32, val::i32, val::i32, val::i32}, {val::i32}}, {}, w));
        check_run<int(int, int, int, int)>(42, m, nullptr, 64, 6, 7, 1);
      }
}
