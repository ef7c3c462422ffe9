#include "../bombs/assembly.hpp"
#include "modules.hpp"
#include <ctime>

using namespace modules;
using lightbeam::failure_kind;
using lightbeam::linker;
using lightbeam::trap_code;

namespace {
std::string message(const linker& l, lightbeam::store& store, const std::string& text, memory_kind kind = memory_kind::bounds_checks) {
  const auto i = l.instantiate(store, from_text(text, kind));
  REQUIRE(fails(i, failure_kind::link));
  return i.error().text();
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
}  // namespace

TEST_CASE("a missing import says what is wanted and what there is") {
  linker l;
  l.bind("env", "print", [](int) {});
  l.bind("host", "draw", [] {});
  lightbeam::store store;
  const auto near = message(l, store, R"((module (import "env" "prnt" (func (param i32) (result f64)))))");
  CHECK(has(near, "\"env\" \"prnt\""));
  CHECK(has(near, "function (i32) -> (f64)"));
  CHECK(has(near, "there is \"env\" \"print\""));
  CHECK(has(message(l, store, R"((module (import "env" "draw" (memory 1 2))))"), "there is \"host\" \"draw\""));
  CHECK(has(message(l, store, R"((module (import "env" "draw" (memory 1 2))))"), "memory of 1 to 2 pages"));
  CHECK_FALSE(has(message(l, store, R"((module (import "env" "quite other" (table 1 funcref))))"), "there is"));
  // Long names are not compared: that would take seconds.
  const std::string a(100'000, 'a');
  l.bind("env", a, [] {});
  CHECK_FALSE(has(message(l, store, "(module (import \"env\" \"" + a + "b\" (func)))"), "there is"));
}

TEST_CASE("a null function cannot be imported") {
  linker l;
  lightbeam::store store;
  l.define("env", "f", lightbeam::func<>());
  CHECK(has(message(l, store, R"((module (import "env" "f" (func))))"), "\"env\" \"f\" is a null function"));
}

TEST_CASE("types of imports have to match") {
  linker l;
  lightbeam::store store;
  l.bind("h", "f", [](int) {});
  l.define("h", "g", store.make_global(std::int32_t{7}));
  l.define("h", "mutable", store.make_global(std::int32_t{7}, true));
  l.define("h", "m", store.make_memory({{1, 4}}).value());
  l.define("h", "t", store.make_table({lightbeam::val::funcref, {2, {}}}).value());
  const auto wrong = [&](const char* what) { return message(l, store, std::string("(module (import \"h\" ") + what + "))"); };
  const auto text = wrong(R"("f" (func (param i64)))");
  CHECK(has(text, "function (i64) -> ()"));
  CHECK(has(text, "function (i32) -> ()"));
  CHECK(has(wrong(R"("f" (global i32))"), "incompatible import type"));
  wrong(R"("g" (global i64))");
  wrong(R"("g" (global (mut i32)))");
  wrong(R"("mutable" (global i32))");
  wrong(R"("m" (memory 2))");
  wrong(R"("m" (memory 1 3))");
  wrong(R"("t" (table 3 funcref))");
  wrong(R"("t" (table 1 4 funcref))");
  wrong(R"("t" (table 1 externref))");
  for (const char* const right : {R"("f" (func (param i32)))", R"("g" (global i32))", R"("mutable" (global (mut i32)))", R"("m" (memory 1))",
                                  R"("m" (memory 0 4))", R"("t" (table 2 funcref))"})
    CHECK(l.instantiate(store, from_text(std::string("(module (import \"h\" ") + right + "))")));
}

TEST_CASE("what has grown is matched with its present size") {
  linker l;
  lightbeam::store store;
  const auto m = store.make_memory({{1, 4}}).value();
  l.define("h", "m", m);
  CHECK(m.grow(1).value() == 1);
  CHECK(l.instantiate(store, from_text(R"((module (import "h" "m" (memory 2 4))))")));
}

TEST_CASE("kinds of memories") {
  linker l;
  lightbeam::store store;
  l.define("h", "checked", store.make_memory({{1, {}}}).value());
  l.define("h", "guarded", store.make_memory({{1, {}}}, memory_kind::guard_pages).value());
  CHECK(has(message(l, store, R"((module (import "h" "checked" (memory 1))))", memory_kind::guard_pages), "guard pages"));
  const std::string text = R"((module (import "h" "guarded" (memory 1)) (func (export "f") (param i32) (result i32) (i32.load (local.get 0)))))";
  for (const auto kind : {memory_kind::guard_pages, memory_kind::bounds_checks}) {
    const auto i = l.instantiate(store, from_text(text, kind)).value();
    CHECK(i.get<int(int)>("f").value()(8).value() == 0);
    CHECK(traps(i.get<int(int)>("f").value()(65536), trap_code::memory_out_of_bounds));
  }
}

TEST_CASE("instances share what they import") {
  linker l;
  lightbeam::store store;
  const auto a = l.instantiate(store, from_text(R"((module
    (memory (export "m") 1 3) (table (export "t") 4 4 funcref) (global (export "g") (mut i64) (i64.const 5))
    (type $t (func (param i32) (result i32)))
    (global $mine i32 (i32.const 100))
    (func $f (export "f") (param i32) (result i32) (i32.add (local.get 0) (global.get $mine)))
    (func (export "call") (param i32 i32) (result i32) (call_indirect (type $t) (local.get 0) (local.get 1)))
    (elem (i32.const 0) $f)))")).value();
  l.instance("a", a);
  const auto b = l.instantiate(store, from_text(R"((module
    (import "a" "m" (memory 1)) (import "a" "t" (table 4 funcref)) (import "a" "g" (global $g (mut i64)))
    (import "a" "f" (func $f (param i32) (result i32)))
    (type $t (func (param i32) (result i32)))
    (global $mine i32 (i32.const 1000))
    (func $h (param i32) (result i32) (i32.add (call $f (local.get 0)) (global.get $mine)))
    (func (export "call") (param i32 i32) (result i32) (i32.add (global.get $mine) (call_indirect (type $t) (local.get 0) (local.get 1))))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func (export "poke") (i32.store (i32.const 70000) (i32.const 77)) (global.set $g (i64.const -1)))
    (elem (i32.const 1) $h $f)
    (export "f" (func $f))))")).value();
  const auto in_a = a.get<int(int, int)>("call").value(), in_b = b.get<int(int, int)>("call").value();
  CHECK(in_a(1, 0).value() == 101);
  CHECK(in_a(1, 1).value() == 1101);  // b's function through a's own table
  CHECK(in_a(1, 2).value() == 101);
  CHECK(in_b(1, 0).value() == 1101);
  CHECK(in_b(1, 1).value() == 2101);
  CHECK(traps(in_a(1, 3), trap_code::uninitialized_element));
  CHECK(traps(in_b(1, 3), trap_code::uninitialized_element));
  CHECK(a.func("f").value() == b.func("f").value());
  CHECK(a.table("t").value().at(2).value() == a.func("f").value());
  CHECK(b.get<int()>("grow").value()().value() == 1);
  CHECK(b.get<void()>("poke").value()());
  CHECK(a.memory("m").value().read<int>(70000).value() == 77);
  CHECK(a.global<std::int64_t>("g").value().get() == -1);
}

TEST_CASE("host functions in tables and among the exports keep their identity") {
  linker l;
  lightbeam::store store;
  l.bind("h", "f", [](int x) { return x + 1; });
  const auto m = from_text(R"((module (import "h" "f" (func $f (param i32) (result i32))) (table (export "t") 3 3 funcref) (elem (i32.const 0) $f)
    (export "f" (func $f)) (type $t (func (param i32) (result i32)))
    (func (export "call") (param i32 i32) (result i32) (call_indirect (type $t) (local.get 0) (local.get 1)))))");
  const auto a = l.instantiate(store, m).value(), b = l.instantiate(store, m).value();
  CHECK(a.func("f").value() == b.func("f").value());
  const auto call = a.get<int(int, int)>("call").value();
  CHECK(call(4, 0).value() == 5);
  // One that no module imports, and of a type that no module had when it was made.
  REQUIRE(a.table("t").value().set(1, store.make_func([](int x) { return x * 10; })));
  CHECK(call(4, 1).value() == 40);
  REQUIRE(a.table("t").value().set(1, store.make_func([](float) {})));
  CHECK(traps(call(4, 1), trap_code::indirect_call_type_mismatch));
}

TEST_CASE("a type that only call_indirect uses has what a host function of it needs") {
  linker l;
  lightbeam::store store;
  const auto m = from_text(R"((module (table (export "t") 2 2 funcref) (type $t (func (param f32 i64) (result i64)))
    (func (export "call") (param i32) (result i64) (call_indirect (type $t) (f32.const 2) (i64.const 5) (local.get 0)))))");
  const auto i = l.instantiate(store, m).value();
  REQUIRE(i.table("t").value().set(1, store.make_func([](float x, std::int64_t y) { return std::int64_t(x) * 100 + y; })));
  CHECK(i.get<std::int64_t(int)>("call").value()(1).value() == 205);
  CHECK(traps(i.get<std::int64_t(int)>("call").value()(0), trap_code::uninitialized_element));
}

TEST_CASE("a hundred thousand types and exports are instantiated and linked in a moment") {
  constexpr std::uint32_t count = 100'000;
  bombs::assembly m;
  for (std::uint32_t i = 0; i < count; ++i) {
    bombs::value_types t(10, lightbeam::val::i32);
    for (std::uint32_t rest = i, k = 0; rest != 0; rest /= 4) t[k++] = lightbeam::val(std::uint32_t(lightbeam::val::i32) + rest % 4);
    m.type(t, {});
    m.function(i, {}, {});
    m.add(bombs::assembly::exports).name(std::to_string(i)).byte(0).u32(count - 1 - i);
  }
  const auto module = compile(m.finish(), memory_kind::bounds_checks).value();
  linker l;
  lightbeam::store store;
  const std::clock_t start = std::clock();
  const auto first = l.instantiate(store, module).value(), second = l.instantiate(store, module).value();
  l.instance("m", first);
  CHECK(double(std::clock() - start) / CLOCKS_PER_SEC < 10);
  CHECK(second.func("7").value().type().params.size() == 10);
}
