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

TEST_CASE("references of the host") {
  using lightbeam::externref;
  CHECK(externref().is_null());
  CHECK_FALSE(externref(std::uint64_t{0}).is_null());
  CHECK_FALSE(externref(nullptr) == externref());
  CHECK(externref(std::uint64_t{7}).number() == 7);
  CHECK(externref::from_bits(externref(std::uint64_t{7}).bits()) == externref(std::uint64_t{7}));
  CHECK(lightbeam::any_value::null(lightbeam::val::externref).as<externref>().is_null());
}
