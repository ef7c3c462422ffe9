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

// What one object has of a quota, until it dies.
class share {
 public:
  explicit share(quota& of) : quota_(of) {}
  share(const share&) = delete;
  share& operator=(const share&) = delete;
  ~share() { quota_.give_back(taken_); }

  bool take(std::uint64_t amount) {
    if (!quota_.take(amount)) return false;
    taken_ += amount;
    return true;
  }
  void give_back(std::uint64_t amount) { quota_.give_back(amount), taken_ -= amount; }
  std::uint64_t left() const { return quota_.left(); }
  bool is_of(const quota& q) const { return &quota_ == &q; }

 private:
  quota& quota_;
  std::uint64_t taken_ = 0;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
