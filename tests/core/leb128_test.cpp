#include "lightbeam/core/reader.hpp"
#include <doctest/doctest.h>
#include <limits>
#include <string>
#include <vector>

using namespace lightbeam;

namespace {

using bytes = std::vector<std::uint8_t>;

bytes encode(std::uint64_t v, bool negative = false) {
  bytes out;
  for (;;) {
    const auto low = std::uint8_t(v & 0x7f);
    v = negative ? v >> 7 | ~std::uint64_t(0) << 57 : v >> 7;
    const bool last = negative ? v == ~std::uint64_t(0) && (low & 0x40) : v == 0;
    out.push_back(std::uint8_t(last ? low : low | 0x80));
    if (last) return out;
  }
}
// With a byte more where the sign would come out wrong.
bytes encode_signed(std::int64_t v) {
  if (v < 0) return encode(std::uint64_t(v), true);
  bytes out = encode(std::uint64_t(v));
  if (out.back() & 0x40) out.back() |= 0x80, out.push_back(0);
  return out;
}

template <class F>
std::string failing(const bytes& b, F read) {
  reader in(b);
  read(in);
  return in ? "" : in.error().what();
}
const auto u32 = [](reader& in) { return in.u32(); };
const auto u64 = [](reader& in) { return in.u64(); };
const auto s32 = [](reader& in) { return in.s32(); };
const auto s33 = [](reader& in) { return in.s33(); };
const auto s64 = [](reader& in) { return in.s64(); };

template <class F>
auto value(const bytes& b, F read) {
  reader in(b);
  const auto v = read(in);
  REQUIRE(bool(in));
  REQUIRE(in.left() == 0);
  return v;
}

}  // namespace

TEST_CASE("numbers come back") {
  for (unsigned shift = 0; shift < 64; ++shift)
    for (const std::uint64_t v : {std::uint64_t(1) << shift, (std::uint64_t(1) << shift) - 1, ~std::uint64_t(0) >> shift}) {
      CHECK(value(encode(v), u64) == v);
      if (v <= 0xffffffff) CHECK(value(encode(v), u32) == v);
      for (const std::int64_t s : {std::int64_t(v), -std::int64_t(v & 0x7fff'ffff'ffff'ffff), std::int64_t(~v)}) {
        CHECK(value(encode_signed(s), s64) == s);
        if (s == std::int32_t(s)) CHECK(value(encode_signed(s), s32) == s);
        if (s >= -(std::int64_t(1) << 32) && s < std::int64_t(1) << 32) CHECK(value(encode_signed(s), s33) == s);
      }
    }
}

TEST_CASE("numbers may be padded, but not beyond their most bytes") {
  CHECK(value({0x80, 0x80, 0x80, 0x80, 0x00}, u32) == 0);
  CHECK(value({0xff, 0x80, 0x00}, u32) == 127);
  CHECK(value({0xff, 0xff, 0xff, 0xff, 0x7f}, s32) == -1);
  CHECK(value({0xff, 0x7f}, s64) == -1);
  CHECK(value({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}, s64) == std::numeric_limits<std::int64_t>::min());
  CHECK(failing({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, u32) == "integer representation too long");
  CHECK(failing({0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, s32) == "integer representation too long");
  CHECK(failing({0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, s33) == "integer representation too long");
  CHECK(failing({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, u64) == "integer representation too long");
  CHECK(failing({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, s64) == "integer representation too long");
}

TEST_CASE("unused bits are the sign's, or zero") {
  CHECK(value({0xff, 0xff, 0xff, 0xff, 0x0f}, u32) == 0xffffffff);
  for (const std::uint8_t last : bytes{0x10, 0x20, 0x40, 0x70, 0x1f}) CHECK(failing({0xff, 0xff, 0xff, 0xff, last}, u32) == "integer too large");
  CHECK(value({0xff, 0xff, 0xff, 0xff, 0x07}, s32) == std::numeric_limits<std::int32_t>::max());
  CHECK(value({0x80, 0x80, 0x80, 0x80, 0x78}, s32) == std::numeric_limits<std::int32_t>::min());
  for (const std::uint8_t last : bytes{0x08, 0x0f, 0x17, 0x3f, 0x47, 0x70, 0x77}) CHECK(failing({0x80, 0x80, 0x80, 0x80, last}, s32) == "integer too large");
  CHECK(value({0xff, 0xff, 0xff, 0xff, 0x0f}, s33) == 0xffffffff);
  CHECK(value({0x80, 0x80, 0x80, 0x80, 0x70}, s33) == -(std::int64_t(1) << 32));
  for (const std::uint8_t last : bytes{0x10, 0x1f, 0x2f, 0x60, 0x6f}) CHECK(failing({0x80, 0x80, 0x80, 0x80, last}, s33) == "integer too large");
  bytes nine(9, 0xff);
  for (const std::uint8_t last : bytes{0x02, 0x3f, 0x40, 0x7e, 0x7f}) {
    bytes b = nine;
    b.push_back(last);
    CHECK(failing(b, u64) == "integer too large");
    CHECK(failing(b, s64) == (last == 0x7f ? "" : "integer too large"));
  }
}

TEST_CASE("a number cut off is an unexpected end, at the end") {
  for (const auto& b : {bytes{}, bytes{0x80}, bytes{0xff, 0xff, 0xff, 0xff}}) {
    CHECK(failing(b, u32) == "unexpected end");
    CHECK(failing(b, s33) == "unexpected end");
    reader in(b, 100);
    in.u32();
    CHECK(in.error().offset() == 100 + b.size());
    CHECK(in.error().kind() == failure_kind::malformed);
  }
}
