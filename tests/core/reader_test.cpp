#include "lightbeam/core/reader.hpp"
#include <doctest/doctest.h>
#include <string>

using namespace lightbeam;

TEST_CASE("a reader counts offsets and stops at its end") {
  const std::uint8_t b[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  reader in(b, 10, "no more");
  CHECK(in.peek() == 1);
  CHECK(in.byte() == 1);
  CHECK(in.offset() == 11);
  CHECK(in.fixed<std::uint32_t>() == 0x05040302);
  CHECK(in.bytes(2).size() == 2);
  CHECK(in.left() == 2);
  CHECK(in.bytes(3).empty());
  REQUIRE_FALSE(in);
  CHECK(std::string(in.error().what()) == "no more");
}

TEST_CASE("after a failure everything reads as nothing, and the first failure stays") {
  const std::uint8_t b[] = {1, 2, 3};
  reader in(b);
  in.byte();
  in.invalid("first", 7);
  in.malformed("second");
  CHECK(in.left() == 0);
  CHECK(in.byte() == 0);
  CHECK(in.u32() == 0);
  CHECK(in.s64() == 0);
  in.seek(b);
  CHECK(in.left() == 0);
  CHECK(std::string(in.error().what()) == "first");
  CHECK(in.error().offset() == 7);
  CHECK(in.error().kind() == failure_kind::invalid);
}

TEST_CASE("no bytes at all") {
  reader in({});
  CHECK(in.left() == 0);
  CHECK(bool(in));
  CHECK(in.bytes(0).empty());
  CHECK(bool(in));
  CHECK(in.byte() == 0);
  CHECK_FALSE(in);
}
