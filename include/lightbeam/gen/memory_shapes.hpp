#pragma once

#include "../wasm/immediates.hpp"
#include "slow.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// The parts of the address of a load or store, its constant offset apart. An offset too large for a displacement is added
// in a register; what is left then is a plain base.
struct effective_address {
  address parts;
  std::uint32_t offset;
};

template <class Policy>
struct memory_access {
  using G = generator<Policy>;

  // The address operand of a load or store of `bytes` bytes, checked as the policy wants it. Its temporaries stay owned.
  static effective_address at(G& g, value v, std::uint32_t offset, std::uint32_t bytes) {
    if (v.is(where::constant)) [[unlikely]] return g.template cold<&memory_access::constant>(std::uint32_t(v.bits64()), offset, bytes);
    address m;
    if (v.is(where::local) && v.base() != reg::none) {
      m = {g.home(v), reg::none, 0, 0};
      // A local that was the plain address of an access lies below the memory's size: see in_bounds().
      g.c.locals[v.local_index()].payload = v.local_index() | std::uint64_t{g.c.epoch} << 32;
    } else if (v.is(where::address)) {
      m = v.components();
      if (fold_displacement(g, m, offset)) offset += std::uint32_t(std::exchange(m.displacement, 0));
    } else {
      m = {g.writable(v), reg::none, 0, 0};
    }
    if constexpr (Policy::verifies) look_at_upper_halves(g, m);
    if (offset >= 0x80000000u) [[unlikely]] return g.template cold<&memory_access::large_offset>(m, offset, bytes);
    return Policy::memory::checked(g, {m, offset}, bytes);
  }
  static address operand(G& g, effective_address e) {
    value v = value::sum(val::i32, e.parts.base, e.parts.index, e.parts.scale, e.parts.displacement);
    v.payload |= std::uint64_t{e.offset} << 32;
    v.tag = (v.tag & ~(std::uint64_t{0xff} << 8)) | std::uint64_t(where::load) << 8;
    return g.memory(v, reg::none);
  }

 private:
  static effective_address constant(G& g, std::uint32_t k, std::uint32_t offset, std::uint32_t bytes) {
    const std::uint64_t sum = std::uint64_t{k} + offset;
    if (sum < 0x7fffff00) return Policy::memory::checked(g, {{reg::none, reg::none, 0, 0}, std::uint32_t(sum)}, bytes);
    const reg r = g.temporary();
    g.a.mov(width::w32, r, std::uint64_t{k});
    if (offset >= 0x80000000u) return large_offset(g, {r, reg::none, 0, 0}, offset, bytes);
    return Policy::memory::checked(g, {{r, reg::none, 0, 0}, offset}, bytes);
  }
  // local + c, where the local is known to lie inside the memory: c - and what follows - stays below 64 KiB, and memories
  // end 64 KiB before 2^32, so the sum cannot wrap.
  static bool fold_displacement(G& g, const address& m, std::uint32_t offset) {
    if (m.index != reg::none || m.displacement <= 0 || m.displacement >= 0x10000 || offset >= 0x10000u - std::uint32_t(m.displacement)) return false;
    const auto& r = g.c.regions[g.c.current_region];
    if (!(r.homes & mask(m.base))) return false;
    const value& local = g.c.locals[r.owner[std::uint8_t(m.base)]];
    return local.is(where::local) && local.type() == val::i32 && local.epoch() == g.c.epoch;
  }
  // Of the registers of an address, see slow::look_at_upper_half.
  static void look_at_upper_halves(G& g, address m) {
    for (const reg r : {m.base, m.index}) {
      if (r == reg::none) continue;
      const reg free = g.temporary();
      slow<Policy>::look_at_upper_half(g, r, free);
      g.release(free);
    }
  }
  static effective_address large_offset(G& g, address m, std::uint32_t offset, std::uint32_t bytes) {
    const value v = value::sum(val::i32, m.base, m.index, m.scale, m.displacement);
    const reg r = g.writable(v);
    const reg k = g.temporary();
    g.a.mov(width::w32, k, std::uint64_t{offset});
    g.a.alu(alu_op::add, width::w64, r, k);
    g.release(k);
    return Policy::memory::checked(g, {{r, reg::none, 0, 0}, 0}, bytes);
  }
};

// A load stays latent: it keeps the parts of its address and is folded into its consumer, or done before what could change it.
struct memory_load {
  load_op op;
  std::uint8_t bytes;
  val result;

  // An address in a register, or base and displacement, where there is nothing to check.
  bool quick(auto& g, const row_data& row) const {
    using Policy = policy_of<decltype(g)>;
    if constexpr (Policy::memory::kind != memory_kind::guard_pages || Policy::verifies) return false;
    const value v = g.sp[-1];
    if ((g.pc[0] | g.pc[1]) >= 0x80 || g.pc[0] > row.alignment || g.c.info->memories.empty() || g.c.locating) return false;
    value latent = {value::tag_of(result, where::load, v.base(), reg::none, 0, std::uint32_t(op)), std::uint64_t{g.pc[1]} << 32};
    if (v.is(where::local) && g.is_in(v.base())) g.c.locals[v.local_index()].payload = v.local_index() | std::uint64_t{g.c.epoch} << 32;
    else if (!v.is(where::reg)) return false;
    g.pc += 2;
    g.sp[-1] = latent;
    return true;
  }
  void operator()(auto& g, memarg m) const {
    using Policy = policy_of<decltype(g)>;
    if (!g.has_memory(0)) return;
    const value v = g.pop();
    const auto at = memory_access<Policy>::at(g, v, m.offset, bytes);
    const std::uint64_t payload = std::uint32_t(at.parts.displacement) | std::uint64_t{at.offset} << 32;
    g.push({value::tag_of(result, where::load, at.parts.base, at.parts.index, at.parts.scale, std::uint32_t(op)), payload});
    if (g.c.locating) [[unlikely]] g.template refuse<&slow<Policy>::note_load>();
  }
};

struct memory_store {
  store_op op;
  std::uint8_t bytes;
  val type;

  void operator()(auto& g, memarg m) const {
    using Policy = policy_of<decltype(g)>;
    using Access = memory_access<Policy>;
    if (!g.has_memory(0)) return;
    const value v = g.pop();
    const value address = g.pop();
    g.settle_loads();
    const bool immediate = is_immediate(v);
    const reg s = immediate ? reg::none : source(g, v);
    const auto at = Access::at(g, address, m.offset, bytes);
    const auto to = Access::operand(g, at);
    mark(g);
    if (immediate) g.a.store_imm(as_integer(), to, number(v));
    else g.a.store(is_xmm(s) ? op : as_integer(), to, s);
    g.release(mask(s, to.index));
    g.release(mask(at.parts.base, at.parts.index));
  }

 private:
  store_op as_integer() const { return op == store_op::movss ? store_op::mov32 : op == store_op::movsd ? store_op::mov64 : op; }
  bool is_immediate(value v) const {
    return v.is(where::constant) && (as_integer() != store_op::mov64 || std::int64_t(v.bits64()) == std::int32_t(v.bits64()));
  }
  std::int32_t number(value v) const {
    const auto k = std::int32_t(v.bits64());
    return op == store_op::mov8 ? std::int8_t(k) : op == store_op::mov16 ? std::int16_t(k) : k;
  }
  // Floats that lie in memory or are constants travel through a general register.
  static reg source(auto& g, value v) {
    using G = std::remove_cvref_t<decltype(g)>;
    if (!is_float(v.type()) || !(G::in_frame(v) || v.is(where::constant))) return g.readable(v);
    const reg r = g.temporary();
    if (v.is(where::constant)) g.a.mov(width::w64, r, v.bits64());
    else g.a.load(v.type() == val::f32 ? load_op::mov32 : load_op::mov64, r, G::frame_place(v));
    return r;
  }
  static void mark(auto& g) {
    using Policy = policy_of<decltype(g)>;
    if (g.c.locating) [[unlikely]] g.template refuse<&slow<Policy>::note_here>();
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
