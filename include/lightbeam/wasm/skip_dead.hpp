#pragma once

#include "operator_validator.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Code that cannot be reached, from `pc` up to the `end` or `else` that closes the current block: the position of that byte, where
// the block's results have been checked. `body` is where offsets of failures count from. Outer: see operator_validator.
template <class Outer>
result<const std::uint8_t*> skip_dead(const module_info& info, feature features, const Outer& outer, const std::uint8_t* pc, const std::uint8_t* end,
                                      const std::uint8_t* body, expansion& values) {
  // After most branches the block ends at once, and a polymorphic stack has all results.
  if (pc != end && (*pc == 0x0b || (*pc == 0x05 && outer.is_if()))) return pc;
  reader in(std::span(pc, end), std::uint32_t(pc - body), "unexpected end of section or function");
  operand_stack stack(values);
  operator_validator<Outer> operators(info, features, outer, in, stack);
  const std::uint8_t* const at = operators.run(true);
  if (!at) return in.error();
  return at;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
