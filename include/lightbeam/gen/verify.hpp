#pragma once

#include "flow.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// What must hold between two operators, counted again from nothing. For policies with `verifies`: it costs time for every operator.
template <class Policy>
struct verifier {
  using G = generator<Policy>;

  // What does not hold, or null. The stack of dead code is not kept up to date. A deep stack is looked at once in a while: at every
  // operator it would take the square of its depth.
  static const char* broken(const G& g) {
    if (g.c.frame->dead || (g.sp - g.c.stack > 1000 && (g.pc - g.c.body) % 64 != 0)) return nullptr;
    if (const char* why = temporaries(g)) return why;
    if (const char* why = homes(g)) return why;
    if (const char* why = blocks(g)) return why;
    return stack(g);
  }

 private:
  // Each temporary is free, or belongs to one entry of the stack.
  static const char* temporaries(const G& g) {
    std::uint32_t owned = 0;
    for (const value* p = g.c.stack; p < g.sp; ++p) {
      const std::uint32_t mine = p->registers() & G::temporaries;
      if (mine & owned) return "two entries have the same temporary";
      owned |= mine;
    }
    const std::uint32_t free = std::uint32_t(g.registers);
    if (free & ~G::temporaries) return "a register is free that is no temporary";
    if (free & owned) return "a temporary of an entry is free";
    if ((free | owned) != G::temporaries) return "a temporary is lost";
    return nullptr;
  }
  // Records, owners and masks say the same.
  static const char* homes(const G& g) {
    const region& r = g.c.regions[g.c.current_region];
    if (g.in() & ~r.homes) return "a register holds a local though it is no home";
    if (g.c.dirty & ~g.in()) return "a home is dirty that is not in";
    for (std::uint32_t left = r.homes; left; left &= left - 1) {
      const auto home = std::uint8_t(std::countr_zero(left));
      if (r.owner[home] >= g.c.local_count || g.c.locals[r.owner[home]].base() != reg(home)) return "a home and its owner disagree";
    }
    std::uint32_t homed = 0;
    for (std::uint32_t i = 0; i < g.c.local_count; ++i) {
      const value& record = g.c.locals[i];
      homed += record.base() != reg::none;
      if (record.is(where::constant) ? !g.c.zeros_pending : !record.is(where::local) || record.local_index() != i) return "the record of a local";
      if (record.is(where::local) && record.base() == reg::none && g.c.frame_bytes < std::int32_t(8 * (i + 1))) return "a local lies outside of the frame";
    }
    return homed == std::uint32_t(std::popcount(r.homes)) ? nullptr : "a local has the home of another";
  }
  // Every frame has its sentinel, below its operands.
  static const char* blocks(const G& g) {
    if (g.c.frame != &g.c.frames.back()) return "the innermost frame";
    std::size_t sentinels = 0;
    for (const value* p = g.c.stack; p < g.sp; ++p) sentinels += p->type() == val::none;
    if (sentinels + 1 < g.c.frames.size()) return "a frame without a sentinel";
    for (const control& f : g.c.frames) {
      const value* const first = g.c.stack + f.first;
      if (first > g.sp || first[-1].type() != val::none) return "the operands of a frame do not begin behind its sentinel";
    }
    return nullptr;
  }
  static const char* stack(const G& g) {
    bool below_floor = false;
    std::int32_t sentinels = 0;  // between an entry and the top: they have no slots
    for (const value* p = g.sp - 1; p >= g.c.stack; --p) {
      const bool simple = p->is(where::slot) || p->is(where::constant);
      if (below_floor && !simple) return "below a floor lies what is neither slot nor constant";
      if (const char* why = entry_of(g, *p, p == g.sp - 1, g.slot_of(p) + 8 * sentinels)) return why;
      below_floor |= p->is_floor();
      sentinels += p->type() == val::none;
    }
    return nullptr;
  }
  static const char* entry_of(const G& g, const value& v, bool on_top, std::int32_t slot) {
    const std::uint32_t homes_read = v.registers() & g.c.regions[g.c.current_region].homes;
    switch (v.place()) {
      case where::slot:
        if (v.displacement() != slot) return "an entry lies in the slot of another";
        return v.displacement() + 8 > g.c.frame_bytes ? "a slot lies outside of the frame" : nullptr;
      case where::local:
        if (v.local_index() >= g.c.local_count) return "a read of a local that there is not";
        return v.base() != g.c.locals[v.local_index()].base() || v.type() != g.c.locals[v.local_index()].type() ? "a latent read of a local disagrees with its record" : nullptr;
      case where::address:
      case where::load: return homes_read & ~g.in() ? "a latent address reads a home that is not in" : nullptr;
      case where::flags: return on_top ? nullptr : "flags below the top of the stack";
      default: return nullptr;
    }
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
