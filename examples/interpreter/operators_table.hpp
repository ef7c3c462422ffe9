#pragma once

// Table, reference and global operators, sections 4.4.1, 4.4.5 and 4.4.6.

#include "operation.hpp"
#include <algorithm>

namespace interpreter {

inline void table_get(machine& m, const instruction& i) {
  const table& t = *m.here().tables[i.a];
  const auto at = m.pop<std::uint32_t>();
  if (!t.holds(at, 1)) return m.trap(trap_code::table_out_of_bounds);
  m.push(t.elements[at]);
}
inline void table_set(machine& m, const instruction& i) {
  table& t = *m.here().tables[i.a];
  const auto value = m.pop<word>();
  const auto at = m.pop<std::uint32_t>();
  if (!t.holds(at, 1)) return m.trap(trap_code::table_out_of_bounds);
  t.elements[at] = value;
}
inline void table_size(machine& m, const instruction& i) { m.push(std::uint32_t(m.here().tables[i.a]->elements.size())); }
inline void table_grow(machine& m, const instruction& i) {
  const auto more = m.pop<std::uint32_t>();
  const auto filler = m.pop<word>();
  m.push(m.here().tables[i.a]->grow(filler, more));
}
inline void table_fill(machine& m, const instruction& i) {
  table& t = *m.here().tables[i.a];
  const auto count = m.pop<std::uint32_t>();
  const auto value = m.pop<word>();
  const auto at = m.pop<std::uint32_t>();
  if (!t.holds(at, count)) return m.trap(trap_code::table_out_of_bounds);
  std::fill_n(t.elements.begin() + at, count, value);
}
// a: the table copied to, b: from.
inline void table_copy(machine& m, const instruction& i) {
  table &to = *m.here().tables[i.a], &from = *m.here().tables[i.b];
  const auto count = m.pop<std::uint32_t>(), source = m.pop<std::uint32_t>(), target = m.pop<std::uint32_t>();
  if (!from.holds(source, count) || !to.holds(target, count)) return m.trap(trap_code::table_out_of_bounds);
  if (count) std::memmove(to.elements.data() + target, from.elements.data() + source, count * sizeof(word));
}
// a: the segment, b: the table.
inline void table_init(machine& m, const instruction& i) {
  table& to = *m.here().tables[i.b];
  const auto& segment = m.here().elements[i.a];
  const auto count = m.pop<std::uint32_t>(), source = m.pop<std::uint32_t>(), target = m.pop<std::uint32_t>();
  if (std::uint64_t(source) + count > segment.size() || !to.holds(target, count)) return m.trap(trap_code::table_out_of_bounds);
  std::copy_n(segment.begin() + source, count, to.elements.begin() + target);
}
inline void elem_drop(machine& m, const instruction& i) { m.here().elements[i.a].clear(); }

inline void ref_null(machine& m, const instruction&) { m.push(word(0)); }
inline void ref_is_null(machine& m, const instruction&) { m.push(m.pop<word>() == 0); }
inline void ref_func(machine& m, const instruction& i) { m.push(reference(m.here().functions[i.a])); }

inline void global_get(machine& m, const instruction& i) { m.push(m.here().globals[i.a]->bits); }
inline void global_set(machine& m, const instruction& i) { m.here().globals[i.a]->bits = m.pop<word>(); }

inline constexpr operation table_operations[] = {
    {"table.get", table_get},
    {"table.set", table_set},
    {"table.size", table_size},
    {"table.grow", table_grow},
    {"table.fill", table_fill},
    {"table.copy", table_copy},
    {"table.init", table_init},
    {"elem.drop", elem_drop},
    {"ref.null", ref_null},
    {"ref.is_null", ref_is_null},
    {"ref.func", ref_func},
    {"global.get", global_get},
    {"global.set", global_set},
};

}  // namespace interpreter
