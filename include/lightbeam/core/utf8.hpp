#pragma once

#include "build.hpp"
#include <cstddef>
#include <cstdint>
#include <span>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Whether the bytes are UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
constexpr bool is_utf8(std::span<const std::uint8_t> s) {
  for (std::size_t i = 0; i < s.size();) {
    const std::uint8_t first = s[i++];
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    const std::size_t more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (s.size() - i < more) return false;
    // The second byte is bounded where the first alone would allow an overlong form, a surrogate or too large a number.
    const std::uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (s[i] < low || s[i] > high) return false;
    for (std::size_t k = 1; k < more; ++k)
      if ((s[i + k] & 0xc0) != 0x80) return false;
    i += more;
  }
  return true;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
