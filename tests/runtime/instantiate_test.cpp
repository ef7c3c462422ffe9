#include "modules.hpp"

using namespace modules;
using lightbeam::failure_kind;
using lightbeam::linker;
using lightbeam::trap_code;

TEST_CASE("globals are initialised in order, from constants, imports and references") {
  linker l;
  lightbeam::store store;
  l.define("h", "i", store.make_global(std::int64_t{1} << 40));
  l.define("h", "r", store.make_global(lightbeam::externref(std::uint64_t{9})));
  const auto i = l.instantiate(store, from_text(R"((module
    (import "h" "i" (global $i i64)) (import "h" "r" (global $r externref))
    (global (export "a") i32 (i32.const -2)) (global (export "b") (mut i64) (global.get $i)) (global (export "c") f32 (f32.const 0.5))
    (global (export "d") f64 (f64.const -0.25)) (global (export "e") externref (global.get $r)) (global (export "n") funcref (ref.null func))
    (global (export "f") funcref (ref.func $f)) (func $f (export "fun"))
    (func (export "get") (result i32 i64 f32 f64) (global.get 2) (global.get 3) (global.get 4) (global.get 5))))")).value();
  CHECK(i.global<std::int32_t>("a").value().get() == -2);
  CHECK(i.global<std::int64_t>("b").value().get() == std::int64_t{1} << 40);
  CHECK(i.global<float>("c").value().get() == 0.5f);
  CHECK(i.global<double>("d").value().get() == -0.25);
  CHECK(i.global<lightbeam::externref>("e").value().get().number() == 9);
  CHECK(i.global<lightbeam::func<>>("n").value().get().is_null());
  CHECK(i.global<lightbeam::func<>>("f").value().get() == i.func("fun").value());
  using all = std::tuple<std::int32_t, std::int64_t, float, double>;
  CHECK(i.get<all()>("get").value()().value() == all(-2, std::int64_t{1} << 40, 0.5f, -0.25));
  CHECK(i.global<std::int64_t>("b")->set(3));
  CHECK(std::get<1>(i.get<all()>("get").value()().value()) == 3);
  CHECK(fails(i.global<std::int32_t>("a")->set(3), failure_kind::link));
  CHECK(fails(i.global<std::int32_t>("b"), failure_kind::link));
  CHECK(fails(i.global("b")->set(1.5), failure_kind::link));
  CHECK(i.global("b")->set(std::int64_t{8}));
  CHECK(i.global("b")->get().as<std::int64_t>() == 8);
}

TEST_CASE("segments that do not fit trap, and what came before stays") {
  linker l;
  lightbeam::store store;
  const auto m = store.make_memory({{1, {}}}).value();
  const auto t = store.make_table({lightbeam::val::funcref, {3, {}}}).value();
  l.define("h", "m", m), l.define("h", "t", t);
  const auto bad_data = l.instantiate(store, from_text(R"((module (import "h" "m" (memory 1))
    (data (i32.const 10) "abc") (data (i32.const 65535) "de") (data (i32.const 20) "f")))"));
  CHECK(traps(bad_data, trap_code::memory_out_of_bounds));
  CHECK(bad_data.error().text() == "trap: out of bounds memory access, by active segment 1");
  CHECK(m.read<char>(12).value() == 'c');
  CHECK(m.read<char>(65535).value() == 0);
  CHECK(m.read<char>(20).value() == 0);
  const auto bad_elements = l.instantiate(store, from_text(R"((module (import "h" "t" (table 3 funcref)) (import "h" "m" (memory 1))
    (func $f (result i32) (i32.const 6)) (elem (i32.const 1) $f) (elem (i32.const 2) $f $f) (data (i32.const 0) "x")))"));
  CHECK(traps(bad_elements, trap_code::table_out_of_bounds));
  CHECK(t.at(0).value().is_null());
  CHECK(t.at(2).value().is_null());
  CHECK(m.read<char>(0).value() == 0);
  // The function lives although its instance was never handed out.
  CHECK(t.at(1).value().as<int()>().value()().value() == 6);
}

TEST_CASE("a module that does not link changes nothing") {
  linker l;
  lightbeam::store store;
  const auto m = store.make_memory({{1, {}}}).value();
  l.define("h", "m", m);
  CHECK(fails(l.instantiate(store, from_text(R"((module (import "h" "m" (memory 1)) (import "h" "none" (func)) (data (i32.const 0) "x")))")), failure_kind::link));
  CHECK(m.read<char>(0).value() == 0);
}

TEST_CASE("the start function runs last, and may trap") {
  linker l;
  int calls = 0;
  l.bind("h", "f", [&](int x) { calls = x; });
  lightbeam::store store;
  CHECK(l.instantiate(store, from_text(R"((module (import "h" "f" (func $f (param i32))) (memory 1) (data (i32.const 0) "\09")
    (func $s (call $f (i32.load (i32.const 0)))) (start $s)))")));
  CHECK(calls == 9);
  CHECK(traps(l.instantiate(store, from_text(R"((module (func $s unreachable) (start $s)))")), trap_code::unreachable));
  l.bind("h", "throw", [] { throw std::bad_alloc(); });  // of the host, not of the library
  CHECK_THROWS_AS(static_cast<void>(l.instantiate(store, from_text(R"((module (import "h" "throw" (func $s)) (start $s)))"))), std::bad_alloc);
  l.bind("h", "s", [&] { ++calls; });
  CHECK(l.instantiate(store, from_text(R"((module (import "h" "s" (func $s)) (start $s)))")));
  CHECK(calls == 10);
}

TEST_CASE("passive segments are copied until they are dropped") {
  const world w(R"((module (memory (export "m") 1) (table (export "t") 4 8 funcref) (func $f (export "f"))
    (data $d "hello") (elem $e func $f $f)
    (elem declare func $f)
    (func (export "init") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
    (func (export "drop") (data.drop $d) (elem.drop $e))
    (func (export "table") (param i32 i32 i32) (table.init $e (local.get 0) (local.get 1) (local.get 2)))))");
  using init = void(int, int, int);
  CHECK(w.call<init>("init", 3, 1, 4));
  CHECK(w.instance.memory("m").value().read<char>(3).value() == 'e');
  CHECK(traps(w.call<init>("init", 0, 2, 4), trap_code::memory_out_of_bounds));
  CHECK(traps(w.call<init>("init", -1, 0, 2), trap_code::memory_out_of_bounds));
  CHECK(traps(w.call<init>("init", 65536, 0, 1), trap_code::memory_out_of_bounds));
  CHECK(w.call<init>("init", 65536, 5, 0));
  CHECK(w.call<init>("table", 2, 0, 2));
  CHECK(w.instance.table("t").value().at(3).value() == w.instance.func("f").value());
  CHECK(traps(w.call<init>("table", 3, 0, 2), trap_code::table_out_of_bounds));
  CHECK(traps(w.call<init>("table", 0, 1, 2), trap_code::table_out_of_bounds));
  CHECK(w.call<void()>("drop"));
  CHECK(w.call<init>("init", 0, 0, 0));
  CHECK(traps(w.call<init>("init", 0, 0, 1), trap_code::memory_out_of_bounds));
  CHECK(w.call<init>("table", 0, 0, 0));
  CHECK(traps(w.call<init>("table", 0, 0, 1), trap_code::table_out_of_bounds));
}

TEST_CASE("limits of a store") {
  lightbeam::store store({.memory_bytes = 3 * 65536, .table_elements = 10});
  const linker l;
  const auto i = l.instantiate(store, from_text(R"((module (memory 2) (table $t 4 funcref)
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow $t (ref.null func) (local.get 0)))))")).value();
  const auto memory = i.get<int(int)>("memory").value(), table = i.get<int(int)>("table").value();
  CHECK(memory(2).value() == -1);
  CHECK(memory(1).value() == 2);
  CHECK(memory(0).value() == 3);
  CHECK(memory(1).value() == -1);
  CHECK(table(7).value() == -1);
  CHECK(table(6).value() == 4);
  CHECK(fails(l.instantiate(store, from_text("(module (memory 1))")), failure_kind::limit));
  CHECK(fails(l.instantiate(store, from_text("(module (table 1 funcref))")), failure_kind::limit));
  CHECK(l.instantiate(store, from_text("(module (memory 0) (table 0 funcref))")));
  lightbeam::store large;
  CHECK(fails(l.instantiate(large, from_text("(module (memory 65536))")), failure_kind::limit));
}
