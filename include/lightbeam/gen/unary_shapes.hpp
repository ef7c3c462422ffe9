#pragma once

#include "integer_shapes.hpp"
#include "slow.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// clz, ctz and popcnt, with what CPUs of level v1 have where there is nothing better.
struct bit_count {
  static constexpr bool rare = true;
  enum class kind : std::uint8_t { clz, ctz, popcnt };
  kind counts;
  width w;

  void operator()(auto& g) const { lower(g, *this); }

 private:
  LIGHTBEAM_SMALL
  template <class Policy>
  static void lower(generator<Policy>& g, bit_count b) {
    const value x = g.pop();
    const val t = integer(b.w);
    const auto has = [&](cpu_feature f) { return g.c.cpu.has(f); };
    const reg s = g.readable(x);
    if (b.counts == kind::popcnt && !has(cpu_feature::popcnt)) return popcnt_baseline(g, b.w, s);
    const bool quick = b.counts == kind::popcnt || has(b.counts == kind::clz ? cpu_feature::lzcnt : cpu_feature::bmi1);
    if (!quick) return scan(g, b, s);
    g.release(s);
    const reg d = g.temporary();
    if (b.counts == kind::clz) g.a.lzcnt(b.w, d, s);
    else if (b.counts == kind::ctz) g.a.tzcnt(b.w, d, s);
    else g.a.popcnt(b.w, d, s);
    g.push_in(t, d);
  }
  // bsf and bsr leave the destination undefined for 0. clz = bits - 1 - bsr, by xor.
  template <class Policy>
  static void scan(generator<Policy>& g, bit_count b, reg s) {
    const std::uint32_t bits = b.w == width::w64 ? 64 : 32;
    const reg d = g.temporary(), zero = g.temporary();
    if (b.counts == kind::clz) {
      g.a.mov(width::w32, zero, std::uint64_t{2 * bits - 1});
      g.a.bsr(b.w, d, s);
      g.a.cmov(cond::e, width::w32, d, zero);
      g.a.alu(alu_op::xor_, width::w32, d, std::int32_t(bits - 1));
    } else {
      g.a.mov(width::w32, zero, std::uint64_t{bits});
      g.a.bsf(b.w, d, s);
      g.a.cmov(cond::e, width::w32, d, zero);
    }
    g.release(mask(s, zero));
    g.push_in(integer(b.w), d);
  }
  // Counts in fields of 2, 4 and 8 bits, then adds all bytes by one multiplication.
  template <class Policy>
  static void popcnt_baseline(generator<Policy>& g, width w, reg s) {
    const reg d = g.temporary(), t = g.temporary();
    const auto constant = [&](std::uint64_t pattern) { return w == width::w64 ? pattern : std::uint32_t(pattern); };
    const auto masked = [&](reg r, std::uint64_t pattern, reg k) {
      g.a.mov(w, k, constant(pattern));
      g.a.alu(alu_op::and_, w, r, k);
    };
    const reg k = mask(s) & generator<Policy>::temporaries ? s : g.temporary();
    g.a.mov(w, d, s);
    g.a.mov(w, t, s);
    g.a.shift(shift_op::shr, w, t, 1);
    masked(t, 0x5555555555555555, k);
    g.a.alu(alu_op::sub, w, d, t);
    g.a.mov(w, t, d);
    g.a.shift(shift_op::shr, w, t, 2);
    masked(t, 0x3333333333333333, k);
    g.a.alu(alu_op::and_, w, d, k);
    g.a.alu(alu_op::add, w, d, t);
    g.a.mov(w, t, d);
    g.a.shift(shift_op::shr, w, t, 4);
    g.a.alu(alu_op::add, w, d, t);
    masked(d, 0x0f0f0f0f0f0f0f0f, k);
    g.a.mov(w, k, constant(0x0101010101010101));
    g.a.imul(w, d, k);
    g.a.shift(shift_op::shr, w, d, w == width::w64 ? 56 : 24);
    g.release(mask(t, k, s));
    g.push_in(integer(w), d);
  }
  LIGHTBEAM_SMALL_END
};

struct wrap {
  static constexpr bool rare = true;
  void operator()(auto& g) const {
    const value x = g.pop();
    if (x.is(where::constant)) return g.push_constant(val::i32, std::uint32_t(x.bits64()));
    if (x.is(where::slot)) return g.push({(x.tag & ~value::type_mask) | std::uint64_t(val::i32), x.payload});
    // Half a load would not fault where the whole one does; it may stand for it where the bound has been checked.
    constexpr bool checked = policy_of<decltype(g)>::memory::kind != memory_kind::guard_pages;
    if (checked && x.is(where::load) && x.loads() == load_op::mov64) {
      g.push({value::tag_of(val::i32, where::load, x.base(), x.index(), x.scale(), std::uint32_t(load_op::mov32)), x.payload});
      if (g.c.locating) [[unlikely]] relocate(g, x);
      return;
    }
    if (x.is(where::local) && x.base() == reg::none) {
      const destination d = g.target(val::i32);
      g.a.load(load_op::mov32, d.in, std::remove_cvref_t<decltype(g)>::frame_place(x));
      return g.finish(d, val::i32);
    }
    const reg s = g.readable(x);
    const destination d = g.target(val::i32, x.is(where::local) ? reg::none : s);
    g.a.mov(width::w32, d.in, s);
    if (d.in != s) g.release(s);
    g.finish(d, val::i32);
  }
  static void relocate(auto& g, value before) {
    using Policy = policy_of<decltype(g)>;
    g.template refuse<&slow<Policy>::note_load_renamed>(before);
  }
};

// The upper half of an i32's register is zero, so this only renames; a homed local is read as a plain sum of 64 bits.
struct extend_u {
  static constexpr bool rare = true;
  void operator()(auto& g) const {
    const value x = g.pop();
    switch (x.place()) {
      case where::constant: return g.push_constant(val::i64, std::uint32_t(x.bits64()));
      case where::reg: return g.push_in(val::i64, x.base());
      case where::load:
        if (x.loads() != load_op::mov32) break;
        g.push({value::tag_of(val::i64, where::load, x.base(), x.index(), x.scale(), std::uint32_t(load_op::mov32)), x.payload});
        if (g.c.locating) [[unlikely]] wrap::relocate(g, x);
        return;
      case where::local:
        if (x.base() != reg::none) return g.push(value::sum(val::i64, g.home(x), reg::none, 0, 0));
        break;
      default: break;
    }
    const reg mine = x.is(where::address) ? g.writable(x) : reg::none;
    if (mine != reg::none) return g.push_in(val::i64, mine);
    const destination d = g.target(val::i64);
    g.start(d.in, x);
    g.finish(d, val::i64);
  }
};

// Sign extension of the lowest `bits` bits.
struct extend_s {
  static constexpr bool rare = true;
  val from;
  width w;
  std::uint8_t bits;

  void operator()(auto& g) const {
    const value x = g.pop();
    const val t = integer(w);
    if (x.is(where::constant)) {
      const std::int64_t k = std::int64_t(x.bits64() << (64 - bits)) >> (64 - bits);
      return g.push_constant(t, w == width::w64 ? std::uint64_t(k) : std::uint32_t(k));
    }
    const reg s = g.readable(x);
    const destination d = g.target(t, x.is(where::local) ? reg::none : s);
    if (bits == 8) g.a.movsx8(w, d.in, s);
    else if (bits == 16) g.a.movsx16(w, d.in, s);
    else g.a.movsxd(d.in, s);
    if (d.in != s) g.release(s);
    g.finish(d, t);
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
