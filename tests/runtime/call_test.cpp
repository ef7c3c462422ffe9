#include "modules.hpp"
#include <lightbeam/runtime.hpp>
#include <functional>
#include <pthread.h>
#include <stdexcept>
#include <thread>

using namespace modules;
using lightbeam::failure_kind;
using lightbeam::trap_code;

namespace {

// Runs f on a thread with a stack of 64 KiB; the sanitizers' own frames need more.
bool on_small_stack(std::function<bool()> f) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr std::size_t bytes = 512 << 10;
#else
  constexpr std::size_t bytes = 64 << 10;
#endif
  struct work {
    std::function<bool()> f;
    bool result = false;
  } w{std::move(f)};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, bytes);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, [](void* p) -> void* { return static_cast<work*>(p)->result = static_cast<work*>(p)->f(), nullptr; }, &w) == 0);
  pthread_attr_destroy(&attributes);
  pthread_join(thread, nullptr);
  return w.result;
}

}  // namespace

TEST_CASE("typed calls carry every type") {
  const world w(R"((module
    (func (export "i32") (param i32) (result i32) local.get 0)
    (func (export "i64") (param i64) (result i64) local.get 0)
    (func (export "f32") (param f32) (result f32) local.get 0)
    (func (export "f64") (param f64) (result f64) local.get 0)
    (func (export "ext") (param externref) (result externref) local.get 0)
    (func $fun (export "fun") (param funcref) (result funcref) local.get 0)
    (func (export "self") (result funcref) ref.func $fun)
    (func (export "none"))
    (func (export "upper") (param i32) (result i64) (i64.extend_i32_u (local.get 0)))))");
  CHECK(w.call<std::int32_t(std::int32_t)>("i32", -5).value() == -5);
  CHECK(w.call<std::uint32_t(std::uint32_t)>("i32", 0xfffffffbu).value() == 0xfffffffbu);
  CHECK(w.call<std::int64_t(std::int64_t)>("i64", INT64_MIN).value() == INT64_MIN);
  CHECK(w.call<long long(long long)>("i64", -1).value() == -1);
  CHECK(w.call<float(float)>("f32", -1.5f).value() == -1.5f);
  CHECK(w.call<double(double)>("f64", 1e300).value() == 1e300);
  CHECK(w.call<void()>("none"));
  CHECK(w.call<std::int64_t(std::int32_t)>("upper", -1).value() == 0xffffffff);
  int x = 0;
  const lightbeam::externref r(&x);
  CHECK(w.call<lightbeam::externref(lightbeam::externref)>("ext", r).value().pointer() == &x);
  CHECK(w.call<lightbeam::externref(lightbeam::externref)>("ext", lightbeam::externref()).value().is_null());
  CHECK(w.call<lightbeam::externref(lightbeam::externref)>("ext", lightbeam::externref(std::uint64_t{0})).value().number() == 0);
  const auto self = w.call<lightbeam::func<>()>("self").value();
  CHECK(self == w.instance.func("fun").value());
  CHECK(w.call<lightbeam::func<>(lightbeam::func<>)>("fun", self).value() == self);
  CHECK(w.call<lightbeam::func<>(lightbeam::func<>)>("fun", lightbeam::func<>()).value().is_null());
}

TEST_CASE("br_table takes one value back to a loop, out of a block and out of the function") {
  const world w(R"((module
    (func (export "branch") (param i32 i32) (result i32)
      (block $out (result i32)
        (local.get 1)
        (loop $again (param i32) (result i32)
          (local.set 1)
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (local.set 1 (i32.add (local.get 1) (i32.const 10)))
          (local.get 1)
          (br_table $again $out 2 (local.get 0)))
        (drop) (i32.const -1))
      (i32.const 1000) (i32.add))))");
  const auto branch = [&w](std::int32_t index) { return w.call<std::int32_t(std::int32_t, std::int32_t)>("branch", index, 5).value(); };
  CHECK(branch(1) == 25);    // again, then -1: out of the function
  CHECK(branch(2) == 1015);  // out of the block
  CHECK(branch(3) == 15);    // out of the function
}

TEST_CASE("results beyond the registers") {
  const world w(R"((module
    (func (export "swap") (param i32 f64) (result f64 i32) local.get 1 local.get 0)
    (func (export "six") (param i32 i32 i32 i32 i32 i64) (result i64 i32 i32 i32 i32 i32)
      local.get 5 local.get 4 local.get 3 local.get 2 local.get 1 local.get 0)
    (func (export "sum") (param f32 f32 f32 f32 f32 f32 f32 f32 f32 f32) (result f32 f32 f32 f32)
      local.get 0 local.get 7 local.get 8 local.get 9)))");
  CHECK(w.call<std::tuple<double, int>(int, double)>("swap", 3, 0.5).value() == std::tuple(0.5, 3));
  const auto six = w.call<std::tuple<std::int64_t, int, int, int, int, int>(int, int, int, int, int, std::int64_t)>("six", 1, 2, 3, 4, 5, 6);
  CHECK(six.value() == std::tuple<std::int64_t, int, int, int, int, int>(6, 5, 4, 3, 2, 1));
  const auto f = w.call<std::tuple<float, float, float, float>(float, float, float, float, float, float, float, float, float, float)>(
      "sum", 1.f, 2.f, 3.f, 4.f, 5.f, 6.f, 7.f, 8.f, 9.f, 10.f);
  CHECK(f.value() == std::tuple(1.f, 8.f, 9.f, 10.f));
}

TEST_CASE("a wrong type is a link failure that shows both") {
  const world w(R"((module (func (export "f") (param i32) (result i64) i64.const 0) (memory (export "m") 1)))");
  const auto wrong = w.instance.get<float(int)>("f");
  REQUIRE(fails(wrong, failure_kind::link));
  const auto text = wrong.error().text();
  CHECK(text.find("(i32) -> (f32)") != std::string::npos);
  CHECK(text.find("(i32) -> (i64)") != std::string::npos);
  CHECK(fails(w.instance.get<void()>("g"), failure_kind::link));
  CHECK(fails(w.instance.get<void()>("m"), failure_kind::link));
  CHECK(fails(w.instance.memory("f"), failure_kind::link));
}

TEST_CASE("untyped calls") {
  const world w(R"((module (func (export "f") (param i32 f64) (result f64 i32 i64) local.get 1 local.get 0 i64.const 9)))");
  const auto f = w.instance.func("f").value();
  const auto r = f({std::int32_t(-4), 2.5});
  REQUIRE(r);
  REQUIRE(r->size() == 3);
  CHECK((*r)[0] == lightbeam::any_value(2.5));
  CHECK((*r)[1].holds<std::int32_t>());
  CHECK((*r)[1].as<std::int32_t>() == -4);
  CHECK((*r)[2].as<std::int64_t>() == 9);
  CHECK(fails(f({std::int32_t(1)}), failure_kind::link));
  CHECK(fails(f({std::int32_t(1), 2.5f}), failure_kind::link));
  CHECK(traps(lightbeam::func<>()({}), trap_code::uninitialized_element));
}

TEST_CASE("traps name their place, and the store goes on") {
  const world w(R"((module (memory 1) (table 2 funcref)
    (func $boom (export "boom") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then unreachable))
      (i32.div_s (i32.const 1) (i32.sub (local.get 0) (i32.const 1))))
    (func (export "outer") (param i32) (result i32) (i32.add (call $boom (local.get 0)) (i32.const 1)))
    (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "call") (param i32) (call_indirect (local.get 0)))
    (func (export "fill") (memory.fill (i32.const 65530) (i32.const 1) (i32.const 7)))))");
  const auto boom = w.call<int(int)>("outer", 0);
  REQUIRE(traps(boom, trap_code::unreachable));
  CHECK(boom.error().function() == 0);
  CHECK(boom.error().offset() != lightbeam::no_index);
  CHECK(boom.error().text().find("boom") != std::string::npos);
  const auto byte = w.code.info().bytes[boom.error().offset()];
  CHECK(byte == 0x00);  // unreachable
  const auto divided = w.call<int(int)>("outer", 1);
  REQUIRE(traps(divided, trap_code::integer_divide_by_zero));
  CHECK(w.code.info().bytes[divided.error().offset()] == 0x6d);
  CHECK(w.call<int(int)>("outer", 2).value() == 2);
  const auto loaded = w.call<int(int)>("load", 65533);
  REQUIRE(traps(loaded, trap_code::memory_out_of_bounds));
  CHECK(loaded.error().function() == 2);
  CHECK(w.code.info().bytes[loaded.error().offset()] == 0x28);
  CHECK(traps(w.call<void(int)>("call", 0), trap_code::uninitialized_element));
  CHECK(traps(w.call<void(int)>("call", 2), trap_code::undefined_element));
  const auto filled = w.call<void()>("fill");
  REQUIRE(traps(filled, trap_code::memory_out_of_bounds));
  CHECK(filled.error().function() == 4);
  CHECK(w.code.info().bytes[filled.error().offset()] == 0xfc);
}

TEST_CASE("unbounded recursion is a trap on every thread, with any limit") {
  world w(R"((module
    (func $f (export "f") (param i32) (result i32) (i32.add (call $f (i32.add (local.get 0) (i32.const 1))) (i32.const 1)))
    (func $d (export "depth") (param i32) (result i32)
      (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $d (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))))");
  CHECK(traps(w.call<int(int)>("f", 0), trap_code::call_stack_exhausted));
  CHECK(w.call<int(int)>("depth", 1000).value() == 1000);
  w.store.limits({.stack_bytes = 4096});
  CHECK(traps(w.call<int(int)>("depth", 1000), trap_code::call_stack_exhausted));
  CHECK(w.call<int(int)>("depth", 10).value() == 10);
  w.store.limits({.stack_bytes = std::uint64_t{1} << 40});  // more than the thread has
  CHECK(traps(w.call<int(int)>("f", 0), trap_code::call_stack_exhausted));
  bool trapped = false;
  std::thread([&] { trapped = traps(w.call<int(int)>("f", 0), trap_code::call_stack_exhausted); }).join();
  CHECK(trapped);
}

TEST_CASE("large frames: results are right, and recursion is a trap before the stack pointer leaves the stack") {
  for (const int locals : {4000, 4100, 20000, 45000}) {
    std::string text = "(module (func $f (export \"f\") (param i32) (result i64) (local";
    for (int i = 0; i < locals; ++i) text += " i64";
    const std::string last = std::to_string(locals);
    text += ") (local.set " + last + " (i64.extend_i32_u (local.get 0))) (if (result i64) (local.get 0)"
            " (then (i64.add (local.get " + last + ") (call $f (i32.sub (local.get 0) (i32.const 1))))) (else (local.get " + last + ")))))";
    for (const auto kind : {memory_kind::bounds_checks, memory_kind::guard_pages}) {
      const world w(text, {}, kind);
      CHECK(w.call<std::int64_t(int)>("f", 4).value() == 10);
      CHECK(traps(w.call<std::int64_t(int)>("f", 1000), trap_code::call_stack_exhausted));
      CHECK(w.call<std::int64_t(int)>("f", 5).value() == 15);
    }
  }
}

// Blocks of a thousand results make a frame large with a few bytes, which the prologue has to have room for: the constants behind it would
// be reached in their midst.
TEST_CASE("large frames of small bodies") {
  const auto wide = [](int blocks) {
    std::string s;
    for (int b = 0; b < blocks; ++b) {
      s += "(block (result";
      for (int i = 0; i < 1000; ++i) s += " i64";
      s += ") unreachable)";
    }
    return s;
  };
  const std::string traps_inside = "(i64.const 0xcccccccccccccccc)";
  for (const int blocks : {1, 2, 3, 4, 5, 8, 20, 64})
    for (const std::string call : {"", "(call $nothing)"}) {
      const std::string text = "(module (func $nothing) (func $wide (param i64 i32) (result i64) (local i64 i64) (local.set 2 " + traps_inside + ")" + call +
                               " (if (local.get 1) (then " + wide(blocks) + " unreachable)) (i64.xor (local.get 0) (i64.xor (local.get 2) " + traps_inside + ")))" +
                               "(func (export \"once\") (param i64) (result i64) (i64.add (i64.mul (local.get 0) (i64.const 3)) (call $wide (local.get 0) (i32.const 0))))" +
                               "(func $deep (export \"deep\") (param i32) (result i64) (call $wide (i64.const 1) (i32.const 0))" +
                               "(if (result i64) (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (i64.const 0))) i64.add))";
      for (const auto kind : {memory_kind::bounds_checks, memory_kind::guard_pages}) {
        CAPTURE(blocks);
        world w(text, {}, kind);
        CHECK(w.call<std::int64_t(std::int64_t)>("once", 5).value() == 20);
        CHECK(w.call<std::int64_t(int)>("deep", 3).value() == 4);
        CHECK(traps(w.call<std::int64_t(int)>("deep", 10'000'000), trap_code::call_stack_exhausted));
        w.store.limits({.stack_bytes = 16 << 10});
        CHECK(bool(w.call<std::int64_t(std::int64_t)>("once", 5)) == (blocks < 3));  // 8,000 bytes for each
        CHECK(on_small_stack([&] { return traps(w.call<std::int64_t(int)>("deep", 10'000'000), trap_code::call_stack_exhausted); }));
      }
    }
}

TEST_CASE("recursion through the host ends as well") {
  lightbeam::linker linker;
  std::optional<lightbeam::func<void()>> again;
  linker.bind("env", "host", [&]() -> lightbeam::result<void> { return (*again)(); });
  world w(R"((module (import "env" "host" (func $host)) (func (export "f") (call $host))))", linker);
  again = w.instance.get<void()>("f").value();
  CHECK(traps((*again)(), trap_code::call_stack_exhausted));
  CHECK(traps((*again)(), trap_code::call_stack_exhausted));
}

TEST_CASE("calls nest: a host function gets the trap of its inner call as a result") {
  lightbeam::linker linker;
  lightbeam::instance* self = nullptr;
  int seen = 0;
  linker.bind("env", "try", [&](std::int32_t x) {
    const auto r = self->get<int(int)>("inner").value()(x);
    if (!r) ++seen;
    return r ? *r : -1;
  });
  world w(R"((module (import "env" "try" (func $try (param i32) (result i32)))
    (func (export "inner") (param i32) (result i32) (i32.div_u (i32.const 100) (local.get 0)))
    (func (export "outer") (param i32) (result i32) (i32.add (i32.mul (call $try (local.get 0)) (i32.const 1000)) (call $try (i32.const 10))))))",
          linker);
  self = &w.instance;
  CHECK(w.call<int(int)>("outer", 5).value() == 20010);
  CHECK(w.call<int(int)>("outer", 0).value() == -990);
  CHECK(seen == 1);
}
