#include "modules.hpp"
#include <lightbeam/runtime.hpp>
#include <memory>
#include <stdexcept>

using namespace modules;
using lightbeam::failure_kind;
using lightbeam::trap_code;

namespace {
int twice(int x) { return 2 * x; }
int thrice(int x) noexcept { return 3 * x; }
struct counter {
  int n = 0;
  int add(int x) { return n += x; }
  int value() const { return n; }
};
struct fixed_counter : counter {};
enum class color : std::uint8_t { red, green = 200 };
struct point {
  std::int32_t x, y;
};
}  // namespace

TEST_CASE("every kind of callable") {
  lightbeam::linker linker;
  counter c;
  linker.bind("h", "lambda", [n = 10](int x) mutable { return n += x; });
  linker.bind("h", "pointer", &twice);
  linker.bind<&thrice>("h", "direct");
  linker.bind("h", "member", &counter::add, c);
  linker.bind("h", "constant", &counter::value, c);
  fixed_counter derived;
  const counter fixed{5};
  linker.bind("h", "inherited", &fixed_counter::add, derived);
  linker.bind("h", "of a constant", &counter::value, fixed);
  world w(R"((module
    (import "h" "lambda" (func $a (param i32) (result i32)))
    (import "h" "pointer" (func $b (param i32) (result i32)))
    (import "h" "direct" (func $c (param i32) (result i32)))
    (import "h" "member" (func $d (param i32) (result i32)))
    (import "h" "constant" (func $e (result i32)))
    (import "h" "inherited" (func $f (param i32) (result i32)))
    (import "h" "of a constant" (func $g (result i32)))
    (func (export "f") (param i32) (result i32) (i32.add (call $f (local.get 0)) (call $g)))
    (func (export "a") (param i32) (result i32) (call $a (local.get 0)))
    (func (export "b") (param i32) (result i32) (call $b (local.get 0)))
    (func (export "c") (param i32) (result i32) (call $c (local.get 0)))
    (func (export "d") (param i32) (result i32) (i32.add (call $d (local.get 0)) (call $e)))
    (export "direct" (func $c))))", linker);
  CHECK(w.call<int(int)>("a", 1).value() == 11);
  CHECK(w.call<int(int)>("a", 1).value() == 12);
  CHECK(w.call<int(int)>("b", -4).value() == -8);
  CHECK(w.call<int(int)>("c", 5).value() == 15);
  CHECK(w.call<int(int)>("d", 6).value() == 12);
  CHECK(c.n == 6);
  CHECK(w.call<int(int)>("f", 3).value() == 8);
  CHECK(w.call<int(int)>("direct", 7).value() == 21);  // called by the host itself
}

TEST_CASE("all types pass in both directions") {
  lightbeam::linker linker;
  linker.bind("h", "f", [](std::int32_t a, std::uint32_t b, std::int64_t c, std::uint64_t d, float e, double f, color g, bool h) {
    return std::tuple(d, c, b, a, f, e, g == color::green ? color::red : color::green, !h);
  });
  linker.bind("h", "refs", [](lightbeam::externref r, lightbeam::func<> f) { return std::tuple(f, r); });
  world w(R"((module
    (type $t (func (param i32 i32 i64 i64 f32 f64 i32 i32) (result i64 i64 i32 i32 f64 f32 i32 i32)))
    (import "h" "f" (func $f (type $t)))
    (import "h" "refs" (func $refs (param externref funcref) (result funcref externref)))
    (func (export "f") (type $t) local.get 0 local.get 1 local.get 2 local.get 3 local.get 4 local.get 5 local.get 6 local.get 7 (call $f))
    (func (export "refs") (param externref funcref) (result funcref externref) (call $refs (local.get 0) (local.get 1)))))", linker);
  using results = std::tuple<std::uint64_t, std::int64_t, std::uint32_t, std::int32_t, double, float, color, bool>;
  const auto r = w.call<results(std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, float, double, color, bool)>(
      "f", -1, 0xfffffffeu, std::int64_t{-3}, ~std::uint64_t{3}, 0.25f, -0.5, color::green, false);
  CHECK(r.value() == results(~std::uint64_t{3}, -3, 0xfffffffeu, -1, -0.5, 0.25f, color::red, true));
  const auto f = w.instance.func("f").value();
  using lightbeam::externref;
  const auto refs = w.call<std::tuple<lightbeam::func<>, externref>(externref, lightbeam::func<>)>("refs", externref(std::uint64_t{5}), f);
  CHECK(std::get<0>(refs.value()) == f);
  CHECK(std::get<1>(refs.value()).number() == 5);
}

TEST_CASE("slices and texts are checked before the call") {
  lightbeam::linker linker;
  int calls = 0;
  linker.bind("h", "text", [&](lightbeam::slice<const char> s) { return ++calls, int(std::string_view(s).size()) + s[0]; });
  linker.bind("h", "cstr", [&](lightbeam::cstr s) { return ++calls, int(s.view().size()); });
  linker.bind("h", "swap", [&](lightbeam::slice<point> s) {
    ++calls;
    for (std::size_t i = 0; i < s.size(); ++i) s.set(i, {s[i].y, s[i].x});
  });
  world w(R"((module
    (import "h" "text" (func $text (param i32 i32) (result i32)))
    (import "h" "cstr" (func $cstr (param i32) (result i32)))
    (import "h" "swap" (func $swap (param i32 i32)))
    (memory (export "m") 1)
    (data (i32.const 1) "Hello\00") (data (i32.const 65534) "xy")
    (func (export "text") (param i32 i32) (result i32) (call $text (local.get 0) (local.get 1)))
    (func (export "cstr") (param i32) (result i32) (call $cstr (local.get 0)))
    (func (export "swap") (param i32 i32) (call $swap (local.get 0) (local.get 1)))))", linker);
  CHECK(w.call<int(int, int)>("text", 1, 5).value() == 5 + 'H');
  CHECK(traps(w.call<int(int, int)>("text", 65536, 1), trap_code::memory_out_of_bounds));
  CHECK(traps(w.call<int(int, int)>("text", 1, -1), trap_code::memory_out_of_bounds));
  CHECK(w.call<int(int)>("cstr", 1).value() == 5);
  CHECK(traps(w.call<int(int)>("cstr", 65534), trap_code::memory_out_of_bounds));
  CHECK(traps(w.call<int(int)>("cstr", -1), trap_code::memory_out_of_bounds));
  const auto m = w.instance.memory("m").value();
  REQUIRE(m.write(101, point{1, 2}));
  REQUIRE(m.write(109, point{3, 4}));
  CHECK(w.call<void(int, int)>("swap", 101, 2));
  CHECK(m.read<point>(101).value().x == 2);
  CHECK(m.read<point>(109).value().y == 3);
  CHECK(traps(w.call<void(int, int)>("swap", 8, 0x20000000), trap_code::memory_out_of_bounds));
  CHECK(calls == 3);
}

TEST_CASE("the caller: its memory, its exports, the data of the store") {
  lightbeam::linker linker;
  linker.bind("h", "f", [](lightbeam::caller& who, int at) -> lightbeam::result<int> {
    auto* const c = who.data<counter>();
    if (!c || who.data<point>()) return lightbeam::failure(failure_kind::io, "no data");
    c->n += at;
    const auto m = who.memory();
    if (!m) return -1;
    auto inner = who.function("inner").as<int(int)>();
    if (!inner) return inner.error();
    return (*inner)(m->read<int>(std::uint32_t(at)).value());
  });
  world w(R"((module (import "h" "f" (func $f (param i32) (result i32))) (memory 1) (data (i32.const 4) "\2a")
    (func (export "inner") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func (export "f") (param i32) (result i32) (call $f (local.get 0)))))", linker);
  CHECK(fails(w.call<int(int)>("f", 4), failure_kind::io));
  counter c;
  w.store.data(&c);
  CHECK(w.call<int(int)>("f", 4).value() == 43);
  CHECK(c.n == 4);
}

TEST_CASE("failures of host functions end the call as themselves") {
  lightbeam::linker linker;
  linker.bind("h", "exit", [](int code) -> lightbeam::result<void> { return lightbeam::failure::exit(code); });
  linker.bind("h", "trap", []() -> lightbeam::result<int> { return lightbeam::failure(trap_code::integer_overflow); });
  linker.bind("h", "pair", [](bool fail) -> lightbeam::result<std::tuple<int, float>> {
    if (fail) return lightbeam::failure(failure_kind::io, "a disk is full");
    return std::tuple(1, 2.f);
  });
  linker.bind("h", "own", []() -> lightbeam::result<void> { return lightbeam::failure(failure_kind::trap, "a trap of the host's own"); });
  world w(R"((module
    (import "h" "exit" (func $exit (param i32)))
    (import "h" "trap" (func $trap (result i32)))
    (import "h" "pair" (func $pair (param i32) (result i32 f32)))
    (import "h" "own" (func $own))
    (func (export "exit") (param i32) (call $exit (local.get 0)) unreachable)
    (func (export "own") (call $own))
    (func (export "trap") (result i32) (call $trap))
    (func (export "pair") (param i32) (result i32 f32) (call $pair (local.get 0)))))", linker);
  const auto ended = w.call<void(int)>("exit", 3);
  REQUIRE(fails(ended, failure_kind::exit));
  CHECK(ended.error().exit_code() == 3);
  const auto trapped = w.call<int()>("trap");
  REQUIRE(traps(trapped, trap_code::integer_overflow));
  CHECK(trapped.error().function() == 6);  // where the host was called
  const auto own = w.call<void()>("own");
  REQUIRE(traps(own, trap_code::host));
  CHECK(own.error().text().starts_with("trap: a trap of the host's own, in function 5 (\"own\")"));
  CHECK(fails(w.call<std::tuple<int, float>(bool)>("pair", true), failure_kind::io));
  CHECK(w.call<std::tuple<int, float>(bool)>("pair", false).value() == std::tuple(1, 2.f));
}

#if LIGHTBEAM_EXCEPTIONS
TEST_CASE("exceptions of host functions come out of the call as themselves") {
  lightbeam::linker linker;
  lightbeam::instance* self = nullptr;
  linker.bind("h", "throw", [](int x) { if (x != 0) throw std::out_of_range("x"); });
  linker.bind("h", "nest", [&](int x) { self->get<void(int)>("f").value()(x).value(); });
  world w(R"((module
    (import "h" "throw" (func $throw (param i32))) (import "h" "nest" (func $nest (param i32)))
    (func (export "f") (param i32) (call $throw (local.get 0)))
    (func (export "g") (param i32) (call $nest (local.get 0)))
    (export "throw" (func $throw))))", linker);
  self = &w.instance;
  CHECK(w.call<void(int)>("f", 0));
  CHECK_THROWS_AS(static_cast<void>(w.call<void(int)>("f", 1)), std::out_of_range);
  CHECK_THROWS_AS(static_cast<void>(w.call<void(int)>("g", 1)), std::out_of_range);
  CHECK_THROWS_AS(static_cast<void>(w.call<void(int)>("throw", 1)), std::out_of_range);
  CHECK(w.call<void(int)>("g", 0));
}
#endif

TEST_CASE("state lives as long as linker and stores need it") {
  auto alive = std::make_shared<int>(1);
  std::weak_ptr<int> watch = alive;
  {
    std::optional<lightbeam::linker> linker(std::in_place);
    linker->bind("h", "f", [alive] { return *alive; });
    alive.reset();
    world w(R"((module (import "h" "f" (func $f (result i32))) (func (export "f") (result i32) (call $f))))", *linker);
    linker.reset();
    CHECK(w.call<int()>("f").value() == 1);
    CHECK(!watch.expired());
  }
  CHECK(watch.expired());
}
