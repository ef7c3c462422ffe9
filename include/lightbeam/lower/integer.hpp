#pragma once

#include "../gen/division.hpp"
#include "../gen/integer_shapes.hpp"
#include "../gen/lower.hpp"
#include "../gen/unary_shapes.hpp"

// Numeric operators on integers: sections 4.3.2 and 5.4.7 of the specification.
namespace lightbeam::inline LIGHTBEAM_ABI {

inline constexpr auto w32 = width::w32, w64 = width::w64;

struct integer_constant {
  val type;

  void operator()(auto& g, std::int64_t k) const { g.push_constant(type, type == val::i32 ? std::uint32_t(k) : std::uint64_t(k)); }
  bool quick(auto& g, const row_data&) const {
    const std::uint32_t first = g.pc[0], second = g.pc[1];
    if (first & second & 0x80) return false;
    const bool two = first & 0x80;
    const std::uint32_t surplus = 25u - 7u * two;
    const std::int32_t k = std::int32_t(((first & 0x7f) | second << 7) << surplus) >> surplus;
    g.pc += 1 + two;
    (*this)(g, k);
    return true;
  }
};
template <> inline constexpr auto lower<"i32.const"> = integer_constant{val::i32};
template <> inline constexpr auto lower<"i64.const"> = integer_constant{val::i64};

template <> inline constexpr auto lower<"i32.eqz"> = equal_zero{w32};
template <> inline constexpr auto lower<"i32.eq"> = compare{cond::e, cond::e, w32};
template <> inline constexpr auto lower<"i32.ne"> = compare{cond::ne, cond::ne, w32};
template <> inline constexpr auto lower<"i32.lt_s"> = compare{cond::l, cond::g, w32};
template <> inline constexpr auto lower<"i32.lt_u"> = compare{cond::b, cond::a, w32};
template <> inline constexpr auto lower<"i32.gt_s"> = compare{cond::g, cond::l, w32};
template <> inline constexpr auto lower<"i32.gt_u"> = compare{cond::a, cond::b, w32};
template <> inline constexpr auto lower<"i32.le_s"> = compare{cond::le, cond::ge, w32};
template <> inline constexpr auto lower<"i32.le_u"> = compare{cond::be, cond::ae, w32};
template <> inline constexpr auto lower<"i32.ge_s"> = compare{cond::ge, cond::le, w32};
template <> inline constexpr auto lower<"i32.ge_u"> = compare{cond::ae, cond::be, w32};

template <> inline constexpr auto lower<"i64.eqz"> = equal_zero{w64};
template <> inline constexpr auto lower<"i64.eq"> = compare{cond::e, cond::e, w64};
template <> inline constexpr auto lower<"i64.ne"> = compare{cond::ne, cond::ne, w64};
template <> inline constexpr auto lower<"i64.lt_s"> = compare{cond::l, cond::g, w64};
template <> inline constexpr auto lower<"i64.lt_u"> = compare{cond::b, cond::a, w64};
template <> inline constexpr auto lower<"i64.gt_s"> = compare{cond::g, cond::l, w64};
template <> inline constexpr auto lower<"i64.gt_u"> = compare{cond::a, cond::b, w64};
template <> inline constexpr auto lower<"i64.le_s"> = compare{cond::le, cond::ge, w64};
template <> inline constexpr auto lower<"i64.le_u"> = compare{cond::be, cond::ae, w64};
template <> inline constexpr auto lower<"i64.ge_s"> = compare{cond::ge, cond::le, w64};
template <> inline constexpr auto lower<"i64.ge_u"> = compare{cond::ae, cond::be, w64};

template <> inline constexpr auto lower<"i32.clz"> = bit_count{bit_count::kind::clz, w32};
template <> inline constexpr auto lower<"i32.ctz"> = bit_count{bit_count::kind::ctz, w32};
template <> inline constexpr auto lower<"i32.popcnt"> = bit_count{bit_count::kind::popcnt, w32};
template <> inline constexpr auto lower<"i32.add"> = sum{w32, false};
template <> inline constexpr auto lower<"i32.sub"> = sum{w32, true};
template <> inline constexpr auto lower<"i32.mul"> = multiply{w32};
template <> inline constexpr auto lower<"i32.div_s"> = divide{w32, true, false};
template <> inline constexpr auto lower<"i32.div_u"> = divide{w32, false, false};
template <> inline constexpr auto lower<"i32.rem_s"> = divide{w32, true, true};
template <> inline constexpr auto lower<"i32.rem_u"> = divide{w32, false, true};
template <> inline constexpr auto lower<"i32.and"> = alu{alu_op::and_, w32, true, fold::and_};
template <> inline constexpr auto lower<"i32.or"> = alu{alu_op::or_, w32, true, fold::or_};
template <> inline constexpr auto lower<"i32.xor"> = alu{alu_op::xor_, w32, true, fold::xor_};
template <> inline constexpr auto lower<"i32.shl"> = shift{shift_op::shl, w32, fold::shl};
template <> inline constexpr auto lower<"i32.shr_s"> = shift{shift_op::sar, w32, fold::shr_s};
template <> inline constexpr auto lower<"i32.shr_u"> = shift{shift_op::shr, w32, fold::shr_u};
template <> inline constexpr auto lower<"i32.rotl"> = shift{shift_op::rol, w32, fold::rotl};
template <> inline constexpr auto lower<"i32.rotr"> = shift{shift_op::ror, w32, fold::rotr};

template <> inline constexpr auto lower<"i64.clz"> = bit_count{bit_count::kind::clz, w64};
template <> inline constexpr auto lower<"i64.ctz"> = bit_count{bit_count::kind::ctz, w64};
template <> inline constexpr auto lower<"i64.popcnt"> = bit_count{bit_count::kind::popcnt, w64};
template <> inline constexpr auto lower<"i64.add"> = sum{w64, false};
template <> inline constexpr auto lower<"i64.sub"> = sum{w64, true};
template <> inline constexpr auto lower<"i64.mul"> = multiply{w64};
template <> inline constexpr auto lower<"i64.div_s"> = divide{w64, true, false};
template <> inline constexpr auto lower<"i64.div_u"> = divide{w64, false, false};
template <> inline constexpr auto lower<"i64.rem_s"> = divide{w64, true, true};
template <> inline constexpr auto lower<"i64.rem_u"> = divide{w64, false, true};
template <> inline constexpr auto lower<"i64.and"> = alu{alu_op::and_, w64, true, fold::and_};
template <> inline constexpr auto lower<"i64.or"> = alu{alu_op::or_, w64, true, fold::or_};
template <> inline constexpr auto lower<"i64.xor"> = alu{alu_op::xor_, w64, true, fold::xor_};
template <> inline constexpr auto lower<"i64.shl"> = shift{shift_op::shl, w64, fold::shl};
template <> inline constexpr auto lower<"i64.shr_s"> = shift{shift_op::sar, w64, fold::shr_s};
template <> inline constexpr auto lower<"i64.shr_u"> = shift{shift_op::shr, w64, fold::shr_u};
template <> inline constexpr auto lower<"i64.rotl"> = shift{shift_op::rol, w64, fold::rotl};
template <> inline constexpr auto lower<"i64.rotr"> = shift{shift_op::ror, w64, fold::rotr};

template <> inline constexpr auto lower<"i32.wrap_i64"> = wrap{};
template <> inline constexpr auto lower<"i64.extend_i32_u"> = extend_u{};
template <> inline constexpr auto lower<"i64.extend_i32_s"> = extend_s{val::i32, w64, 32};
template <> inline constexpr auto lower<"i32.extend8_s"> = extend_s{val::i32, w32, 8};
template <> inline constexpr auto lower<"i32.extend16_s"> = extend_s{val::i32, w32, 16};
template <> inline constexpr auto lower<"i64.extend8_s"> = extend_s{val::i64, w64, 8};
template <> inline constexpr auto lower<"i64.extend16_s"> = extend_s{val::i64, w64, 16};
template <> inline constexpr auto lower<"i64.extend32_s"> = extend_s{val::i64, w64, 32};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
