#pragma once

#include "../core/build.hpp"
#include <cstdint>

namespace lightbeam::inline LIGHTBEAM_ABI {

// What a store may use of one resource, and how much of it is in use.
struct quota {
  std::uint64_t limit = ~std::uint64_t{0};
  std::uint64_t used = 0;

  std::uint64_t left() const { return used < limit ? limit - used : 0; }
  bool take(std::uint64_t amount) {
    if (amount > left()) return false;
    used += amount;
    return true;
  }
  void give_back(std::uint64_t amount) { used -= amount; }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
