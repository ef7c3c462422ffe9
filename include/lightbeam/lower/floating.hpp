#pragma once

#include "../gen/conversion_shapes.hpp"
#include "../gen/float_shapes.hpp"
#include "../gen/lower.hpp"

// Numeric operators on floats and the conversions: sections 4.3.3 and 4.3.4 of the specification.
namespace lightbeam::inline LIGHTBEAM_ABI {

template <> inline constexpr auto lower<"f32.const"> = [](auto& g, std::uint32_t bits) { g.push_constant(val::f32, bits); };
template <> inline constexpr auto lower<"f64.const"> = [](auto& g, std::uint64_t bits) { g.push_constant(val::f64, bits); };

template <> inline constexpr auto lower<"f32.eq"> = float_compare{condition::float_equal, false, false};
template <> inline constexpr auto lower<"f32.ne"> = float_compare{condition::float_not_equal, false, false};
template <> inline constexpr auto lower<"f32.lt"> = float_compare{as_condition(cond::a), true, false};
template <> inline constexpr auto lower<"f32.gt"> = float_compare{as_condition(cond::a), false, false};
template <> inline constexpr auto lower<"f32.le"> = float_compare{as_condition(cond::ae), true, false};
template <> inline constexpr auto lower<"f32.ge"> = float_compare{as_condition(cond::ae), false, false};
template <> inline constexpr auto lower<"f64.eq"> = float_compare{condition::float_equal, false, true};
template <> inline constexpr auto lower<"f64.ne"> = float_compare{condition::float_not_equal, false, true};
template <> inline constexpr auto lower<"f64.lt"> = float_compare{as_condition(cond::a), true, true};
template <> inline constexpr auto lower<"f64.gt"> = float_compare{as_condition(cond::a), false, true};
template <> inline constexpr auto lower<"f64.le"> = float_compare{as_condition(cond::ae), true, true};
template <> inline constexpr auto lower<"f64.ge"> = float_compare{as_condition(cond::ae), false, true};

template <> inline constexpr auto lower<"f32.add"> = float_binary{sse_op::add, false, true};
template <> inline constexpr auto lower<"f32.sub"> = float_binary{sse_op::sub, false, false};
template <> inline constexpr auto lower<"f32.mul"> = float_binary{sse_op::mul, false, true};
template <> inline constexpr auto lower<"f32.div"> = float_binary{sse_op::div, false, false};
template <> inline constexpr auto lower<"f64.add"> = float_binary{sse_op::add, true, true};
template <> inline constexpr auto lower<"f64.sub"> = float_binary{sse_op::sub, true, false};
template <> inline constexpr auto lower<"f64.mul"> = float_binary{sse_op::mul, true, true};
template <> inline constexpr auto lower<"f64.div"> = float_binary{sse_op::div, true, false};
template <> inline constexpr auto lower<"f32.sqrt"> = float_sqrt{false};
template <> inline constexpr auto lower<"f64.sqrt"> = float_sqrt{true};

// A sequence out of line: which one, and of which width.
struct float_sequence {
  static constexpr bool rare = true;
  enum class kind : std::uint8_t { abs, neg, copysign, min, max, nearest, floor, ceil, trunc };
  kind does;
  bool is_double;

  void operator()(auto& g) const { lower(g, *this); }

 private:
  LIGHTBEAM_SMALL
  template <class Policy>
  static void lower(generator<Policy>& g, float_sequence s) {
    using F = float_sequences<Policy>;
    const std::uint64_t sign = F::sign(s.is_double);
    switch (s.does) {
      case kind::abs: return F::sign_bit(g, s.is_double, bit_op::and_, s.is_double ? ~sign : std::uint32_t(~sign));
      case kind::neg: return F::sign_bit(g, s.is_double, bit_op::xor_, sign);
      case kind::copysign: return F::copysign(g, s.is_double);
      case kind::min: return F::extremum(g, s.is_double, false);
      case kind::max: return F::extremum(g, s.is_double, true);
      default: return F::round(g, s.is_double, std::uint8_t(std::uint8_t(s.does) - std::uint8_t(kind::nearest)));
    }
  }
  LIGHTBEAM_SMALL_END
};

template <> inline constexpr auto lower<"f32.abs"> = float_sequence{float_sequence::kind::abs, false};
template <> inline constexpr auto lower<"f32.neg"> = float_sequence{float_sequence::kind::neg, false};
template <> inline constexpr auto lower<"f32.ceil"> = float_sequence{float_sequence::kind::ceil, false};
template <> inline constexpr auto lower<"f32.floor"> = float_sequence{float_sequence::kind::floor, false};
template <> inline constexpr auto lower<"f32.trunc"> = float_sequence{float_sequence::kind::trunc, false};
template <> inline constexpr auto lower<"f32.nearest"> = float_sequence{float_sequence::kind::nearest, false};
template <> inline constexpr auto lower<"f32.min"> = float_sequence{float_sequence::kind::min, false};
template <> inline constexpr auto lower<"f32.max"> = float_sequence{float_sequence::kind::max, false};
template <> inline constexpr auto lower<"f32.copysign"> = float_sequence{float_sequence::kind::copysign, false};
template <> inline constexpr auto lower<"f64.abs"> = float_sequence{float_sequence::kind::abs, true};
template <> inline constexpr auto lower<"f64.neg"> = float_sequence{float_sequence::kind::neg, true};
template <> inline constexpr auto lower<"f64.ceil"> = float_sequence{float_sequence::kind::ceil, true};
template <> inline constexpr auto lower<"f64.floor"> = float_sequence{float_sequence::kind::floor, true};
template <> inline constexpr auto lower<"f64.trunc"> = float_sequence{float_sequence::kind::trunc, true};
template <> inline constexpr auto lower<"f64.nearest"> = float_sequence{float_sequence::kind::nearest, true};
template <> inline constexpr auto lower<"f64.min"> = float_sequence{float_sequence::kind::min, true};
template <> inline constexpr auto lower<"f64.max"> = float_sequence{float_sequence::kind::max, true};
template <> inline constexpr auto lower<"f64.copysign"> = float_sequence{float_sequence::kind::copysign, true};

struct truncate {
  static constexpr bool rare = true;
  bool from_double;
  width to;
  bool is_signed, saturates;

  void operator()(auto& g) const { conversions<policy_of<decltype(g)>>::truncate(g, from_double, to, is_signed, saturates); }
};
template <> inline constexpr auto lower<"i32.trunc_f32_s"> = truncate{false, width::w32, true, false};
template <> inline constexpr auto lower<"i32.trunc_f32_u"> = truncate{false, width::w32, false, false};
template <> inline constexpr auto lower<"i32.trunc_f64_s"> = truncate{true, width::w32, true, false};
template <> inline constexpr auto lower<"i32.trunc_f64_u"> = truncate{true, width::w32, false, false};
template <> inline constexpr auto lower<"i64.trunc_f32_s"> = truncate{false, width::w64, true, false};
template <> inline constexpr auto lower<"i64.trunc_f32_u"> = truncate{false, width::w64, false, false};
template <> inline constexpr auto lower<"i64.trunc_f64_s"> = truncate{true, width::w64, true, false};
template <> inline constexpr auto lower<"i64.trunc_f64_u"> = truncate{true, width::w64, false, false};
template <> inline constexpr auto lower<"i32.trunc_sat_f32_s"> = truncate{false, width::w32, true, true};
template <> inline constexpr auto lower<"i32.trunc_sat_f32_u"> = truncate{false, width::w32, false, true};
template <> inline constexpr auto lower<"i32.trunc_sat_f64_s"> = truncate{true, width::w32, true, true};
template <> inline constexpr auto lower<"i32.trunc_sat_f64_u"> = truncate{true, width::w32, false, true};
template <> inline constexpr auto lower<"i64.trunc_sat_f32_s"> = truncate{false, width::w64, true, true};
template <> inline constexpr auto lower<"i64.trunc_sat_f32_u"> = truncate{false, width::w64, false, true};
template <> inline constexpr auto lower<"i64.trunc_sat_f64_s"> = truncate{true, width::w64, true, true};
template <> inline constexpr auto lower<"i64.trunc_sat_f64_u"> = truncate{true, width::w64, false, true};

struct convert {
  static constexpr bool rare = true;
  bool to_double;
  width from;
  bool is_signed;

  void operator()(auto& g) const {
    using Conversions = conversions<policy_of<decltype(g)>>;
    if (is_signed) Conversions::convert_signed(g, to_double, from);
    else if (from == width::w32) Conversions::convert_u32(g, to_double);
    else Conversions::convert_u64(g, to_double);
  }
};
template <> inline constexpr auto lower<"f32.convert_i32_s"> = convert{false, width::w32, true};
template <> inline constexpr auto lower<"f32.convert_i32_u"> = convert{false, width::w32, false};
template <> inline constexpr auto lower<"f32.convert_i64_s"> = convert{false, width::w64, true};
template <> inline constexpr auto lower<"f32.convert_i64_u"> = convert{false, width::w64, false};
template <> inline constexpr auto lower<"f64.convert_i32_s"> = convert{true, width::w32, true};
template <> inline constexpr auto lower<"f64.convert_i32_u"> = convert{true, width::w32, false};
template <> inline constexpr auto lower<"f64.convert_i64_s"> = convert{true, width::w64, true};
template <> inline constexpr auto lower<"f64.convert_i64_u"> = convert{true, width::w64, false};

// f32.demote_f64 and f64.promote_f32.
struct change_width {
  static constexpr bool rare = true;
  bool from_double;

  void operator()(auto& g) const {
    const value x = g.pop();
    const val t = floating(!from_double);
    const reg s = g.readable(x);
    g.release(s);
    const destination d = g.target(t);
    g.a.cvts2s(from_double, d.in, s);
    g.finish(d, t);
  }
};
template <> inline constexpr auto lower<"f32.demote_f64"> = change_width{true};
template <> inline constexpr auto lower<"f64.promote_f32"> = change_width{false};

// The same bits as another type: memory is read as that type at once, registers change sides.
struct reinterpret {
  static constexpr bool rare = true;
  val to;

  void operator()(auto& g) const {
    using G = std::remove_cvref_t<decltype(g)>;
    const value x = g.pop();
    if (x.is(where::constant)) return g.push_constant(to, x.bits64());
    const destination d = g.target(to);
    if (G::in_frame(x)) {
      g.load_typed(to, d.in, G::frame_place(x));
    } else {
      const reg s = g.readable(x);
      g.a.movd(width_of(to), d.in, s);
      g.release(s);
    }
    g.own(d.in);
    g.finish(d, to);
  }
};
template <> inline constexpr auto lower<"i32.reinterpret_f32"> = reinterpret{val::i32};
template <> inline constexpr auto lower<"i64.reinterpret_f64"> = reinterpret{val::i64};
template <> inline constexpr auto lower<"f32.reinterpret_i32"> = reinterpret{val::f32};
template <> inline constexpr auto lower<"f64.reinterpret_i64"> = reinterpret{val::f64};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
