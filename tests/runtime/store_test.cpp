#include "modules.hpp"

using namespace modules;
using lightbeam::failure_kind;

TEST_CASE("a store may be moved; its handles go on") {
  lightbeam::store a;
  const auto i = lightbeam::linker().instantiate(a, from_text(R"((module (global $g (mut i32) (i32.const 4))
    (func (export "f") (result i32) (global.set $g (i32.add (global.get $g) (i32.const 1))) (global.get $g))))")).value();
  const auto f = i.get<int()>("f").value();
  lightbeam::store b = std::move(a);
  CHECK(f().value() == 5);
  a = lightbeam::store();
  a = std::move(b);
  CHECK(f().value() == 6);
}

TEST_CASE("equal types have one number, others do not") {
  lightbeam::store s;
  using lightbeam::val;
  auto& o = s.object();
  const auto a = o.type_id({{val::i32}, {val::i64}});
  CHECK(o.type_id({{val::i32}, {val::i64}}) == a);
  CHECK(o.type_id({{val::i32, val::i64}, {}}) != a);
  CHECK(o.type_id({{}, {val::i32, val::i64}}) != a);
  CHECK(o.type(a).results == std::vector{val::i64});
}

TEST_CASE("host functions need no module to be called") {
  lightbeam::store s;
  const auto f = s.make_func([](int x, double y) { return std::tuple(y, x); });
  CHECK(f.type().params.size() == 2);
  CHECK(f.as<std::tuple<double, int>(int, double)>().value()(3, 0.5).value() == std::tuple(0.5, 3));
  CHECK(fails(f.as<void()>(), failure_kind::link));
  const auto r = f({std::int32_t(3), 0.5});
  REQUIRE(r);
  CHECK((*r)[1].as<std::int32_t>() == 3);
}

TEST_CASE("globals of the host") {
  lightbeam::store s;
  const auto g = s.make_global(1.5f, true);
  lightbeam::linker l;
  l.define("h", "g", g);
  const auto i = l.instantiate(s, from_text(R"((module (import "h" "g" (global $g (mut f32))) (export "g" (global $g))
    (func (export "f") (global.set $g (f32.neg (global.get $g))))))")).value();
  CHECK(i.get<void()>("f").value()());
  CHECK(g.get() == -1.5f);
  CHECK(i.global<float>("g").value().get() == -1.5f);
  CHECK(g.set(2.f));
  CHECK(i.global("g").value().get() == lightbeam::any_value(2.f));
  CHECK(fails(s.make_global(1).set(2), failure_kind::link));
}

// The type of a function is a number of its store: elsewhere call_indirect would take it for another type.
TEST_CASE("functions do not get into another store") {
  using lightbeam::func;
  lightbeam::store a, b;
  const auto foreign = a.make_func([] { return 1; }), own = b.make_func([] { return 2; });
  func<> given = foreign;
  lightbeam::linker l;
  l.bind("h", "give", [&] { return given; });
  l.bind("h", "pair", [&] { return std::tuple(1, given); });
  l.bind("h", "maybe", [&]() -> lightbeam::result<func<>> { return given; });
  const auto i = l.instantiate(b, from_text(R"((module
    (import "h" "give" (func $give (result funcref)))
    (import "h" "pair" (func $pair (result i32 funcref)))
    (import "h" "maybe" (func $maybe (result funcref)))
    (global (export "g") (mut funcref) (ref.null func))
    (table (export "t") 1 funcref)
    (func (export "take") (param funcref))
    (func (export "give") (drop (call $give)))
    (func (export "pair") (call $pair) drop drop)
    (func (export "maybe") (drop (call $maybe)))))")).value();
  const auto take = i.get<void(func<>)>("take").value();
  const auto g = i.global<func<>>("g").value();
  const auto refused = [](const auto& r) { return fails(r, failure_kind::link) && r.error().text() == "link: the function belongs to another store"; };
  for (const auto f : {own, func<>()}) {
    given = f;
    CHECK(take(f));
    CHECK(func<>(take)({f}));
    CHECK(g.set(f));
    CHECK(i.global("g").value().set(f));
    CHECK(i.table("t").value().set(0, f));
    for (const auto name : {"give", "pair", "maybe"}) CHECK(i.get<void()>(name).value()());
  }
  given = foreign;
  CHECK(refused(take(foreign)));
  CHECK(refused(func<>(take)({foreign})));
  CHECK(refused(g.set(foreign)));
  CHECK(refused(i.global("g").value().set(foreign)));
  CHECK(refused(i.table("t").value().set(0, foreign)));
  for (const auto name : {"give", "pair", "maybe"}) CHECK(refused(i.get<void()>(name).value()()));
  CHECK(g.get().is_null());
#if LIGHTBEAM_EXCEPTIONS
  CHECK_THROWS_AS((void)b.make_global(foreign), lightbeam::exception);
#endif
  CHECK(b.make_global(own).get() == own);
}

TEST_CASE("sizes in bytes") {
  using namespace lightbeam::literals;
  CHECK(64_KiB == 65536);
  lightbeam::store s({.memory_bytes = 1_MiB});
  CHECK(fails(s.make_memory({{17, {}}}), failure_kind::limit));
  CHECK(s.make_memory({{16, {}}}));
}

TEST_CASE("memories and tables of types that no module could have") {
  lightbeam::store s;
  CHECK(fails(s.make_memory({{5, 3}}), failure_kind::invalid));
  CHECK(fails(s.make_table({lightbeam::val::funcref, {5, 2}}), failure_kind::invalid));
  CHECK(fails(s.make_table({lightbeam::val::i32, {1, {}}}), failure_kind::invalid));
  CHECK(s.make_table({lightbeam::val::externref, {2, 2}}));
}

TEST_CASE("references of the host") {
  using lightbeam::externref;
  CHECK(externref().is_null());
  CHECK_FALSE(externref(std::uint64_t{0}).is_null());
  CHECK_FALSE(externref(nullptr) == externref());
  CHECK(externref(std::uint64_t{7}).number() == 7);
  CHECK(externref::from_bits(externref(std::uint64_t{7}).bits()) == externref(std::uint64_t{7}));
  CHECK(lightbeam::any_value::null(lightbeam::val::externref).as<externref>().is_null());
}
