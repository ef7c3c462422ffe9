#pragma once

#include "integer_shapes.hpp"
#include "slow.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

constexpr val floating(bool is_double) { return is_double ? val::f64 : val::f32; }

// add, sub, mul, div: `op d, source`.
struct float_binary {
  sse_op op;
  bool is_double;
  bool commutes;

  void operator()(auto& g) const {
    value y = g.pop(), x = g.pop();
    if (commutes && y.is(where::reg) && !x.is(where::reg)) std::swap(x, y);
    two_operands(g, floating(is_double), x, y, commutes, false, [&g, this](reg d, value right) {
      g.with_operand(right, plain_load(floating(is_double)), [&g, this, d](auto s) { g.a.sse(op, is_double, d, s); });
    });
  }
};

struct float_sqrt {
  static constexpr bool rare = true;
  bool is_double;

  void operator()(auto& g) const {
    const value x = g.pop();
    const val t = floating(is_double);
    const reg s = g.readable(x);
    g.release(s);
    const destination d = g.target(t);
    g.a.sse(sse_op::sqrt, is_double, d.in, s);
    g.finish(d, t);
  }
};

// ucomis sets carry, zero and parity; unordered sets all three, so "less" looks at it from the other side.
struct float_compare {
  static constexpr bool rare = true;
  condition when;
  bool swaps;
  bool is_double;

  void operator()(auto& g) const {
    value y = g.pop(), x = g.pop();
    if (swaps) std::swap(x, y);
    const reg r = g.readable(x);
    g.with_operand(y, plain_load(floating(is_double)), [&g, this, r](auto s) { g.a.ucomis(is_double, r, s); });
    g.release(r);
    g.push_condition(when);
  }
};

// The rest of the operators on floats is rare or long, and is made out of line. Both operands in registers of their own: x in
// the result's, y where it may be read.
LIGHTBEAM_SMALL
template <class Policy>
struct float_sequences {
  using G = generator<Policy>;

  // A temporary with these bits in every lane that matters.
  static reg bits(G& g, bool is_double, std::uint64_t pattern) {
    const reg d = g.xmm_temporary(), r = g.temporary();
    g.a.mov(is_double ? width::w64 : width::w32, r, pattern);
    g.a.movd(is_double ? width::w64 : width::w32, d, r);
    g.release(r);
    return d;
  }
  static constexpr std::uint64_t sign(bool is_double) { return is_double ? 0x8000000000000000u : 0x80000000u; }

  // abs and neg change the sign alone, of NaNs too.
  static void sign_bit(G& g, bool is_double, bit_op op, std::uint64_t pattern) {
    const val t = floating(is_double);
    const reg d = g.writable(g.pop());
    const reg m = bits(g, is_double, pattern);
    g.a.bits(op, false, d, m);
    g.release(m);
    g.push_in(t, d);
  }
  static void copysign(G& g, bool is_double) {
    const val t = floating(is_double);
    const value y = g.pop(), x = g.pop();
    const width w = is_double ? width::w64 : width::w32;
    const reg magnitude = general(g, x, w), sign_of = general(g, y, w);
    g.a.btr(w, magnitude, sign_bit(w));
    only_sign(g, w, sign_of);
    g.a.alu(alu_op::or_, w, magnitude, sign_of);
    g.release(sign_of);
    const reg d = g.xmm_temporary();
    g.a.movd(w, d, magnitude);
    g.release(magnitude);
    g.push_in(t, d);
  }
  static reg general(G& g, value v, width w) {
    if (v.is(where::constant)) {
      const reg r = g.temporary();
      g.a.mov(w, r, v.bits64());
      return r;
    }
    const reg x = g.readable(v);
    g.release(x);
    const reg r = g.temporary();
    g.a.movd(w, r, x);
    return r;
  }

  // minss and maxss give the second operand for NaNs and for zeros of either sign; the specification wants more (4.3.3).
  static void extremum(G& g, bool is_double, bool is_max) {
    const val t = floating(is_double);
    const value y = g.pop(), x = g.pop();
    const reg s = g.readable(y);
    const reg d = g.writable(x);
    g.a.ucomis(is_double, d, s);
    std::uint8_t* const unordered = g.a.jcc(cond::p);
    std::uint8_t* const differ = g.a.jcc(cond::ne);
    g.a.bits(is_max ? bit_op::and_ : bit_op::or_, false, d, s);
    std::uint8_t* const equal_done = g.a.jmp();
    G::assembler::patch(unordered, g.a.out);
    g.a.sse(sse_op::add, is_double, d, s);
    std::uint8_t* const nan_done = g.a.jmp();
    G::assembler::patch(differ, g.a.out);
    g.a.sse(is_max ? sse_op::max : sse_op::min, is_double, d, s);
    G::assembler::patch(equal_done, g.a.out);
    G::assembler::patch(nan_done, g.a.out);
    g.release(s);
    g.push_in(t, d);
  }

  // Rounding modes of roundss: 0 nearest, 1 floor, 2 ceil, 3 trunc; 8 keeps the inexact exception quiet.
  static void round(G& g, bool is_double, std::uint8_t mode) {
    const val t = floating(is_double);
    if (g.c.cpu.has(cpu_feature::sse41)) {
      const reg s = g.readable(g.pop());
      g.release(s);
      const reg d = g.xmm_temporary();
      g.a.round(is_double, d, s, std::uint8_t(mode | 8));
      return g.push_in(t, d);
    }
    round_baseline(g, is_double, mode);
  }

 private:
  // Without roundss: numbers from 2^52 (2^23) on are integers already, and NaNs only become quiet. For others, adding and
  // taking away 2^52 with x's sign rounds to nearest; floor, ceil and trunc correct that by one. The sign is put back last,
  // because the result may be a zero.
  static void round_baseline(G& g, bool is_double, std::uint8_t mode) {
    const val t = floating(is_double);
    const width w = is_double ? width::w64 : width::w32;
    const reg d = g.writable(g.pop());
    g.claim(reg::cx), g.claim(reg::dx);
    const reg x = reg::cx, k = reg::dx;
    g.a.movd(w, x, d);
    g.a.mov(w, k, x);
    g.a.btr(w, k, sign_bit(w));
    // All temporaries before the first jump: what a spill writes, it must write on every way.
    const reg big = g.temporary(), m = g.xmm_temporary();
    g.a.mov(w, big, is_double ? 0x4330000000000000u : 0x4b000000u);
    g.a.alu(alu_op::cmp, w, k, big);
    std::uint8_t* const integral = g.a.jcc(cond::ae);
    sign_into(g, w, x, k);
    g.a.alu(alu_op::or_, w, big, k);
    g.a.movd(w, m, big);
    g.a.sse(sse_op::add, is_double, d, m);
    g.a.sse(sse_op::sub, is_double, d, m);
    if (mode != 0) correct(g, is_double, mode, d, m, x, big);
    g.a.movd(w, big, d);
    g.a.btr(w, big, sign_bit(w));
    g.a.alu(alu_op::or_, w, big, k);
    g.a.movd(w, d, big);
    std::uint8_t* const done = g.a.jmp();
    G::assembler::patch(integral, g.a.out);
    g.a.sse(sse_op::add, is_double, d, d);  // quiets a NaN; x + x overflows at most, so that is undone by taking x again
    g.a.movd(w, m, x);
    g.a.ucomis(is_double, m, m);
    std::uint8_t* const nan = g.a.jcc(cond::p);
    g.a.movaps(d, m);
    G::assembler::patch(nan, g.a.out);
    G::assembler::patch(done, g.a.out);
    g.release(mask(big, x, k, m));
    g.push_in(t, d);
  }
  static void sign_into(G& g, width w, reg x, reg k) {
    g.a.mov(w, k, x);
    only_sign(g, w, k);
  }
  static void only_sign(G& g, width w, reg r) {
    g.a.shift(shift_op::shr, w, r, sign_bit(w));
    g.a.shift(shift_op::shl, w, r, sign_bit(w));
  }
  static constexpr std::uint8_t sign_bit(width w) { return w == width::w64 ? 63 : 31; }
  // d is x rounded to nearest: one too large for floor, one too small for ceil, away from zero for trunc.
  static void correct(G& g, bool is_double, std::uint8_t mode, reg d, reg m, reg x, reg r) {
    const width w = is_double ? width::w64 : width::w32;
    std::uint8_t* right = nullptr;
    std::uint8_t* other = nullptr;
    const auto step = [&](bool down) {
      g.a.mov(w, r, down ? (is_double ? 0xbff0000000000000u : 0xbf800000u) : (is_double ? 0x3ff0000000000000u : 0x3f800000u));
      g.a.movd(w, m, r);
      g.a.sse(sse_op::add, is_double, d, m);
    };
    const auto above = [&](bool down) {  // jumps where d is not on the wrong side of x
      g.a.movd(w, m, x);
      if (down) g.a.ucomis(is_double, d, m);
      else g.a.ucomis(is_double, m, d);
      return g.a.jcc(cond::be);
    };
    if (mode == 3) {
      g.a.test(w, x, x);
      other = g.a.jcc(cond::s);
    }
    if (mode != 2) {
      right = above(true);
      step(true);
      G::assembler::patch(right, g.a.out);
    }
    if (mode == 1) return;
    std::uint8_t* const skip = mode == 3 ? g.a.jmp() : nullptr;
    if (other) G::assembler::patch(other, g.a.out);
    right = above(false);
    step(false);
    G::assembler::patch(right, g.a.out);
    if (skip) G::assembler::patch(skip, g.a.out);
  }
};

LIGHTBEAM_SMALL_END
}  // namespace lightbeam::inline LIGHTBEAM_ABI
