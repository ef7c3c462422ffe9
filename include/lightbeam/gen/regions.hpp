#pragma once

#include "../wasm/immediates.hpp"
#include "../wasm/op_table.hpp"
#include "flow.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// What a scan needs to know of an opcode.
struct scan_row {
  enum kinds : std::uint8_t { plain, local, call, opens, ends, unknown } kind;
  std::uint8_t bytes;      // opcode and immediates, if each of these is one byte
  std::uint8_t continues;  // 0x80 where the last of them may be a longer LEB128 number
  std::uint32_t no_local;  // bits that make an immediate the index of no local
};
inline constexpr auto scan_rows = [] {
  std::array<scan_row, 256> rows;
  rows.fill({scan_row::plain, 1, 0, ~0u});
  for (const auto& row : op_table) {
    if (row.code > 0xff) continue;
    auto& r = rows[row.code];
    switch (row.immediate) {
      case imm::none: break;
      case imm::f32: r.bytes = 5; break;
      case imm::f64: r.bytes = 9; break;
      case imm::memarg: case imm::call_indirect: r.bytes = 3, r.continues = 0x80; break;
      case imm::br_table: case imm::select_types: r.kind = scan_row::unknown; break;
      default: r.bytes = 2, r.continues = 0x80;
    }
  }
  for (const int code : {0x20, 0x21, 0x22}) rows[std::size_t(code)] = {scan_row::local, 2, 0x80, 0};
  for (const int code : {0x10, 0x11}) rows[std::size_t(code)].kind = scan_row::call;
  for (const int code : {0x02, 0x03, 0x04}) rows[std::size_t(code)].kind = scan_row::opens;
  for (const int code : {0xfb, 0xfc, 0xfd, 0xfe, 0xff}) rows[std::size_t(code)].kind = scan_row::unknown;
  rows[0x0b].kind = scan_row::ends;
  return rows;
}();

// Homes for an outermost loop of its own, where the function's do not suit it: its locals do not all have homes, or it calls. One
// look at the beginning of the loop ranks its locals. What it gets wrong costs speed, nothing else.
template <class Policy>
struct loop_homes {
  using G = generator<Policy>;
  using F = flow<Policy>;
  static constexpr std::uint32_t homes = Policy::regs::homes;
  static constexpr std::ptrdiff_t reach = compile_context::scan_reach;

  // Called at the header, when everything on the stack is a slot or a constant. Tells whether the loop calls.
  static bool choose(G& g) {
    auto& c = g.c;
    if (!c.crowded && !c.has_calls) return false;
    // Loops shorter than any real ones are: the way in and out would cost too much.
    if (F::unusual(g, c.regions.size(), 32)) return true;
    // All locals have homes that calls spare: there is nothing to be gained.
    if (!c.crowded && !(c.regions[c.current_region].homes & ~convention::callee_saved)) return true;
    const std::uint32_t calls = rank(c, g.pc);
    if (c.crowded || calls) {
      const region wanted = assign(c, calls);
      if (different(c, wanted)) enter(g, wanted);
    }
    for (const auto local : c.ranked) c.weights[local] = 0;
    return calls != 0;
  }

  // From the homes of the loop back to those outside: what the end of the loop does.
  static void leave(G& g, std::uint32_t outside) {
    const std::uint32_t from = g.c.current_region;
    const std::uint32_t kept = F::store_for(g, from, outside, ~0u);
    rename(g.c, from, outside);
    g.set_in(g.in() & kept);
    g.c.dirty &= kept;
  }

 private:
  // Weighs the locals: eight times a loop level, a quarter inside an `if`. Returns the weight of calls. Which operator comes next
  // cannot be predicted, so plain ones and locals take the same way: what is no local weighs on an entry of its own.
  static std::uint32_t rank(compile_context& c, const std::uint8_t* p) {
    const std::uint8_t* const end = c.body_end - p > reach ? p + reach : c.body_end;
    const std::uint32_t nobody = c.local_count;
    if (c.weights.size() <= nobody) c.weights.resize(std::size_t{nobody} + 1);
    std::uint32_t weight = 16, calls = 0, depth = 0, count = 0;
    std::uint32_t outer[64];
    while (p < end) {
      const std::uint8_t code = p[0];
      const scan_row row = scan_rows[code];
      const std::uint8_t* const immediate = p + 1;
      p += row.bytes;
      std::uint32_t i = *immediate;
      if (p[-1] & row.continues) [[unlikely]] {
        i = decode_u32(immediate).value;
        while (p < end && *p++ & 0x80) {}
      }
      if (row.kind <= scan_row::local) {
        i = std::min(i | row.no_local, nobody);
        c.ranking[count] = i;
        count += (i != nobody) & (c.weights[i] == 0);
        c.weights[i] += weight;
      } else if (row.kind == scan_row::call) {
        calls += weight;
      } else if (row.kind == scan_row::opens) {
        if (depth == 64) break;
        outer[depth++] = weight;
        if (code == 0x03) weight = std::min(weight * 8, 1u << 20);
        else if (code == 0x04) weight = std::max(weight / 4, 1u);
      } else {
        if (row.kind == scan_row::unknown || !depth) break;
        weight = outer[--depth];
      }
    }
    c.weights[nobody] = 0;
    c.ranked = {c.ranking.data(), count};
    return calls;
  }

  // The hottest locals, heaviest first; those that have a suitable home keep it.
  static region assign(compile_context& c, std::uint32_t calls) {
    sort(c);
    region r;
    std::uint32_t free = homes;
    const auto suits = [&](std::uint32_t local, reg home) { return !calls || c.weights[local] > calls || mask(home) & convention::callee_saved; };
    std::uint32_t room_general = std::uint32_t(std::popcount(homes & general_registers)), room_xmm = std::uint32_t(std::popcount(homes & xmm_registers));
    c.chosen.clear();
    for (const auto local : c.ranked) {
      std::uint32_t& room = is_float(c.locals[local].type()) ? room_xmm : room_general;
      if (!room) continue;
      --room;
      c.chosen.push_back(local);
      if (const reg home = c.locals[local].base(); home != reg::none && suits(local, home)) take(r, free, local, home);
    }
    for (const auto local : c.chosen) {
      if (has_home(r, local, c.locals[local].base())) continue;
      const std::uint32_t kind = free & (is_float(c.locals[local].type()) ? xmm_registers : general_registers);
      const std::uint32_t first = calls ? kind & convention::callee_saved : kind;
      if (first) take(r, free, local, reg(std::countr_zero(first)));
      else if (kind && (c.weights[local] > calls)) take(r, free, local, reg(std::countr_zero(kind)));
    }
    keep_others(c, r, free);
    return r;
  }
  // By weight, and where that is the same by who came first.
  static void sort(compile_context& c) {
    std::array<std::uint64_t, reach + 1> keys;
    const std::size_t count = c.ranked.size();
    for (std::size_t i = 0; i < count; ++i) keys[i] = std::uint64_t{~c.weights[c.ranked[i]]} << 32 | i << 16 | c.ranked[i];  // locals fit 16 bits
    std::sort(keys.begin(), keys.begin() + std::ptrdiff_t(count));
    for (std::size_t i = 0; i < count; ++i) c.ranking[i] = keys[i] & 0xffff;
  }
  // Registers that nobody wants stay with whom they belong to.
  static void keep_others(compile_context& c, region& r, std::uint32_t free) {
    const auto& now = c.regions[c.current_region];
    for (std::uint32_t left = now.homes & free; left; left &= left - 1) {
      const auto home = std::uint8_t(std::countr_zero(left));
      const std::uint32_t local = now.owner[home];
      if (c.weights[local] && is_owner(r, local)) continue;
      r.homes |= 1u << home;
      r.owner[home] = local;
    }
  }
  static bool is_owner(const region& r, std::uint32_t local) {
    for (std::uint32_t left = r.homes; left; left &= left - 1)
      if (r.owner[std::countr_zero(left)] == local) return true;
    return false;
  }
  static bool has_home(const region& r, std::uint32_t local, reg home) { return home != reg::none && r.homes & mask(home) && r.owner[std::uint8_t(home)] == local; }
  static void take(region& r, std::uint32_t& free, std::uint32_t local, reg home) {
    r.homes |= mask(home);
    r.owner[std::uint8_t(home)] = local;
    free &= ~mask(home);
  }
  static bool different(const compile_context& c, const region& r) {
    const auto& now = c.regions[c.current_region];
    if (r.homes != now.homes) return true;
    for (std::uint32_t left = r.homes; left; left &= left - 1)
      if (r.owner[std::countr_zero(left)] != now.owner[std::countr_zero(left)]) return true;
    return false;
  }

  static void enter(G& g, const region& wanted) {
    auto& c = g.c;
    const std::uint32_t from = c.current_region, to = std::uint32_t(c.regions.size());
    c.regions.push_back(wanted);
    c.saved |= wanted.homes & convention::callee_saved;
    cover(c, c.regions[from]), cover(c, c.regions[to]);
    const std::uint32_t kept = F::store_for(g, from, to, ~0u);
    rename(c, from, to);
    g.set_in(g.in() & kept);
    c.dirty &= kept;
    c.frame->has_region = true;
    c.frame->target_region = to;
  }
  // Edges between the regions may store and load all of these.
  static void cover(compile_context& c, const region& r) {
    for (std::uint32_t left = r.homes; left; left &= left - 1)
      c.frame_bytes = std::max(c.frame_bytes, std::int32_t(8 * (r.owner[std::countr_zero(left)] + 1)));
  }
  // The records of all locals that have a home on either side. 
  static void rename(compile_context& c, std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t left = c.regions[from].homes; left; left &= left - 1) {
      const std::uint32_t local = c.regions[from].owner[std::countr_zero(left)];
      c.locals[local] = value::local(c.locals[local].type(), local, reg::none);
    }
    for (std::uint32_t left = c.regions[to].homes; left; left &= left - 1) {
      const auto home = reg(std::countr_zero(left));
      const std::uint32_t local = c.regions[to].owner[std::uint8_t(home)];
      c.locals[local] = value::local(c.locals[local].type(), local, home);
    }
    c.current_region = to;
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
