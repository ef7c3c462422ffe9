#include "lightbeam/core/utf8.hpp"
#include <doctest/doctest.h>
#include <string_view>
#include <vector>

using namespace lightbeam;

namespace {

bool utf8(std::string_view s) { return is_utf8(std::vector<std::uint8_t>(s.begin(), s.end())); }

// Written from the definition of UTF-8: the inverse of decoding.
std::vector<std::uint8_t> encode(std::uint32_t c) {
  const auto more = [](std::uint32_t bits) { return std::uint8_t(0x80 | (bits & 0x3f)); };
  if (c < 0x80) return {std::uint8_t(c)};
  if (c < 0x800) return {std::uint8_t(0xc0 | c >> 6), more(c)};
  if (c < 0x10000) return {std::uint8_t(0xe0 | c >> 12), more(c >> 6), more(c)};
  return {std::uint8_t(0xf0 | c >> 18), more(c >> 12), more(c >> 6), more(c)};
}

}  // namespace

TEST_CASE("every code point, and nothing else") {
  unsigned wrong = 0;
  for (std::uint32_t c = 0; c < 0x140000; ++c) {
    const bool scalar = c < 0x110000 && (c < 0xd800 || c > 0xdfff);
    wrong += is_utf8(encode(c)) != scalar;
  }
  CHECK(wrong == 0);
}

TEST_CASE("overlong, cut off and stray bytes") {
  CHECK(utf8(""));
  CHECK(utf8("a\xc3\xa9z"));
  CHECK_FALSE(utf8("\x80"));
  CHECK_FALSE(utf8("\xc0\x80"));
  CHECK_FALSE(utf8("\xc1\xbf"));
  CHECK_FALSE(utf8("\xe0\x9f\xbf"));
  CHECK_FALSE(utf8("\xf0\x8f\xbf\xbf"));
  CHECK_FALSE(utf8("\xf5\x80\x80\x80"));
  CHECK_FALSE(utf8("\xff"));
  CHECK_FALSE(utf8("\xc3"));
  CHECK_FALSE(utf8("\xe2\x82"));
  CHECK_FALSE(utf8("\xf0\x9f\x98"));
  CHECK_FALSE(utf8("\xe2\x28\xa1"));
  CHECK_FALSE(utf8("\xe2\x82\x28"));
}
