#include "../sequences/module_builder.hpp"
#include "policies/policies.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;
using sequences::code_writer;
using sequences::module_builder;

// Loops with homes of their own: what their exits leave in registers has to reach the frame before a call takes these away.
namespace {

constexpr std::uint32_t locals = 20;

// Counts local `counter` up to the parameter in a loop that is full of local `hot`, leaves it by a branch alone, calls, and gives the sum
// of all locals: each but these two holds its number.
void body(code_writer& w, std::uint32_t counter, std::uint32_t hot, std::uint32_t callee) {
  for (std::uint32_t i = 1; i < locals; ++i) w.i32(i == counter || i == hot ? 0 : std::int32_t(i)).op("local.set", i);
  w.block("block").block("loop");
  for (int k = 0; k < 8; ++k) w.op("local.get", hot).i32(1).op("i32.add").op("local.set", hot);
  w.op("local.get", counter).i32(1).op("i32.add").op("local.set", counter);
  w.op("local.get", counter).op("local.get", 0).op("i32.ge_s").op("br_if", 1);
  w.op("br", 0).op("end").op("end");
  w.op("call", callee).op("local.get", 0);
  for (std::uint32_t i = 1; i < locals; ++i) w.op("local.get", i).op("i32.add");
}
// Uses every register that a callee need not keep.
void clobber(code_writer& w) {
  for (std::uint32_t i = 0; i < 12; ++i) w.i32(-1).op("local.set", i);
  for (std::uint32_t i = 0; i < 12; ++i) w.i32(0).op("local.get", i).memory("i32.store", 0);
}

}  // namespace

TEST_CASE("an exit of a loop with homes of its own says which of them are dirty") {
  for (std::uint32_t counter = 1; counter < locals; ++counter)
    for (std::uint32_t hot = 1; hot < locals; ++hot) {
      if (counter == hot) continue;
      module_builder m;
      m.memory(1, 1);
      code_writer callee, caller;
      clobber(callee);
      const std::uint32_t called = m.function({}, std::vector<val>(12, val::i32), callee);
      body(caller, counter, hot, called);
      m.export_as("run", external::function, m.function({{val::i32}, {val::i32}}, std::vector<val>(locals - 1, val::i32), caller));
      const auto compiled = policies::make_engine()->compile(m.bytes());
      REQUIRE(compiled);
      store s;
      const auto run = linker().instantiate(s, *compiled).value().get<int(int)>("run").value();
      const int sum = int(locals * (locals - 1) / 2 - counter - hot);
      CHECK(run(5).value() == 5 + sum + 5 + 40);
    }
}
