#pragma once

// Modules that an adversary would make: each of something that grows, and of as few bytes for it as there can be.

#include "assembly.hpp"
#include <functional>
#include <vector>

namespace bombs {

inline constexpr const char* too_many_values = "too many locals, or operands of long types";

struct shape {
  const char* name;
  std::uint32_t count;                          // at full size; measured with half of it, too
  std::function<bytes(std::uint32_t)> make;
  const char* limit = nullptr;                  // the text of the limit that refuses it
  double most = 3;                              // times the mean time per byte of real modules
  double validating = 3;                        // the same, of the validator alone
};

std::vector<shape> shapes_of_bodies();
std::vector<shape> shapes_of_modules();

}  // namespace bombs
