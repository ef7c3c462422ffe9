#include "modules.hpp"

using namespace modules;
using lightbeam::failure_kind;
using lightbeam::trap_code;

namespace {
// The same operators on a table of fixed size, whose arrays lie in the instance, and on one that grows.
std::string operators(const char* type) {
  return std::string(R"((module (type $t (func (result i32)))
    (func $a (export "a") (result i32) (i32.const 1)) (func $b (export "b") (result i32) (i32.const 2))
    (table $t (export "t") )") + type + R"()
    (elem (i32.const 0) $a $b)
    (func (export "call") (param i32) (result i32) (call_indirect (type $t) (local.get 0)))
    (func (export "get") (param i32) (result funcref) (table.get $t (local.get 0)))
    (func (export "set") (param i32 funcref) (table.set $t (local.get 0) (local.get 1)))
    (func (export "size") (result i32) (table.size $t))
    (func (export "grow") (param i32) (result i32) (table.grow $t (ref.func $b) (local.get 0)))
    (func (export "fill") (param i32 funcref i32) (table.fill $t (local.get 0) (local.get 1) (local.get 2)))
    (func (export "copy") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))))";
}
}  // namespace

TEST_CASE("operators on tables") {
  for (const char* const type : {"8 8 funcref", "8 12 funcref"}) {
    CAPTURE(type);
    const world w(operators(type));
    const auto call = w.instance.get<int(int)>("call").value();
    const auto a = w.instance.func("a").value(), b = w.instance.func("b").value();
    CHECK(call(0).value() == 1);
    CHECK(call(1).value() == 2);
    CHECK(traps(call(2), trap_code::uninitialized_element));
    CHECK(traps(call(8), trap_code::undefined_element));
    CHECK(traps(call(-1), trap_code::undefined_element));
    CHECK(w.call<lightbeam::func<>(int)>("get", 1).value() == b);
    CHECK(w.call<lightbeam::func<>(int)>("get", 2).value().is_null());
    CHECK(traps(w.call<lightbeam::func<>(int)>("get", 8), trap_code::table_out_of_bounds));
    CHECK(w.call<void(int, lightbeam::func<>)>("set", 7, b));
    CHECK(call(7).value() == 2);
    CHECK(traps(w.call<void(int, lightbeam::func<>)>("set", 8, b), trap_code::table_out_of_bounds));
    CHECK(w.call<void(int, int, int)>("copy", 1, 0, 2));  // overlaps
    CHECK(call(1).value() == 1);
    CHECK(call(2).value() == 2);
    CHECK(w.call<void(int, int, int)>("copy", 0, 1, 2));
    CHECK(call(0).value() == 1);
    CHECK(call(1).value() == 2);
    CHECK(traps(w.call<void(int, int, int)>("copy", 7, 0, 2), trap_code::table_out_of_bounds));
    CHECK(traps(w.call<void(int, int, int)>("copy", 0, -1, 2), trap_code::table_out_of_bounds));
    CHECK(w.call<void(int, lightbeam::func<>, int)>("fill", 3, a, 5));
    CHECK(call(6).value() == 1);
    CHECK(traps(w.call<void(int, lightbeam::func<>, int)>("fill", 4, b, 5), trap_code::table_out_of_bounds));
    CHECK(call(4).value() == 1);
    CHECK(w.call<void(int, lightbeam::func<>)>("set", 7, lightbeam::func<>()));
    CHECK(traps(call(7), trap_code::uninitialized_element));
    CHECK(w.call<int()>("size").value() == 8);
    const bool grows = std::string_view(type).starts_with("8 12");
    CHECK(w.call<int(int)>("grow", 4).value() == (grows ? 8 : -1));
    CHECK(w.call<int(int)>("grow", 1).value() == -1);
    CHECK(w.call<int(int)>("grow", -1).value() == -1);
    CHECK(w.call<int(int)>("grow", 0).value() == (grows ? 12 : 8));
    if (grows) CHECK(call(11).value() == 2);
  }
}

TEST_CASE("tables from the host") {
  const world w(operators("8 12 funcref"));
  const auto t = w.instance.table("t").value();
  CHECK(t.size() == 8);
  CHECK(t.at(0).value() == w.instance.func("a").value());
  CHECK(traps(t.at(8), trap_code::table_out_of_bounds));
  CHECK(t.set(3, w.instance.func("b").value()));
  CHECK(w.call<int(int)>("call", 3).value() == 2);
  CHECK(fails(t.set(3, lightbeam::externref()), failure_kind::link));
  CHECK(t.grow(4, w.instance.func("a").value()).value() == 8);
  CHECK(w.call<int(int)>("call", 11).value() == 1);
  CHECK(fails(t.grow(1, lightbeam::func<>()), failure_kind::limit));
}

TEST_CASE("tables of externref") {
  const world w(R"((module (table $t (export "t") 2 2 externref)
    (func (export "get") (param i32) (result externref) (table.get $t (local.get 0)))
    (func (export "set") (param i32 externref) (table.set $t (local.get 0) (local.get 1)))))");
  using lightbeam::externref;
  CHECK(w.call<externref(int)>("get", 1).value().is_null());
  CHECK(w.call<void(int, externref)>("set", 1, externref(std::uint64_t{0})));
  CHECK_FALSE(w.call<externref(int)>("get", 1).value().is_null());
  CHECK(w.instance.table("t").value().at<externref>(1).value().number() == 0);
  CHECK(fails(w.instance.table("t").value().at(1), failure_kind::link));
}
