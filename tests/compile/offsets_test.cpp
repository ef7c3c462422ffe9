#include "../sequences/module_builder.hpp"
#include "policies/policies.hpp"
#include <doctest/doctest.h>
#include <lightbeam/validate.hpp>

using namespace lightbeam;
using sequences::code_writer;
using sequences::module_builder;

// What is wrong with an operator is said of its first byte, by the compiler as by the validator.
namespace {

void check(code_writer before, const code_writer& wrong) {
  const std::size_t fault = before.bytes().size();
  module_builder m;
  before.append(wrong.bytes());
  m.function({}, {}, before);
  const auto module = m.bytes();
  const auto compiled = policies::make_engine()->compile(module);
  const auto validated = validate(module, feature::wasm2_scalar);
  REQUIRE(!compiled);
  REQUIRE(!validated);
  CHECK(validated.error().offset() == module.size() - before.bytes().size() - 1 + fault);  // behind the body stands its `end`
  CHECK(compiled.error().offset() == validated.error().offset());
}

}  // namespace

TEST_CASE("operators of one byte") {
  const auto nops = code_writer().op("nop").op("nop");
  check(nops, code_writer().op("i32.add"));
  check(nops, code_writer().op("local.get", 300));
  check(nops, code_writer().op("call", 300));
  check(nops, code_writer().op("br", 300));
  check(nops, code_writer().op("else"));
  check(code_writer(nops).i32(0), code_writer().memory("i32.load", 400));
  check(code_writer(nops).i32(1), {});  // the end of the body
}

TEST_CASE("operators with a prefix") {
  const auto one = code_writer().op("nop").i32(0), three = code_writer(one).i32(0).i32(0);
  check(three, code_writer().op("memory.copy", 0, 0));
  check(one, code_writer().op("i32.trunc_sat_f32_s"));
  check(one, code_writer().op("elem.drop", 1000));
  // The code may be written at length.
  code_writer longer;
  longer.byte(0xfc).byte(0x80).byte(0x80).byte(0x00);
  check(one, longer);
}
