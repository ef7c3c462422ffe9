#pragma once

#include "generator.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// What handlers need rarely: kept out of line, so that steps stay small. Only mov and lea are emitted here, except where
// said, because flags may be live.
template <class Policy>
struct slow {
  using G = generator<Policy>;

  static void fail(G& g, failure_kind kind, const char* what) {
    static constexpr std::uint8_t stop[] = {0xff};
    const std::uint8_t* const at = g.at == g.c.prefixed_by ? g.c.prefix : g.at;
    if (!g.c.failed) g.c.failed = failure(kind, what).at(std::uint32_t(at - g.c.body));
    g.pc = stop;
  }
  static void rejected(G& g) { fail(g, failure_kind::invalid, "an operator was refused that is valid (a bug of this library)"); }

  // Of policies with `verifies`, where an i32 becomes an address or an index of 64 bits: what is wrong is `unreachable`. Changes flags.
  static void look_at_upper_half(G& g, reg r, reg free) {
    g.a.mov(width::w64, free, r);
    g.a.shift(shift_op::shr, width::w64, free, 32);
    g.trap_if(cond::ne, trap_code::unreachable);
  }

  // --- settling one entry of the stack ---------------------------------------------------------------------------

  [[LIGHTBEAM_SCALAR]] static void constant_to(G& g, address to, value v) {
    const auto low = std::int32_t(v.bits64());
    if (!is_wide(v.type())) return g.a.store_imm(store_op::mov32, to, low);
    if (std::int64_t(v.bits64()) == low) return g.a.store_imm(store_op::mov64, to, low);
    g.a.store_imm(store_op::mov32, to, low);
    to.displacement += 4;
    g.a.store_imm(store_op::mov32, to, std::int32_t(v.bits64() >> 32));
  }
  // Any value to a place in the frame. Floats that lie in memory travel through a general register, as bits.
  [[LIGHTBEAM_SCALAR]] static void to_frame(G& g, address to, value v) {
    if (v.is(where::constant)) return constant_to(g, to, v);
    const bool in_memory = v.is(where::load) || G::in_frame(v);
    if (is_float(v.type()) && in_memory) {
      const std::uint32_t mine = v.registers() & G::temporaries;
      const reg d = mine ? reg(std::countr_zero(mine)) : g.temporary();
      const val as = v.type() == val::f32 ? val::i32 : val::i64;
      if (v.is(where::load)) g.a.load(plain_load(as), d, g.memory(v, d));
      else g.a.load(plain_load(as), d, G::frame_place(v));
      g.store_typed(as, to, d);
      g.release(v), g.release(d);
      return;
    }
    const reg r = g.readable(v, flags_are::live);
    g.store_typed(v.type(), to, r);
    g.release(r), g.release(v);
  }
  [[LIGHTBEAM_SCALAR]] static void to_slot(G& g, value* p) {
    const std::int32_t at = g.slot_of(p);
    if (p->is(where::slot) && p->displacement() == at) return;
    const auto to = g.own_slot(p);
    const val t = p->type();
    to_frame(g, to, *p);
    *p = value::in_slot(t, at);
  }
  // Into a register where one is free, else into its slot.
  [[LIGHTBEAM_SCALAR]] static void to_register(G& g, value* p) {
    const std::uint32_t free = std::uint32_t(g.registers) & (is_float(p->type()) ? xmm_registers : general_registers);
    const bool own = (p->registers() & G::temporaries & general_registers) && !is_float(p->type());
    if (!free && !own) return to_slot(g, p);
    const val t = p->type();
    // The address of a float's load may need a temporary too; to_slot manages with the one it has.
    if (is_float(t) && p->is(where::load) && !(g.registers & general_registers)) return to_slot(g, p);
    const reg r = g.writable(*p, flags_are::live);
    *p = value::in(t, r);
  }

  // --- walks over the stack --------------------------------------------------------------------------------------

  // All entries from p down become slots or constants.
  [[LIGHTBEAM_SCALAR]] static void flush_from(G& g, value* p) {
    value* const top = p;
    for (int depth = 0; !p->is_floor(); --p)
      if (!p->is(where::constant) || ++depth > 32) to_slot(g, p);
    for (value* q = p + 1; q <= top; ++q)
      if (q->is(where::slot)) q->tag |= value::floor_bit;
  }
  static void flush(G& g) { flush_from(g, g.sp - 1); }

  static void settle_loads(G& g) {
    int depth = 0;
    for (value* p = g.sp - 1; !p->is_floor(); --p) {
      if (++depth > 32) return flush_from(g, p);
      if (p->is(where::load)) to_register(g, p);
    }
  }
  static void settle_readers(G& g, std::uint32_t index, reg home) {
    int depth = 0;
    for (value* p = g.sp - 1; !p->is_floor(); --p) {
      if (++depth > 32) return flush_from(g, p);
      if ((p->is(where::local) && p->local_index() == index) || (home != reg::none && p->reads(home))) to_register(g, p);
    }
  }

  // --- temporaries -----------------------------------------------------------------------------------------------

  // The deepest of the top entries that own one of these registers goes to its slot; nothing else may be emitted, for the handler
  // that asks may be half done: arguments in their registers, results in homes. Walks stay short: what is found below the top has
  // been covered by as many operators as the walk takes steps, and owns nothing any more.
  static void spill(G& g, std::uint32_t wanted) {
    value* deepest = nullptr;
    int depth = 0;
    for (value* p = g.sp - 1; !p->is_floor() && !(deepest && depth >= 64); --p, ++depth)
      if (p->registers() & wanted) deepest = p;
    if (deepest) return to_slot(g, deepest);
    // Only a handler that holds too many could come here. Its code is thrown away.
    g.registers |= wanted;
    fail(g, failure_kind::limit, "no temporary left (a bug of this library)");
  }
  static void spill_general(G& g) { spill(g, G::temporaries & general_registers); }
  static void spill_xmm(G& g) { spill(g, G::temporaries & xmm_registers); }
  static void evict(G& g, reg r) { spill(g, mask(r)); }

  // --- rare forms of values --------------------------------------------------------------------------------------

  static void float_constant(G& g, reg d, value v) {
    if (v.bits64() == 0) return g.a.bits(bit_op::xor_, false, d, d);
    const reg r = g.temporary();
    const width w = v.type() == val::f32 ? width::w32 : width::w64;
    g.a.mov(w, r, v.bits64());
    g.a.movd(w, d, r);
    g.release(r);
  }
  // Equal: not unordered and zero. Unequal: unordered or not zero.
  static void float_flags_into(G& g, reg d, condition f) {
    const bool equal = f == condition::float_equal;
    g.a.setcc(equal ? cond::np : cond::p, d);
    g.a.movzx8(d, d);
    const reg t = g.temporary();
    g.a.mov(width::w32, t, equal ? 0u : 1u);
    g.a.cmov(cond::ne, width::w32, d, t);
    g.release(t);
  }
  static void note_load_done(G& g, value load) { g.c.locating->mark_load(g.a.out, load); }
  static void note_here(G& g) { g.c.locating->mark(g.a.out, g.c.locating->current); }
  // The load on top is the one that was `before`, read as another type.
  static void note_load_renamed(G& g, value before) {
    if (const auto* const l = g.c.locating->latest(before)) g.c.locating->loads.push_back({g.sp[-1], l->offset});
  }
  static void note_load(G& g) { g.c.locating->loads.push_back({g.sp[-1], std::uint32_t(g.at - g.c.body)}); }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
