#include "../sequences/module_builder.hpp"
#include "policies/policies.hpp"
#include <lightbeam/wasm/validator.hpp>
#include <doctest/doctest.h>

using namespace lightbeam;
using sequences::code_writer;
using sequences::module_builder;

// What features bring into operators that were there before, and operators of their own: an engine whose policy switches them off
// says of each what the validator says.
TEST_CASE("what a policy switches off is refused") {
  const auto engine = policies::make_engine("mvp");
  if (!engine) {
    MESSAGE("skipped: this build has no policy mvp");
    return;
  }
  const auto verdict = [&](const code_writer& body) {
    module_builder m;
    m.type({});
    m.table(val::funcref, 1, 1);
    m.memory(1, 1);
    m.function({}, {}, body);
    const auto bytes = m.bytes();
    const auto compiled = engine->compile(bytes);
    const auto validated = validate(bytes, feature::mvp);
    const std::string text = compiled ? "valid" : compiled.error().text();
    CHECK(text == (validated ? "valid" : validated.error().text()));
    return text;
  };
  const auto disabled = [&](const code_writer& body, const char* feature) {
    CAPTURE(feature);
    CHECK(verdict(body).find(std::string("the feature ") + feature + ", which is disabled") != std::string::npos);
  };
  CHECK(verdict(code_writer().block("block").op("end")) == "valid");
  disabled(code_writer().block_of_type("block", 0).op("end"), "multi-value");
  disabled(code_writer().block_of_type("loop", 0).op("end"), "multi-value");
  disabled(code_writer().i32(0).block_of_type("if", 0).op("end"), "multi-value");
  CHECK(verdict(code_writer().i32(0).op("call_indirect", 0, 0)) == "valid");
  CHECK(verdict(code_writer().i32(0).op("call_indirect", 0, 1)).starts_with("malformed: zero byte expected"));
  code_writer long_zero;
  long_zero.i32(0).op("call_indirect", 0).byte(0x80).byte(0);
  CHECK(verdict(long_zero).starts_with("malformed: zero byte expected"));
  disabled(code_writer().i32(0).op("i32.extend8_s").op("drop"), "sign-extension");
  disabled(code_writer().constant(val::f32, 0).op("i32.trunc_sat_f32_s").op("drop"), "saturating-float-to-int");
  disabled(code_writer().i32(0).i32(0).i32(0).op("memory.copy", 0, 0), "bulk-memory");
  disabled(code_writer().constant_null().op("drop"), "reference-types");
  disabled(code_writer().i32(0).op("table.get", 0).op("drop"), "reference-types");
}
