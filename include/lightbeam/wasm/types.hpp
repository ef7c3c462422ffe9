#pragma once

#include "../core/build.hpp"
#include <bit>
#include <cstdint>
#include <string_view>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Value types. `none` is the type of the sentinel below the operands of a block, and of the polymorphic bottom.
enum class val : std::uint8_t { none, i32, i64, f32, f64, v128, funcref, externref };

constexpr bool is_float(val t) { return t == val::f32 || t == val::f64; }
constexpr bool is_reference(val t) { return t >= val::funcref; }
constexpr bool is_wide(val t) { return t != val::i32 && t != val::f32; }

constexpr std::string_view text(val t) {
  constexpr std::string_view names[] = {"nothing", "i32", "i64", "f32", "f64", "v128", "funcref", "externref"};
  return names[std::uint8_t(t)];
}

// Proposals an operator may belong to; a set is the bitwise or of members. The names are those of wasm-tools.
enum class feature : std::uint32_t {
  mvp = 1 << 0,
  mutable_global = 1 << 1,
  sign_extension = 1 << 2,
  saturating_float_to_int = 1 << 3,
  multi_value = 1 << 4,
  bulk_memory = 1 << 5,
  reference_types = 1 << 6,
  simd = 1 << 7,
  relaxed_simd = 1 << 8,
  tail_call = 1 << 9,
  extended_const = 1 << 10,
  multi_memory = 1 << 11,
  memory64 = 1 << 12,
  function_references = 1 << 13,
  exceptions = 1 << 14,
  gc = 1 << 15,
  threads = 1 << 16,
  wide_arithmetic = 1 << 17,
  custom_page_sizes = 1 << 18,
  legacy_exceptions = 1 << 19,
  // All of Wasm 2.0 but SIMD, and all of it.
  wasm2_scalar = mvp | mutable_global | sign_extension | saturating_float_to_int | multi_value | bulk_memory | reference_types,
  wasm2 = wasm2_scalar | simd,
};
constexpr feature operator|(feature a, feature b) { return feature(std::uint32_t(a) | std::uint32_t(b)); }
constexpr bool contains(feature set, feature all) { return (std::uint32_t(set) & std::uint32_t(all)) == std::uint32_t(all); }
// "bulk-memory"; of a set, its lowest member.
constexpr std::string_view text(feature one) {
  constexpr std::string_view names[] = {"mvp", "mutable-global", "sign-extension", "saturating-float-to-int", "multi-value", "bulk-memory", "reference-types", "simd", "relaxed-simd", "tail-call", "extended-const", "multi-memory", "memory64", "function-references", "exceptions", "gc", "threads", "wide-arithmetic", "custom-page-sizes", "legacy-exceptions"};
  return names[std::countr_zero(std::uint32_t(one))];
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
