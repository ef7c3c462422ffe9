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

namespace {

constexpr std::uint32_t summed = 12;  // locals 2 to 13: more than there are homes that calls keep

// Two ways out of a loop, the second behind writes that the first has not seen. Local 1 gathers all, in the loop and behind it.
void two_exits(code_writer& w, std::uint32_t nothing, std::uint32_t callee) {
  const auto gather = [&] {
    for (std::uint32_t i = 0; i < summed; ++i) w.op("local.get", 1).op("local.get", 2 + i).op("i32.add").op("local.set", 1);
  };
  for (std::uint32_t i = 0; i < summed; ++i) w.i32(std::int32_t(3 * i + 5)).op("local.set", 2 + i);
  w.block("block").block("loop");
  gather(), gather();
  w.op("call", nothing);
  gather();
  w.op("local.get", 0).i32(100).op("i32.eq").op("br_if", 1);
  for (std::uint32_t i = 0; i < summed; ++i) w.op("local.get", 2 + i).i32(std::int32_t(i + 1)).op("i32.add").op("local.set", 2 + i);
  w.op("local.get", 1).i32(20).op("i32.gt_u").block("if").op("br", 2).op("end");
  w.op("local.get", 0).op("br_if", 0).op("end").op("end");
  w.op("call", callee);
  for (std::uint32_t i = 0; i < summed; ++i) w.op("local.get", 1).i32(31).op("i32.mul").op("local.get", 2 + i).op("i32.add").op("local.set", 1);
  w.op("local.get", 1);
}
std::uint32_t sum_of_two_exits(bool first) {
  std::uint32_t all = 0, v[summed];
  for (std::uint32_t i = 0; i < summed; ++i) all += 3 * (v[i] = 3 * i + 5);
  for (std::uint32_t i = 0; i < summed; ++i) all = all * 31 + (v[i] += first ? 0 : i + 1);
  return all;
}

}  // namespace

TEST_CASE("a label keeps what is dirty on any way to it") {
  module_builder m;
  m.memory(1, 1);
  code_writer callee, caller;
  clobber(callee);
  const auto called = m.function({}, std::vector<val>(12, val::i32), callee), nothing = m.function({}, {}, {});
  two_exits(caller, nothing, called);
  m.export_as("run", external::function, m.function({{val::i32}, {val::i32}}, std::vector<val>(1 + summed, val::i32), caller));
  for (const auto policy : policies::names()) {
    CAPTURE(policy);
    const auto compiled = policies::make_engine(policy)->compile(m.bytes());
    REQUIRE(compiled);
    store s;
    const auto run = linker().instantiate(s, *compiled).value().get<std::uint32_t(int)>("run").value();
    for (const int argument : {0, 1, 100}) CHECK(run(argument).value() == sum_of_two_exits(argument == 100));
  }
}
