#pragma once

#include "flow.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Calls: arguments to their places, what the callee may clobber to its slots, results on the stack.
template <class Policy>
struct calls {
  using G = generator<Policy>;
  using F = flow<Policy>;
  using cold = slow<Policy>;
  static constexpr std::uint32_t clobbered_homes = Policy::regs::homes & ~convention::callee_saved;

  [[gnu::always_inline]] static void direct(G& g, std::uint32_t index) {
    const auto& info = *g.c.info;
    if (index >= info.functions.size()) return g.reject();
    const std::uint32_t type = info.functions[index];
    const auto& places = g.c.signature(type);
    const survey seen = look(g, places.params, nullptr);
    if (seen.mistyped) return void(F::check(g, info.types[type].params));
    before(g, places.params.size());
    arguments(g, places.params, nullptr, seen);
    if (index < info.imported_functions) {
      g.a.load(load_op::mov64, convention::record, {convention::instance, reg::none, 0, g.c.layout->imports + std::int32_t(8 * index)});
      g.a.call(g.c.code + g.c.thunks.foreign_call);
    } else if (std::uint32_t& place = g.c.call_places[index]; g.c.placed[index]) {
      g.a.call(g.c.code + place);
    } else {
      F::chain(g, place, g.a.call());
    }
    after(g, places.results);
  }

  static void indirect(G& g, std::uint32_t type, std::uint32_t table) {
    const auto& info = *g.c.info;
    // Without reference types, the table is one byte.
    if (!contains(Policy::features, feature::reference_types) && (g.pc[-1] != 0 || g.pc[-2] >= 0x80)) return g.reject();
    if (table >= info.tables.size() || info.tables[table].element != val::funcref || type >= info.types.size()) return g.reject();
    if (g.sp[-1].type() != val::i32) return g.reject();
    const auto& places = g.c.signature(type);
    const survey seen = look(g, places.params, &g.sp[-1]);
    if (seen.mistyped) return --g.sp, void(F::check(g, info.types[type].params));
    before(g, places.params.size() + 1);
    arguments(g, places.params, &g.sp[-1], seen);
    g.registers |= G::temporaries;
    if constexpr (Policy::verifies) cold::look_at_upper_half(g, reg::ax, reg::cx);
    if (g.c.layout->inline_table(table)) call_inline_table(g, type, table);
    else call_table(g, type, table);
    after(g, places.results);
  }

  // A runtime function: `count` operands from the stack and then these constants are its arguments, in that order.
  static void runtime(G& g, runtime_call number, std::uint32_t count, const std::uint64_t* constants, std::uint32_t constant_count, val result) {
    for (std::uint32_t i = 0; i < constant_count; ++i) g.push_constant(val::i64, constants[i]);
    count += constant_count;
    before(g, count);
    signature_places::place places[4];
    for (std::uint32_t i = 0; i < count; ++i) places[i] = {g.sp[std::ptrdiff_t(i) - std::ptrdiff_t(count)].type(), convention::general_arguments[i], 0};
    arguments(g, {places, count}, nullptr, look(g, {places, count}, nullptr));
    g.a.mov(width::w32, reg::ax, std::uint64_t(number));
    if (g.c.locating) g.c.locating->mark(g.a.out, g.c.locating->current);
    g.a.call(g.c.code + g.c.thunks.runtime_call);
    const signature_places::place place{result, reg::ax, 0};
    after(g, {&place, result == val::none ? 0u : 1u});
  }

 private:
  // Index in eax: bound, type and code stand in arrays inside the instance.
  static void call_inline_table(G& g, std::uint32_t type, std::uint32_t table) {
    const auto& l = *g.c.layout;
    const auto in_instance = [](std::int32_t displacement, std::uint8_t scale) { return address{convention::instance, reg::ax, scale, displacement}; };
    g.a.load(load_op::mov32, reg::cx, {convention::instance, reg::none, 0, l.type_ids + std::int32_t(4 * type)});
    g.a.alu(alu_op::cmp, width::w32, reg::ax, std::int32_t(g.c.info->tables[table].size.minimum));
    g.trap_if(cond::ae, trap_code::undefined_element);
    g.a.alu(alu_op::cmp, width::w32, in_instance(l.table_ids[table], 2), reg::cx);
    g.trap_if(cond::ne, trap_code::indirect_call_type_mismatch);
    g.c.traps.back().ids = l.table_ids[table];
    g.a.call(in_instance(l.table_code[table], 3));
  }
  static void call_table(G& g, std::uint32_t type, std::uint32_t table) {
    g.a.load(load_op::mov64, reg::dx, {convention::instance, reg::none, 0, g.c.layout->tables + std::int32_t(8 * table)});
    g.a.alu(alu_op::cmp, width::w32, reg::ax, {reg::dx, reg::none, 0, std::int32_t(offsetof(table_data, size))});
    g.trap_if(cond::ae, trap_code::undefined_element);
    g.a.load(load_op::mov64, reg::cx, {reg::dx, reg::none, 0, std::int32_t(offsetof(table_data, references))});
    g.a.load(load_op::mov64, convention::record, {reg::cx, reg::ax, 3, 0});
    g.a.test(width::w64, convention::record, convention::record);
    g.trap_if(cond::e, trap_code::uninitialized_element);
    g.a.load(load_op::mov32, reg::dx, {convention::instance, reg::none, 0, g.c.layout->type_ids + std::int32_t(4 * type)});
    g.a.alu(alu_op::cmp, width::w32, {convention::record, reg::none, 0, std::int32_t(offsetof(function_record, type_id))}, reg::dx);
    g.trap_if(cond::ne, trap_code::indirect_call_type_mismatch);
    g.a.call(g.c.code + g.c.thunks.foreign_call);
  }

  // What lies below the arguments and cannot survive the call goes to slots; latent locals and constants stay.
  [[LIGHTBEAM_SCALAR]] static void before(G& g, std::size_t arguments) {
    g.c.has_called = true;
    int depth = 0;
    for (value* p = g.sp - 1 - arguments; !p->is_floor(); --p) {
      if (++depth > 32) {
        cold::flush_from(g, p);
        break;
      }
      if (p->place() >= where::reg && !p->is(where::local)) cold::to_slot(g, p);
    }
    F::store_homes(g, clobbered_homes);
  }

  struct pending_argument {
    value* from;
    reg to;
    std::uint32_t reads;  // registers
  };

  // What the arguments on top of the stack (and the index above them) read, and where they go.
  struct survey {
    std::uint32_t reads, targets;
    bool overflow, mistyped;
  };
  static survey look(G& g, std::span<const signature_places::place> places, const value* index) {
    const std::size_t count = places.size() + (index ? 1 : 0);
    if (std::size_t(g.sp - (g.c.stack + g.c.frame->first)) < count) return {0, 0, false, true};
    const value* const first = g.sp - count;
    survey seen{index ? index->registers() : 0, index ? mask(reg::ax) : 0, false, false};
    std::uint64_t wrong = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      seen.reads |= first[i].registers();
      seen.targets |= mask(places[i].in);
      seen.overflow |= places[i].in == reg::none;
      wrong |= first[i].tag ^ std::uint64_t(places[i].type);
    }
    seen.mistyped = wrong & value::type_mask;
    return seen;
  }

  // Moves the arguments to their places, the index of an indirect call to eax; pops them all.
  [[LIGHTBEAM_SCALAR]] static void arguments(G& g, std::span<const signature_places::place> places, value* index, survey seen) {
    if (!F::allow(g, places.size())) return;
    value* const first = g.sp - places.size() - (index ? 1 : 0);
    if (seen.overflow || seen.reads & seen.targets) {
      arguments_in_order(g, places, first, index);
    } else {
      // Nobody reads what another overwrites.
      g.registers &= ~(std::uint64_t{seen.targets} << 32 | seen.targets);
      for (std::size_t i = 0; i < places.size(); ++i) move_argument(g, first + i, places[i].in);
      if (index) move_argument(g, index, reg::ax);
    }
    g.sp = first;
  }
  // A local that the call would take from its home again is not loaded into it first.
  [[LIGHTBEAM_SCALAR]] static void move_argument(G& g, value* from, reg to) {
    const value v = std::exchange(*from, value::constant(from->type(), 0));
    if (!v.is(where::local)) return g.into(to, v);
    if (g.is_in(v.base())) g.move(v.type(), to, v.base());
    else g.load_typed(v.type(), to, G::local_slot(v.local_index()));
  }
  // Clobbered homes are clean by now, so a local can always be read from its slot: that is how cycles end.
  [[gnu::noinline, LIGHTBEAM_SCALAR]] static void arguments_in_order(G& g, std::span<const signature_places::place> places, value* first, value* index) {
    pending_argument pending[16];
    std::uint32_t count = 0;
    bool overflow = false;
    for (std::size_t i = 0; i < places.size(); ++i)
      if (places[i].in != reg::none) pending[count++] = {first + i, places[i].in, first[i].registers()};
      else overflow = true;
    if (index) pending[count++] = {index, reg::ax, index->registers()};
    if (overflow) {
      if (!F::ensure_space(g, places.size(), 32)) return;
      overflow_arguments(g, places, first);
      for (std::uint32_t i = 0; i < count; ++i) pending[i].reads = pending[i].from->registers();
    }
    // In order, while nothing that comes later reads what is overwritten: nearly always that is all.
    std::uint32_t later = 0, waiting = 0;
    for (std::uint32_t i = count; i-- > 0;) {
      const std::uint32_t mine = pending[i].reads;
      pending[i].reads = later;
      later |= mine;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      if (waiting || pending[i].reads & mask(pending[i].to)) pending[waiting++] = pending[i];
      else move_pending(g, pending[i]);
    }
    if (waiting) permute(g, pending, waiting);
  }
  static void permute(G& g, pending_argument* pending, std::uint32_t count) {
    while (count) {
      const std::uint32_t before = count;
      for (std::uint32_t i = 0; i < count;) {
        if (blocked(pending, count, i)) ++i;
        else move_pending(g, pending[i]), pending[i] = pending[--count];
      }
      if (count == before) unblock(g, pending, count);
    }
  }
  static bool blocked(const pending_argument* pending, std::uint32_t count, std::uint32_t i) {
    for (std::uint32_t j = 0; j < count; ++j)
      if (j != i && pending[j].from->reads(pending[i].to)) return true;
    return false;
  }
  static void move_pending(G& g, pending_argument p) {
    move_argument(g, p.from, p.to);
    g.own(p.to);
    g.set_in(g.in() & ~mask(p.to));
  }
  // All that is left lies on cycles. Whatever reads the target of another argument reads it from the frame instead.
  static void unblock(G& g, pending_argument* pending, std::uint32_t count) {
    for (std::uint32_t j = 0; j < count; ++j)
      if (pending[j].from->reads(pending[0].to) && j != 0) {
        value& v = *pending[j].from;
        if (v.is(where::local)) v = value::in_slot(v.type(), std::int32_t(8 * v.local_index()));
        else cold::to_slot(g, &v);
      }
  }
  static void overflow_arguments(G& g, std::span<const signature_places::place> places, value* first) {
    reg buffer = reg::none;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i].in != reg::none) continue;
      if (buffer == reg::none) {
        buffer = g.temporary();
        g.a.load(load_op::mov64, buffer, {convention::instance, reg::none, 0, header_offset::store_context});
      }
      const value v = first[i];
      first[i] = value::constant(v.type(), 0);
      cold::to_frame(g, {buffer, reg::none, 0, std::int32_t(offsetof(context, overflow) + 8 * places[i].overflow)}, v);
    }
    if (buffer != reg::none) g.release(buffer);
  }

  [[LIGHTBEAM_SCALAR]] static void after(G& g, std::span<const signature_places::place> results) {
    g.registers = (g.registers & ~(std::uint64_t{clobbered_homes} << 32)) | G::temporaries;
    if (results.empty()) return;
    if (results.size() > 1) return several_results(g, results);
    g.own(results[0].in);
    g.push_in(results[0].type, results[0].in);
  }
  [[gnu::noinline]] static void several_results(G& g, std::span<const signature_places::place> results) {
    if (!F::ensure_stack(g, results.size()) || !F::ensure_space(g, results.size(), 32)) return;
    for (const auto& r : results)
      if (r.in != reg::none) g.own(r.in);
    value* const first = g.sp;
    for (const auto& r : results) {
      if (r.in != reg::none) {
        g.push_in(r.type, r.in);
      } else {
        g.own_slot(g.sp);
        g.push(value::in_slot(r.type, g.slot_of(g.sp)));
      }
    }
    reg buffer = reg::none;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].in != reg::none) continue;
      if (buffer == reg::none) {
        buffer = g.temporary();
        g.a.load(load_op::mov64, buffer, {convention::instance, reg::none, 0, header_offset::store_context});
      }
      const reg t = g.temporary();
      g.a.load(load_op::mov64, t, {buffer, reg::none, 0, std::int32_t(offsetof(context, overflow) + 8 * results[i].overflow)});
      g.a.store(store_op::mov64, g.own_slot(first + i), t);
      g.release(t);
    }
    if (buffer != reg::none) g.release(buffer);
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
