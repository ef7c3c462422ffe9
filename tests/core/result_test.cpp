#include "lightbeam/core/result.hpp"
#include <doctest/doctest.h>
#include <memory>

using namespace lightbeam;

namespace {

result<int> half(int n) {
  if (n % 2 != 0) return failure(failure_kind::invalid, "odd");
  return n / 2;
}
result<void> positive(int n) {
  if (n <= 0) return failure(failure_kind::limit, "not positive");
  return {};
}

}  // namespace

TEST_CASE("a value or a failure") {
  auto four = half(8);
  REQUIRE(bool(four));
  CHECK(*four == 4);
  CHECK(four.value() == 4);
  CHECK(half(3).value_or(9) == 9);
  CHECK(half(4).value_or(9) == 2);
  CHECK(half(3).error().kind() == failure_kind::invalid);
  CHECK(*four.and_then(half).and_then(half) == 1);
  CHECK_FALSE(four.and_then(half).and_then(half).and_then(half));
  CHECK(bool(positive(1)));
  CHECK(positive(0).error().kind() == failure_kind::limit);
  CHECK(positive(1).and_then([] { return half(2); }).value() == 1);
  CHECK_FALSE(positive(0).and_then([] { return half(2); }));
}

TEST_CASE("values may be movable only") {
  result<std::unique_ptr<int>> r(std::make_unique<int>(5));
  const std::unique_ptr<int> taken = std::move(r).value();
  CHECK(*taken == 5);
}

#if LIGHTBEAM_EXCEPTIONS
TEST_CASE("value() throws the failure where there is none") {
  CHECK_THROWS_WITH_AS(half(3).value(), "invalid: odd", lightbeam::exception);
  CHECK_THROWS_AS(positive(0).value(), lightbeam::exception);
  try {
    half(3).value();
  } catch (const lightbeam::exception& e) {
    CHECK(e.error().kind() == failure_kind::invalid);
  }
}
#endif
