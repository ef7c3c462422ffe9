#pragma once

#include "../wasm/immediates.hpp"
#include "../wasm/op_table.hpp"
#include "flow.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// How many bytes of immediates follow an opcode, as far as a scan needs to know.
enum class skip : std::uint8_t { nothing, leb, two_lebs, four, eight, rest };
inline constexpr auto skips = [] {
  std::array<skip, 256> s{};
  for (const auto& row : op_table) {
    if (row.code > 0xff) continue;
    switch (row.immediate) {
      case imm::none: break;
      case imm::f32: s[row.code] = skip::four; break;
      case imm::f64: s[row.code] = skip::eight; break;
      case imm::memarg: case imm::call_indirect: s[row.code] = skip::two_lebs; break;
      case imm::br_table: case imm::select_types: s[row.code] = skip::rest; break;
      default: s[row.code] = skip::leb;
    }
  }
  s[0xfb] = s[0xfc] = s[0xfd] = s[0xfe] = s[0xff] = skip::rest;
  return s;
}();

// Homes for an outermost loop of its own, where the function's do not suit it: its locals do not all have homes, or it calls. One
// look at the beginning of the loop ranks its locals. What it gets wrong costs speed, nothing else.
template <class Policy>
struct loop_homes {
  using G = generator<Policy>;
  using F = flow<Policy>;
  static constexpr std::uint32_t homes = Policy::regs::homes;
  static constexpr std::ptrdiff_t reach = 256;  // bytes that are looked at

  // Called at the header, when everything on the stack is a slot or a constant. Tells whether the loop calls.
  static bool choose(G& g) {
    auto& c = g.c;
    if (!c.crowded && !c.has_calls) return false;
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
  // Weighs the locals: eight times a loop level, a quarter inside an `if`. Returns the weight of calls.
  static std::uint32_t rank(compile_context& c, const std::uint8_t* p) {
    const std::uint8_t* const end = c.body_end - p > reach ? p + reach : c.body_end;
    c.ranked.clear();
    if (c.weights.size() < c.local_count) c.weights.resize(c.local_count);
    std::uint32_t weight = 16, calls = 0, depth = 0;
    std::uint32_t outer[64];
    while (p < end) {
      const std::uint8_t code = *p++;
      if (code == 0x20 || code == 0x21 || code == 0x22) {
        const auto i = decode_u32(p);
        if (!i.length || i.value >= c.local_count) break;
        if (!c.weights[i.value]) c.ranked.push_back(i.value);
        c.weights[i.value] += weight;
        p += i.length;
        continue;
      }
      if (code == 0x10 || code == 0x11) calls += weight;
      if (code >= 0x02 && code <= 0x04) {
        if (depth == 64) break;
        outer[depth++] = weight;
        if (code == 0x03) weight = std::min(weight * 8, 1u << 20);
        else if (code == 0x04) weight = std::max(weight / 4, 1u);
      } else if (code == 0x0b) {
        if (!depth) break;
        weight = outer[--depth];
      }
      if (!skip_immediates(skips[code], p)) break;
    }
    return calls;
  }
  static bool skip_immediates(skip s, const std::uint8_t*& p) {
    switch (s) {
      case skip::nothing: return true;
      case skip::two_lebs:
        while (*p++ & 0x80) {}
        [[fallthrough]];
      case skip::leb:
        while (*p++ & 0x80) {}
        return true;
      case skip::four: return p += 4, true;
      case skip::eight: return p += 8, true;
      case skip::rest: return false;
    }
    return false;
  }

  // The hottest locals, heaviest first; those that have a suitable home keep it.
  static region assign(compile_context& c, std::uint32_t calls) {
    std::stable_sort(c.ranked.begin(), c.ranked.end(), [&c](auto x, auto y) { return c.weights[x] > c.weights[y]; });
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
