#pragma once

// The numeric operators as functions of C++ values, literal to section 4.3 of the specification.
// f32 and f64 arithmetic is IEEE 754 in the default rounding mode; this file must not be compiled with -ffast-math.

#include <lightbeam/core/error.hpp>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>

namespace interpreter {

using lightbeam::trap_code;

// A value or a trap.
template <class T>
struct trapping {
  T value{};
  std::optional<trap_code> trap;
  trapping(T v) : value(v) {}
  trapping(trap_code code) : trap(code) {}
};

template <class F>
using bits_of = std::conditional_t<sizeof(F) == 4, std::uint32_t, std::uint64_t>;

template <class F>
inline constexpr bits_of<F> sign_bit = bits_of<F>(1) << (8 * sizeof(F) - 1);

// The most significant bit of the mantissa tells quiet from signalling.
template <class F>
inline constexpr bits_of<F> quiet_bit = bits_of<F>(1) << (std::numeric_limits<F>::digits - 2);

template <class F>
F quiet(F nan) {
  return std::bit_cast<F>(std::bit_cast<bits_of<F>>(nan) | quiet_bit<F>);
}

// ---- integers

template <class U>
trapping<U> divide_unsigned(U a, U b) {
  if (b == 0) return trap_code::integer_divide_by_zero;
  return U(a / b);
}
template <class U>
trapping<U> remainder_unsigned(U a, U b) {
  if (b == 0) return trap_code::integer_divide_by_zero;
  return U(a % b);
}
template <class S>
trapping<S> divide_signed(S a, S b) {
  if (b == 0) return trap_code::integer_divide_by_zero;
  if (a == std::numeric_limits<S>::min() && b == -1) return trap_code::integer_overflow;
  return S(a / b);
}
template <class S>
trapping<S> remainder_signed(S a, S b) {
  if (b == 0) return trap_code::integer_divide_by_zero;
  if (b == -1) return S(0);  // the smallest number too: its quotient is not representable, its remainder is
  return S(a % b);
}

// Shift distances count modulo the width.
template <class U>
U shift_left(U a, U k) {
  return U(a << (k % (8 * sizeof(U))));
}
template <class U>
U shift_right_unsigned(U a, U k) {
  return U(a >> (k % (8 * sizeof(U))));
}
template <class U>
U shift_right_signed(U a, U k) {
  using S = std::make_signed_t<U>;
  return U(S(a) >> (k % (8 * sizeof(U))));
}
template <class U>
U rotate_left(U a, U k) {
  return std::rotl(a, int(k % (8 * sizeof(U))));
}
template <class U>
U rotate_right(U a, U k) {
  return std::rotr(a, int(k % (8 * sizeof(U))));
}

// ---- floats

// A NaN if either is; of zeros, the negative one.
template <class F>
F minimum(F a, F b) {
  if (std::isnan(a)) return quiet(a);
  if (std::isnan(b)) return quiet(b);
  if (a == 0 && b == 0) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <class F>
F maximum(F a, F b) {
  if (std::isnan(a)) return quiet(a);
  if (std::isnan(b)) return quiet(b);
  if (a == 0 && b == 0) return std::signbit(a) ? b : a;
  return a > b ? a : b;
}

template <class F>
F round_up(F a) {
  return std::isnan(a) ? quiet(a) : std::ceil(a);
}
template <class F>
F round_down(F a) {
  return std::isnan(a) ? quiet(a) : std::floor(a);
}
template <class F>
F round_to_zero(F a) {
  return std::isnan(a) ? quiet(a) : std::trunc(a);
}
// Ties to even, by hand: std::nearbyint depends on the rounding mode.
template <class F>
F round_to_nearest(F a) {
  if (std::isnan(a)) return quiet(a);
  const F size = std::fabs(a), down = std::floor(size), rest = size - down;  // exact: multiples of the last place of a
  F r = down;
  if (rest > F(0.5) || (rest == F(0.5) && std::fmod(down, F(2)) != 0)) r = down + 1;
  return std::copysign(r, a);
}
template <class F>
F square_root(F a) {
  return std::isnan(a) ? quiet(a) : std::sqrt(a);
}

// Sign operators work on bits: they neither quieten nor canonicalise a NaN.
template <class F>
bits_of<F> absolute(bits_of<F> a) {
  return a & ~sign_bit<F>;
}
template <class F>
bits_of<F> negated(bits_of<F> a) {
  return a ^ sign_bit<F>;
}
template <class F>
bits_of<F> with_sign_of(bits_of<F> a, bits_of<F> b) {
  return (a & ~sign_bit<F>) | (b & sign_bit<F>);
}

// ---- conversions

// Both bounds are powers of two or zero, so that they are exact in F.
template <class I, class F>
bool representable(F integral) {
  return integral >= F(std::numeric_limits<I>::min()) && integral < std::ldexp(F(1), std::numeric_limits<I>::digits);
}
template <class I, class F>
trapping<I> truncate(F a) {
  if (std::isnan(a)) return trap_code::invalid_conversion_to_integer;
  const F t = std::trunc(a);
  if (!representable<I>(t)) return trap_code::integer_overflow;
  return I(t);
}
template <class I, class F>
I truncate_saturating(F a) {
  if (std::isnan(a)) return 0;
  const F t = std::trunc(a);
  if (representable<I>(t)) return I(t);
  return a < 0 ? std::numeric_limits<I>::min() : std::numeric_limits<I>::max();
}

template <class Narrow, class U>
U sign_extend(U a) {
  return U(std::make_signed_t<Narrow>(Narrow(a)));
}

}  // namespace interpreter
