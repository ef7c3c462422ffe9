#pragma once

#include "float_shapes.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {
LIGHTBEAM_SMALL

// Conversions between integers and floats, section 4.3.4 of the specification.
template <class Policy>
struct conversions {
  using G = generator<Policy>;
  using Sequences = float_sequences<Policy>;

  static void convert_signed(G& g, bool to_double, width from) {
    const reg s = g.readable(g.pop());
    const reg d = g.xmm_temporary();
    g.a.bits(bit_op::xor_, false, d, d);  // cvtsi2sd keeps the upper lanes: cut the dependency
    g.a.cvtsi2s(to_double, from, d, s);
    g.release(s);
    g.push_in(floating(to_double), d);
  }
  static void convert_u32(G& g, bool to_double) { convert_signed(g, to_double, width::w64); }
  // From 2^63 on: halve, keeping the lowest bit so that rounding stays right, convert, double.
  static void convert_u64(G& g, bool to_double) {
    if (!affordable(g)) return;
    const reg s = g.writable(g.pop());
    const reg half = g.temporary();
    const reg d = g.xmm_temporary();
    g.a.bits(bit_op::xor_, false, d, d);
    g.a.test(width::w64, s, s);
    std::uint8_t* const large = g.a.jcc(cond::s);
    g.a.cvtsi2s(to_double, width::w64, d, s);
    std::uint8_t* const done = g.a.jmp();
    G::assembler::patch(large, g.a.out);
    g.a.mov(width::w64, half, s);
    g.a.shift(shift_op::shr, width::w64, half, 1);
    g.a.alu(alu_op::and_, width::w32, s, 1);
    g.a.alu(alu_op::or_, width::w64, half, s);
    g.a.cvtsi2s(to_double, width::w64, d, half);
    g.a.sse(sse_op::add, to_double, d, d);
    G::assembler::patch(done, g.a.out);
    g.release(mask(s, half));
    g.push_in(floating(to_double), d);
  }

  // Bits of the largest float below, or at, the range of the integers; what is not above it, or is from `limit` on, does not fit.
  struct range {
    std::uint64_t low, limit;
    bool low_included;
  };
  static range range_of(bool is_double, width to, bool is_signed) {
    if (!is_signed) {
      if (is_double) return {0xbff0000000000000, to == width::w32 ? 0x41f0000000000000u : 0x43f0000000000000u, false};
      return {0xbf800000, to == width::w32 ? 0x4f800000u : 0x5f800000u, false};
    }
    if (to == width::w64) return is_double ? range{0xc3e0000000000000, 0x43e0000000000000, true} : range{0xdf000000, 0x5f000000, true};
    return is_double ? range{0xc1e0000000200000, 0x41e0000000000000, false} : range{0xcf000000, 0x4f000000, true};
  }

  static void truncate(G& g, bool from_double, width to, bool is_signed, bool saturates) {
    if (!affordable(g)) return;
    g.settle_loads();
    const reg x = g.writable(g.pop());
    const reg m = g.xmm_temporary();
    const reg d = g.temporary();
    if (saturates) saturate(g, from_double, to, is_signed, x, m, d);
    else {
      check(g, from_double, to, is_signed, x, m, d);
      convert(g, from_double, to, is_signed, x, m, d);
    }
    g.release(mask(x, m));
    g.push_in(integer(to), d);
  }

 private:
  // These take up to a hundred bytes for one of the module's: a module of little else would cost thirty times what others do.
  static bool affordable(G& g) {
    if (g.a.out < g.c.proportion) [[likely]] return true;
    return g.fail(failure_kind::limit, "machine code out of proportion to the module"), false;
  }
  static void load_bits(G& g, bool is_double, reg m, reg d, std::uint64_t bits) {
    const width w = is_double ? width::w64 : width::w32;
    g.a.mov(w, d, bits);
    g.a.movd(w, m, d);
  }
  static void check(G& g, bool is_double, width to, bool is_signed, reg x, reg m, reg d) {
    const range r = range_of(is_double, to, is_signed);
    g.a.ucomis(is_double, x, x);
    g.trap_if(cond::p, trap_code::invalid_conversion_to_integer);
    load_bits(g, is_double, m, d, r.low);
    g.a.ucomis(is_double, x, m);
    g.trap_if(r.low_included ? cond::b : cond::be, trap_code::integer_overflow);
    load_bits(g, is_double, m, d, r.limit);
    g.a.ucomis(is_double, x, m);
    g.trap_if(cond::ae, trap_code::integer_overflow);
  }
  // x fits. u64 from 2^63 on: subtract 2^63 first and set the top bit afterwards.
  static void convert(G& g, bool is_double, width to, bool is_signed, reg x, reg m, reg d) {
    if (is_signed || to == width::w32) {
      g.a.cvtts2si(is_double, is_signed ? to : width::w64, d, x);
      if (!is_signed) g.a.mov(width::w32, d, d);
      return;
    }
    load_bits(g, is_double, m, d, is_double ? 0x43e0000000000000 : 0x5f000000);
    g.a.ucomis(is_double, x, m);
    std::uint8_t* const large = g.a.jcc(cond::ae);
    g.a.cvtts2si(is_double, width::w64, d, x);
    std::uint8_t* const done = g.a.jmp();
    G::assembler::patch(large, g.a.out);
    g.a.sse(sse_op::sub, is_double, x, m);
    g.a.cvtts2si(is_double, width::w64, d, x);
    g.a.btc(width::w64, d, 63);
    G::assembler::patch(done, g.a.out);
  }
  // NaN gives 0, what does not fit the nearest integer.
  static void saturate(G& g, bool is_double, width to, bool is_signed, reg x, reg m, reg d) {
    const range r = range_of(is_double, to, is_signed);
    const bool wide = to == width::w64;
    const std::uint64_t lowest = !is_signed ? 0 : wide ? 0x8000000000000000 : 0x80000000;
    const std::uint64_t highest = is_signed ? lowest - 1 : wide ? ~std::uint64_t{0} : 0xffffffff;
    std::uint8_t* done[3];
    g.a.mov(width::w32, d, std::uint64_t{0});
    g.a.ucomis(is_double, x, x);
    done[0] = g.a.jcc(cond::p);
    load_bits(g, is_double, m, d, r.low);
    g.a.ucomis(is_double, x, m);
    g.a.mov(to, d, lowest);
    done[1] = g.a.jcc(r.low_included ? cond::b : cond::be);
    load_bits(g, is_double, m, d, r.limit);
    g.a.ucomis(is_double, x, m);
    g.a.mov(to, d, highest);
    done[2] = g.a.jcc(cond::ae);
    convert(g, is_double, to, is_signed, x, m, d);
    for (auto* field : done) G::assembler::patch(field, g.a.out);
  }
};

LIGHTBEAM_SMALL_END
}  // namespace lightbeam::inline LIGHTBEAM_ABI
