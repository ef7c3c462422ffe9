#pragma once

#include "slow.hpp"
#include <algorithm>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Blocks, labels and branches. Flags may be live in all that runs before a conditional jump, so only mov and lea are
// emitted there.
template <class Policy>
struct flow {
  using G = generator<Policy>;
  using cold = slow<Policy>;
  static constexpr std::uint32_t homes = Policy::regs::homes;

  static constexpr reg result_register(val t) { return is_float(t) ? reg::xmm0 : reg::ax; }

  // --- state of the homes at labels ------------------------------------------------------------------------------

  static void store_home(G& g, reg home) {
    const std::uint32_t local = g.c.regions[g.c.current_region].owner[std::uint8_t(home)];
    g.c.frame_bytes = std::max(g.c.frame_bytes, std::int32_t(8 * (local + 1)));
    g.store_typed(g.c.locals[local].type(), G::local_slot(local), home);
    g.c.dirty &= ~mask(home);
  }
  static void load_home(G& g, reg home) {
    const std::uint32_t local = g.c.regions[g.c.current_region].owner[std::uint8_t(home)];
    g.load_typed(g.c.locals[local].type(), home, G::local_slot(local));
    g.set_in(g.in() | mask(home));
  }
  static void store_homes(G& g, std::uint32_t which) {
    for (which &= g.in() & g.c.dirty; which; which &= which - 1) store_home(g, reg(std::countr_zero(which)));
  }
  static void load_homes(G& g, std::uint32_t which) {
    for (which &= ~g.in(); which; which &= which - 1) load_home(g, reg(std::countr_zero(which)));
  }
  // An edge to a label of the same region. The first edge decides what the label expects, later ones adapt.
  [[LIGHTBEAM_SCALAR]] static void conform(G& g, label& l) {
    if (!l.reached) {
      l.reached = true;
      l.in = g.in();
      l.dirty = g.c.dirty & g.in();
      return;
    }
    if (const std::uint32_t in = g.in(); (in & g.c.dirty & ~l.in) | (l.in & ~in)) adapt(g, l.in);
    if (!l.bound) l.dirty |= g.c.dirty & l.in;  // the header of a loop lets all of its homes be dirty
  }
  [[gnu::noinline]] static void adapt(G& g, std::uint32_t in) {
    store_homes(g, ~in);
    load_homes(g, in);
  }
  // --- edges between regions: stores and loads only, never moves from register to register ------------------------

  // Stores what the homes of region `from` hold and `to` does not keep in the same register (or not among `wanted`). Returns
  // the homes that both have in common.
  [[LIGHTBEAM_SCALAR]] static std::uint32_t store_for(G& g, std::uint32_t from, std::uint32_t to, std::uint32_t wanted) {
    const region &a = g.c.regions[from], &b = g.c.regions[to];
    std::uint32_t kept = 0;
    for (std::uint32_t left = a.homes; left; left &= left - 1) {
      const auto home = reg(std::countr_zero(left));
      const std::uint32_t local = a.owner[std::uint8_t(home)];
      if (b.homes & wanted & mask(home) && b.owner[std::uint8_t(home)] == local) kept |= mask(home);
      else if (g.in() & g.c.dirty & mask(home)) g.store_typed(g.c.locals[local].type(), local_place(g, local), home);
    }
    return kept;
  }
  static address local_place(G& g, std::uint32_t local) {
    g.c.frame_bytes = std::max(g.c.frame_bytes, std::int32_t(8 * (local + 1)));
    return G::local_slot(local);
  }
  // An edge out of the current region to a label of another. The state here is not changed: the code behind is dead or cold.
  [[LIGHTBEAM_SCALAR]] static void cross(G& g, std::uint32_t to, label& l) {
    if (!l.reached) {
      l.reached = true;
      const std::uint32_t kept = g.in() & store_for(g, g.c.current_region, to, ~0u);
      l.in = kept;
      l.dirty = g.c.dirty & kept;
      return;
    }
    cross_to(g, g.c.current_region, to, l.in, l.bound ? l.dirty : ~0u);
    if (!l.bound) l.dirty |= g.c.dirty & g.in() & l.in & common(g, g.c.current_region, to);
  }
  static std::uint32_t common(G& g, std::uint32_t from, std::uint32_t to) {
    const region &a = g.c.regions[from], &b = g.c.regions[to];
    std::uint32_t same = 0;
    for (std::uint32_t left = a.homes & b.homes; left; left &= left - 1)
      if (const auto home = std::countr_zero(left); a.owner[home] == b.owner[home]) same |= 1u << home;
    return same;
  }
  // `dirty`: the homes whose slots the label does not need.
  static void cross_to(G& g, std::uint32_t from, std::uint32_t to, std::uint32_t in, std::uint32_t dirty) {
    const std::uint32_t kept = g.in() & store_for(g, from, to, in & dirty);
    const region& b = g.c.regions[to];
    for (std::uint32_t left = in & ~kept; left; left &= left - 1) {
      const auto home = reg(std::countr_zero(left));
      const std::uint32_t local = b.owner[std::uint8_t(home)];
      g.load_typed(g.c.locals[local].type(), home, local_place(g, local));
    }
  }

  // From here on the code may be reached from elsewhere.
  static void arrive(G& g, std::uint32_t in, std::uint32_t dirty) {
    g.set_in(in);
    g.c.dirty = dirty;
    ++g.c.epoch;
  }
  // Locals that were never written are still the constant 0; labels need them in their places.
  static void materialise_zeros(G& g, bool flags_live) {
    if (!g.c.zeros_pending) return;
    g.c.zeros_pending = false;
    reg zero = reg::none;
    for (std::uint32_t i = g.c.first_zero; i < g.c.local_count; ++i) {
      value& record = g.c.locals[i];
      if (!record.is(where::constant)) continue;
      const reg home = record.base();
      if (home == reg::none) {
        if (zero == reg::none) g.a.mov(width::w32, zero = g.temporary(), std::uint64_t{0});
        g.a.store(store_op::mov64, G::local_slot(i), zero);
        record = value::local(record.type(), i, reg::none);
      } else {
        if (is_xmm(home)) g.a.bits(bit_op::xor_, false, home, home);
        else if (flags_live) g.a.mov(width::w32, home, std::uint64_t{0});
        else g.a.alu(alu_op::xor_, width::w32, home, home);
        g.written(i);
      }
    }
    g.release(zero);
  }

  // --- chains of jumps -------------------------------------------------------------------------------------------

  static void chain(G& g, std::uint32_t& head, std::uint8_t* field) {
    std::memcpy(field, &head, 4);
    head = g.c.position(field);
  }
  static void bind_chain(compile_context& c, std::uint32_t head, const std::uint8_t* target) {
    while (head) {
      std::uint8_t* const field = c.code + head;
      std::memcpy(&head, field, 4);
      Policy::assembler::patch(field, target);
    }
  }
  static void jump(G& g, label& l) {
    if (l.bound) g.a.jmp(g.c.code + l.place);
    else chain(g, l.place, g.a.jmp());
  }
  static void jump_one(G& g, label& l, cond when) {
    if (l.bound) g.a.jcc(when, g.c.code + l.place);
    else chain(g, l.place, g.a.jcc(when));
  }
  [[LIGHTBEAM_SCALAR]] static void jump_if(G& g, label& l, condition when) {
    if (!is_float_equality(when)) return jump_one(g, l, cond(when));
    if (when == condition::float_not_equal) {
      jump_one(g, l, cond::p);
      return jump_one(g, l, cond::ne);
    }
    std::uint8_t* const unordered = g.a.jcc(cond::p);
    jump_one(g, l, cond::e);
    Policy::assembler::patch(unordered, g.a.out);
  }
  static void bind(G& g, label& l) {
    bind_chain(g.c, l.place, g.a.out);
    for (std::uint32_t i = l.tables; i; i = g.c.table_fields[i - 1].next) {
      const auto& f = g.c.table_fields[i - 1];
      const std::int32_t distance = std::int32_t(g.c.position(g.a.out) - f.table);
      std::memcpy(g.c.code + f.field, &distance, 4);
    }
    l.place = g.c.position(g.a.out);
    l.bound = true;
    for (std::uint32_t i = l.stubs; i; i = g.c.exits[i - 1].next) g.c.exits[i - 1].position = l.place, g.c.exits[i - 1].target_in = l.in, g.c.exits[i - 1].target_dirty = l.dirty;
  }

  // --- values across edges ---------------------------------------------------------------------------------------

  static bool types_match(G& g, const value* p, std::span<const val> types) {
    for (const val t : types) {
      if (p->type() != t) return g.reject(), false;
      ++p;
    }
    return true;
  }
  // The operands on top of the stack have these types.
  static bool check(G& g, std::span<const val> types) {
    if (types.empty()) return true;
    if (!allow(g, types.size())) return false;
    const value* const first = g.c.stack + g.c.frame->first;
    if (std::size_t(g.sp - first) < types.size()) return g.reject(), false;
    return types_match(g, g.sp - types.size(), types);
  }
  // And there is nothing else in this block.
  static bool check_exactly(G& g, std::span<const val> types) {
    if (!check(g, types)) return false;
    if (std::size_t(g.sp - (g.c.stack + g.c.frame->first)) == types.size()) return true;
    return g.reject(), false;
  }
  static bool allow(G& g, std::size_t operands) {
    if (g.c.values.operands(operands)) [[likely]] return true;
    return g.fail(failure_kind::limit, expansion::text), false;
  }
  // Most operators make a bounded number of bytes, for which there is space. The others ask: so many for each of some operands.
  static bool ensure_space(G& g, std::size_t operands, std::size_t bytes_each) {
    const std::size_t bytes = operands * bytes_each;
    if (g.c.limit - g.a.out > std::ptrdiff_t(bytes + 8192)) [[likely]] return true;
    return g.fail(failure_kind::limit, "machine code outgrows its reservation"), false;
  }
  // What pushes many entries at a time asks for room, which includes that for what the rest of the body may push: one a byte.
  static bool ensure_stack(G& g, std::size_t more) {
    constexpr std::size_t most_pending = 65536;
    const auto body = std::size_t(g.c.body_end - g.c.body), used = std::size_t(g.sp - g.c.stack) + more;
    if (!allow(g, more)) return false;
    if (used > body + most_pending) return g.fail(failure_kind::limit, "too many operands on the stack"), false;
    if (std::size_t(g.c.stack_end - g.sp) > more + body + 64) return true;
    g.save();
    g.c.reserve_stack(used + body + 64);
    g.reload();
    return true;
  }
  // The top of the stack moves to the register of a block's only result, where the branch leaves it for both ways on.
  [[LIGHTBEAM_SCALAR]] static void single_result_in_place(G& g) {
    value& top = g.sp[-1];
    const val t = top.type();
    const reg r = result_register(t);
    if (top.is(where::reg) && top.base() == r) return;
    value v = g.pop();
    if (!g.is_free(r) && !v.reads(r)) g.template cold<&cold::evict>(r);
    g.start(r, v, flags_are::live);
    g.push_in(t, r);
  }
  // Several results, all in their own slots or constants: the first to its register (loops: to its slot), the others to the
  // slots where the target expects them, which never lie above their own.
  static void several_results(G& g, std::span<const val> types, std::int32_t target_slot, bool loop) {
    if (!ensure_space(g, types.size(), 24)) return;
    const value* const from = g.sp - types.size();
    const reg first = result_register(types[0]);
    if (!loop) g.into(first, from[0], flags_are::live);
    if (target_slot + std::int32_t(8 * types.size()) > g.c.frame_bytes) g.c.frame_bytes = target_slot + std::int32_t(8 * types.size());
    for (std::size_t i = loop ? 0 : 1; i < types.size(); ++i) {
      const auto to = G::slot(target_slot + std::int32_t(8 * i));
      if (from[i].is(where::constant)) cold::constant_to(g, to, from[i]);
      else if (from[i].displacement() != to.displacement) {
        g.a.load(load_op::mov64, reg::cx, G::slot(from[i].displacement()));
        g.a.store(store_op::mov64, to, reg::cx);
      }
    }
  }
  // Displacement of the slot where operands of a frame begin, seen from the innermost frame: each frame between has a sentinel.
  static std::int32_t slot_in(G& g, const control& f) {
    const auto levels = std::int32_t(g.c.frame - &f);
    return std::int32_t(8 * f.first) + g.c.bias + 8 * levels;
  }

  // --- branches --------------------------------------------------------------------------------------------------

  // What every branch does first: results where they can be read without changing the stack, loads done.
  [[LIGHTBEAM_SCALAR]] static void prepare(G& g, std::span<const val> types, bool one_register) {
    if (types.size() != 1 || !one_register) {
      flush_results(g, types.size());
      return g.settle_loads();
    }
    single_result_in_place(g);
    // Not on the stack meanwhile: whatever wants a register for the loads must not spill it.
    const value result = g.pop();
    g.settle_loads();
    g.push(result);
  }
  static void flush_results(G& g, std::size_t count) {
    for (value* p = g.sp - count; p < g.sp; ++p)
      if (!p->is(where::constant)) cold::to_slot(g, p);
  }
  static bool needs_copies(const control& f, std::span<const val> types) { return types.size() > 1 || (f.kind == construct::loop && !types.empty()); }

  // An unconditional edge from here to the label of f.
  [[LIGHTBEAM_SCALAR]] static void branch(G& g, control& f) {
    const auto types = f.branch_types();
    if (f.kind == construct::function) return leave(g, types);
    prepare(g, types, f.kind != construct::loop);
    if (f.target_region == g.c.current_region) conform(g, f.target);
    else cross(g, f.target_region, f.target);
    if (needs_copies(f, types)) several_results(g, types, slot_in(g, f), f.kind == construct::loop);
    jump(g, f.target);
  }
  [[LIGHTBEAM_SCALAR]] static void branch_if(G& g, control& f, condition when) {
    const auto types = f.branch_types();
    if (f.kind != construct::function && !needs_copies(f, types)) {
      prepare(g, types, true);
      if (f.target_region != g.c.current_region) return branch_out(g, f, when);
      conform(g, f.target);
      return jump_if(g, f.target, when);
    }
    // The moves belong to the taken way alone, so nothing may be spilled there: it is all in slots before the jump.
    g.flush();
    if (f.kind == construct::function && types.empty()) return jump_if(g, f.target, when);
    label past;
    jump_if(g, past, negate(when));
    const auto registers = g.registers;
    const auto dirty = g.c.dirty;
    if (f.kind == construct::function) {
      leave(g, types);
    } else {
      if (f.target_region == g.c.current_region) conform(g, f.target);
      else cross(g, f.target_region, f.target);
      several_results(g, types, slot_in(g, f), f.kind == construct::loop);
      jump(g, f.target);
    }
    g.registers = registers, g.c.dirty = dirty;
    bind_chain(g.c, past.place, g.a.out);
  }

  // Whether an edge out of the region needs no moves: `stays` says which homes both sides have in common.
  static bool is_free(G& g, const label& l, std::uint32_t stays) { return !l.bound && !(g.in() & g.c.dirty) && (!l.reached || !(l.in & ~stays)); }
  static void reach_outside(label& l, std::uint32_t stays) {
    if (l.reached) return;
    l.reached = true;
    l.in = stays;
    l.dirty = 0;
  }
  // Whether the body has had more of something than real code has: what costs time for each is done another way then.
  static bool unusual(G& g, std::size_t count, std::size_t bytes_each) { return count > 64 + std::size_t(g.pc - g.c.body) / bytes_each; }
  // A conditional branch that leaves the region goes by way of a cold exit, if there is something to be moved.
  [[LIGHTBEAM_SCALAR]] static void branch_out(G& g, control& f, condition when) {
    // Stores for all exits, instead of stores in each.
    if (unusual(g, g.c.exits.size(), 16)) store_homes(g, ~0u);
    label& l = f.target;
    const std::uint32_t stays = common(g, g.c.current_region, f.target_region) & g.in();
    if (is_free(g, l, stays)) return reach_outside(l, stays), jump_if(g, l, when);
    label exit;
    jump_if(g, exit, when);
    reach_outside(l, stays);
    if (!l.bound) l.dirty |= g.c.dirty & stays & l.in;
    cold_exit e{exit.place, g.in(), g.c.dirty, g.c.current_region, f.target_region, l.in, l.dirty, l.bound ? l.place : 0, 0};
    if (!l.bound) {
      e.next = l.stubs;
      l.stubs = std::uint32_t(g.c.exits.size() + 1);
    }
    g.c.exits.push_back(e);
  }
  // Written behind the body, when all labels are bound.
  static void write_exits(G& g) {
    for (std::size_t i = 0; i < g.c.exits.size(); ++i) {
      const cold_exit e = g.c.exits[i];
      bind_chain(g.c, e.field, g.a.out);
      g.set_in(e.in);
      g.c.dirty = e.dirty;
      cross_to(g, e.region, e.target_region, e.target_in, e.target_dirty);
      g.a.jmp(g.c.code + e.position);
    }
  }

  // --- leaving the function --------------------------------------------------------------------------------------

  static void results_to_places(G& g, std::span<const val> types) {
    if (types.empty()) return;
    if (types.size() == 1) {
      value v = g.sp[-1];
      return g.into(result_register(types[0]), v, flags_are::live);
    }
    if (!ensure_space(g, types.size(), 48)) return;
    flush_results(g, types.size());
    auto places = value_places::results();
    const value* const from = g.sp - types.size();
    std::uint32_t overflow = 0;
    for (std::size_t i = 0; i < types.size(); ++i) {
      const auto place = places.next(types[i]);
      if (place.in != reg::none) continue;
      if (!overflow++) g.a.load(load_op::mov64, reg::ax, {convention::instance, reg::none, 0, header_offset::store_context});
      g.into(reg::cx, value{(from[i].tag & ~value::type_mask) | std::uint64_t(val::i64), from[i].payload}, flags_are::live);
      g.a.store(store_op::mov64, {reg::ax, reg::none, 0, std::int32_t(offsetof(context, overflow) + 8 * place.overflow)}, reg::cx);
    }
    // Floats first: a constant one needs a general register on its way.
    for (const bool floats : {true, false}) {
      places = value_places::results();
      for (std::size_t i = 0; i < types.size(); ++i)
        if (const auto place = places.next(types[i]); place.in != reg::none && is_float(types[i]) == floats) g.into(place.in, from[i], flags_are::live);
    }
  }
  static void leave(G& g, std::span<const val> types) {
    g.settle_loads();
    results_to_places(g, types);
    chain(g, g.c.frames[0].target.place, g.a.jmp());
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
