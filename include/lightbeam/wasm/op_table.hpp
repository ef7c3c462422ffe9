#pragma once

#include "op_rows.hpp"
#include "op_rows_atomic.hpp"
#include "op_rows_prefixed.hpp"
#include "op_rows_vector.hpp"
#include <algorithm>
#include <string>

namespace lightbeam::inline LIGHTBEAM_ABI {

// The operators of Wasm 3.0 and of some proposals, in the order of their codes.
inline constexpr auto op_table = [] {
  std::array<op_row, std::size(core_rows) + std::size(prefixed_rows) + std::size(vector_rows) + std::size(atomic_rows)> all{};
  op_row* to = all.data();
  for (const op_row& row : core_rows) *to++ = row;
  for (const op_row& row : prefixed_rows) *to++ = row;
  for (const op_row& row : vector_rows) *to++ = row;
  for (const op_row& row : atomic_rows) *to++ = row;
  return all;
}();
static_assert(std::is_sorted(op_table.begin(), op_table.end(), [](const op_row& a, const op_row& b) { return a.code < b.code; }));

inline constexpr std::size_t op_count = op_table.size();

// Rows by their names, hashed: a search for each lower<"..."> and a sorted table would cost every unit half a second.
struct name_index {
  static constexpr std::uint32_t slots = 2048;
  std::array<std::uint16_t, slots> rows{};  // a row's index plus one; the next slots where its own is taken

  consteval name_index() {
    for (std::size_t i = 0; i < op_count; ++i) {
      std::uint32_t at = slot(op_table[i].name.data());
      while (rows[at]) at = (at + 1) % slots;
      rows[at] = std::uint16_t(i + 1);
    }
  }
  // A row's index plus one, or 0.
  consteval std::uint16_t find(const char* name) const {
    std::uint32_t at = slot(name);
    while (rows[at] && !same(op_table[rows[at] - 1u].name.data(), name)) at = (at + 1) % slots;
    return rows[at];
  }
  static consteval std::uint32_t slot(const char* name) {
    std::uint32_t hash = 0;
    while (*name) hash = hash * 33 + std::uint8_t(*name++);
    return (hash ^ hash >> 11) % slots;
  }
  static consteval bool same(const char* a, const char* b) {
    while (*a && *a == *b) ++a, ++b;
    return *a == *b;
  }
};
inline constexpr name_index rows_by_name;

// The row of an operator by its code, or null.
constexpr const op_row* find_row(std::uint32_t code) {
  const auto at = std::lower_bound(op_table.begin(), op_table.end(), code, [](const op_row& r, std::uint32_t c) { return r.code < c; });
  return at != op_table.end() && at->code == code ? &*at : nullptr;
}

// The same without a search: a row's index plus one, or 0, by prefix and value.
inline constexpr std::size_t codes_per_prefix = 0x120;
inline constexpr auto rows_by_code = [] {
  std::array<std::array<std::uint16_t, codes_per_prefix>, 5> rows{};
  for (std::size_t i = 0; i < op_count; ++i) {
    const std::uint32_t prefix = op_table[i].code >> 16;
    rows[prefix ? prefix - 0xfa : 0][op_table[i].code & 0xffff] = std::uint16_t(i + 1);
  }
  return rows;
}();
constexpr const op_row* row_of(std::uint32_t code) {
  const std::uint32_t prefix = code >> 16, value = code & 0xffff, group = prefix ? prefix - 0xfa : 0;
  if (group >= rows_by_code.size() || value >= codes_per_prefix || rows_by_code[group][value] == 0) return nullptr;
  return &op_table[rows_by_code[group][value] - 1u];
}

// The code of a prefixed operator. Numbers that no proposal uses give the prefix alone, which is no operator.
constexpr std::uint32_t prefixed_code(std::uint8_t prefix, std::uint32_t number) { return number > 0xffff ? prefix : std::uint32_t{prefix} << 16 | number; }

// One row of the table, named as the specification names it. Usable as a template argument: lower<"i32.add">. A misspelt name
// does not compile.
struct op {
  std::uint16_t row = 0;

  consteval op(const char* text) {
    const std::uint16_t found = rows_by_name.find(text);
    if (found == 0) no_operator_of_this_name_in_op_table();
    *this = op(std::size_t{found} - 1);
  }
  consteval explicit op(std::size_t i) : row(static_cast<std::uint16_t>(i)) {}
  constexpr const op_row* operator->() const { return &op_table[row]; }
  constexpr bool operator==(const op&) const = default;
};

// "v128.load needs the feature simd, which is disabled". Failures point to text that stays, so all of them are made together, in
// one string, the first time that one is wanted. No lambda, which GCC would evaluate when it compiles, for most of a second, in vain.
[[gnu::cold]] inline std::string unsupported_texts() {
  std::string all;
  for (const op_row& row : op_table)
    all.append(row.name).append(" needs the feature ").append(text(row.since)).append(", which is disabled").append(1, '\0');
  return all;
}
[[gnu::cold]] inline const char* unsupported_text(std::size_t row) {
  static const std::string texts = unsupported_texts();
  const char* at = texts.data();
  while (row--) at += std::char_traits<char>::length(at) + 1;
  return at;
}

// The name of an operator as a template argument, for the compiler's messages alone: the names of all handlers' types would grow by it.
struct op_name {
  char text[40] = {};
  consteval op_name(op o) {
    for (std::size_t k = 0; k < o->name.size(); ++k) text[k] = o->name[k];
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
