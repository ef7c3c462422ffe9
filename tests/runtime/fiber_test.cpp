#include "modules.hpp"
#include <functional>
#include <lightbeam/runtime.hpp>
#include <sys/mman.h>
#include <ucontext.h>

using namespace modules;
using lightbeam::trap_code;

// Host functions that call back on a stack of their own.
namespace {

struct fiber {
  static constexpr std::size_t bytes = 1 << 20;
  std::function<void()> job;
  ucontext_t outside{}, inside{};

  void run() {
    void* const stack = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(stack != MAP_FAILED);
    getcontext(&inside);
    inside.uc_stack.ss_sp = stack, inside.uc_stack.ss_size = bytes, inside.uc_link = &outside;
    const auto self = reinterpret_cast<std::uintptr_t>(this);
    makecontext(&inside, reinterpret_cast<void (*)()>(&begin), 2, unsigned(self >> 32), unsigned(self));
    swapcontext(&outside, &inside);
    munmap(stack, bytes);
  }
  static void begin(unsigned high, unsigned low) { reinterpret_cast<fiber*>(std::uintptr_t{high} << 32 | low)->job(); }
};

// "first" calls "second", which calls the host, which calls "first" on a fiber, which calls "second" once more. Then both recurse.
struct two_instances {
  explicit two_instances(memory_kind kind)
      : second_code(from_text(R"((module (import "env" "host" (func $host)) (func (export "quick"))
          (func $deep (export "deep") (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))
          (func (export "enter") (result i32) (call $host) (call $deep (i32.const 0)))))", kind)),
        first_code(from_text(R"((module (import "second" "quick" (func $quick)) (import "second" "enter" (func $enter (result i32)))
          (func $deep (result i32) (i32.add (i32.const 1) (call $deep)))
          (func (export "from_fiber") (call $quick)) (func (export "go") (result i32) (call $enter))
          (func (export "go_then_deep") (param i32) (result i32) (if (local.get 0) (then (drop (call $enter)))) (call $deep))))", kind)) {}

  // What "go" gives, and what the call inside the host function gave.
  std::pair<bool, bool> run(bool on_fiber) {
    lightbeam::store store;
    store.limits({.stack_bytes = 256 << 10});
    lightbeam::linker linker;
    std::optional<lightbeam::instance> first;
    bool inner = false;
    linker.bind("env", "host", [&] {
      const auto call = [&] { inner = bool(first->get<void()>("from_fiber").value()()); };
      if (on_fiber) fiber{call}.run();
      else call();
    });
    linker.instance("second", linker.instantiate(store, second_code).value());
    first = linker.instantiate(store, first_code).value();
    return {traps(first->get<int()>("go").value()(), trap_code::call_stack_exhausted), inner};
  }

  lightbeam::module second_code, first_code;
};

}  // namespace

TEST_CASE("calls from a fiber leave the limits of the stack below as they were") {
  for (const auto kind : {memory_kind::bounds_checks, memory_kind::guard_pages}) {
    two_instances t(kind);
    for (const bool on_fiber : {false, true}) CHECK(t.run(on_fiber) == std::pair(true, true));
    // Where the thread's stack is small, the fiber's may lie right below it.
    std::pair<bool, bool> in_thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    struct work {
      two_instances& of;
      std::pair<bool, bool>& to;
    } w{t, in_thread};
    pthread_t thread;
    REQUIRE(pthread_create(&thread, &attributes, [](void* p) -> void* { return static_cast<work*>(p)->to = static_cast<work*>(p)->of.run(true), nullptr; }, &w) == 0);
    pthread_attr_destroy(&attributes);
    pthread_join(thread, nullptr);
    CHECK(in_thread == std::pair(true, true));
  }
}
