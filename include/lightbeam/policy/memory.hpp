#pragma once

#include "../gen/memory_shapes.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// The memory operand of an access: base of the memory, one zero-extended register or none, a displacement below 2^31.
constexpr address memory_operand(reg index, std::uint32_t offset) {
  return {convention::memory_base, index, 0, std::int32_t(offset)};
}

// The hardware checks: 8 GiB and 64 KiB of address space belong to a memory, so an access that a module can name either hits
// the memory or faults. Needs a fault handler, the one piece of process state.
struct guard_pages {
  static constexpr memory_kind kind = memory_kind::guard_pages;
  static address operand(reg index, std::uint32_t offset) { return memory_operand(index, offset); }
  static effective_address checked(auto&, effective_address e, std::uint32_t) { return e; }
};

// A compare with the memory's length before each access, for hosts without large reservations or signal handlers. Sums have 64 bits.
struct bounds_checks {
  static constexpr memory_kind kind = memory_kind::bounds_checks;
  static address operand(reg index, std::uint32_t offset) { return memory_operand(index, offset); }
  static effective_address checked(auto& g, effective_address e, std::uint32_t bytes) {
    constexpr address length{convention::memory_base, reg::none, 0, -8};
    const std::uint64_t reach = std::uint64_t{e.offset} + bytes;
    if (e.parts.base == reg::none && e.parts.index == reg::none) {
      g.a.alu(alu_op::cmp, width::w64, length, std::int32_t(reach));
      g.trap_if(cond::b, trap_code::memory_out_of_bounds);
      return e;
    }
    const reg index = plain(g, e.parts);
    const reg end = g.temporary();
    if (reach < 0x7fffffff) {
      g.a.lea(width::w64, end, {index, reg::none, 0, std::int32_t(reach)});
    } else {
      g.a.mov(width::w64, end, reach);
      g.a.alu(alu_op::add, width::w64, end, index);
    }
    g.a.alu(alu_op::cmp, width::w64, end, length);
    g.release(end);
    g.trap_if(cond::a, trap_code::memory_out_of_bounds);
    return {{index, reg::none, 0, 0}, e.offset};
  }

 private:
  static reg plain(auto& g, address m) {
    if (m.index == reg::none && m.displacement == 0) return m.base;
    return g.writable(value::sum(val::i32, m.base, m.index, m.scale, m.displacement));
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
