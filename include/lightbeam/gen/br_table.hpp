#pragma once

#include "../wasm/immediates.hpp"
#include "blocks.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// A jump table of 32-bit distances behind the jump. Labels whose edge needs moves of its own get a detour behind the table.
template <class Policy>
struct branch_table {
  using G = generator<Policy>;
  using F = flow<Policy>;

  // g.pc is at the vector of labels; padded input ends it.
  static void lower(G& g) {
    const value index = g.pop();
    if (index.type() != val::i32) return g.reject();
    const std::uint8_t* const labels = g.pc;
    const std::uint32_t count = number(g), first = g.c.tables + 1;
    std::span<const val> types;
    auto& named = g.c.named;
    named.clear();
    if (g.c.failed || !check_labels(g, count, types)) return;
    g.c.tables += std::uint32_t(named.size());
    const std::uint8_t* const next = g.pc;

    g.settle_loads();  // while there are registers for them
    const reg at = reg::cx, table = reg::dx;
    if (!g.is_free(at) && !index.reads(at)) g.template cold<&slow<Policy>::evict>(at);
    g.start(at, index, flags_are::live);
    g.claim(table);
    store_for_many(g, named);
    auto& detours = g.c.detours;
    detours.clear();
    common_homes common{g};
    for (auto& d : named) {
      if (!needs_detour(g, frame(g, d.depth), types, common)) continue;
      detours.emplace_back();
      d.detour = std::uint32_t(detours.size());
    }
    // Detours may spill nothing: only one of them runs.
    if (!detours.empty()) g.flush();
    // One value goes to where all labels but those of loops want it; loops take it from there.
    F::prepare(g, types, types.size() == 1);
    for (const auto& d : named)
      if (auto& f = frame(g, d.depth); f.kind != construct::function && !d.detour) arrive(g, f, common);

    if constexpr (Policy::verifies) slow<Policy>::look_at_upper_half(g, at, table);
    g.a.alu(alu_op::cmp, width::w32, at, std::int32_t(count));
    g.pc = labels;
    number(g);
    write_table(g, count, at, table, {g.c, first});
    g.pc = next;
    write_detours(g, types);
    g.release(mask(at, table));
  }

 private:
  // Homes in common with a region outside, which nearly all labels share.
  struct common_homes {
    G& g;
    std::uint32_t region = no_index, homes = 0;

    std::uint32_t with(std::uint32_t r) {
      if (r != region) homes = F::common(g, g.c.current_region, region = r);
      return homes & g.in();
    }
  };
  // Where a table's entries lead; `first`: control::table of the label that it names first.
  struct destinations {
    compile_context& c;
    std::uint32_t first;

    label& of(control& f) const {
      const std::uint32_t detour = c.named[f.table - first].detour;
      return detour ? c.detours[detour - 1] : f.target;
    }
  };

  static std::uint32_t number(G& g) {
    if (*g.pc < 0x80) [[likely]] return *g.pc++;
    const auto read = decode_u32(g.pc);
    g.pc += read.length;
    if (read.length == 0) g.reject();
    return read.value;
  }
  static control& frame(G& g, std::uint32_t depth) { return *(g.c.frame - depth); }
  static bool needs_detour(G& g, const control& f, std::span<const val> types, common_homes& common) {
    if (f.kind == construct::function) return types.size() > 1;
    if (F::needs_copies(f, types)) return true;
    return f.target_region != g.c.current_region && !F::is_free(g, f.target, common.with(f.target_region));
  }
  // Where more labels than real code has lie outside of their region, stores before the jump save each of them a detour.
  static void store_for_many(G& g, const plain_vector<named_label>& named) {
    for (const auto& d : named) g.c.labels_outside += frame(g, d.depth).target_region != g.c.current_region;
    if (F::unusual(g, g.c.labels_outside, 16)) F::store_homes(g, ~0u);
  }
  static void arrive(G& g, control& f, common_homes& common) {
    if (f.target_region == g.c.current_region) F::conform(g, f.target);
    else F::reach_outside(f.target, common.with(f.target_region));
  }

  // Every label takes what lies on the stack. `g.c.named` gets each label once.
  static bool check_labels(G& g, std::uint32_t count, std::span<const val>& types) {
    auto& named = g.c.named;
    const std::uint32_t first = g.c.tables + 1;
    for (std::uint64_t i = 0; i <= count; ++i) {
      const std::uint32_t depth = number(g);
      if (g.c.failed) return false;
      if (depth >= g.c.frames.size()) return g.reject(), false;
      auto& f = frame(g, depth);
      if (f.table >= first) continue;
      f.table = first + std::uint32_t(named.size());
      if (named.empty()) types = f.branch_types();
      else if (types.size() != f.branch_types().size()) return g.reject(), false;
      if (!F::check(g, f.branch_types())) return false;
      named.push_back({depth, 0});
    }
    return true;
  }

  static void write_table(G& g, std::uint32_t count, reg at, reg table, destinations to_where) {
    std::uint8_t* const otherwise = g.a.jcc(cond::ae);
    std::uint8_t* const base = g.a.lea_rip(table);
    g.a.load(load_op::movsxd, at, {table, at, 2, 0});
    g.a.alu(alu_op::add, width::w64, at, table);
    g.a.jmp(at);
    Policy::assembler::patch(base, g.a.out);
    const std::uint32_t start = g.c.position(g.a.out);
    for (std::uint32_t i = 0; i < count; ++i, g.a.out += 4) {
      label& to = to_where.of(frame(g, number(g)));
      const std::int32_t distance = std::int32_t(to.place - start);
      if (to.bound) std::memcpy(g.a.out, &distance, 4);
      else {
        g.c.table_fields.push_back({g.c.position(g.a.out), start, to.tables});
        to.tables = std::uint32_t(g.c.table_fields.size());
      }
    }
    label& to = to_where.of(frame(g, number(g)));
    if (to.bound) Policy::assembler::patch(otherwise, g.c.code + to.place);
    else F::chain(g, to.place, otherwise);
  }

  static void write_detours(G& g, std::span<const val> types) {
    const auto registers = g.registers;
    const auto dirty = g.c.dirty;
    // Each starts from the state at the jump.
    const plain_vector<value> operands(g.sp - types.size(), g.sp);
    for (const auto& d : g.c.named) {
      if (!d.detour) continue;
      if (!F::ensure_space(g, 1, 1024)) return;  // a label is one byte, and all homes may have to be moved
      F::bind(g, g.c.detours[d.detour - 1]);
      F::branch(g, frame(g, d.depth));
      g.registers = registers, g.c.dirty = dirty;
      std::copy(operands.begin(), operands.end(), g.sp - types.size());
    }
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
