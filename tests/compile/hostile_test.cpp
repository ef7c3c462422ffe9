#include "../sequences/module_builder.hpp"
#include "policies/policies.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;
using sequences::code_writer;
using sequences::module_builder;

// Modules that make much of few bytes: they must not take the compiler out of its memory.
namespace {

const std::vector<val> thousand(1000, val::i32);

// Function 0 gives a thousand values, function 1 takes them, function 2 has this body.
struct hostile {
  module_builder m;
  std::uint32_t gives = m.type({{}, thousand}), takes = m.type({thousand, {}});

  hostile() {
    code_writer results;
    for (int i = 0; i < 1000; ++i) results.i32(i);
    m.function({{}, thousand}, {}, results);
    m.function({thousand, {}}, {}, {});
  }
  std::vector<std::uint8_t> with(const code_writer& body, std::span<const val> locals = {}) {
    m.export_as("run", external::function, m.function({}, locals, body));
    return m.bytes();
  }
};
// Pushes a thousand operands with five bytes and no code.
void thousand_operands(code_writer& w, std::uint32_t type) { w.block_of_type("block", type).op("unreachable").op("end"); }

std::string verdict(const std::vector<std::uint8_t>& bytes) {
  const auto compiled = policies::make_engine()->compile(bytes);
  return compiled ? "valid" : compiled.error().text();
}

}  // namespace

TEST_CASE("operands by the thousand leave room for those that follow one by one") {
  hostile h;
  code_writer body;
  for (int i = 0; i < 80; ++i) thousand_operands(body, h.gives);
  for (int i = 0; i < 20'000; ++i) body.op("local.get", 0);
  body.op("unreachable");
  const val locals[] = {val::i32};
  CHECK(verdict(h.with(body, locals)) == "valid");
}

TEST_CASE("a short body cannot fill the stack without end") {
  hostile h;
  code_writer body;
  for (int i = 0; i < 10'000; ++i) thousand_operands(body, h.gives);
  body.op("unreachable");
  CHECK(verdict(h.with(body)).starts_with("limit: too many operands on the stack"));
}

TEST_CASE("calls of few bytes with a thousand arguments stay inside the space for code") {
  hostile h;
  code_writer body;
  for (int i = 0; i < 2000; ++i) thousand_operands(body, h.gives), body.op("call", 1);
  CHECK(verdict(h.with(body)).starts_with("limit: too many locals, or operands of long types"));
}

TEST_CASE("thousands of locals in each of thousands of functions are a limit") {
  module_builder m;
  const std::vector<val> many(10'000, val::i64);
  for (int i = 0; i < 10; ++i) m.function({}, many, {});
  CHECK(verdict(m.bytes()) == "valid");
  module_builder bytes;
  for (int i = 0; i < 1100; ++i) bytes.function({thousand, {}}, {}, {});
  CHECK(verdict(bytes.bytes()).starts_with("limit: too many locals, or operands of long types"));
}

TEST_CASE("machine code is no more than in proportion to the module") {
  const auto conversions = [](int pairs) {
    hostile h;
    code_writer w;
    w.constant(val::i64, 1);
    for (int i = 0; i < pairs; ++i) w.op("f64.convert_i64_u").op("i64.trunc_f64_u");
    return h.with(w.op("drop"));
  };
  CHECK(verdict(conversions(10'000)) == "valid");
  CHECK(verdict(conversions(100'000)).starts_with("limit: machine code out of proportion to the module"));
}

TEST_CASE("a constant that the end of the body cuts off is an error at that end") {
  auto bytes = module_builder();
  code_writer body;
  body.opcode("f64.const");
  bytes.function({}, {}, body);
  const auto module = bytes.bytes();
  const auto compiled = policies::make_engine()->compile(module);
  REQUIRE(!compiled);
  CHECK(compiled.error().what() == std::string("unexpected end of section or function"));
  CHECK(compiled.error().offset() == module.size());
}

TEST_CASE("a trap in a function of many results is located") {
  hostile h;
  code_writer body;
  body.op("call", 0).op("call", 1).op("call", 0).op("call", 1);
  for (int i = 0; i < 1000; ++i) body.op("nop");  // short bodies have no space for that much code
  body.op("unreachable");
  const auto compiled = policies::make_engine()->compile(h.with(body));
  REQUIRE(compiled);
  store s;
  auto instance = linker().instantiate(s, *compiled).value();
  const auto trapped = instance.get<void()>("run").value()();
  REQUIRE(!trapped);
  CHECK(trapped.error().code() == trap_code::unreachable);
  CHECK(trapped.error().function() == 2);
  CHECK(trapped.error().offset() != no_index);
}
