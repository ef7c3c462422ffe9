#pragma once

#include "memory_object.hpp"
#include <cstring>
#include <span>

namespace lightbeam::inline LIGHTBEAM_ABI {

// A memory. Belongs to its store, and must not be used after it.
class memory {
 public:
  explicit memory(memory_object* object) : object_(object) {}

  // Valid until it grows: the base stays, the length does not.
  std::span<std::byte> bytes() const { return {reinterpret_cast<std::byte*>(object_->base()), std::size_t(object_->bytes())}; }
  std::uint32_t pages() const { return object_->pages(); }
  memory_kind kind() const { return object_->kind(); }
  // The size before in pages of 64 KiB; fails where its maximum or the store's limit is reached.
  result<std::uint32_t> grow(std::uint32_t pages) const {
    const auto before = object_->grow(pages);
    if (before == no_index) return failure(failure_kind::limit, "the memory cannot grow by so much");
    return before;
  }

  // The part from `address` on; a trap where it does not lie inside.
  result<std::span<std::byte>> part(std::uint64_t address, std::uint64_t size) const {
    if (!object_->holds(address, size)) return failure(trap_code::memory_out_of_bounds);
    return bytes().subspan(address, size);
  }
  template <class T>
  result<T> read(std::uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!object_->holds(address, sizeof(T))) return failure(trap_code::memory_out_of_bounds);
    T x;
    std::memcpy(&x, object_->base() + address, sizeof x);
    return x;
  }
  template <class T>
  result<void> write(std::uint64_t address, const T& x) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!object_->holds(address, sizeof(T))) return failure(trap_code::memory_out_of_bounds);
    std::memcpy(object_->base() + address, &x, sizeof x);
    return {};
  }

  bool operator==(const memory&) const = default;
  memory_object* object() const { return object_; }

 private:
  memory_object* object_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
