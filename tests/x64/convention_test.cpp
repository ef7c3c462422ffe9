#include <lightbeam/x64/convention.hpp>

#include <doctest/doctest.h>

using namespace lightbeam;

TEST_CASE("a mask has a bit for each register and none for none") {
  CHECK(mask(reg::none) == 0);
  CHECK(mask(reg::ax) == 1);
  CHECK(mask(reg::xmm15) == 1u << 31);
  CHECK(mask(reg::cx, reg::none, reg::xmm0) == ((1u << 1) | (1u << 16)));
  std::uint32_t all = 0;
  for (int i = 0; i < 32; ++i) {
    CHECK((all & mask(reg(i))) == 0);
    CHECK(is_xmm(reg(i)) == ((mask(reg(i)) & xmm_registers) != 0));
    all |= mask(reg(i));
  }
  CHECK(all == (general_registers | xmm_registers));
  CHECK_FALSE(is_xmm(reg::none));
}

TEST_CASE("the roles of registers do not overlap where they must not") {
  const std::uint32_t pinned = mask(convention::instance, convention::memory_base, reg::sp);
  CHECK((convention::callee_saved & pinned) == 0);
  for (const reg r : convention::general_arguments) CHECK((mask(r) & (pinned | convention::callee_saved | mask(convention::record))) == 0);
  for (const reg r : convention::general_results) CHECK((mask(r) & (pinned | convention::callee_saved)) == 0);
  CHECK((convention::callee_saved & xmm_registers) == 0);
}

TEST_CASE("places are dealt out in order, registers of each kind first, then the overflow buffer") {
  auto arguments = value_places::arguments();
  for (const reg r : convention::general_arguments) {
    CHECK(arguments.next(val::i32).in == r);
  }
  for (std::uint32_t i = 0; i < 3; ++i) {
    const auto place = arguments.next(val::i64);
    CHECK(place.in == reg::none);
    CHECK(place.overflow == i);
  }
  for (const reg r : convention::xmm_arguments) CHECK(arguments.next(val::f64).in == r);
  CHECK(arguments.next(val::f32).overflow == 3);

  auto results = value_places::results();
  CHECK(results.next(val::f32).in == reg::xmm0);
  CHECK(results.next(val::i64).in == reg::ax);
  CHECK(results.next(val::externref).in == reg::cx);
  CHECK(results.next(val::f64).in == reg::xmm1);
  CHECK(results.next(val::i32).in == reg::dx);
  CHECK(results.next(val::i32).overflow == 0);
  CHECK(results.next(val::f32).overflow == 1);
}
