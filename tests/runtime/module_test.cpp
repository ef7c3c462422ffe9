#include "modules.hpp"
#include <lightbeam/compile/engine.hpp>
#include <lightbeam/validate.hpp>
#include <lightbeam/x64/rare_assembler.hpp>
#include <cmath>

namespace {
// A handler of a host's own, which writes an instruction that has no fast form: the inverse of the root, about.
struct inverse_root {
  void operator()(auto& g) const {
    const lightbeam::reg d = g.writable(g.pop());
    const Xbyak::Xmm x(int(d) - 16);
    g.rare([=](auto& a) { a.rsqrtss(x, x); });
    g.push_in(lightbeam::val::f32, d);
  }
};
struct checked : lightbeam::default_policy {
  using memory = lightbeam::bounds_checks;
  using overrides = lightbeam::overrides<lightbeam::on<"f32.sqrt", inverse_root>>;
  static constexpr bool verifies = true;
};
struct guarded : lightbeam::default_policy {
  using memory = lightbeam::guard_pages;
  static constexpr bool verifies = true;
};
}  // namespace

namespace modules {
lightbeam::result<lightbeam::module> compile(const std::vector<std::uint8_t>& bytes, memory_kind kind) {
  if (kind == memory_kind::guard_pages) return lightbeam::engine<guarded>().compile(std::span(bytes));
  return lightbeam::engine<checked>().compile(std::span(bytes));
}
}  // namespace modules

using namespace modules;
using lightbeam::failure_kind;

TEST_CASE("a module says what it imports and exports") {
  const auto m = from_text(R"((module
    (import "env" "f" (func (param i32) (result i64)))
    (import "env" "g" (global f32))
    (func (export "run") (param f64))
    (memory (export "mem") 1)))");
  REQUIRE(m.imports().size() == 2);
  CHECK(m.imports()[0].module == "env");
  CHECK(m.imports()[0].name == "f");
  CHECK(m.imports()[1].kind == lightbeam::external::global);
  REQUIRE(m.exports().size() == 2);
  CHECK(m.find_export("none") == nullptr);
  const auto* const run = m.find_export("run");
  REQUIRE(run != nullptr);
  CHECK(run->index == 1);
  CHECK(m.function(run->index).params == std::vector{lightbeam::val::f64});
  CHECK(m.function(0).results == std::vector{lightbeam::val::i64});
}

TEST_CASE("a module outlives the handles it was copied from, and its instances outlive it") {
  lightbeam::store store;
  std::optional<lightbeam::instance> instance;
  {
    std::optional<lightbeam::module> first = from_text(R"((module (func (export "f") (result i32) i32.const 7)))");
    lightbeam::module second = *first;
    first.reset();
    first = second;
    second = lightbeam::module(*first);
    instance = lightbeam::linker().instantiate(store, second).value();
  }
  CHECK(instance->get<int()>("f").value()().value() == 7);
}

TEST_CASE("a policy lowers an operator its own way") {
  const std::string text = R"((module (func (export "f") (param f32) (result f32) (f32.add (local.get 0) (f32.sqrt (local.get 0))))))";
  const auto of = [&](memory_kind kind) {
    lightbeam::store store;
    const auto instance = lightbeam::linker().instantiate(store, from_text(text, kind)).value();
    return instance.get<float(float)>("f").value()(9).value();
  };
  CHECK(of(memory_kind::guard_pages) == 12);
  CHECK(std::abs(of(memory_kind::bounds_checks) - (9 + 1 / 3.0f)) < 0.01f);
}

TEST_CASE("one module in many stores") {
  const auto m = from_text(R"((module (global $g (mut i32) (i32.const 0))
    (func (export "next") (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g))))");
  lightbeam::store a, b;
  const auto x = lightbeam::linker().instantiate(a, m).value().get<int()>("next").value();
  const auto y = lightbeam::linker().instantiate(b, m).value().get<int()>("next").value();
  const auto z = lightbeam::linker().instantiate(a, m).value().get<int()>("next").value();
  CHECK(x().value() == 1);
  CHECK(x().value() == 2);
  CHECK(y().value() == 1);
  CHECK(z().value() == 1);
}

namespace {
// The failure of a module with one type and one function, whose body is `code`: the validator's, which must be the engine's.
lightbeam::failure body(std::vector<std::uint8_t> code) {
  std::vector<std::uint8_t> m{0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10};
  m.push_back(std::uint8_t(code.size() + 2)), m.push_back(1), m.push_back(std::uint8_t(code.size()));
  m.insert(m.end(), code.begin(), code.end());
  const auto validated = lightbeam::validate(m, lightbeam::default_policy::features);
  const auto compiled = compile(m, memory_kind::bounds_checks);
  REQUIRE_FALSE(validated);
  REQUIRE_FALSE(compiled);
  CHECK(validated.error().kind() == compiled.error().kind());
  CHECK(validated.error().number() == compiled.error().number());
  CHECK(std::string(validated.error().what()) == compiled.error().what());
  return compiled.error();
}
}  // namespace

TEST_CASE("unknown indices and opcodes are named") {
  CHECK(body({0, 0x20, 0x05, 0x0b}).text().starts_with("invalid: unknown local 5, in the code section, in function 0"));
  CHECK(body({0, 0x23, 0x02, 0x0b}).text().starts_with("invalid: unknown global 2,"));
  CHECK(body({0, 0x10, 0x81, 0x01, 0x0b}).text().starts_with("invalid: unknown function 129,"));
  CHECK(body({0, 0xd2, 0x07, 0x1a, 0x0b}).text().starts_with("invalid: unknown function 7,"));
  CHECK(body({0, 0x0c, 0x03, 0x0b}).text().starts_with("invalid: unknown label 3,"));
  CHECK(body({0, 0x02, 0x09, 0x0b, 0x0b}).text().starts_with("invalid: unknown type 9,"));
  CHECK(body({0, 0x3f, 0x00, 0x1a, 0x0b}).text().starts_with("invalid: unknown memory 0,"));
  CHECK(body({0, 0x41, 0x00, 0x28, 0x02, 0x00, 0x1a, 0x0b}).text().starts_with("invalid: unknown memory 0,"));
  CHECK(body({0, 0x41, 0x00, 0x25, 0x04, 0x1a, 0x0b}).text().starts_with("invalid: unknown table 4,"));
  CHECK(body({0, 0xfc, 0x0d, 0x06, 0x0b}).text().starts_with("invalid: unknown elem segment 6,"));
  CHECK(body({0, 0x27, 0x0b}).text().starts_with("malformed: illegal opcode 0x27,"));
  CHECK(body({0, 0xfc, 0x20, 0x0b}).text().starts_with("malformed: illegal opcode 0xfc0020,"));
  CHECK(body({0, 0xfc, 0x80, 0x02, 0x0b}).text().starts_with("malformed: illegal opcode 0xfc0100,"));
}

TEST_CASE("types of later proposals in bodies are unsupported, by name") {
  for (const int code : {0x63, 0x64, 0x69, 0x6a, 0x6e, 0x71, 0x73, 0x74}) {
    const auto type = std::uint8_t(code);
    CHECK(body({1, 1, type, 0x0b}).kind() == failure_kind::unsupported);                     // a local
    CHECK(body({0, 0x02, type, 0x00, 0x0b, 0x0b}).kind() == failure_kind::unsupported);      // a block
    CHECK(body({0, 0xd0, type, 0x1a, 0x0b}).text().find("feature") != std::string::npos);  // ref.null
  }
  CHECK(body({0, 0xd0, 0x7f, 0x1a, 0x0b}).kind() == failure_kind::malformed);
  CHECK(body({0, 0x02, 0x65, 0x0b, 0x0b}).kind() == failure_kind::malformed);
  CHECK(body({0, 0x00, 0x1c, 0x01, 0x64, 0x1a, 0x0b}).kind() == failure_kind::unsupported);  // select t, in dead code
  for (const int code : {0x64, 0x7b}) CHECK(body({0, 0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 0x01, std::uint8_t(code), 0x1a, 0x0b}).kind() == failure_kind::unsupported);
  CHECK(body({0, 0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 0x01, 0x65, 0x1a, 0x0b}).kind() == failure_kind::malformed);
  CHECK(body({0, 0x41, 0, 0x41, 0, 0x41, 0, 0x1c, 0x02, 0x7f, 0x7f, 0x1a, 0x0b}).kind() == failure_kind::invalid);
}

TEST_CASE("a stream that has been finished takes nothing more") {
  auto stream = lightbeam::engine<checked>().stream();
  REQUIRE(stream.feed(assemble("(module)")));
  REQUIRE(stream.finish());
  CHECK_FALSE(stream.finish());
  CHECK_FALSE(stream.feed(assemble("(module)")));
}
