#pragma once

#include "op.hpp"
#include <algorithm>

namespace lightbeam::inline LIGHTBEAM_ABI {

// clang-format off
inline constexpr std::array op_table = std::to_array<op_row>({
    // code      name                     immediate             type     since                             alignment
    {0x00,      "unreachable",           imm::none,            "?",     feature::mvp},
    {0x01,      "nop",                   imm::none,            ":",     feature::mvp},
    {0x02,      "block",                 imm::block_type,      "?",     feature::mvp},
    {0x03,      "loop",                  imm::block_type,      "?",     feature::mvp},
    {0x04,      "if",                    imm::block_type,      "?",     feature::mvp},
    {0x05,      "else",                  imm::none,            "?",     feature::mvp},
    {0x0b,      "end",                   imm::none,            "?",     feature::mvp},
    {0x0c,      "br",                    imm::label,           "?",     feature::mvp},
    {0x0d,      "br_if",                 imm::label,           "?",     feature::mvp},
    {0x0e,      "br_table",              imm::br_table,        "?",     feature::mvp},
    {0x0f,      "return",                imm::none,            "?",     feature::mvp},
    {0x10,      "call",                  imm::function,        "?",     feature::mvp},
    {0x11,      "call_indirect",         imm::call_indirect,   "?",     feature::mvp},
    {0x1a,      "drop",                  imm::none,            "?",     feature::mvp},
    {0x1b,      "select",                imm::none,            "?",     feature::mvp},
    {0x1c,      "select t",              imm::select_types,    "?",     feature::reference_types},
    {0x20,      "local.get",             imm::local,           "?",     feature::mvp},
    {0x21,      "local.set",             imm::local,           "?",     feature::mvp},
    {0x22,      "local.tee",             imm::local,           "?",     feature::mvp},
    {0x23,      "global.get",            imm::global,          "?",     feature::mvp},
    {0x24,      "global.set",            imm::global,          "?",     feature::mvp},
    {0x25,      "table.get",             imm::table,           "?",     feature::reference_types},
    {0x26,      "table.set",             imm::table,           "?",     feature::reference_types},
    {0x28,      "i32.load",              imm::memarg,          "i:i",   feature::mvp, 2},
    {0x29,      "i64.load",              imm::memarg,          "i:l",   feature::mvp, 3},
    {0x2a,      "f32.load",              imm::memarg,          "i:f",   feature::mvp, 2},
    {0x2b,      "f64.load",              imm::memarg,          "i:d",   feature::mvp, 3},
    {0x2c,      "i32.load8_s",           imm::memarg,          "i:i",   feature::mvp, 0},
    {0x2d,      "i32.load8_u",           imm::memarg,          "i:i",   feature::mvp, 0},
    {0x2e,      "i32.load16_s",          imm::memarg,          "i:i",   feature::mvp, 1},
    {0x2f,      "i32.load16_u",          imm::memarg,          "i:i",   feature::mvp, 1},
    {0x30,      "i64.load8_s",           imm::memarg,          "i:l",   feature::mvp, 0},
    {0x31,      "i64.load8_u",           imm::memarg,          "i:l",   feature::mvp, 0},
    {0x32,      "i64.load16_s",          imm::memarg,          "i:l",   feature::mvp, 1},
    {0x33,      "i64.load16_u",          imm::memarg,          "i:l",   feature::mvp, 1},
    {0x34,      "i64.load32_s",          imm::memarg,          "i:l",   feature::mvp, 2},
    {0x35,      "i64.load32_u",          imm::memarg,          "i:l",   feature::mvp, 2},
    {0x36,      "i32.store",             imm::memarg,          "ii:",   feature::mvp, 2},
    {0x37,      "i64.store",             imm::memarg,          "il:",   feature::mvp, 3},
    {0x38,      "f32.store",             imm::memarg,          "if:",   feature::mvp, 2},
    {0x39,      "f64.store",             imm::memarg,          "id:",   feature::mvp, 3},
    {0x3a,      "i32.store8",            imm::memarg,          "ii:",   feature::mvp, 0},
    {0x3b,      "i32.store16",           imm::memarg,          "ii:",   feature::mvp, 1},
    {0x3c,      "i64.store8",            imm::memarg,          "il:",   feature::mvp, 0},
    {0x3d,      "i64.store16",           imm::memarg,          "il:",   feature::mvp, 1},
    {0x3e,      "i64.store32",           imm::memarg,          "il:",   feature::mvp, 2},
    {0x3f,      "memory.size",           imm::memory,          ":i",    feature::mvp},
    {0x40,      "memory.grow",           imm::memory,          "i:i",   feature::mvp},
    {0x41,      "i32.const",             imm::i32,             ":i",    feature::mvp},
    {0x42,      "i64.const",             imm::i64,             ":l",    feature::mvp},
    {0x43,      "f32.const",             imm::f32,             ":f",    feature::mvp},
    {0x44,      "f64.const",             imm::f64,             ":d",    feature::mvp},
    {0x45,      "i32.eqz",               imm::none,            "i:i",   feature::mvp},
    {0x46,      "i32.eq",                imm::none,            "ii:i",  feature::mvp},
    {0x47,      "i32.ne",                imm::none,            "ii:i",  feature::mvp},
    {0x48,      "i32.lt_s",              imm::none,            "ii:i",  feature::mvp},
    {0x49,      "i32.lt_u",              imm::none,            "ii:i",  feature::mvp},
    {0x4a,      "i32.gt_s",              imm::none,            "ii:i",  feature::mvp},
    {0x4b,      "i32.gt_u",              imm::none,            "ii:i",  feature::mvp},
    {0x4c,      "i32.le_s",              imm::none,            "ii:i",  feature::mvp},
    {0x4d,      "i32.le_u",              imm::none,            "ii:i",  feature::mvp},
    {0x4e,      "i32.ge_s",              imm::none,            "ii:i",  feature::mvp},
    {0x4f,      "i32.ge_u",              imm::none,            "ii:i",  feature::mvp},
    {0x50,      "i64.eqz",               imm::none,            "l:i",   feature::mvp},
    {0x51,      "i64.eq",                imm::none,            "ll:i",  feature::mvp},
    {0x52,      "i64.ne",                imm::none,            "ll:i",  feature::mvp},
    {0x53,      "i64.lt_s",              imm::none,            "ll:i",  feature::mvp},
    {0x54,      "i64.lt_u",              imm::none,            "ll:i",  feature::mvp},
    {0x55,      "i64.gt_s",              imm::none,            "ll:i",  feature::mvp},
    {0x56,      "i64.gt_u",              imm::none,            "ll:i",  feature::mvp},
    {0x57,      "i64.le_s",              imm::none,            "ll:i",  feature::mvp},
    {0x58,      "i64.le_u",              imm::none,            "ll:i",  feature::mvp},
    {0x59,      "i64.ge_s",              imm::none,            "ll:i",  feature::mvp},
    {0x5a,      "i64.ge_u",              imm::none,            "ll:i",  feature::mvp},
    {0x5b,      "f32.eq",                imm::none,            "ff:i",  feature::mvp},
    {0x5c,      "f32.ne",                imm::none,            "ff:i",  feature::mvp},
    {0x5d,      "f32.lt",                imm::none,            "ff:i",  feature::mvp},
    {0x5e,      "f32.gt",                imm::none,            "ff:i",  feature::mvp},
    {0x5f,      "f32.le",                imm::none,            "ff:i",  feature::mvp},
    {0x60,      "f32.ge",                imm::none,            "ff:i",  feature::mvp},
    {0x61,      "f64.eq",                imm::none,            "dd:i",  feature::mvp},
    {0x62,      "f64.ne",                imm::none,            "dd:i",  feature::mvp},
    {0x63,      "f64.lt",                imm::none,            "dd:i",  feature::mvp},
    {0x64,      "f64.gt",                imm::none,            "dd:i",  feature::mvp},
    {0x65,      "f64.le",                imm::none,            "dd:i",  feature::mvp},
    {0x66,      "f64.ge",                imm::none,            "dd:i",  feature::mvp},
    {0x67,      "i32.clz",               imm::none,            "i:i",   feature::mvp},
    {0x68,      "i32.ctz",               imm::none,            "i:i",   feature::mvp},
    {0x69,      "i32.popcnt",            imm::none,            "i:i",   feature::mvp},
    {0x6a,      "i32.add",               imm::none,            "ii:i",  feature::mvp},
    {0x6b,      "i32.sub",               imm::none,            "ii:i",  feature::mvp},
    {0x6c,      "i32.mul",               imm::none,            "ii:i",  feature::mvp},
    {0x6d,      "i32.div_s",             imm::none,            "ii:i",  feature::mvp},
    {0x6e,      "i32.div_u",             imm::none,            "ii:i",  feature::mvp},
    {0x6f,      "i32.rem_s",             imm::none,            "ii:i",  feature::mvp},
    {0x70,      "i32.rem_u",             imm::none,            "ii:i",  feature::mvp},
    {0x71,      "i32.and",               imm::none,            "ii:i",  feature::mvp},
    {0x72,      "i32.or",                imm::none,            "ii:i",  feature::mvp},
    {0x73,      "i32.xor",               imm::none,            "ii:i",  feature::mvp},
    {0x74,      "i32.shl",               imm::none,            "ii:i",  feature::mvp},
    {0x75,      "i32.shr_s",             imm::none,            "ii:i",  feature::mvp},
    {0x76,      "i32.shr_u",             imm::none,            "ii:i",  feature::mvp},
    {0x77,      "i32.rotl",              imm::none,            "ii:i",  feature::mvp},
    {0x78,      "i32.rotr",              imm::none,            "ii:i",  feature::mvp},
    {0x79,      "i64.clz",               imm::none,            "l:l",   feature::mvp},
    {0x7a,      "i64.ctz",               imm::none,            "l:l",   feature::mvp},
    {0x7b,      "i64.popcnt",            imm::none,            "l:l",   feature::mvp},
    {0x7c,      "i64.add",               imm::none,            "ll:l",  feature::mvp},
    {0x7d,      "i64.sub",               imm::none,            "ll:l",  feature::mvp},
    {0x7e,      "i64.mul",               imm::none,            "ll:l",  feature::mvp},
    {0x7f,      "i64.div_s",             imm::none,            "ll:l",  feature::mvp},
    {0x80,      "i64.div_u",             imm::none,            "ll:l",  feature::mvp},
    {0x81,      "i64.rem_s",             imm::none,            "ll:l",  feature::mvp},
    {0x82,      "i64.rem_u",             imm::none,            "ll:l",  feature::mvp},
    {0x83,      "i64.and",               imm::none,            "ll:l",  feature::mvp},
    {0x84,      "i64.or",                imm::none,            "ll:l",  feature::mvp},
    {0x85,      "i64.xor",               imm::none,            "ll:l",  feature::mvp},
    {0x86,      "i64.shl",               imm::none,            "ll:l",  feature::mvp},
    {0x87,      "i64.shr_s",             imm::none,            "ll:l",  feature::mvp},
    {0x88,      "i64.shr_u",             imm::none,            "ll:l",  feature::mvp},
    {0x89,      "i64.rotl",              imm::none,            "ll:l",  feature::mvp},
    {0x8a,      "i64.rotr",              imm::none,            "ll:l",  feature::mvp},
    {0x8b,      "f32.abs",               imm::none,            "f:f",   feature::mvp},
    {0x8c,      "f32.neg",               imm::none,            "f:f",   feature::mvp},
    {0x8d,      "f32.ceil",              imm::none,            "f:f",   feature::mvp},
    {0x8e,      "f32.floor",             imm::none,            "f:f",   feature::mvp},
    {0x8f,      "f32.trunc",             imm::none,            "f:f",   feature::mvp},
    {0x90,      "f32.nearest",           imm::none,            "f:f",   feature::mvp},
    {0x91,      "f32.sqrt",              imm::none,            "f:f",   feature::mvp},
    {0x92,      "f32.add",               imm::none,            "ff:f",  feature::mvp},
    {0x93,      "f32.sub",               imm::none,            "ff:f",  feature::mvp},
    {0x94,      "f32.mul",               imm::none,            "ff:f",  feature::mvp},
    {0x95,      "f32.div",               imm::none,            "ff:f",  feature::mvp},
    {0x96,      "f32.min",               imm::none,            "ff:f",  feature::mvp},
    {0x97,      "f32.max",               imm::none,            "ff:f",  feature::mvp},
    {0x98,      "f32.copysign",          imm::none,            "ff:f",  feature::mvp},
    {0x99,      "f64.abs",               imm::none,            "d:d",   feature::mvp},
    {0x9a,      "f64.neg",               imm::none,            "d:d",   feature::mvp},
    {0x9b,      "f64.ceil",              imm::none,            "d:d",   feature::mvp},
    {0x9c,      "f64.floor",             imm::none,            "d:d",   feature::mvp},
    {0x9d,      "f64.trunc",             imm::none,            "d:d",   feature::mvp},
    {0x9e,      "f64.nearest",           imm::none,            "d:d",   feature::mvp},
    {0x9f,      "f64.sqrt",              imm::none,            "d:d",   feature::mvp},
    {0xa0,      "f64.add",               imm::none,            "dd:d",  feature::mvp},
    {0xa1,      "f64.sub",               imm::none,            "dd:d",  feature::mvp},
    {0xa2,      "f64.mul",               imm::none,            "dd:d",  feature::mvp},
    {0xa3,      "f64.div",               imm::none,            "dd:d",  feature::mvp},
    {0xa4,      "f64.min",               imm::none,            "dd:d",  feature::mvp},
    {0xa5,      "f64.max",               imm::none,            "dd:d",  feature::mvp},
    {0xa6,      "f64.copysign",          imm::none,            "dd:d",  feature::mvp},
    {0xa7,      "i32.wrap_i64",          imm::none,            "l:i",   feature::mvp},
    {0xa8,      "i32.trunc_f32_s",       imm::none,            "f:i",   feature::mvp},
    {0xa9,      "i32.trunc_f32_u",       imm::none,            "f:i",   feature::mvp},
    {0xaa,      "i32.trunc_f64_s",       imm::none,            "d:i",   feature::mvp},
    {0xab,      "i32.trunc_f64_u",       imm::none,            "d:i",   feature::mvp},
    {0xac,      "i64.extend_i32_s",      imm::none,            "i:l",   feature::mvp},
    {0xad,      "i64.extend_i32_u",      imm::none,            "i:l",   feature::mvp},
    {0xae,      "i64.trunc_f32_s",       imm::none,            "f:l",   feature::mvp},
    {0xaf,      "i64.trunc_f32_u",       imm::none,            "f:l",   feature::mvp},
    {0xb0,      "i64.trunc_f64_s",       imm::none,            "d:l",   feature::mvp},
    {0xb1,      "i64.trunc_f64_u",       imm::none,            "d:l",   feature::mvp},
    {0xb2,      "f32.convert_i32_s",     imm::none,            "i:f",   feature::mvp},
    {0xb3,      "f32.convert_i32_u",     imm::none,            "i:f",   feature::mvp},
    {0xb4,      "f32.convert_i64_s",     imm::none,            "l:f",   feature::mvp},
    {0xb5,      "f32.convert_i64_u",     imm::none,            "l:f",   feature::mvp},
    {0xb6,      "f32.demote_f64",        imm::none,            "d:f",   feature::mvp},
    {0xb7,      "f64.convert_i32_s",     imm::none,            "i:d",   feature::mvp},
    {0xb8,      "f64.convert_i32_u",     imm::none,            "i:d",   feature::mvp},
    {0xb9,      "f64.convert_i64_s",     imm::none,            "l:d",   feature::mvp},
    {0xba,      "f64.convert_i64_u",     imm::none,            "l:d",   feature::mvp},
    {0xbb,      "f64.promote_f32",       imm::none,            "f:d",   feature::mvp},
    {0xbc,      "i32.reinterpret_f32",   imm::none,            "f:i",   feature::mvp},
    {0xbd,      "i64.reinterpret_f64",   imm::none,            "d:l",   feature::mvp},
    {0xbe,      "f32.reinterpret_i32",   imm::none,            "i:f",   feature::mvp},
    {0xbf,      "f64.reinterpret_i64",   imm::none,            "l:d",   feature::mvp},
    {0xc0,      "i32.extend8_s",         imm::none,            "i:i",   feature::sign_extension},
    {0xc1,      "i32.extend16_s",        imm::none,            "i:i",   feature::sign_extension},
    {0xc2,      "i64.extend8_s",         imm::none,            "l:l",   feature::sign_extension},
    {0xc3,      "i64.extend16_s",        imm::none,            "l:l",   feature::sign_extension},
    {0xc4,      "i64.extend32_s",        imm::none,            "l:l",   feature::sign_extension},
    {0xd0,      "ref.null",              imm::ref_type,        "?",     feature::reference_types},
    {0xd1,      "ref.is_null",           imm::none,            "?",     feature::reference_types},
    {0xd2,      "ref.func",              imm::function,        ":F",    feature::reference_types},
    {0xfc0000, "i32.trunc_sat_f32_s",   imm::none,            "f:i",   feature::saturating_float_to_int},
    {0xfc0001, "i32.trunc_sat_f32_u",   imm::none,            "f:i",   feature::saturating_float_to_int},
    {0xfc0002, "i32.trunc_sat_f64_s",   imm::none,            "d:i",   feature::saturating_float_to_int},
    {0xfc0003, "i32.trunc_sat_f64_u",   imm::none,            "d:i",   feature::saturating_float_to_int},
    {0xfc0004, "i64.trunc_sat_f32_s",   imm::none,            "f:l",   feature::saturating_float_to_int},
    {0xfc0005, "i64.trunc_sat_f32_u",   imm::none,            "f:l",   feature::saturating_float_to_int},
    {0xfc0006, "i64.trunc_sat_f64_s",   imm::none,            "d:l",   feature::saturating_float_to_int},
    {0xfc0007, "i64.trunc_sat_f64_u",   imm::none,            "d:l",   feature::saturating_float_to_int},
    {0xfc0008, "memory.init",           imm::memory_init,     "iii:",  feature::bulk_memory},
    {0xfc0009, "data.drop",             imm::data,            ":",     feature::bulk_memory},
    {0xfc000a, "memory.copy",           imm::memory_copy,     "iii:",  feature::bulk_memory},
    {0xfc000b, "memory.fill",           imm::memory,          "iii:",  feature::bulk_memory},
    {0xfc000c, "table.init",            imm::table_init,      "iii:",  feature::bulk_memory},
    {0xfc000d, "elem.drop",             imm::elem,            ":",     feature::bulk_memory},
    {0xfc000e, "table.copy",            imm::table_copy,      "iii:",  feature::bulk_memory},
    {0xfc000f, "table.grow",            imm::table,           "?",     feature::reference_types},
    {0xfc0010, "table.size",            imm::table,           ":i",    feature::reference_types},
    {0xfc0011, "table.fill",            imm::table,           "?",     feature::reference_types},
});
// clang-format on

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
