#pragma once

#include "op.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Of garbage-collected objects (prefix 0xfb), and of saturating conversion, bulk memory, tables and wide arithmetic (0xfc).
// clang-format off
inline constexpr op_row prefixed_rows[] = {
    // code    name                   immediate         type       since, natural alignment
    {0xfb0000, "struct.new",          imm::type,        "?",       feature::gc},
    {0xfb0001, "struct.new_default",  imm::type,        "?",       feature::gc},
    {0xfb0002, "struct.get",          imm::type_field,  "?",       feature::gc},
    {0xfb0003, "struct.get_s",        imm::type_field,  "?",       feature::gc},
    {0xfb0004, "struct.get_u",        imm::type_field,  "?",       feature::gc},
    {0xfb0005, "struct.set",          imm::type_field,  "?",       feature::gc},
    {0xfb0006, "array.new",           imm::type,        "?",       feature::gc},
    {0xfb0007, "array.new_default",   imm::type,        "?",       feature::gc},
    {0xfb0008, "array.new_fixed",     imm::type_count,  "?",       feature::gc},
    {0xfb0009, "array.new_data",      imm::type_data,   "?",       feature::gc},
    {0xfb000a, "array.new_elem",      imm::type_elem,   "?",       feature::gc},
    {0xfb000b, "array.get",           imm::type,        "?",       feature::gc},
    {0xfb000c, "array.get_s",         imm::type,        "?",       feature::gc},
    {0xfb000d, "array.get_u",         imm::type,        "?",       feature::gc},
    {0xfb000e, "array.set",           imm::type,        "?",       feature::gc},
    {0xfb000f, "array.len",           imm::none,        "?",       feature::gc},
    {0xfb0010, "array.fill",          imm::type,        "?",       feature::gc},
    {0xfb0011, "array.copy",          imm::type_pair,   "?",       feature::gc},
    {0xfb0012, "array.init_data",     imm::type_data,   "?",       feature::gc},
    {0xfb0013, "array.init_elem",     imm::type_elem,   "?",       feature::gc},
    {0xfb0014, "ref.test",            imm::heap_type,   "?",       feature::gc},
    {0xfb0015, "ref.test null",       imm::heap_type,   "?",       feature::gc},
    {0xfb0016, "ref.cast",            imm::heap_type,   "?",       feature::gc},
    {0xfb0017, "ref.cast null",       imm::heap_type,   "?",       feature::gc},
    {0xfb0018, "br_on_cast",          imm::cast_branch, "?",       feature::gc},
    {0xfb0019, "br_on_cast_fail",     imm::cast_branch, "?",       feature::gc},
    {0xfb001a, "any.convert_extern",  imm::none,        "?",       feature::gc},
    {0xfb001b, "extern.convert_any",  imm::none,        "?",       feature::gc},
    {0xfb001c, "ref.i31",             imm::none,        "?",       feature::gc},
    {0xfb001d, "i31.get_s",           imm::none,        "?",       feature::gc},
    {0xfb001e, "i31.get_u",           imm::none,        "?",       feature::gc},
    {0xfc0000, "i32.trunc_sat_f32_s", imm::none,        "f:i",     feature::saturating_float_to_int},
    {0xfc0001, "i32.trunc_sat_f32_u", imm::none,        "f:i",     feature::saturating_float_to_int},
    {0xfc0002, "i32.trunc_sat_f64_s", imm::none,        "d:i",     feature::saturating_float_to_int},
    {0xfc0003, "i32.trunc_sat_f64_u", imm::none,        "d:i",     feature::saturating_float_to_int},
    {0xfc0004, "i64.trunc_sat_f32_s", imm::none,        "f:l",     feature::saturating_float_to_int},
    {0xfc0005, "i64.trunc_sat_f32_u", imm::none,        "f:l",     feature::saturating_float_to_int},
    {0xfc0006, "i64.trunc_sat_f64_s", imm::none,        "d:l",     feature::saturating_float_to_int},
    {0xfc0007, "i64.trunc_sat_f64_u", imm::none,        "d:l",     feature::saturating_float_to_int},
    {0xfc0008, "memory.init",         imm::memory_init, "iii:",    feature::bulk_memory},
    {0xfc0009, "data.drop",           imm::data,        ":",       feature::bulk_memory},
    {0xfc000a, "memory.copy",         imm::memory_copy, "iii:",    feature::bulk_memory},
    {0xfc000b, "memory.fill",         imm::memory,      "iii:",    feature::bulk_memory},
    {0xfc000c, "table.init",          imm::table_init,  "iii:",    feature::bulk_memory},
    {0xfc000d, "elem.drop",           imm::elem,        ":",       feature::bulk_memory},
    {0xfc000e, "table.copy",          imm::table_copy,  "iii:",    feature::bulk_memory},
    {0xfc000f, "table.grow",          imm::table,       "?",       feature::reference_types},
    {0xfc0010, "table.size",          imm::table,       ":i",      feature::reference_types},
    {0xfc0011, "table.fill",          imm::table,       "?",       feature::reference_types},
    {0xfc0013, "i64.add128",          imm::none,        "llll:ll", feature::wide_arithmetic},
    {0xfc0014, "i64.sub128",          imm::none,        "llll:ll", feature::wide_arithmetic},
    {0xfc0015, "i64.mul_wide_s",      imm::none,        "ll:ll",   feature::wide_arithmetic},
    {0xfc0016, "i64.mul_wide_u",      imm::none,        "ll:ll",   feature::wide_arithmetic},
};
// clang-format on

}  // namespace lightbeam::inline LIGHTBEAM_ABI
