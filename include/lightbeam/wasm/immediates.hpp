#pragma once

#include "../core/error.hpp"
#include "op.hpp"
#include <cstring>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Immediates of operators, decoded without bounds: the bytes end in a padding of 0xff that no LEB128 number survives. A length of
// 0 says that the bytes are malformed.
template <class T>
struct decoded {
  T value{};
  std::uint32_t length = 0;
};

struct memarg {
  std::uint32_t align = 0, offset = 0;
};
struct block_type {
  std::int64_t code = -64;
};
struct two_indices {
  std::uint32_t first = 0, second = 0;
};

template <class T>
constexpr int leb128_bytes = (sizeof(T) * 8 + 6) / 7;

// LEB128 to the letter of section 5.2.2: at most ceil(bits / 7) bytes, unused bits of the last one a sign extension.
template <class T, int Bits = sizeof(T) * 8>
[[gnu::noinline]] inline decoded<T> decode_long(const std::uint8_t* p) {
  constexpr int most = (Bits + 6) / 7;
  std::uint64_t v = 0;
  for (int i = 0; i < most; ++i) {
    v |= std::uint64_t(p[i] & 0x7f) << 7 * i;
    if (p[i] & 0x80) continue;
    if (i == most - 1) {
      constexpr int used = Bits - 7 * (most - 1);
      if constexpr (std::is_signed_v<T>) {
        const auto sign = std::int8_t(std::uint8_t(p[i] << 1)) >> used;
        if (sign != 0 && sign != -1) return {};
      } else if (p[i] >> used) {
        return {};
      }
    }
    if constexpr (std::is_signed_v<T>) {
      const int shift = 64 - 7 * (i + 1);
      if (shift > 0) v = std::uint64_t(std::int64_t(v << shift) >> shift);
    }
    return {static_cast<T>(v), std::uint32_t(i + 1)};
  }
  return {};
}

inline decoded<std::uint32_t> decode_u32(const std::uint8_t* p) {
  if (p[0] < 0x80) [[likely]] return {p[0], 1};
  if (p[1] < 0x80) return {p[0] - 0x80u + (std::uint32_t{p[1]} << 7), 2};
  return decode_long<std::uint32_t>(p);
}
inline decoded<std::int32_t> decode_s32(const std::uint8_t* p) {
  if (p[0] < 0x80) [[likely]] return {std::int32_t(std::uint32_t{p[0]} << 25) >> 25, 1};
  if (p[1] < 0x80) return {std::int32_t((p[0] & 0x7fu) << 18 | std::uint32_t{p[1]} << 25) >> 18, 2};
  return decode_long<std::int32_t>(p);
}
inline decoded<std::int64_t> decode_s64(const std::uint8_t* p) {
  if (p[0] < 0x80) [[likely]] return {std::int64_t(std::int32_t(std::uint32_t{p[0]} << 25) >> 25), 1};
  return decode_long<std::int64_t>(p);
}
template <class T>
decoded<T> decode_fixed(const std::uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return {v, sizeof v};
}

// A value type of Wasm 2.0 by its code, or none.
constexpr val value_type(std::uint8_t code) {
  switch (code) {
    case 0x7f: return val::i32;
    case 0x7e: return val::i64;
    case 0x7d: return val::f32;
    case 0x7c: return val::f64;
    case 0x7b: return val::v128;
    case 0x70: return val::funcref;
    case 0x6f: return val::externref;
    default: return val::none;
  }
}

// Why a type of a later proposal is not supported, by the first byte of its code; null where no proposal has such a type.
constexpr const char* unsupported_type(std::uint8_t code) {
  if (code == 0x63 || code == 0x64) return "typed references (feature function-references) are not supported";
  if (code == 0x69 || code == 0x74) return "exception references (feature exceptions) are not supported";
  if ((code >= 0x6a && code <= 0x6e) || (code >= 0x71 && code <= 0x73)) return "reference types of the feature gc are not supported";
  return nullptr;
}
// The feature that has values of type t.
constexpr feature feature_of(val t) { return t == val::v128 ? feature::simd : is_reference(t) ? feature::reference_types : feature::mvp; }

// What to say of a code that is not that of a value type, or of one whose feature is off; `malformed` where no proposal has such a type.
struct type_refusal {
  failure_kind kind;
  const char* what;
};
constexpr type_refusal refused_type(std::uint8_t code, const char* malformed) {
  switch (value_type(code)) {
    case val::v128: return {failure_kind::unsupported, "v128 needs the feature simd, which is disabled"};
    case val::funcref: return {failure_kind::unsupported, "funcref as a value needs the feature reference-types, which is disabled"};
    case val::externref: return {failure_kind::unsupported, "externref needs the feature reference-types, which is disabled"};
    default: break;
  }
  if (const char* const why = unsupported_type(code)) return {failure_kind::unsupported, why};
  return {failure_kind::malformed, malformed};
}

// The same where only a reference can stand: there v128 is no type at all.
constexpr type_refusal refused_reference(std::uint8_t code) {
  constexpr const char* malformed = "malformed reference type";
  return value_type(code) == val::v128 ? type_refusal{failure_kind::malformed, malformed} : refused_type(code, malformed);
}

inline decoded<memarg> decode_memarg(const std::uint8_t* p) {
  if ((p[0] | p[1]) < 0x80) [[likely]] return {{p[0], p[1]}, 2};
  const auto align = decode_u32(p);
  if (!align.length) return {};
  const auto offset = decode_u32(p + align.length);
  if (!offset.length) return {};
  return {{align.value, offset.value}, align.length + offset.length};
}
inline decoded<two_indices> decode_two(const std::uint8_t* p) {
  const auto first = decode_u32(p);
  const auto second = decode_u32(p + first.length);
  if (!first.length || !second.length) return {};
  return {{first.value, second.value}, first.length + second.length};
}
inline decoded<block_type> decode_block_type(const std::uint8_t* p) {
  if (p[0] == 0x40) [[likely]] return {{-64}, 1};
  const auto t = decode_long<std::int64_t, 33>(p);
  // All that is no index is one byte.
  return {{t.value}, t.value < 0 && t.length != 1 ? 0 : t.length};
}
// A vector of exactly one type, that of a `select t`; none where it is another number of them, or no type.
inline decoded<val> decode_select_types(const std::uint8_t* p) {
  const auto count = decode_u32(p);
  if (!count.length) return {};
  if (count.value != 1) return {val::none, count.length};
  return {value_type(p[count.length]), count.length + 1};
}

// A memory's index: one byte, and 0, until there are several memories.
inline decoded<std::uint32_t> decode_memory(const std::uint8_t* p) { return {0, *p == 0 ? 1u : 0u}; }
// A segment, then a memory.
inline decoded<two_indices> decode_segment_and_memory(const std::uint8_t* p) {
  const auto segment = decode_u32(p);
  if (!segment.length || !decode_memory(p + segment.length).length) return {};
  return {{segment.value, 0}, segment.length + 1};
}
inline decoded<two_indices> decode_memories(const std::uint8_t* p) { return {{}, p[0] == 0 && p[1] == 0 ? 2u : 0u}; }

// Immediates as handlers take them. Of memory.init and table.init: the segment, then the memory or table; of copies: to, from.
template <imm I>
auto read_immediate(const std::uint8_t* p) {
  if constexpr (I == imm::i32) return decode_s32(p);
  else if constexpr (I == imm::i64) return decode_s64(p);
  else if constexpr (I == imm::f32) return decode_fixed<std::uint32_t>(p);
  else if constexpr (I == imm::f64) return decode_fixed<std::uint64_t>(p);
  else if constexpr (I == imm::block_type) return decode_block_type(p);
  else if constexpr (I == imm::memarg) return decode_memarg(p);
  else if constexpr (I == imm::ref_type) return decoded<val>{value_type(*p), 1};
  else if constexpr (I == imm::select_types) return decode_select_types(p);
  else if constexpr (I == imm::memory) return decode_memory(p);
  else if constexpr (I == imm::memory_init) return decode_segment_and_memory(p);
  else if constexpr (I == imm::memory_copy) return decode_memories(p);
  else if constexpr (I == imm::call_indirect || I == imm::table_init || I == imm::table_copy) return decode_two(p);
  else return decode_u32(p);
}
template <imm I>
using immediate_t = decltype(read_immediate<I>(nullptr).value);

}  // namespace lightbeam::inline LIGHTBEAM_ABI
