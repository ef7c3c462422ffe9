#pragma once

// Reads over the immediate of an operator, section 5.4 of the specification.

#include <lightbeam/core/reader.hpp>
#include <lightbeam/wasm/op.hpp>

namespace sequences {

inline void skip_immediate(lightbeam::reader& in, lightbeam::imm kind) {
  using lightbeam::imm;
  switch (kind) {
    case imm::none: return;
    case imm::i32: in.s32(); return;
    case imm::i64: in.s64(); return;
    case imm::f32: in.bytes(4); return;
    case imm::f64: in.bytes(8); return;
    case imm::v128:
    case imm::shuffle: in.bytes(16); return;
    case imm::block_type: in.s33(); return;
    case imm::ref_type:
    case imm::lane: in.byte(); return;
    case imm::br_table:
      for (std::uint32_t n = in.u32(); n-- && in;) in.u32();
      in.u32();
      return;
    case imm::select_types:
      for (std::uint32_t n = in.u32(); n-- && in;) in.byte();
      return;
    case imm::memarg_lane: in.u32(), in.u32(), in.byte(); return;
    case imm::memarg:
    case imm::memory_init:
    case imm::memory_copy:
    case imm::call_indirect:
    case imm::table_init:
    case imm::table_copy: in.u32(), in.u32(); return;
    default: in.u32();
  }
}

}  // namespace sequences
