#pragma once

#include "op_rows.hpp"
#include "op_rows_atomic.hpp"
#include "op_rows_prefixed.hpp"
#include "op_rows_vector.hpp"
#include <algorithm>

namespace lightbeam::inline LIGHTBEAM_ABI {

// The operators of Wasm 3.0 and of some proposals, in the order of their codes.
inline constexpr auto op_table = [] {
  std::array<op_row, core_rows.size() + prefixed_rows.size() + vector_rows.size() + atomic_rows.size()> all{};
  auto to = std::copy(core_rows.begin(), core_rows.end(), all.begin());
  to = std::copy(prefixed_rows.begin(), prefixed_rows.end(), to);
  to = std::copy(vector_rows.begin(), vector_rows.end(), to);
  std::copy(atomic_rows.begin(), atomic_rows.end(), to);
  return all;
}();
static_assert(std::is_sorted(op_table.begin(), op_table.end(), [](const op_row& a, const op_row& b) { return a.code < b.code; }));

inline constexpr std::size_t op_count = op_table.size();

// Rows in order of name: a linear search per lower<"..."> would double the build time.
inline constexpr auto rows_by_name = [] {
  std::array<std::uint16_t, op_count> rows{};
  for (std::size_t i = 0; i < op_count; ++i) rows[i] = static_cast<std::uint16_t>(i);
  std::sort(rows.begin(), rows.end(), [](auto x, auto y) { return op_table[x].name < op_table[y].name; });
  return rows;
}();

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

// One row of the table, named as the specification names it. Usable as a template argument: lower<"i32.add">. A misspelt name
// does not compile.
struct op {
  std::uint16_t row = 0;
  char name[40] = {};  // only for compiler messages

  consteval op(const char* text) {
    std::size_t low = 0, high = op_count;
    while (low < high) {
      const std::size_t middle = (low + high) / 2;
      const int order = compare(op_table[rows_by_name[middle]].name, text);
      if (order == 0) {
        *this = op(std::size_t{rows_by_name[middle]});
        return;
      }
      (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
    }
    no_operator_of_this_name_in_op_table();
  }
  consteval explicit op(std::size_t i) : row(static_cast<std::uint16_t>(i)) {
    for (std::size_t k = 0; k < op_table[i].name.size(); ++k) name[k] = op_table[i].name[k];
  }
  constexpr const op_row* operator->() const { return &op_table[row]; }
  constexpr bool operator==(const op&) const = default;

  static consteval int compare(std::string_view a, const char* b) {
    for (char c : a) {
      if (c != *b) return c < *b ? -1 : 1;
      ++b;
    }
    return *b ? -1 : 0;
  }
};

// "v128.load needs the feature simd, which is disabled", for every row: failures point to constant text.
inline constexpr auto unsupported_texts = [] {
  std::array<std::array<char, 112>, op_count> texts{};
  for (std::size_t i = 0; i < op_count; ++i) {
    char* to = texts[i].data();
    const auto add = [&to](std::string_view part) {
      for (const char c : part) *to++ = c;
    };
    add(op_table[i].name), add(" needs the feature "), add(text(op_table[i].since)), add(", which is disabled");
  }
  return texts;
}();
constexpr const char* unsupported_text(std::size_t row) { return unsupported_texts[row].data(); }

}  // namespace lightbeam::inline LIGHTBEAM_ABI
