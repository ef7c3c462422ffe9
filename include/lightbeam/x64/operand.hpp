#pragma once

#include "convention.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

enum class width : std::uint8_t { w32, w64 };
enum class alu_op : std::uint8_t { add, or_, adc, sbb, and_, sub, xor_, cmp };  // the numbers of x86's group 1
enum class shift_op : std::uint8_t { rol = 0, ror = 1, shl = 4, shr = 5, sar = 7 };
enum class cond : std::uint8_t { o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g };
constexpr cond negate(cond c) { return cond(std::uint8_t(c) ^ 1); }
enum class load_op : std::uint8_t { mov32, mov64, movzx8, movzx16, movsx8_32, movsx16_32, movsx8_64, movsx16_64, movsxd, movss, movsd };
enum class store_op : std::uint8_t { mov8, mov16, mov32, mov64, movss, movsd };
enum class sse_op : std::uint8_t { sqrt = 0x51, add = 0x58, mul = 0x59, sub = 0x5c, min = 0x5d, div = 0x5e, max = 0x5f };
enum class bit_op : std::uint8_t { and_ = 0x54, andn = 0x55, or_ = 0x56, xor_ = 0x57 };

// [base + (index << scale) + displacement]; base and index may be missing. The index is never rsp.
struct address {
  reg base = reg::none;
  reg index = reg::none;
  std::uint8_t scale = 0;
  std::int32_t displacement = 0;
  bool operator==(const address&) const = default;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
