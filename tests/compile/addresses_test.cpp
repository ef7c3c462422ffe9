#include "../sequences/module_builder.hpp"
#include "policies/policies.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;
using sequences::code_writer;
using sequences::module_builder;

// A local that was the address of an access lies inside the memory, so that a small constant can be added to it without a wrap at
// 2^32; no longer where the code can be reached without that access. The byte at 8 is 77, and -8 + 16 = 8.
namespace {

constexpr int there = 77;

// Functions of an address and a condition.
void check(const code_writer& body, int condition, std::uint32_t address = std::uint32_t(-8), std::uint32_t pages = 1) {
  module_builder m;
  m.memory(pages, pages);
  code_writer w;
  w.i32(8).i32(there).memory("i32.store8", 0).append(body.bytes());
  m.export_as("run", external::function, m.function({{val::i32, val::i32}, {val::i32}}, {}, w));
  for (const auto policy : policies::names()) {
    CAPTURE(policy);
    const auto compiled = policies::make_engine(policy)->compile(m.bytes());
    REQUIRE(compiled);
    store s;
    const auto result = linker().instantiate(s, *compiled).value().get<int(int, int)>("run").value()(int(address), condition);
    REQUIRE_MESSAGE(result, result.error().text());
    CHECK(*result == there);
  }
}

code_writer& access(code_writer& w) { return w.op("local.get", 0).memory("i32.load8_u", 0).op("drop"); }
code_writer& sixteen_on(code_writer& w) { return w.op("local.get", 0).i32(16).op("i32.add").memory("i32.load8_u", 0); }

}  // namespace

TEST_CASE("an access in a block that can be left before says nothing behind it") {
  code_writer w;
  w.block("block").op("local.get", 1).op("br_if", 0);
  access(w).op("end");
  sixteen_on(w);
  check(w, 1);
}

TEST_CASE("an access in one arm says nothing in the other, nor behind both") {
  code_writer other, behind;
  other.op("local.get", 1).block("if", val::i32);
  sixteen_on(access(other)).op("else");
  sixteen_on(other).op("end");
  check(other, 0);
  behind.op("local.get", 1).block("if");
  access(behind).op("end");
  sixteen_on(behind);
  check(behind, 0);
}

TEST_CASE("an access before a loop says nothing in its later rounds") {
  code_writer w;  // the address is 0 in the first round, then it becomes what the function was given
  w.op("local.get", 0).op("local.set", 1).i32(0).op("local.set", 0);
  access(w).block("loop", val::i32);
  sixteen_on(w).i32(there).op("i32.ne").block("if");
  w.op("local.get", 1).op("local.set", 0).op("br", 1).op("end").i32(there).op("end");
  check(w, 0);
}

TEST_CASE("an access to a local says nothing after it was written") {
  code_writer w;
  w.op("local.get", 0).op("local.set", 1).i32(0).op("local.set", 0);
  access(w).op("local.get", 1).op("local.set", 0);
  sixteen_on(w);
  check(w, 0);
}

TEST_CASE("an access inside says nothing of a large sum") {
  code_writer w;  // 2^31 + 24 lies inside, and that and 2^31 - 16 make 8
  access(w).op("local.get", 0).i32(0x7ffffff0).op("i32.add").memory("i32.load8_u", 0);
  check(w, 0, 0x80000018, 32769);
}
