#pragma once

#include "abi.hpp"
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <sys/uio.h>
#include <type_traits>

namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1 {

// The guest's memory during one call. Addresses and lengths come from the guest and are never trusted: sums are made in
// 64 bits from 32-bit numbers, so that they cannot wrap, and whatever does not lie inside is refused (errno fault).
class guest_memory {
 public:
  explicit guest_memory(std::span<std::byte> bytes) : bytes_(bytes) {}

  bool contains(std::uint64_t address, std::uint64_t length) const { return length <= bytes_.size() && address <= bytes_.size() - length; }

  std::optional<std::span<std::byte>> slice(std::uint64_t address, std::uint64_t length) const {
    if (!contains(address, length)) return {};
    return bytes_.subspan(std::size_t(address), std::size_t(length));
  }
  std::optional<std::string_view> text(std::uint32_t address, std::uint32_t length) const {
    if (!contains(address, length)) return {};
    return std::string_view(reinterpret_cast<const char*>(bytes_.data()) + address, length);
  }
  template <class T>
  std::optional<T> load(std::uint64_t address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(address, sizeof(T))) return {};
    T value;
    std::memcpy(&value, bytes_.data() + address, sizeof(T));
    return value;
  }
  template <class T>
  error_number store(std::uint64_t address, const T& value) const {
    static_assert(std::is_trivially_copyable_v<T>);
    if (!contains(address, sizeof(T))) return error_number::fault;
    std::memcpy(bytes_.data() + address, &value, sizeof(T));
    return error_number::success;
  }

 private:
  std::span<std::byte> bytes_;
};

// The buffers of a read or write. At most 64 that are not empty are used: both may always do less than asked.
class buffers {
 public:
  static constexpr std::size_t most = 64;
  error_number gather(guest_memory memory, std::uint32_t address, std::uint32_t count) {
    if (!memory.contains(address, std::uint64_t(count) * sizeof(guest_iovec))) return error_number::fault;
    for (std::uint32_t i = 0; i < count && size_ < most; ++i) {
      const auto v = *memory.load<guest_iovec>(address + std::uint64_t(i) * sizeof(guest_iovec));
      const auto part = memory.slice(v.address, v.length);
      if (!part) return error_number::fault;
      if (!part->empty()) parts_[size_++] = {part->data(), part->size()};
    }
    return error_number::success;
  }
  const iovec* data() const { return parts_; }
  int size() const { return int(size_); }

 private:
  iovec parts_[most];
  std::size_t size_ = 0;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1
