#pragma once

#include "immediates.hpp"
#include "op_table.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// The operators that make up most of a body, validated fast where nothing is wrong with them: what their rows say, in 16 bytes
// each. Whatever is not so simple (a mismatch, operands from above unreachable code, a number that does not decode, an operator
// of a feature that is off) is left where it stands, for operator_validator, which knows all rules and finds words for failures.
class frequent_operators {
 public:
  explicit frequent_operators(feature features) {
    for (const op_row& row : op_table)
      if (row.code < rows_.size() && contains(features, row.since)) rows_[row.code] = entry(row);
  }

  struct surroundings {
    const val* locals = nullptr;  // the first ones
    std::uint32_t local_count = 0;
    bool has_memory = false;
  };

  // From `pc` up to the first operator that is left. The bytes up to `end` are followed by 0xff. Operands begin at `base` and end
  // at `top`, which moves; there is room for as many more of them as there are bytes.
  const std::uint8_t* run(const std::uint8_t* pc, const std::uint8_t* end, const val* base, val*& top, surroundings around) const {
    val* sp = top;
    for (;;) {
      entry e = rows_[*pc];
      const std::uint32_t length = decode(e, pc, end, around);
      std::uint32_t below;
      std::memcpy(&below, sp - 4, sizeof below);
      if (length == 0 || ((below ^ e.operands) & e.mask) != 0 || sp - base < e.pops) break;
      pc += length;
      sp -= e.pops;
      *sp = e.result;
      sp += e.pushes;
    }
    top = sp;
    return pc;
  }

 private:
  enum class way : std::uint8_t { left, plain, i32, i64, f32, f64, local_get, local_set, local_tee, memarg };

  // Operands are compared as the four bytes below the top, the last operand in the highest byte.
  struct entry {
    std::uint32_t operands = 0, mask = 0;
    way how = way::left;
    std::uint8_t pops = 0, pushes = 0;
    val result = val::none;
    std::uint8_t alignment = 0;

    entry() = default;
    explicit entry(const op_row& row)
        : how(way_of(row)), pops(row.type.ins), pushes(row.type.outs), result(row.type.out[0]), alignment(row.natural_alignment) {
      for (std::uint32_t i = 0; i < row.type.ins; ++i) take(i, row.type.in[row.type.ins - 1 - i]);
    }
    void take(std::uint32_t below_top, val t) {
      operands |= std::uint32_t(t) << (24 - 8 * below_top);
      mask |= 0xff000000u >> 8 * below_top;
    }
  };

  static way way_of(const op_row& row) {
    switch (row.immediate) {
      case imm::none: return row.type.by_check ? way::left : way::plain;
      case imm::i32: return way::i32;
      case imm::i64: return way::i64;
      case imm::f32: return way::f32;
      case imm::f64: return way::f64;
      case imm::local: return row.code == 0x20 ? way::local_get : row.code == 0x21 ? way::local_set : way::local_tee;
      case imm::memarg: return way::memarg;
      default: return way::left;
    }
  }

  // The length of the operator, or 0 where it is to be left. What depends on the immediate is filled in.
  [[gnu::always_inline]] static std::uint32_t decode(entry& e, const std::uint8_t* pc, const std::uint8_t* end, surroundings around) {
    const auto behind_opcode = [](std::uint32_t length) { return length ? length + 1 : 0; };
    switch (e.how) {
      case way::left: return 0;
      case way::plain: return 1;
      case way::i32: return behind_opcode(decode_s32(pc + 1).length);
      case way::i64: return behind_opcode(decode_s64(pc + 1).length);
      case way::f32: return end - pc > 4 ? 5 : 0;
      case way::f64: return end - pc > 8 ? 9 : 0;
      case way::memarg: {
        const auto m = decode_memarg(pc + 1);
        return around.has_memory && m.value.align <= e.alignment ? behind_opcode(m.length) : 0;
      }
      default: break;
    }
    const auto index = decode_u32(pc + 1);
    if (index.value >= around.local_count) return 0;
    const val type = around.locals[index.value];
    if (e.how != way::local_get) e.take(0, type), e.pops = 1;
    if (e.how != way::local_set) e.result = type, e.pushes = 1;
    return behind_opcode(index.length);
  }

  std::array<entry, 256> rows_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
