#include "../sequences/module_builder.hpp"
#include "policies/policies.hpp"
#include <doctest/doctest.h>
#include <lightbeam/validate.hpp>

using namespace lightbeam;
using sequences::code_writer;
using sequences::module_builder;

// What is wrong with an operator is said of its first byte, what is wrong with the bytes of an immediate of the first that cannot be right, by
// the compiler as by the validator.
namespace {

// `at`: which byte of `wrong` is meant.
void check(code_writer before, const code_writer& wrong, std::size_t at = 0) {
  const std::size_t fault = before.bytes().size() + at;
  module_builder m;
  before.append(wrong.bytes());
  m.function({}, {}, before);
  const auto module = m.bytes();
  const auto compiled = policies::make_engine()->compile(module);
  const auto validated = validate(module, feature::wasm2_scalar);
  REQUIRE(!compiled);
  REQUIRE(!validated);
  CHECK(validated.error().offset() == module.size() - before.bytes().size() - 1 + fault);  // behind the body stands its `end`
  CHECK(compiled.error().text() == validated.error().text());
}
code_writer raw(std::initializer_list<int> bytes) {
  code_writer w;
  for (const int b : bytes) w.byte(std::uint8_t(b));
  return w;
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

TEST_CASE("bytes of immediates") {
  const auto nop = code_writer().op("nop"), one = code_writer(nop).i32(0), three = code_writer(one).i32(0).i32(0);
  for (const int opens : {0x02, 0x03}) {
    check(nop, raw({opens, 0xc0, 0x7f, 0x0b}), 1);              // the empty type, of two bytes
    check(nop, raw({opens, 0xff, 0x7f, 0x41, 0x00, 0x0b}), 1);  // i32, likewise
    check(nop, raw({opens, 0x78, 0x0b}), 1);
    check(nop, raw({opens, 0x80, 0x80, 0x80, 0x80, 0x40, 0x0b}), 5);
  }
  check(one, raw({0x04, 0xc0, 0x7f, 0x0b}), 1);
  check(nop, raw({0x41, 0x80, 0x80, 0x80, 0x80, 0x10}), 5);                                // i32.const, too large
  check(nop, raw({0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01}), 10);  // i64.const
  check(nop, raw({0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), 5);                           // too long
  check(one, raw({0x28, 0x02, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), 6);
  check(one, raw({0x0e, 0x01, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00}), 6);
  check(nop, raw({0xfc, 0x80, 0x80, 0x80, 0x80, 0x80}), 5);
  check(nop, raw({0xd0, 0x7f}), 1);
  check(three, raw({0x1c, 0x01, 0x40}), 2);
  check(nop, raw({0x0b, 0x01}), 1);  // behind the end
}
