#include "modules.hpp"
#include <functional>
#include <stdexcept>

// State that changes while code runs that has looked at it.
using namespace modules;
using lightbeam::trap_code;

namespace {
constexpr memory_kind kinds[] = {memory_kind::guard_pages, memory_kind::bounds_checks};
}

TEST_CASE("a memory grows by itself, by a callee, by the host, by another instance, while an access waits") {
  for (const auto kind : kinds) {
    lightbeam::linker l;
    lightbeam::store store;
    const auto shared = store.make_memory({{1, 4}, false}, kind).value();
    l.define("env", "m", shared);
    l.bind("env", "host", [&] { return int(shared.grow(1).value()); });
    const auto other = l.instantiate(store, from_text(R"((module (import "env" "m" (memory 1)) (func (export "grow") (result i32) (memory.grow (i32.const 1)))))", kind)).value();
    l.instance("other", other);
    const auto user = l.instantiate(store, from_text(R"((module
      (import "env" "m" (memory 1)) (import "env" "host" (func $host (result i32))) (import "other" "grow" (func $other (result i32)))
      (table funcref (elem $self $callee $host $other)) (type $t (func (result i32)))
      (func $self (result i32) (memory.grow (i32.const 1)))
      (func $callee (result i32) (call $self))
      (func (export "far") (param $p i32) (result i32)
        (i32.store (local.get $p) (i32.const 3)) (i32.load offset=65536 (local.get $p)))
      (func (export "run") (param $how i32) (param $p i32) (result i32) (local $q i32)
        (i32.store (local.get $p) (i32.const 5))
        (local.set $q (i32.add (local.get $p) (i32.const 65536)))
        (i32.load (local.get $p))
        (drop (call_indirect (type $t) (local.get $how)))
        (i32.store (local.get $q) (i32.const 7))
        (i32.store offset=65532 (local.get $p) (i32.const 11))
        (i32.add (i32.load offset=65536 (local.get $p)))
        (i32.add (i32.load offset=65532 (local.get $p)))
        (i32.add (i32.mul (i32.const 100) (memory.size)))) ))", kind)).value();
    const auto run = user.get<int(int, int)>("run").value();
    const auto far = user.get<int(int)>("far").value();
    CHECK(traps(far(0), trap_code::memory_out_of_bounds));
    CHECK(shared.read<int>(0).value() == 3);  // what came before the trap stays
    for (int how = 0; how < 3; ++how) CHECK(run(how, 65536 * how).value() == 5 + 7 + 11 + 100 * (how + 2));
    CHECK(traps(run(3, 3 * 65536), trap_code::memory_out_of_bounds));  // at its maximum: nothing grows any more
    CHECK(shared.pages() == 4);
  }
}

TEST_CASE("an element is overwritten between the choice of an index and the call") {
  lightbeam::linker l;
  lightbeam::store store;
  std::optional<lightbeam::table> table;
  const auto put = [&](lightbeam::func<> f) {
    return [&table, f](int index) {
      REQUIRE(table->set(std::uint32_t(index), f));
      return index;
    };
  };
  l.bind("env", "replace", put(store.make_func([](int x) { return x + 1000; })));
  l.bind("env", "clear", put({}));
  l.bind("env", "retype", put(store.make_func([](double) {})));
  l.bind("env", "extend", [&](int by) { return int(table->grow(std::uint32_t(by), store.make_func([](int x) { return -x; })).value()); });
  const auto i = l.instantiate(store, from_text(R"((module (type $t (func (param i32) (result i32))) (type $i (func (param i32) (result i32)))
    (import "env" "replace" (func $replace (type $i))) (import "env" "clear" (func $clear (type $i)))
    (import "env" "retype" (func $retype (type $i))) (import "env" "extend" (func $extend (type $i)))
    (table (export "t") 2 100 funcref) (elem (i32.const 0) $f $f)
    (func $f (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func (export "replace") (param i32) (result i32) (call_indirect (type $t) (i32.const 5) (call $replace (local.get 0))))
    (func (export "clear") (param i32) (result i32) (call_indirect (type $t) (i32.const 5) (call $clear (local.get 0))))
    (func (export "retype") (param i32) (result i32) (call_indirect (type $t) (i32.const 5) (call $retype (local.get 0))))
    (func (export "extend") (param i32) (result i32) (call_indirect (type $t) (i32.const 5) (call $extend (local.get 0))))
    (func (export "beyond") (result i32) (call_indirect (type $t) (i32.const 5) (table.size 0)))))")).value();
  table = i.table("t").value();
  CHECK(i.get<int(int)>("replace").value()(0).value() == 1005);
  CHECK(traps(i.get<int(int)>("clear").value()(1), trap_code::uninitialized_element));
  CHECK(traps(i.get<int(int)>("retype").value()(1), trap_code::indirect_call_type_mismatch));
  CHECK(i.get<int(int)>("extend").value()(3).value() == -5);
  CHECK(traps(i.get<int()>("beyond").value()(), trap_code::undefined_element));
  CHECK(table->size() == 5);
}

TEST_CASE("what an instance left in a shared table and memory works though its start function failed") {
  for (const auto kind : kinds) {
    lightbeam::linker l;
    lightbeam::store store;
    const auto a = l.instantiate(store, from_text(R"((module (memory (export "m") 1) (table (export "t") 2 funcref) (type $t (func (result i32)))
      (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))))", kind)).value();
    l.instance("a", a);
    CHECK(traps(l.instantiate(store, from_text(R"((module (import "a" "m" (memory 1)) (import "a" "t" (table 2 funcref))
      (global $g (mut i32) (i32.const 40)) (elem (i32.const 1) $f) (data (i32.const 8) "\02")
      (func $f (result i32) (global.set $g (i32.add (global.get $g) (i32.load (i32.const 8)))) (global.get $g))
      (func $s (i32.store (i32.const 12) (i32.const 9)) (i32.store (i32.const 65533) (i32.const -1))) (start $s)))", kind)), trap_code::memory_out_of_bounds));
    CHECK(a.memory("m").value().read<int>(12).value() == 9);
    CHECK(a.memory("m").value().read<std::uint8_t>(65533).value() == 0);
    const auto call = a.get<int(int)>("call").value();
    CHECK(call(1).value() == 42);
    CHECK(call(1).value() == 44);
    CHECK(traps(call(0), trap_code::uninitialized_element));
  }
}

namespace {
// Goes down through wasm and host in turn; what happens at the bottom comes out at the top, or where somebody takes it.
struct ladder {
  explicit ladder(memory_kind kind) {
    linker.bind("env", "down", [this](int depth, int end) -> lightbeam::result<int> {
      if (depth == 0) return bottom(end);
      auto below = step(depth - 1, end);
      if (below || end != taken) return below;
      return 1000 + depth;
    });
    instance = linker.instantiate(store, from_text(R"((module (import "env" "down" (func $down (param i32 i32) (result i32))) (memory 1)
      (func (export "step") (param $d i32) (param $e i32) (result i32) (local $kept i64)
        (local.set $kept (i64.extend_i32_u (i32.mul (local.get $d) (i32.const 3))))
        (i32.store (i32.const 0) (local.get $d))
        (call $down (local.get $d) (local.get $e))
        (i32.add (i32.wrap_i64 (local.get $kept))))
      (func (export "fault") (result i32) (i32.load (i32.const 65536)))))", kind)).value();
  }
  lightbeam::result<int> bottom(int end) const {
    if (end == throws) throw std::runtime_error("bottom");
    if (end == faults || end == taken) return instance->get<int()>("fault").value()();
    if (end == fails) return lightbeam::failure(lightbeam::failure_kind::io, "no disk");
    return 1;
  }
  lightbeam::result<int> step(int depth, int end) const { return instance->get<int(int, int)>("step").value()(depth, end); }

  static constexpr int good = 0, throws = 1, faults = 2, fails = 3, taken = 4;
  lightbeam::linker linker;
  lightbeam::store store;
  std::optional<lightbeam::instance> instance;
};
}  // namespace

TEST_CASE("traps, failures and exceptions at any depth of nested calls") {
  for (const auto kind : kinds) {
    const ladder l(kind);
    for (const int depth : {0, 1, 2, 7, 40}) {
      const int sum = 3 * depth * (depth + 1) / 2;
      CHECK(l.step(depth, ladder::good).value() == 1 + sum);
      CHECK(traps(l.step(depth, ladder::faults), trap_code::memory_out_of_bounds));
      CHECK(fails(l.step(depth, ladder::fails), lightbeam::failure_kind::io));
#if LIGHTBEAM_EXCEPTIONS
      CHECK_THROWS_AS(static_cast<void>(l.step(depth, ladder::throws)), std::runtime_error);
#endif
      if (depth > 0) CHECK(l.step(depth, ladder::taken).value() == 1001 + sum);
      CHECK(l.step(depth, ladder::good).value() == 1 + sum);
    }
  }
}
