#include "../sequences/module_builder.hpp"
#include "policies/policies.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;
using sequences::code_writer;
using sequences::module_builder;

// Walks over the operand stack end after 32 entries: what lies there is settled in time all the same.
namespace {

constexpr int x = 1000, y = 3, z = 77;

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
    for (const auto policy : policies::names()) {
      CAPTURE(policy);
      CAPTURE(above);
      const auto compiled = policies::make_engine(policy)->compile(m.bytes());
      REQUIRE(compiled);
      store s;
      CHECK(linker().instantiate(s, *compiled).value().get<int(int, int, int)>("run").value()(x, y, z).value() == x + above * y);
    }
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
