#pragma once

#include "../gen/integer_shapes.hpp"
#include "memory.hpp"

// Table and reference operators: sections 4.4.3 and 4.4.6 of the specification.
namespace lightbeam::inline LIGHTBEAM_ABI {

template <> inline constexpr auto lower<"ref.null"> = rarely{[](auto& g, val t) {
  if (!is_reference(t)) return g.reject();
  g.push_constant(t, 0);
}};
template <> inline constexpr auto lower<"ref.is_null"> = rarely{[](auto& g) {
  const value v = g.pop();
  if (!is_reference(v.type())) return g.reject();
  if (v.is(where::constant)) return g.push_constant(val::i32, v.bits64() == 0);
  equal_zero::test_zero(g, v, width::w64);
  g.push_condition(as_condition(cond::e));
}};
template <> inline constexpr auto lower<"ref.func"> = rarely{[](auto& g, std::uint32_t f) {
  if (f >= g.c.info->functions.size()) return g.reject();
  if (!g.c.info->referenced[f]) return g.reject();
  runtime_operator{runtime_call::ref_func, 0, val::funcref}(g, f, true);
}};

// The operand `depth` below the top has the type of the elements of a table.
bool holds_element(auto& g, std::uint32_t table, std::ptrdiff_t depth) {
  if (!g.has_table(table)) return false;
  if (g.c.info->tables[table].element == g.sp[-1 - depth].type()) return true;
  return g.reject(), false;
}
// Operands below and above the reference, all of type i32.
bool takes_i32(auto& g, std::initializer_list<std::ptrdiff_t> depths) {
  for (const auto d : depths)
    if (g.sp[-1 - d].type() != val::i32) return g.reject(), false;
  return true;
}

template <> inline constexpr auto lower<"table.get"> = rarely{[](auto& g, std::uint32_t table) {
  if (g.has_table(table) && takes_i32(g, {0})) runtime_operator{runtime_call::table_get, 1, g.c.info->tables[table].element}(g, table, true);
}};
template <> inline constexpr auto lower<"table.set"> = rarely{[](auto& g, std::uint32_t table) {
  if (holds_element(g, table, 0) && takes_i32(g, {1})) runtime_operator{runtime_call::table_set, 2, val::none}(g, table, true);
}};
template <> inline constexpr auto lower<"table.size"> = rarely{[](auto& g, std::uint32_t table) {
  if (g.has_table(table)) runtime_operator{runtime_call::table_size, 0, val::i32}(g, table, true);
}};
template <> inline constexpr auto lower<"table.grow"> = rarely{[](auto& g, std::uint32_t table) {
  if (takes_i32(g, {0}) && holds_element(g, table, 1)) runtime_operator{runtime_call::table_grow, 2, val::i32}(g, table, true);
}};
template <> inline constexpr auto lower<"table.fill"> = rarely{[](auto& g, std::uint32_t table) {
  if (takes_i32(g, {0}) && holds_element(g, table, 1) && takes_i32(g, {2})) runtime_operator{runtime_call::table_fill, 3, val::none}(g, table, true);
}};
template <> inline constexpr auto lower<"table.copy"> = rarely{[](auto& g, two_indices t) {
  if (!g.has_table(t.first) || !g.has_table(t.second)) return;
  if (g.c.info->tables[t.first].element != g.c.info->tables[t.second].element) return g.reject();
  runtime_operator{runtime_call::table_copy, 3, val::none}(g, t.first | std::uint64_t{t.second} << 32, true);
}};
template <> inline constexpr auto lower<"table.init"> = rarely{[](auto& g, two_indices i) {
  if (!g.has_table(i.second) || !g.has_elements(i.first)) return;
  if (g.c.info->tables[i.second].element != g.c.info->elements[i.first].type) return g.reject();
  runtime_operator{runtime_call::table_init, 3, val::none}(g, i.first | std::uint64_t{i.second} << 32, true);
}};
template <> inline constexpr auto lower<"elem.drop"> = rarely{[](auto& g, std::uint32_t segment) {
  if (g.has_elements(segment)) runtime_operator{runtime_call::elem_drop, 0, val::none}(g, segment, true);
}};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
