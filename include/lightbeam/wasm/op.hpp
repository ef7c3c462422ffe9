#pragma once

#include "types.hpp"
#include <array>
#include <cstddef>

namespace lightbeam::inline LIGHTBEAM_ABI {

// What follows an opcode in the binary format, section 5.4.
enum class imm : std::uint8_t {
  none, i32, i64, f32, f64, block_type, label, br_table, function, call_indirect, local, global, table, memory, memarg, ref_type, select_types,
  memory_init, memory_copy, data, elem, table_init, table_copy,
  lane, memarg_lane, v128, shuffle,                                                            // SIMD
  type, tag, try_table, type_pair, type_field, type_count, type_data, type_elem, heap_type, cast_branch, fence,  // Wasm 3.0, atomics
};

// Not constexpr: evaluating a call at compile time is the error, and its name the message (`throw` needs exceptions).
inline void not_a_signature_letter() {}
inline void no_operator_of_this_name_in_op_table() {}

// Operand and result types written as in "ii:i": i l f d for numbers, v for v128, F and E for funcref and externref. "?" means
// that the operator has a check of its own, because its type depends on the stack or on an immediate.
struct signature {
  std::array<val, 4> in{};
  std::array<val, 2> out{};
  std::uint8_t ins = 0, outs = 0;
  bool by_check = false;

  consteval signature(const char* text) {
    bool results = false;
    for (; *text; ++text) {
      if (*text == ':') results = true;
      else if (*text == '?') by_check = true;
      else if (results) out[outs++] = letter(*text);
      else in[ins++] = letter(*text);
    }
  }
  static consteval val letter(char c) {
    switch (c) {
      case 'i': return val::i32;
      case 'l': return val::i64;
      case 'f': return val::f32;
      case 'd': return val::f64;
      case 'v': return val::v128;
      case 'F': return val::funcref;
      case 'E': return val::externref;
    }
    not_a_signature_letter();
    return val::none;
  }
};

// One row per operator: nothing of this is said anywhere else.
struct op_row {
  std::uint32_t code = 0;  // prefix << 16 | LEB128 value
  std::string_view name{};
  imm immediate = imm::none;
  signature type = ":";
  feature since = feature::mvp;
  std::uint8_t natural_alignment = 0;  // of memory and lane operators, as a power of two
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
