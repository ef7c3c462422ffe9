#include "../../examples/interpreter/interpreter.hpp"
#include "../sequences/module_builder.hpp"
#include <doctest/doctest.h>
#include <lightbeam/validate.hpp>
#include <memory>

namespace {

using interpreter::machine;
using interpreter::word;
using lightbeam::failure_kind;
using lightbeam::trap_code;
using lightbeam::val;
using sequences::code_writer;
using sequences::module_builder;

std::shared_ptr<const lightbeam::module_info> read(const module_builder& b) {
  auto info = std::make_shared<lightbeam::module_info>();
  lightbeam::validating_sink sink(lightbeam::feature::wasm2_scalar);
  lightbeam::module_reader reader(*info, lightbeam::feature::wasm2_scalar, sink);
  const auto fed = reader.feed(b.bytes());
  REQUIRE_MESSAGE(fed, fed.error().text());
  const auto done = reader.finish();
  REQUIRE_MESSAGE(done, done.error().text());
  return info;
}

// A module whose exports can be called.
struct program {
  interpreter::store store;
  interpreter::instance* instance;
  machine last;

  explicit program(const module_builder& b) {
    const auto made = interpreter::instantiator(store, read(b)).run([](const auto&) { return std::nullopt; });
    REQUIRE(made.made);
    REQUIRE(!made.failure);
    instance = made.made;
  }
  std::vector<word> call(std::string_view name, std::vector<word> arguments = {}) {
    std::vector<word> results;
    last = machine();
    const auto failed = last.invoke(*instance->find<interpreter::function>(name), arguments, results);
    REQUIRE_MESSAGE(!failed, failed->text());
    return results;
  }
  lightbeam::failure fail(std::string_view name, std::vector<word> arguments = {}, interpreter::machine_limits limits = {}) {
    std::vector<word> results;
    last = machine(limits);
    auto failed = last.invoke(*instance->find<interpreter::function>(name), arguments, results);
    REQUIRE(failed);
    return *failed;
  }
};

// One function "f" of this type.
program one(const lightbeam::function_type& type, const code_writer& body, std::vector<val> locals = {}) {
  module_builder b;
  b.memory(1, 3);
  b.export_as("f", lightbeam::external::function, b.function(type, locals, body));
  return program(b);
}
word bits(float x) { return std::bit_cast<std::uint32_t>(x); }
word bits(double x) { return std::bit_cast<word>(x); }

}  // namespace

TEST_CASE("every operator of scalar Wasm 2.0 has a handler") {
  for (std::size_t i = 0; i < lightbeam::op_count; ++i) {
    const auto& row = lightbeam::op_table[i];
    const bool scalar = contains(lightbeam::feature::wasm2_scalar, row.since);
    CHECK_MESSAGE((interpreter::handlers[i] != nullptr) == scalar, row.name);
  }
}

TEST_CASE("a recursive function") {
  module_builder b;
  code_writer w;
  w.op("local.get", 0).i32(2).op("i32.lt_u").block("if", val::i32).op("local.get", 0).op("else");
  w.op("local.get", 0).i32(1).op("i32.sub").op("call", 0).op("local.get", 0).i32(2).op("i32.sub").op("call", 0).op("i32.add").op("end");
  b.export_as("fib", lightbeam::external::function, b.function({{val::i32}, {val::i32}}, {}, w));
  program p(b);
  CHECK(p.call("fib", {20}) == std::vector<word>{6765});
}

TEST_CASE("branches carry values and drop what is below them") {
  code_writer w;
  w.block("block", val::i32).i32(1).i32(2).i32(3).op("local.get", 0).op("br_if", 0).op("drop").op("drop").op("end");
  auto p = one({{val::i32}, {val::i32}}, w);
  CHECK(p.call("f", {1}) == std::vector<word>{3});
  CHECK(p.call("f", {0}) == std::vector<word>{1});
}

TEST_CASE("br_table takes the default for large indices") {
  code_writer w;
  w.block("block").block("block").block("block").op("local.get", 0).op("br_table", 2, 0, 1, 2).op("end").i32(10).op("return").op("end");
  w.i32(20).op("return").op("end").i32(30);
  auto p = one({{val::i32}, {val::i32}}, w);
  CHECK(p.call("f", {0}) == std::vector<word>{10});
  CHECK(p.call("f", {1}) == std::vector<word>{20});
  CHECK(p.call("f", {2}) == std::vector<word>{30});
  CHECK(p.call("f", {0xffffffff}) == std::vector<word>{30});
}

TEST_CASE("a loop with a parameter and an if without else") {
  module_builder b;
  b.memory(1, 1);
  code_writer w;  // counts down from the argument and adds
  const auto loop = b.type({{val::i32}, {val::i32}});
  w.i32(0).block_of_type("loop", loop).op("local.get", 0).op("i32.add").op("local.get", 0).i32(1).op("i32.sub").op("local.tee", 0).op("br_if", 0).op("end");
  w.op("local.get", 0).block("if").op("unreachable").op("end");
  b.export_as("sum", lightbeam::external::function, b.function({{val::i32}, {val::i32}}, {}, w));
  program p(b);
  CHECK(p.call("sum", {100}) == std::vector<word>{5050});
}

TEST_CASE("several results come in order") {
  auto p = one({{val::i32, val::f64}, {val::f64, val::i32}}, code_writer().op("local.get", 1).op("local.get", 0));
  CHECK(p.call("f", {7, bits(2.5)}) == std::vector<word>{bits(2.5), 7});
}

TEST_CASE("traps name the function and the operator") {
  code_writer w;
  w.op("local.get", 0).op("local.get", 1).op("i32.div_s");
  auto p = one({{val::i32, val::i32}, {val::i32}}, w);
  CHECK(p.call("f", {word(std::uint32_t(-7)), 2}) == std::vector<word>{std::uint32_t(-3)});
  const auto zero = p.fail("f", {1, 0});
  CHECK(zero.kind() == failure_kind::trap);
  CHECK(zero.code() == trap_code::integer_divide_by_zero);
  CHECK(zero.function() == 0);
  CHECK(p.instance->module->bytes[zero.offset()] == lightbeam::op("i32.div_s")->code);
  CHECK(p.fail("f", {0x80000000, 0xffffffff}).code() == trap_code::integer_overflow);
}

TEST_CASE("addresses do not wrap") {
  auto p = one({{val::i32}, {val::i32}}, code_writer().op("local.get", 0).memory("i32.load", 0xffffffff));
  CHECK(p.fail("f", {1}).code() == trap_code::memory_out_of_bounds);
  auto last = one({{val::i32}, {val::i32}}, code_writer().op("local.get", 0).memory("i32.load8_s", 65535));
  CHECK(last.call("f", {0}) == std::vector<word>{0});
  CHECK(last.fail("f", {1}).code() == trap_code::memory_out_of_bounds);
}

TEST_CASE("a store that traps writes nothing") {
  code_writer w;
  w.op("local.get", 0).constant(val::i64, ~word(0)).memory("i64.store", 0);
  auto p = one({{val::i32}, {}}, w);
  CHECK(p.fail("f", {65532}).code() == trap_code::memory_out_of_bounds);
  CHECK(p.instance->memories[0]->bytes.get()[65535] == 0);
}

TEST_CASE("memory grows up to its maximum and keeps its contents") {
  code_writer w;
  w.i32(65535).i32(42).memory("i32.store8", 0).op("local.get", 0).op("memory.grow", 0).op("memory.size", 0).i32(65535).memory("i32.load8_u", 0);
  auto p = one({{val::i32}, {val::i32, val::i32, val::i32}}, w);
  CHECK(p.call("f", {2}) == std::vector<word>{1, 3, 42});
  CHECK(p.call("f", {1}) == std::vector<word>{0xffffffff, 3, 42});
}

TEST_CASE("endless recursion exhausts the stack, endless loops the budget") {
  auto p = one({{}, {}}, code_writer().op("call", 0));
  CHECK(p.fail("f").code() == trap_code::call_stack_exhausted);
  auto loop = one({{}, {}}, code_writer().block("loop").op("br", 0).op("end"));
  const auto f = loop.fail("f", {}, {.steps = 1000});
  CHECK(f.kind() == failure_kind::limit);
  CHECK(loop.last.steps() == 1000);
}

TEST_CASE("minimum and maximum know zeros and NaNs") {
  using namespace interpreter;
  CHECK(bits(minimum(0.0f, -0.0f)) == bits(-0.0f));
  CHECK(bits(minimum(-0.0f, 0.0f)) == bits(-0.0f));
  CHECK(bits(maximum(0.0, -0.0)) == bits(0.0));
  CHECK(bits(maximum(-0.0, 0.0)) == bits(0.0));
  CHECK(minimum(1.0f, 2.0f) == 1.0f);
  const float nan = std::bit_cast<float>(0x7fa00000u);
  CHECK(bits(minimum(nan, 1.0f)) == 0x7fe00000);
  CHECK(bits(maximum(1.0f, nan)) == 0x7fe00000);
}

TEST_CASE("rounding to nearest takes ties to even and keeps the sign of zero") {
  using interpreter::round_to_nearest;
  const struct {
    double x, rounded;
  } cases[] = {{0.5, 0.0}, {-0.5, -0.0}, {1.5, 2.0}, {2.5, 2.0}, {-2.5, -2.0}, {0.49999999999999994, 0.0}, {-0.3, -0.0},
                                             {4503599627370497.5, 4503599627370498.0}, {9007199254740992.0, 9007199254740992.0}, {1e300, 1e300}, {-0.0, -0.0}};
  for (const auto& c : cases) CHECK_MESSAGE(bits(round_to_nearest(c.x)) == bits(c.rounded), c.x);
  CHECK(bits(round_to_nearest(8388609.0f)) == bits(8388609.0f));
  CHECK(std::isinf(round_to_nearest(std::numeric_limits<float>::infinity())));
}

TEST_CASE("truncation traps exactly outside of the range") {
  using interpreter::truncate;
  CHECK(truncate<std::int32_t>(2147483647.9).value == 2147483647);
  CHECK(truncate<std::int32_t>(2147483648.0).trap == trap_code::integer_overflow);
  CHECK(truncate<std::int32_t>(-2147483648.9).value == std::numeric_limits<std::int32_t>::min());
  CHECK(truncate<std::int32_t>(-2147483649.0).trap == trap_code::integer_overflow);
  CHECK(truncate<std::uint32_t>(-0.9f).value == 0);
  CHECK(truncate<std::uint32_t>(-1.0f).trap == trap_code::integer_overflow);
  CHECK(truncate<std::uint64_t>(18446744073709549568.0).value == 18446744073709549568u);
  CHECK(truncate<std::uint64_t>(18446744073709551616.0).trap == trap_code::integer_overflow);
  CHECK(truncate<std::int64_t>(std::nan("")).trap == trap_code::invalid_conversion_to_integer);
}

TEST_CASE("saturating truncation clamps") {
  using interpreter::truncate_saturating;
  CHECK(truncate_saturating<std::int32_t>(1e10f) == 2147483647);
  CHECK(truncate_saturating<std::int32_t>(-1e10f) == std::numeric_limits<std::int32_t>::min());
  CHECK(truncate_saturating<std::uint32_t>(-5.0) == 0);
  CHECK(truncate_saturating<std::uint64_t>(std::numeric_limits<double>::infinity()) == ~word(0));
  CHECK(truncate_saturating<std::int64_t>(std::nan("")) == 0);
}

TEST_CASE("sign operators keep the bits of NaNs, arithmetic quietens them") {
  auto negate = one({{val::f32}, {val::f32}}, code_writer().op("local.get", 0).op("f32.neg"));
  CHECK(negate.call("f", {0x7f800001}) == std::vector<word>{0xff800001});
  CHECK(!negate.last.saw_nan());
  auto add = one({{val::f32}, {val::f32}}, code_writer().op("local.get", 0).op("local.get", 0).op("f32.add"));
  CHECK(add.call("f", {0x7f800001}) == std::vector<word>{0x7fc00001});
  CHECK(add.last.saw_nan());
}

TEST_CASE("shifts and rotations count modulo the width") {
  using namespace interpreter;
  CHECK(shift_left<std::uint32_t>(1, 33) == 2);
  CHECK(shift_right_signed<std::uint32_t>(0x80000000, 31) == 0xffffffff);
  CHECK(shift_right_unsigned<std::uint64_t>(word(1) << 63, 127) == 1);
  CHECK(rotate_left<std::uint32_t>(0x80000001, 32) == 0x80000001);
  CHECK(rotate_right<std::uint64_t>(1, 65) == word(1) << 63);
  CHECK(remainder_signed(std::numeric_limits<std::int64_t>::min(), std::int64_t(-1)).value == 0);
  CHECK(sign_extend<std::uint8_t>(std::uint32_t(0x180)) == 0xffffff80);
}

TEST_CASE("calls through a table") {
  module_builder b;
  const auto seven = b.function({{}, {val::i32}}, {}, code_writer().i32(7));
  const auto half = b.function({{}, {val::f32}}, {}, code_writer().constant(val::f32, bits(0.5f)));
  b.table(std::vector<std::uint32_t>{seven, half});
  const auto call = b.function({{val::i32}, {val::i32}}, {}, code_writer().op("local.get", 0).op("call_indirect", b.type({{}, {val::i32}}), 0));
  b.export_as("call", lightbeam::external::function, call);
  program p(b);
  CHECK(p.call("call", {0}) == std::vector<word>{7});
  CHECK(p.fail("call", {1}).code() == trap_code::indirect_call_type_mismatch);
  CHECK(p.fail("call", {2}).code() == trap_code::undefined_element);
  p.instance->tables[0]->elements[0] = 0;
  CHECK(p.fail("call", {0}).code() == trap_code::uninitialized_element);
}
