#pragma once

// Float operators and conversions, sections 4.3.3 and 4.3.4.

#include "operators_integer.hpp"

namespace interpreter {

// clang-format off
inline constexpr operation f32_operations[] = {
    pure("f32.abs", [](u32 a) { return absolute<float>(a); }),
    pure("f32.neg", [](u32 a) { return negated<float>(a); }),
    pure("f32.copysign", [](u32 a, u32 b) { return with_sign_of<float>(a, b); }),
    pure("f32.ceil", [](float a) { return round_up(a); }),
    pure("f32.floor", [](float a) { return round_down(a); }),
    pure("f32.trunc", [](float a) { return round_to_zero(a); }),
    pure("f32.nearest", [](float a) { return round_to_nearest(a); }),
    pure("f32.sqrt", [](float a) { return square_root(a); }),
    pure("f32.add", [](float a, float b) { return a + b; }),
    pure("f32.sub", [](float a, float b) { return a - b; }),
    pure("f32.mul", [](float a, float b) { return a * b; }),
    pure("f32.div", [](float a, float b) { return a / b; }),
    pure("f32.min", [](float a, float b) { return minimum(a, b); }),
    pure("f32.max", [](float a, float b) { return maximum(a, b); }),
    pure("f32.eq", [](float a, float b) { return a == b; }),
    pure("f32.ne", [](float a, float b) { return a != b; }),
    pure("f32.lt", [](float a, float b) { return a < b; }),
    pure("f32.gt", [](float a, float b) { return a > b; }),
    pure("f32.le", [](float a, float b) { return a <= b; }),
    pure("f32.ge", [](float a, float b) { return a >= b; }),
};
// clang-format on

// clang-format off
inline constexpr operation f64_operations[] = {
    pure("f64.abs", [](u64 a) { return absolute<double>(a); }),
    pure("f64.neg", [](u64 a) { return negated<double>(a); }),
    pure("f64.copysign", [](u64 a, u64 b) { return with_sign_of<double>(a, b); }),
    pure("f64.ceil", [](double a) { return round_up(a); }),
    pure("f64.floor", [](double a) { return round_down(a); }),
    pure("f64.trunc", [](double a) { return round_to_zero(a); }),
    pure("f64.nearest", [](double a) { return round_to_nearest(a); }),
    pure("f64.sqrt", [](double a) { return square_root(a); }),
    pure("f64.add", [](double a, double b) { return a + b; }),
    pure("f64.sub", [](double a, double b) { return a - b; }),
    pure("f64.mul", [](double a, double b) { return a * b; }),
    pure("f64.div", [](double a, double b) { return a / b; }),
    pure("f64.min", [](double a, double b) { return minimum(a, b); }),
    pure("f64.max", [](double a, double b) { return maximum(a, b); }),
    pure("f64.eq", [](double a, double b) { return a == b; }),
    pure("f64.ne", [](double a, double b) { return a != b; }),
    pure("f64.lt", [](double a, double b) { return a < b; }),
    pure("f64.gt", [](double a, double b) { return a > b; }),
    pure("f64.le", [](double a, double b) { return a <= b; }),
    pure("f64.ge", [](double a, double b) { return a >= b; }),
};
// clang-format on

// Reinterpretation is the identity on bits.
// clang-format off
inline constexpr operation conversion_operations[] = {
    pure("i32.wrap_i64", [](u64 a) { return u32(a); }),
    pure("i64.extend_i32_s", [](s32 a) { return s64(a); }),
    pure("i64.extend_i32_u", [](u32 a) { return u64(a); }),
    pure("i32.trunc_f32_s", [](float a) { return truncate<s32>(a); }),
    pure("i32.trunc_f32_u", [](float a) { return truncate<u32>(a); }),
    pure("i32.trunc_f64_s", [](double a) { return truncate<s32>(a); }),
    pure("i32.trunc_f64_u", [](double a) { return truncate<u32>(a); }),
    pure("i64.trunc_f32_s", [](float a) { return truncate<s64>(a); }),
    pure("i64.trunc_f32_u", [](float a) { return truncate<u64>(a); }),
    pure("i64.trunc_f64_s", [](double a) { return truncate<s64>(a); }),
    pure("i64.trunc_f64_u", [](double a) { return truncate<u64>(a); }),
    pure("i32.trunc_sat_f32_s", [](float a) { return truncate_saturating<s32>(a); }),
    pure("i32.trunc_sat_f32_u", [](float a) { return truncate_saturating<u32>(a); }),
    pure("i32.trunc_sat_f64_s", [](double a) { return truncate_saturating<s32>(a); }),
    pure("i32.trunc_sat_f64_u", [](double a) { return truncate_saturating<u32>(a); }),
    pure("i64.trunc_sat_f32_s", [](float a) { return truncate_saturating<s64>(a); }),
    pure("i64.trunc_sat_f32_u", [](float a) { return truncate_saturating<u64>(a); }),
    pure("i64.trunc_sat_f64_s", [](double a) { return truncate_saturating<s64>(a); }),
    pure("i64.trunc_sat_f64_u", [](double a) { return truncate_saturating<u64>(a); }),
    pure("f32.convert_i32_s", [](s32 a) { return float(a); }),
    pure("f32.convert_i32_u", [](u32 a) { return float(a); }),
    pure("f32.convert_i64_s", [](s64 a) { return float(a); }),
    pure("f32.convert_i64_u", [](u64 a) { return float(a); }),
    pure("f64.convert_i32_s", [](s32 a) { return double(a); }),
    pure("f64.convert_i32_u", [](u32 a) { return double(a); }),
    pure("f64.convert_i64_s", [](s64 a) { return double(a); }),
    pure("f64.convert_i64_u", [](u64 a) { return double(a); }),
    pure("f32.demote_f64", [](double a) { return float(a); }),
    pure("f64.promote_f32", [](float a) { return double(a); }),
    pure("i32.reinterpret_f32", [](u32 a) { return a; }),
    pure("f32.reinterpret_i32", [](u32 a) { return a; }),
    pure("i64.reinterpret_f64", [](u64 a) { return a; }),
    pure("f64.reinterpret_i64", [](u64 a) { return a; }),
};
// clang-format on

}  // namespace interpreter
