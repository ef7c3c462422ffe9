#pragma once

#include "regions.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

struct block_types {
  std::span<const val> params, results;
};

// Structured control: what opens and closes blocks. None of it is hot enough to be inlined into steps.
template <class Policy>
struct blocks {
  using G = generator<Policy>;
  using F = flow<Policy>;
  using cold = slow<Policy>;

  // The type of a block from its immediate, an s33 of section 5.4.1: empty, a value type, or the index of a function type.
  static bool signature(G& g, std::int64_t immediate, block_types& types) {
    static constexpr val singles[] = {val::i32, val::i64, val::f32, val::f64, val::v128, val::funcref, val::externref};
    static constexpr std::int8_t codes[] = {-1, -2, -3, -4, -5, -16, -17};
    if (immediate == -64) return true;
    if (immediate >= 0) {
      if (!contains(Policy::features, feature::multi_value) || std::uint64_t(immediate) >= g.c.info->types.size()) return g.reject(), false;
      const auto& t = g.c.info->types[std::size_t(immediate)];
      types = {t.params, t.results};
      return true;
    }
    for (std::size_t i = 0; i < std::size(codes); ++i)
      if (codes[i] == immediate && contains(Policy::features, feature_of(singles[i]))) {
        types.results = {&singles[i], 1};
        return true;
      }
    return g.reject(), false;
  }

  // Parameters end in slots when they must be found by more than one way: by the back edge of a loop, by both arms of an if.
  [[LIGHTBEAM_SCALAR]] static bool open(G& g, construct kind, block_types types, bool params_to_slots) {
    if (!F::check(g, types.params)) return false;
    F::materialise_zeros(g, kind == construct::then_arm);
    g.flush();
    value* const first = g.sp - types.params.size();
    if (params_to_slots)
      for (value* p = first; p < g.sp; ++p) cold::to_slot(g, p), p->tag |= value::floor_bit;
    for (value* p = g.sp; p > first; --p) *p = p[-1];
    *first = value::sentinel();
    ++g.sp;
    g.c.bias -= 8;
    static constexpr control opened;  // copied: GCC writes a new one word by word, in a loop
    g.c.frames.push_back(opened);
    control& f = g.c.frames.back();
    f.kind = kind;
    f.region = f.target_region = g.c.current_region;
    f.params = types.params, f.results = types.results;
    f.first = std::uint32_t(first + 1 - g.c.stack);
    g.c.frame = &f;
    return true;
  }

  [[gnu::always_inline]] static void block(G& g, std::int64_t immediate) {
    block_types types;
    if (signature(g, immediate, types)) open(g, construct::block, types, false);
  }

  static void loop(G& g, std::int64_t immediate) {
    block_types types;
    if (!signature(g, immediate, types) || !open(g, construct::loop, types, true)) return;
    if (g.c.open_loops++ == 0) g.c.loop_calls = loop_homes<Policy>::choose(g);
    auto& header = g.c.frame->target;
    // With calls inside, homes that calls clobber would be loaded again on every back edge: leave them to their readers.
    const std::uint32_t wanted = g.c.regions[g.c.current_region].homes & (g.c.loop_calls ? convention::callee_saved : ~0u);
    F::load_homes(g, wanted);
    F::store_homes(g, ~wanted);
    align(g, 32);
    header.reached = true;
    header.in = header.dirty = g.in() & wanted;
    F::bind(g, header);
    F::arrive(g, header.in, header.dirty);
  }
  static void align(G& g, std::uint32_t to) {
    const std::uint32_t gap = (0 - g.c.position(g.a.out)) & (to - 1);
    if (gap) g.a.nop(gap);
  }

  // `when`: the condition under which the then-arm runs, already in the flags.
  [[LIGHTBEAM_SCALAR]] static void if_(G& g, std::int64_t immediate, condition when) {
    block_types types;
    if (!signature(g, immediate, types) || !open(g, construct::then_arm, types, true)) return;
    auto& f = *g.c.frame;
    label other;
    F::jump_if(g, other, negate(when));
    f.else_place = other.place;
    f.else_in = g.in(), f.else_dirty = g.c.dirty & g.in();
    // The false edge is the end's first edge, should there be no else.
    F::conform(g, f.target);
    ++g.c.epoch;
  }

  [[LIGHTBEAM_SCALAR]] static void else_(G& g) {
    auto& f = *g.c.frame;
    if (f.kind != construct::then_arm) return g.reject();
    if (!f.dead) {
      if (!F::check_exactly(g, f.results)) return;
      F::branch(g, f);
    }
    F::bind_chain(g.c, f.else_place, g.a.out);
    f.else_place = 0;
    f.kind = construct::else_arm;
    f.dead = false;
    F::arrive(g, f.else_in, f.else_dirty);
    restart(g, f.params, false);
  }

  // The operands of the innermost frame, where a label leaves them: the first in a register if so wanted, the rest in slots.
  [[LIGHTBEAM_SCALAR]] static bool restart(G& g, std::span<const val> types, bool in_register) {
    g.registers |= G::temporaries;
    g.sp = g.c.stack + g.c.frame->first;
    if (types.empty()) return true;
    if (!F::ensure_stack(g, types.size())) return false;
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (i == 0 && in_register) {
        const reg r = F::result_register(types[0]);
        g.own(r);
        g.push_in(types[0], r);
      } else {
        const value* const p = g.sp;
        g.own_slot(p);
        g.push(value::in_slot(types[i], g.slot_of(p)));
        // Nothing but slots and constants can lie below the operands of a frame.
        if (!in_register) g.sp[-1].tag |= value::floor_bit;
      }
    }
    return true;
  }

  [[gnu::always_inline]] static void end(G& g) {
    auto& f = *g.c.frame;
    const std::span<const val> results = f.results, params = f.params;
    if (f.kind == construct::function) return end_function(g);
    if (!f.dead && !F::check_exactly(g, results)) return;
    if (f.kind == construct::then_arm) {
      if (!std::equal(params.begin(), params.end(), results.begin(), results.end())) return g.reject();  // there is no else to change them
      if (f.else_place && !results.empty()) return end_with_parameters(g);
    }
    const bool joined = f.kind != construct::loop && (f.target.place || f.target.tables || f.target.stubs || f.else_place);
    if (joined) {
      if (!f.dead) arrive_by_falling(g, f);
      F::bind_chain(g.c, f.else_place, g.a.out);
      F::bind(g, f.target);
      F::arrive(g, f.target.in, f.target.dirty);
      if (!restart(g, results, true)) return;
    } else if (f.dead) {
      // Nobody comes here: any state will do, and this one needs no moves.
      F::arrive(g, g.c.regions[g.c.current_region].homes, 0);
      if (!restart(g, results, false)) return;
    }
    if (f.kind == construct::loop) {
      --g.c.open_loops;
      if (f.has_region) leave_region(g, f, results.size());
    }
    close(g, results.size());
  }
  // Results that read homes of the loop are made before these change hands.
  static void leave_region(G& g, control& f, std::size_t results) {
    g.settle_loads();
    for (value* p = g.sp - results; p < g.sp; ++p)
      if (p->place() > where::reg) cold::to_register(g, p);
    loop_homes<Policy>::leave(g, f.region);
  }
  static void arrive_by_falling(G& g, control& f) {
    F::prepare(g, f.results, true);
    F::conform(g, f.target);
    if (const std::span<const val> results = f.results; results.size() > 1) F::several_results(g, results, F::slot_in(g, f), false);
  }
  // An if without else, with parameters: its missing else moves them to where results are expected.
  static void end_with_parameters(G& g) {
    auto& f = *g.c.frame;
    const std::span<const val> results = f.results;
    if (!f.dead) F::branch(g, f);
    F::bind_chain(g.c, f.else_place, g.a.out);
    F::arrive(g, f.else_in, f.else_dirty);
    if (!restart(g, results, false)) return;
    arrive_by_falling(g, f);
    F::bind(g, f.target);
    F::arrive(g, f.target.in, f.target.dirty);
    if (restart(g, results, true)) close(g, results.size());
  }
  // The results move down over the sentinel; their slots stay the same.
  static void close(G& g, std::size_t results) {
    value* const first = g.c.stack + g.c.frame->first;
    for (std::size_t i = 0; i < results; ++i) first[std::ptrdiff_t(i) - 1] = first[i];
    --g.sp;
    g.c.bias += 8;
    g.c.frames.pop_back();
    g.c.frame = &g.c.frames.back();
  }
  static void end_function(G& g) {
    auto& f = *g.c.frame;
    if (!f.dead) {
      if (!F::check_exactly(g, f.results)) return;
      g.settle_loads();
      F::results_to_places(g, f.results);
    }
    g.c.done = true;
    g.c.ended = g.pc;
    static constexpr std::uint8_t stop[] = {0xff};
    g.pc = stop;
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
