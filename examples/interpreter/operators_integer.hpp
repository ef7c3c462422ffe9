#pragma once

// Integer operators, section 4.3.2.

#include "operation.hpp"

namespace interpreter {

// Integers are unsigned unless an operator says otherwise, so that they wrap.
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s32 = std::int32_t;
using s64 = std::int64_t;

// clang-format off
inline constexpr operation i32_operations[] = {
    pure("i32.clz", [](u32 a) { return u32(std::countl_zero(a)); }),
    pure("i32.ctz", [](u32 a) { return u32(std::countr_zero(a)); }),
    pure("i32.popcnt", [](u32 a) { return u32(std::popcount(a)); }),
    pure("i32.add", [](u32 a, u32 b) { return u32(a + b); }),
    pure("i32.sub", [](u32 a, u32 b) { return u32(a - b); }),
    pure("i32.mul", [](u32 a, u32 b) { return u32(a * b); }),
    pure("i32.div_s", [](s32 a, s32 b) { return divide_signed(a, b); }),
    pure("i32.div_u", [](u32 a, u32 b) { return divide_unsigned(a, b); }),
    pure("i32.rem_s", [](s32 a, s32 b) { return remainder_signed(a, b); }),
    pure("i32.rem_u", [](u32 a, u32 b) { return remainder_unsigned(a, b); }),
    pure("i32.and", [](u32 a, u32 b) { return u32(a & b); }),
    pure("i32.or", [](u32 a, u32 b) { return u32(a | b); }),
    pure("i32.xor", [](u32 a, u32 b) { return u32(a ^ b); }),
    pure("i32.shl", [](u32 a, u32 b) { return shift_left(a, b); }),
    pure("i32.shr_s", [](u32 a, u32 b) { return shift_right_signed(a, b); }),
    pure("i32.shr_u", [](u32 a, u32 b) { return shift_right_unsigned(a, b); }),
    pure("i32.rotl", [](u32 a, u32 b) { return rotate_left(a, b); }),
    pure("i32.rotr", [](u32 a, u32 b) { return rotate_right(a, b); }),
    pure("i32.eqz", [](u32 a) { return a == 0; }),
    pure("i32.eq", [](u32 a, u32 b) { return a == b; }),
    pure("i32.ne", [](u32 a, u32 b) { return a != b; }),
    pure("i32.lt_s", [](s32 a, s32 b) { return a < b; }),
    pure("i32.lt_u", [](u32 a, u32 b) { return a < b; }),
    pure("i32.gt_s", [](s32 a, s32 b) { return a > b; }),
    pure("i32.gt_u", [](u32 a, u32 b) { return a > b; }),
    pure("i32.le_s", [](s32 a, s32 b) { return a <= b; }),
    pure("i32.le_u", [](u32 a, u32 b) { return a <= b; }),
    pure("i32.ge_s", [](s32 a, s32 b) { return a >= b; }),
    pure("i32.ge_u", [](u32 a, u32 b) { return a >= b; }),
    pure("i32.extend8_s", [](u32 a) { return sign_extend<std::uint8_t>(a); }),
    pure("i32.extend16_s", [](u32 a) { return sign_extend<std::uint16_t>(a); }),
};
// clang-format on

// clang-format off
inline constexpr operation i64_operations[] = {
    pure("i64.clz", [](u64 a) { return u64(std::countl_zero(a)); }),
    pure("i64.ctz", [](u64 a) { return u64(std::countr_zero(a)); }),
    pure("i64.popcnt", [](u64 a) { return u64(std::popcount(a)); }),
    pure("i64.add", [](u64 a, u64 b) { return u64(a + b); }),
    pure("i64.sub", [](u64 a, u64 b) { return u64(a - b); }),
    pure("i64.mul", [](u64 a, u64 b) { return u64(a * b); }),
    pure("i64.div_s", [](s64 a, s64 b) { return divide_signed(a, b); }),
    pure("i64.div_u", [](u64 a, u64 b) { return divide_unsigned(a, b); }),
    pure("i64.rem_s", [](s64 a, s64 b) { return remainder_signed(a, b); }),
    pure("i64.rem_u", [](u64 a, u64 b) { return remainder_unsigned(a, b); }),
    pure("i64.and", [](u64 a, u64 b) { return u64(a & b); }),
    pure("i64.or", [](u64 a, u64 b) { return u64(a | b); }),
    pure("i64.xor", [](u64 a, u64 b) { return u64(a ^ b); }),
    pure("i64.shl", [](u64 a, u64 b) { return shift_left(a, b); }),
    pure("i64.shr_s", [](u64 a, u64 b) { return shift_right_signed(a, b); }),
    pure("i64.shr_u", [](u64 a, u64 b) { return shift_right_unsigned(a, b); }),
    pure("i64.rotl", [](u64 a, u64 b) { return rotate_left(a, b); }),
    pure("i64.rotr", [](u64 a, u64 b) { return rotate_right(a, b); }),
    pure("i64.eqz", [](u64 a) { return a == 0; }),
    pure("i64.eq", [](u64 a, u64 b) { return a == b; }),
    pure("i64.ne", [](u64 a, u64 b) { return a != b; }),
    pure("i64.lt_s", [](s64 a, s64 b) { return a < b; }),
    pure("i64.lt_u", [](u64 a, u64 b) { return a < b; }),
    pure("i64.gt_s", [](s64 a, s64 b) { return a > b; }),
    pure("i64.gt_u", [](u64 a, u64 b) { return a > b; }),
    pure("i64.le_s", [](s64 a, s64 b) { return a <= b; }),
    pure("i64.le_u", [](u64 a, u64 b) { return a <= b; }),
    pure("i64.ge_s", [](s64 a, s64 b) { return a >= b; }),
    pure("i64.ge_u", [](u64 a, u64 b) { return a >= b; }),
    pure("i64.extend8_s", [](u64 a) { return sign_extend<std::uint8_t>(a); }),
    pure("i64.extend16_s", [](u64 a) { return sign_extend<std::uint16_t>(a); }),
    pure("i64.extend32_s", [](u64 a) { return sign_extend<std::uint32_t>(a); }),
};
// clang-format on

}  // namespace interpreter
