#include "../sequences/module_builder.hpp"
#include "policies/policies.hpp"
#include <doctest/doctest.h>
#include <lightbeam/validate.hpp>

using namespace lightbeam;
using sequences::code_writer;
using sequences::module_builder;

// What is wrong with an operator is said of its first byte, by the compiler as by the validator.
namespace {

// The body with `wrong` behind it, whose last operator is at fault.
void check(code_writer before, const code_writer& wrong, std::size_t operators_before_the_fault = 0) {
  const auto fault = [&] {
    std::size_t at = before.bytes().size();
    const auto parts = wrong.operators();
    for (std::size_t i = 0; i < operators_before_the_fault; ++i) at += parts[i].size();
    return at;
  }();
  module_builder m;
  before.append(wrong.bytes());
  m.function({}, {}, before);
  const auto module = m.bytes();
  const auto compiled = policies::make_engine()->compile(module);
  const auto validated = validate(module, feature::wasm2_scalar);
  REQUIRE(!compiled);
  REQUIRE(!validated);
  CHECK(compiled.error().what() == std::string(validated.error().what()));
  CHECK(compiled.error().offset() == validated.error().offset());
  CHECK(compiled.error().offset() == module.size() - before.bytes().size() - 1 + fault);  // behind the body stands its `end`
}

}  // namespace

TEST_CASE("operators of one byte") {
  const auto nops = code_writer().op("nop").op("nop");
  check(nops, code_writer().op("i32.add"));
  check(nops, code_writer().op("local.get", 300));
  check(nops, code_writer().op("call", 300));
  check(nops, code_writer().op("br", 300));
  check(nops, code_writer().i32(0).memory("i32.load", 400), 1);
  check(nops, code_writer().op("else"));
  check(nops, code_writer().i32(1).op("nop"), 2);  // the end of the body
}

TEST_CASE("operators with a prefix") {
  const auto nops = code_writer().op("nop").op("nop");
  check(nops, code_writer().i32(0).i32(0).i32(0).op("memory.copy", 0, 0), 3);
  check(nops, code_writer().i32(0).op("i32.trunc_sat_f32_s"), 1);
  check(nops, code_writer().op("elem.drop", 1000));
  // The code may be written at length.
  code_writer longer;
  longer.i32(0);
  longer.byte(0xfc).byte(0x80).byte(0x80).byte(0x00);
  check(nops, longer, 1);
}
