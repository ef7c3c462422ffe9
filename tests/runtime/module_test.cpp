#include "modules.hpp"
#include <lightbeam/compile/engine.hpp>

namespace modules {
namespace {
struct checked : lightbeam::default_policy {
  using memory = lightbeam::bounds_checks;
};
struct guarded : lightbeam::default_policy {
  using memory = lightbeam::guard_pages;
};
}  // namespace

lightbeam::result<lightbeam::module> compile(const std::vector<std::uint8_t>& bytes, memory_kind kind) {
  if (kind == memory_kind::guard_pages) return lightbeam::engine<guarded>().compile(std::span(bytes));
  return lightbeam::engine<checked>().compile(std::span(bytes));
}
}  // namespace modules

using namespace modules;

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
