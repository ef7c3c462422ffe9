#pragma once

#include "../x64/assembler.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Where a value lies. From `reg` on it reads registers.
enum class where : std::uint8_t {
  constant,  // payload: its bits
  slot,      // payload: displacement in the frame; of an i32 the lower 4 bytes count
  reg,       // base: a temporary that belongs to this entry
  local,     // a latent read; base: the home, or none; payload: index, and the epoch of its in-bounds fact above it
  address,   // a sum not yet made: base + index << scale + displacement (payload); wraps at the width of its type
  load,      // a load not yet done: the address as above, the offset in the payload's upper half
  flags,     // a condition that only the next operator may read
};

// Conditions of flags: those of x64, and the two of float equality, which look at the parity flag too.
enum class condition : std::uint8_t { float_equal = 16, float_not_equal = 17 };
constexpr condition as_condition(cond c) { return condition(c); }
constexpr condition negate(condition c) { return condition(std::uint8_t(c) ^ 1); }
constexpr bool is_float_equality(condition c) { return std::uint8_t(c) >= 16; }

// An entry of the value stack: built whole, stored once. Its type sits in the tag's low byte, so that checking types is
// one xor-or-and on words that the handler reads anyway.
//
//   tag: type 0-7 | where 8-15 | base 16-23 | index 24-31 | scale 32-39 | load_op or condition 40-47 | floor 48
struct value {
  std::uint64_t tag;
  std::uint64_t payload;

  static constexpr std::uint64_t type_mask = 0xff;
  static constexpr std::uint64_t floor_bit = std::uint64_t{1} << 48;

  static constexpr std::uint64_t tag_of(val t, where w, reg base = reg::none, reg index = reg::none, std::uint32_t scale = 0, std::uint32_t what = 0) {
    return std::uint64_t(t) | std::uint64_t(w) << 8 | std::uint64_t(base) << 16 | std::uint64_t(index) << 24 | std::uint64_t(scale) << 32 |
           std::uint64_t(what) << 40;
  }
  static constexpr value constant(val t, std::uint64_t bits) { return {tag_of(t, where::constant), bits}; }
  static constexpr value in_slot(val t, std::int32_t displacement) { return {tag_of(t, where::slot), std::uint32_t(displacement)}; }
  static constexpr value in(val t, reg r) { return {tag_of(t, where::reg, r), 0}; }
  static constexpr value local(val t, std::uint32_t index, reg home) { return {tag_of(t, where::local, home), index}; }
  static constexpr value sum(val t, reg base, reg index, std::uint32_t scale, std::int32_t displacement) {
    return {tag_of(t, where::address, base, index, scale), std::uint32_t(displacement)};
  }
  // Of type i64 where the next operator is i64.eqz.
  static constexpr value condition_flags(condition c, val t = val::i32) { return {tag_of(t, where::flags, reg::none, reg::none, 0, std::uint32_t(c)), 0}; }
  // Lies below the operands of every block: popping it is a type mismatch.
  static constexpr value sentinel() { return {tag_of(val::none, where::constant) | floor_bit, 0}; }

  constexpr val type() const { return val(tag & type_mask); }
  constexpr where place() const { return where(tag >> 8 & 0xff); }
  constexpr reg base() const { return reg(tag >> 16 & 0xff); }
  constexpr reg index() const { return reg(tag >> 24 & 0xff); }
  constexpr std::uint8_t scale() const { return std::uint8_t(tag >> 32); }
  constexpr load_op loads() const { return load_op(tag >> 40 & 0xff); }
  constexpr condition flags() const { return condition(tag >> 40 & 0xff); }
  // Everything below this entry is a slot or a constant: where walks over the stack may stop.
  constexpr bool is_floor() const { return tag & floor_bit; }

  constexpr std::uint64_t bits64() const { return payload; }
  constexpr std::int32_t displacement() const { return std::int32_t(payload); }
  constexpr std::uint32_t offset() const { return std::uint32_t(payload >> 32); }
  constexpr std::uint32_t local_index() const { return std::uint32_t(payload); }
  constexpr std::uint32_t epoch() const { return std::uint32_t(payload >> 32); }

  constexpr bool is(where w) const { return place() == w; }
  constexpr bool reads(reg r) const { return int(place() >= where::reg) & (int(base() == r) | int(index() == r)); }
  // The registers it reads, as a mask.
  constexpr std::uint32_t registers() const { return mask(base(), index()) & (0u - (place() >= where::reg)); }
  constexpr address components() const { return {base(), index(), scale(), displacement()}; }
};
static_assert(sizeof(value) == 16);

constexpr width width_of(val t) { return is_wide(t) ? width::w64 : width::w32; }
constexpr load_op plain_load(val t) {
  return t == val::i32 ? load_op::mov32 : t == val::f32 ? load_op::movss : t == val::f64 ? load_op::movsd : load_op::mov64;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
