#include "modules.hpp"

using namespace modules;
using lightbeam::failure_kind;
using lightbeam::trap_code;

TEST_CASE("memories grow in place up to their maximum") {
  for (const auto kind : {memory_kind::bounds_checks, memory_kind::guard_pages}) {
    lightbeam::store store;
    const auto m = store.make_memory({{1, 3}}, kind).value();
    const auto* const base = m.bytes().data();
    CHECK(m.bytes().size() == 65536);
    CHECK(m.kind() == kind);
    CHECK(m.write(65532, std::int32_t{5}));
    CHECK(traps(m.write(65533, std::int32_t{5}), trap_code::memory_out_of_bounds));
    CHECK(traps(m.read<char>(65536), trap_code::memory_out_of_bounds));
    CHECK(traps(m.read<int>(~std::uint64_t{0}), trap_code::memory_out_of_bounds));
    CHECK(m.grow(0).value() == 1);
    CHECK(m.grow(2).value() == 1);
    CHECK(fails(m.grow(1), failure_kind::limit));
    CHECK(fails(m.grow(0xffffffff), failure_kind::limit));
    CHECK(m.pages() == 3);
    CHECK(m.bytes().data() == base);
    CHECK(m.read<int>(65532).value() == 5);
    CHECK(m.read<int>(3 * 65536 - 4).value() == 0);
    CHECK(m.part(3 * 65536, 0));
    CHECK(traps(m.part(3 * 65536, 1), trap_code::memory_out_of_bounds));
  }
}

TEST_CASE("operators on memories, with both kinds of checks") {
  for (const auto kind : {memory_kind::bounds_checks, memory_kind::guard_pages}) {
    const world w(R"((module (memory (export "m") 1 3) (data (i32.const 0) "abcdef")
      (func (export "size") (result i32) memory.size)
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
      (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
      (func (export "far") (param i32) (result i32) (i32.load8_u offset=0xffffffff (local.get 0)))
      (func (export "store") (param i32 i64) (i64.store (local.get 0) (local.get 1)))))", {}, kind);
    const auto m = w.instance.memory("m").value();
    using three = void(int, int, int);
    CHECK(w.call<three>("copy", 1, 0, 4));
    CHECK(std::string_view(reinterpret_cast<const char*>(m.bytes().data()), 6) == "aabcdf");
    CHECK(traps(w.call<three>("copy", 65535, 0, 2), trap_code::memory_out_of_bounds));
    CHECK(traps(w.call<three>("copy", 0, -1, 2), trap_code::memory_out_of_bounds));
    CHECK(w.call<three>("copy", 65536, 65536, 0));
    CHECK(traps(w.call<three>("copy", 65537, 0, 0), trap_code::memory_out_of_bounds));
    CHECK(w.call<three>("fill", 65534, 0x1234, 2));
    CHECK(m.read<std::uint16_t>(65534).value() == 0x3434);
    CHECK(traps(w.call<three>("fill", 65534, 1, 3), trap_code::memory_out_of_bounds));
    CHECK(traps(w.call<int(int)>("far", -1), trap_code::memory_out_of_bounds));
    CHECK(traps(w.call<void(int, std::int64_t)>("store", 65529, -1), trap_code::memory_out_of_bounds));
    CHECK(m.read<std::uint8_t>(65529).value() == 0);
    CHECK(w.call<int(int)>("grow", 3).value() == -1);
    CHECK(w.call<int(int)>("grow", -1).value() == -1);
    CHECK(w.call<int(int)>("grow", 2).value() == 1);
    CHECK(w.call<int()>("size").value() == 3);
    CHECK(w.call<void(int, std::int64_t)>("store", 65529, -1));
    CHECK(m.read<std::uint64_t>(65529).value() == ~std::uint64_t{0});
  }
}

TEST_CASE("a load of which only a part is used is checked as a whole") {
  for (const auto kind : {memory_kind::bounds_checks, memory_kind::guard_pages}) {
    const world w(R"((module (memory 1)
      (func (export "f") (param i32) (result i32) (i32.wrap_i64 (i64.load (local.get 0))))))", {}, kind);
    CHECK(w.call<int(int)>("f", 65528).value() == 0);
    CHECK(traps(w.call<int(int)>("f", 65529), trap_code::memory_out_of_bounds));
    CHECK(traps(w.call<int(int)>("f", 65532), trap_code::memory_out_of_bounds));
  }
}
