#pragma once

#include "integer_shapes.hpp"
#include "slow.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Division is explicitly checked, so that there is one signal only: the fault of a memory access. Slow anyway, so out of line.
struct divide {
  static constexpr bool rare = true;
  width w;
  bool is_signed, remainder;

  void operator()(auto& g) const { lower(g, *this); }

 private:
  LIGHTBEAM_SMALL
  template <class Policy>
  static void lower(generator<Policy>& g, divide d) {
    // Loads below would trap before the division does.
    g.settle_loads();
    value y = g.pop(), x = g.pop();
    if (y.is(where::load)) y = value::in(y.type(), g.writable(y));
    const reg divisor = operands(g, d.w, x, y);
    if (!y.is(where::constant) || y.bits64() == 0) {
      g.a.test(d.w, divisor, divisor);
      g.trap_if(cond::e, trap_code::integer_divide_by_zero);
    }
    if (!d.is_signed) {
      g.a.alu(alu_op::xor_, width::w32, reg::dx, reg::dx);
      g.a.div(d.w, divisor);
    } else if (y.is(where::constant) && !is_minus_one(d.w, y.bits64())) {
      g.a.cdq(d.w);
      g.a.idiv(d.w, divisor);
    } else {
      signed_division(g, d, divisor);
    }
    const reg result = d.remainder ? reg::dx : reg::ax;
    g.release(mask(reg::ax, reg::dx, divisor));
    g.own(result);
    g.push_in(integer(d.w), result);
  }
  static bool is_minus_one(width w, std::uint64_t k) { return w == width::w64 ? k == ~std::uint64_t{0} : std::uint32_t(k) == 0xffffffff; }

  // x in rax, y in rcx or a home, rdx free; all temporaries are the caller's.
  template <class Policy>
  static reg operands(generator<Policy>& g, width w, value x, value y) {
    const val t = integer(w);
    for (const reg r : {reg::ax, reg::cx, reg::dx})
      if (!g.is_free(r) && !x.reads(r) && !y.reads(r)) g.template cold<&slow<Policy>::evict>(r);
    if (y.is(where::local) && y.base() != reg::none) {
      const reg divisor = g.home(y);
      g.start(reg::ax, x);
      g.claim(reg::dx);
      return divisor;
    }
    if (y.reads(reg::ax) && x.reads(reg::cx)) {
      // Crosswise: by way of rdx, which neither can have as well.
      g.start(reg::dx, y);
      y = value::in(t, reg::dx);
    }
    if (y.reads(reg::ax) || !x.reads(reg::cx)) {
      g.start(reg::cx, y);
      g.start(reg::ax, x);
    } else {
      g.start(reg::ax, x);
      g.start(reg::cx, y);
    }
    g.claim(reg::dx);
    return reg::cx;
  }
  // The smallest integer by -1 traps; its remainder is 0, and idiv would fault.
  template <class Policy>
  static void signed_division(generator<Policy>& g, divide d, reg divisor) {
    using assembler = typename generator<Policy>::assembler;
    g.a.alu(alu_op::cmp, d.w, divisor, -1);
    std::uint8_t* const usual = g.a.jcc(cond::ne);
    std::uint8_t* done = nullptr;
    if (d.remainder) {
      g.a.alu(alu_op::xor_, width::w32, reg::dx, reg::dx);
      done = g.a.jmp();
    } else {
      g.a.mov(d.w, reg::dx, d.w == width::w64 ? 0x8000000000000000u : 0x80000000u);
      g.a.alu(alu_op::cmp, d.w, reg::ax, reg::dx);
      g.trap_if(cond::e, trap_code::integer_overflow);
    }
    assembler::patch(usual, g.a.out);
    g.a.cdq(d.w);
    g.a.idiv(d.w, divisor);
    if (done) assembler::patch(done, g.a.out);
  }
  LIGHTBEAM_SMALL_END
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
