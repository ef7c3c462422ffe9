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
    if (index.type() != val::i32) return g.mismatch(val::i32, index.type());
    const std::uint8_t* const labels = g.pc;
    const auto count = read_u32(g);
    if (!count) return;
    ++g.c.tables;
    std::span<const val> types;
    std::vector<std::uint32_t> named;
    if (!check_labels(g, *count, types, named)) return;
    const std::uint8_t* const next = g.pc;

    const reg at = reg::cx, table = reg::dx;
    if (!g.is_free(at) && !index.reads(at)) g.template cold<&slow<Policy>::evict>(at);
    g.template start<true>(at, index);
    g.claim(table);
    const bool detoured = std::any_of(named.begin(), named.end(), [&](auto depth) { return needs_detour(g, frame(g, depth), types); });
    // Detours may spill nothing: only one of them runs.
    if (detoured) g.flush();
    // One value goes to where all labels but those of loops want it; loops take it from there.
    F::prepare(g, types, types.size() == 1);
    for (const auto depth : named)
      if (auto& f = frame(g, depth); f.kind != construct::function && !needs_detour(g, f, types)) F::conform(g, f.target);

    g.a.alu(alu_op::cmp, width::w32, at, std::int32_t(*count));
    g.pc = labels;
    read_u32(g);
    write_table(g, *count, at, table, types);
    g.pc = next;
    detours(g, named, types);
    g.release(mask(at, table));
  }

 private:
  static std::optional<std::uint32_t> read_u32(G& g) {
    const auto read = decode_u32(g.pc);
    g.pc += read.length;
    if (read.length == 0) return g.fail(failure_kind::malformed, "integer representation too long"), std::nullopt;
    return read.value;
  }
  static control& frame(G& g, std::uint32_t depth) { return g.c.frames[g.c.frames.size() - 1 - depth]; }
  static bool needs_detour(G& g, const control& f, std::span<const val> types) {
    if (f.kind == construct::function) return types.size() > 1;
    return F::needs_copies(f, types) || f.target_region != g.c.current_region;
  }

  // Every label takes what lies on the stack. `named` gets each label once.
  static bool check_labels(G& g, std::uint32_t count, std::span<const val>& types, std::vector<std::uint32_t>& named) {
    for (std::uint64_t i = 0; i <= count; ++i) {
      const auto depth = read_u32(g);
      if (!depth) return false;
      if (*depth >= g.c.frames.size()) return g.unknown("unknown label", *depth), false;
      auto& f = frame(g, *depth);
      if (f.table == g.c.tables) continue;
      f.table = g.c.tables;
      if (named.empty()) types = f.branch_types();
      else if (types.size() != f.branch_types().size()) return g.fail(failure_kind::invalid, "type mismatch: labels of br_table differ in arity"), false;
      if (!F::check(g, f.branch_types())) return false;
      named.push_back(*depth);
    }
    return true;
  }

  static void write_table(G& g, std::uint32_t count, reg at, reg table, std::span<const val> types) {
    std::uint8_t* const otherwise = g.a.jcc(cond::ae);
    std::uint8_t* const base = g.a.lea_rip(table);
    g.a.load(load_op::movsxd, at, {table, at, 2, 0});
    g.a.alu(alu_op::add, width::w64, at, table);
    g.a.jmp(at);
    Policy::assembler::patch(base, g.a.out);
    const std::uint32_t start = g.c.position(g.a.out);
    for (std::uint32_t i = 0; i < count; ++i, g.a.out += 4) {
      auto& f = frame(g, *read_u32(g));
      label& to = needs_detour(g, f, types) ? f.detour : f.target;
      const std::int32_t distance = std::int32_t(to.place - start);
      if (to.bound) std::memcpy(g.a.out, &distance, 4);
      else {
        g.c.table_fields.push_back({g.c.position(g.a.out), start, to.tables});
        to.tables = std::uint32_t(g.c.table_fields.size());
      }
    }
    auto& f = frame(g, *read_u32(g));
    label& to = needs_detour(g, f, types) ? f.detour : f.target;
    if (to.bound) Policy::assembler::patch(otherwise, g.c.code + to.place);
    else F::chain(g, to.place, otherwise);
  }

  static void detours(G& g, const std::vector<std::uint32_t>& named, std::span<const val> types) {
    const auto registers = g.registers;
    const auto dirty = g.c.dirty;
    // Each starts from the state at the jump.
    const std::vector<value> operands(g.sp - types.size(), g.sp);
    for (const auto depth : named) {
      auto& f = frame(g, depth);
      if (!needs_detour(g, f, types)) continue;
      if (!F::ensure_space(g, 1024)) return;  // a label is one byte, and all homes may have to be moved
      F::bind(g, f.detour);
      f.detour = {};
      F::branch(g, f);
      g.registers = registers, g.c.dirty = dirty;
      std::copy(operands.begin(), operands.end(), g.sp - types.size());
    }
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
