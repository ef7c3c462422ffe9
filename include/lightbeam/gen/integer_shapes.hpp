#pragma once

#include "generator.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Constant folding by number, so that a shape's type does not differ from operator to operator.
enum class fold : std::uint8_t { add, sub, mul, and_, or_, xor_, shl, shr_s, shr_u, rotl, rotr };

template <class U>
constexpr U evaluate(fold f, U x, U y) {
  using S = std::make_signed_t<U>;
  constexpr U bits = sizeof(U) * 8 - 1;
  switch (f) {
    case fold::add: return x + y;
    case fold::sub: return x - y;
    case fold::mul: return x * y;
    case fold::and_: return x & y;
    case fold::or_: return x | y;
    case fold::xor_: return x ^ y;
    case fold::shl: return x << (y & bits);
    case fold::shr_s: return U(S(x) >> (y & bits));
    case fold::shr_u: return x >> (y & bits);
    case fold::rotl: return std::rotl(x, int(y & bits));
    case fold::rotr: return std::rotr(x, int(y & bits));
  }
  return 0;
}
constexpr std::uint64_t evaluate(fold f, width w, std::uint64_t x, std::uint64_t y) {
  return w == width::w64 ? evaluate<std::uint64_t>(f, x, y) : evaluate<std::uint32_t>(f, std::uint32_t(x), std::uint32_t(y));
}
constexpr val integer(width w) { return w == width::w64 ? val::i64 : val::i32; }
constexpr bool both_constant(value x, value y) { return x.is(where::constant) && y.is(where::constant); }

// What two-operand instructions share: x into the destination, then `f(d, y)`. Where y reads the home that is written, x goes
// to a temporary first.
void two_operands(auto& g, val t, value x, value y, bool commutes, bool zero_flag, auto f) {
  const destination d = g.target(t, x.is(where::reg) ? x.base() : reg::none);
  reg r = d.in;
  if (d.home && y.reads(d.in) && !(x.is(where::local) && x.base() == d.in)) {
    if (commutes && y.is(where::local)) std::swap(x, y);
    else r = x.is(where::reg) ? x.base() : g.temporary_for(t);
  }
  g.start(r, x);
  f(r, y);
  if (r != d.in) {
    g.move(t, d.in, r);
    g.release(r);
  }
  g.finish(d, t, zero_flag);
}

// `op d, source`: constants fold, a constant goes left only if it must, the right operand is an immediate, a register or memory.
struct alu {
  alu_op op;
  width w;
  bool commutes;
  fold folds;

  void operator()(auto& g) const {
    value y = g.pop(), x = g.pop();
    const val t = integer(w);
    if (both_constant(x, y)) return g.push_constant(t, evaluate(folds, w, x.bits64(), y.bits64()));
    if (commutes && (x.is(where::constant) || (y.is(where::reg) && !x.is(where::reg)))) std::swap(x, y);
    using Policy = policy_of<decltype(g)>;
    if (op == alu_op::and_ && g.reads_truth(t)) return g.template cold<&alu::test<Policy>>(w, x, y);
    g.template cold<&alu::operands<Policy>>(op, w, x, y, commutes);
  }
  // Sums call it, too.
  template <class Policy>
  [[LIGHTBEAM_FLAT]] static void operands(generator<Policy>& g, alu_op op, width w, value x, value y, bool commutes) {
    two_operands(g, integer(w), x, y, commutes, true, [=, &g](reg d, value right) {
      g.with_source(right, w, [=, &g](auto s) { g.a.alu(op, w, d, s); });
    });
  }
  // x in a register, y in one or an immediate, the result in x's temporary or x's own home.
  bool quick(auto& g, const row_data&) const {
    const value y = g.sp[-1], x = g.sp[-2];
    const val t = integer(w);
    if (!g.in_register(x) || !(g.in_register(y) || g.fits_immediate(y, w)) || g.reads_truth(t)) return false;
    const value* const record = g.next_write(t);
    const bool home = record && record->base() == x.base() && g.sp[-3].is_floor();
    if (home ? g.pc[0] != g.local_set : record || !x.is(where::reg)) return false;
    if (y.is(where::constant)) g.a.alu(op, w, x.base(), std::int32_t(y.bits64()));
    else g.a.alu(op, w, x.base(), y.base());
    g.sp -= 2;
    g.release(y);
    g.finish({x.base(), home}, t);
    return true;
  }
  template <class Policy>
  static void test(generator<Policy>& g, width w, value x, value y) {
    const reg r = g.readable(x);
    const bool small = y.is(where::constant) && (w == width::w32 || std::int64_t(y.bits64()) == std::int32_t(y.bits64()));
    if (small) {
      g.a.test(w, r, std::int32_t(y.bits64()));
    } else {
      const reg s = g.readable(y);
      g.a.test(w, r, s);
      g.release(s);
    }
    g.release(r);
    g.push(value::condition_flags(as_condition(cond::ne), integer(w)));
  }
};

// Sums stay latent while their parts are simple: a register or homed local, a scaled one, a constant.
struct sum {
  width w;
  bool subtracts;

  // A register or a base with a displacement, plus a number.
  bool quick(auto& g, const row_data&) const {
    const value y = g.sp[-1], x = g.sp[-2];
    if (!y.is(where::constant) || !g.fits_immediate(y, w) || std::int32_t(y.bits64()) == INT32_MIN) return false;
    const std::int32_t k = subtracts ? -std::int32_t(y.bits64()) : std::int32_t(y.bits64());
    if (k == 0 || !g.in_register(x)) return false;
    --g.sp;
    g.sp[-1] = value::sum(integer(w), x.base(), reg::none, 0, k);
    return true;
  }

  void operator()(auto& g) const {
    value y = g.pop(), x = g.pop();
    const val t = integer(w);
    if (both_constant(x, y)) return g.push_constant(t, evaluate(subtracts ? fold::sub : fold::add, w, x.bits64(), y.bits64()));
    if (!subtracts && x.is(where::constant)) std::swap(x, y);
    if (y.is(where::constant)) {
      const std::uint64_t k = subtracts ? 0 - y.bits64() : y.bits64();
      if (w == width::w32 || std::int64_t(k) == std::int32_t(k)) return add_constant(g, t, x, std::int32_t(k));
    } else if (!subtracts && add_components(g, t, x, y)) {
      return;
    }
    if (!subtracts && y.is(where::reg) && !x.is(where::reg)) std::swap(x, y);
    g.template cold<&alu::operands<policy_of<decltype(g)>>>(subtracts ? alu_op::sub : alu_op::add, w, x, y, !subtracts);
  }

 private:
  // The parts of a simple x with its homes made valid.
  static value componentise(auto& g, val t, value x) {
    if (x.is(where::address)) return x;
    return value::sum(t, x.is(where::reg) ? x.base() : g.home(x), reg::none, 0, 0);
  }
  static value made(auto& g, val t, value x) { return value::sum(t, g.writable(x), reg::none, 0, 0); }
  void add_constant(auto& g, val t, value x, std::int32_t k) const {
    if (k == 0) return g.push_moved(x);
    value s = simple(x) ? componentise(g, t, x) : made(g, t, x);
    std::int32_t total = std::int32_t(std::uint32_t(s.displacement()) + std::uint32_t(k));
    if (w == width::w64 && std::int64_t(s.displacement()) + k != total) {
      using G = std::remove_cvref_t<decltype(g)>;
      s = value::sum(t, g.template cold<&G::writable_out_of_line>(s, flags_are::free), reg::none, 0, 0);
      total = k;
    }
    if (total == 0 && s.index() == reg::none) return push_plain(g, t, s);
    g.push(value::sum(t, s.base(), s.index(), s.scale(), total));
  }
  // A base alone: sums of i32 never look like this, since memory operands take their base as it is.
  static void push_plain(auto& g, val t, value s) {
    if (mask(s.base()) & std::remove_cvref_t<decltype(g)>::temporaries) return g.push_in(t, s.base());
    const reg d = g.temporary();
    g.a.mov(width_of(t), d, s.base());
    g.release(s);
    g.push_in(t, d);
  }
  static bool simple(value x) { return x.is(where::reg) || x.is(where::address) || (x.is(where::local) && x.base() != reg::none); }
  bool add_components(auto& g, val t, value x, value y) const {
    if (!simple(x) || !simple(y)) return false;
    constexpr auto temporaries = std::remove_cvref_t<decltype(g)>::temporaries;
    if (std::popcount((x.registers() | y.registers()) & temporaries) > 1) return false;
    const auto parts = [](value v) { return v.is(where::address) ? (v.base() != reg::none) + (v.index() != reg::none) : 1; };
    const auto scaled_only = [](value v) { return v.is(where::address) && v.base() == reg::none; };
    if (parts(x) + parts(y) != 2 || (scaled_only(x) && scaled_only(y))) return false;
    value a = componentise(g, t, x), b = componentise(g, t, y);
    if (a.base() == reg::none) std::swap(a, b);
    const std::int64_t k = std::int64_t(a.displacement()) + b.displacement();
    if (w == width::w64 && k != std::int32_t(k)) return false;
    const bool scaled = b.base() == reg::none;
    g.push(value::sum(t, a.base(), scaled ? b.index() : b.base(), scaled ? b.scale() : 0, std::int32_t(k)));
    return true;
  }
};

struct multiply {
  static constexpr bool rare = true;
  width w;

  void operator()(auto& g) const {
    value y = g.pop(), x = g.pop();
    const val t = integer(w);
    if (both_constant(x, y)) return g.push_constant(t, evaluate(fold::mul, w, x.bits64(), y.bits64()));
    if (x.is(where::constant) || (y.is(where::reg) && !x.is(where::reg))) std::swap(x, y);
    if (g.fits_immediate(y, w)) {
      const reg s = g.readable(x);
      g.release(s);
      const destination d = g.target(t);
      g.a.imul(w, d.in, s, std::int32_t(y.bits64()));
      return g.finish(d, t);
    }
    two_operands(g, t, x, y, true, false, [&g, this](reg d, value right) {
      g.with_operand(right, w == width::w32 ? load_op::mov32 : load_op::mov64, [&g, this, d](auto s) { g.a.imul(w, d, s); });
    });
  }
};

struct shift {
  shift_op op;
  width w;
  fold folds;

  void operator()(auto& g) const {
    const value y = g.pop(), x = g.pop();
    const val t = integer(w);
    if (both_constant(x, y)) return g.push_constant(t, evaluate(folds, w, x.bits64(), y.bits64()));
    if (y.is(where::constant)) return by_constant(g, t, x, std::uint8_t(y.bits64() & (w == width::w64 ? 63 : 31)));
    g.template cold<&shift::by_variable<policy_of<decltype(g)>>>(*this, x, y);
  }

 private:
  template <class Policy>
  static void by_variable(generator<Policy>& g, shift s, value x, value y) {
    const val t = integer(s.w);
    if (s.op >= shift_op::shl && g.c.cpu.has(cpu_feature::bmi2)) s.by_register(g, t, x, y);
    else s.by_cl(g, t, x, y);
  }
  void by_constant(auto& g, val t, value x, std::uint8_t count) const {
    if (count == 0) return g.push(x);
    if (op == shift_op::shl && count <= 3) {
      if (x.is(where::reg)) return g.push(value::sum(t, reg::none, x.base(), count, 0));
      if (x.is(where::local) && x.base() != reg::none) return g.push(value::sum(t, reg::none, g.home(x), count, 0));
    }
    const destination d = g.target(t, x.is(where::reg) ? x.base() : reg::none);
    g.start(d.in, x);
    g.a.shift(op, w, d.in, count);
    g.finish(d, t, op >= shift_op::shl);
  }
  void by_register(auto& g, val t, value x, value y) const {
    const reg count = g.readable(y), s = g.readable(x);
    g.release(mask(count, s));
    const destination d = g.target(t);
    g.a.shx(op, w, d.in, s, count);
    g.finish(d, t);
  }
  void by_cl(auto& g, val t, value x, value y) const {
    using Slow = slow<policy_of<decltype(g)>>;
    if (!(y.is(where::reg) && y.base() == reg::cx)) {
      if (x.reads(reg::cx)) {
        const reg r = g.temporary();
        g.start(r, x);
        x = value::in(t, r);
      } else if (!g.is_free(reg::cx) && !y.reads(reg::cx)) {
        g.template cold<&Slow::evict>(reg::cx);
      }
    }
    g.start(reg::cx, y);
    const destination d = g.target(t, x.is(where::reg) ? x.base() : reg::none);
    g.start(d.in, x);
    g.a.shift_cl(op, w, d.in);
    g.release(reg::cx);
    g.finish(d, t);
  }
};

// Leaves a condition for the next operator if that can take it, else makes 0 or 1 at once.
struct compare {
  cond when, swapped;  // of x ? y and of y ? x
  width w;

  bool quick(auto& g, const row_data&) const {
    const value y = g.sp[-1], x = g.sp[-2];
    if (!g.in_register(x) || !g.flags_wanted()) return false;
    if (g.fits_immediate(y, w)) {
      if (const auto k = std::int32_t(y.bits64()); k == 0) g.a.test(w, x.base(), x.base());
      else g.a.alu(alu_op::cmp, w, x.base(), k);
    } else if (g.in_register(y)) {
      g.a.alu(alu_op::cmp, w, x.base(), y.base());
    } else {
      return false;
    }
    g.release(x.registers() | y.registers());
    --g.sp;
    g.sp[-1] = value::condition_flags(as_condition(when));
    return true;
  }

  void operator()(auto& g) const {
    value y = g.pop(), x = g.pop();
    cond c = when;
    if (x.is(where::constant)) {
      std::swap(x, y);
      c = swapped;
      if (x.is(where::constant)) x = value::in(integer(w), g.writable(x));
    }
    const load_op whole = w == width::w32 ? load_op::mov32 : load_op::mov64;
    if (g.fits_immediate(y, w)) {
      with_immediate(g, x, std::int32_t(y.bits64()), whole);
    } else {
      const reg r = g.readable(x);
      g.with_operand(y, whole, [&g, this, r](auto s) { g.a.alu(alu_op::cmp, w, r, s); });
      g.release(r);
    }
    g.push_condition(as_condition(c));
  }

 private:
  void with_immediate(auto& g, value x, std::int32_t k, load_op whole) const {
    using G = std::remove_cvref_t<decltype(g)>;
    if (G::in_frame(x)) return g.a.alu(alu_op::cmp, w, G::frame_place(x), k);
    if (x.is(where::load) && x.loads() == whole) {
      const address m = g.memory(x, reg::none);
      g.release(x);
      return g.a.alu(alu_op::cmp, w, m, k);
    }
    const reg r = g.readable(x);
    if (k == 0) g.a.test(w, r, r);
    else g.a.alu(alu_op::cmp, w, r, k);
    g.release(r);
  }
};

struct equal_zero {
  static constexpr bool rare = true;
  width w;

  bool quick(auto& g, const row_data&) const {
    const value x = g.sp[-1];
    if (!g.flags_wanted()) return false;
    condition c = as_condition(cond::e);
    if (x.is(where::flags)) c = negate(x.flags());
    else if (g.in_register(x)) g.a.test(w, x.base(), x.base()), g.release(x);
    else return false;
    g.sp[-1] = value::condition_flags(c);
    return true;
  }

  void operator()(auto& g) const {
    value x = g.pop();
    if (x.is(where::flags)) return g.push_condition(negate(x.flags()));
    if (x.is(where::constant)) return g.push_constant(val::i32, x.bits64() == 0);
    test_zero(g, x, w);
    g.push_condition(as_condition(cond::e));
  }
  // Sets the zero flag where x is 0.
  static void test_zero(auto& g, value x, width w) {
    using G = std::remove_cvref_t<decltype(g)>;
    if (G::in_frame(x)) return g.a.alu(alu_op::cmp, w, G::frame_place(x), 0);
    if (x.is(where::load) && x.loads() == (w == width::w32 ? load_op::mov32 : load_op::mov64)) {
      const address m = g.memory(x, reg::none);
      g.release(x);
      return g.a.alu(alu_op::cmp, w, m, 0);
    }
    if (x.is(where::load) && x.loads() == load_op::movzx8) {
      const address m = g.memory(x, reg::none);
      g.release(x);
      return g.a.cmp8(m, 0);
    }
    const reg r = g.readable(x);
    g.a.test(w, r, r);
    g.release(r);
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
