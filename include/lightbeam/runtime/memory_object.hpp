#pragma once

#include "image.hpp"
#include "quota.hpp"
#include "../core/ownership.hpp"
#include "../core/result.hpp"
#include <sys/mman.h>

namespace lightbeam::inline LIGHTBEAM_ABI {

inline constexpr std::uint64_t page_bytes = 65536;
// A memory of 65,536 pages would have a length that does not fit 32 bits; no more than this many are ever given.
inline constexpr std::uint32_t largest_memory = 65535;

// A memory of a store. It reserves its address space when it is made and grows in place, so its base never changes.
// In front of the base lies a page whose last word is the length in bytes, where compiled code reads it.
class memory_object {
 public:
  static result<owner<memory_object>> make(const memory_type& type, memory_kind kind, quota& bytes) {
    const std::uint64_t size = type.size.minimum * page_bytes;
    if (type.size.minimum > largest_memory) return failure(failure_kind::limit, "a memory has at most 65535 pages");
    owner<memory_object> made(new memory_object(type.size.maximum, kind, bytes));
    if (!made->share_.take(size)) return failure(failure_kind::limit, "the memory is larger than the store allows");
    const std::uint64_t reach = furthest(type.size, size + bytes.left());
    const std::uint64_t reserved = header_bytes + (kind == memory_kind::guard_pages ? guarded_bytes : reach);
    void* const start = ::mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED) return failure(failure_kind::limit, "the system refused the address space of a memory");
    made->start_ = static_cast<std::uint8_t*>(start), made->reserved_ = reserved, made->reach_ = reach;
    if (::mprotect(start, header_bytes + size, PROT_READ | PROT_WRITE) != 0) return failure(failure_kind::limit, "the system refused a memory");
    made->length() = size;
    return made;
  }
  memory_object(const memory_object&) = delete;
  memory_object& operator=(const memory_object&) = delete;
  ~memory_object() {
    if (start_) ::munmap(start_, reserved_);
  }

  std::uint8_t* base() const { return start_ + header_bytes; }
  std::uint64_t bytes() const { return length(); }
  std::uint32_t pages() const { return std::uint32_t(bytes() / page_bytes); }
  memory_kind kind() const { return kind_; }
  bool belongs_to(const quota& bytes) const { return share_.is_of(bytes); }  // which a store has one of
  // Its type with the present size as minimum: what imports are matched against.
  memory_type type() const { return {{pages(), maximum_}, false}; }

  // The size in pages before, or 0xffffffff where it does not grow.
  std::uint32_t grow(std::uint64_t pages) {
    const std::uint64_t before = bytes();
    if (pages > largest_memory) return no_index;
    const std::uint64_t more = pages * page_bytes;
    if (more > reach_ - before || !share_.take(more)) return no_index;
    if (more != 0 && ::mprotect(base() + before, more, PROT_READ | PROT_WRITE) != 0) return share_.give_back(more), no_index;
    length() = before + more;
    return std::uint32_t(before / page_bytes);
  }

  // Whether `size` bytes from `address` on lie inside.
  bool holds(std::uint64_t address, std::uint64_t size) const { return size <= bytes() && address <= bytes() - size; }

 private:
  static constexpr std::uint64_t header_bytes = 4096;

  // How large it can become, of the bytes that its store has for it.
  static std::uint64_t furthest(const limits& size, std::uint64_t available) {
    std::uint64_t pages = available / page_bytes;
    if (pages > largest_memory) pages = largest_memory;
    if (size.maximum && pages > *size.maximum) pages = *size.maximum;
    return page_bytes * (pages < size.minimum ? size.minimum : pages);
  }

  memory_object(std::optional<std::uint32_t> maximum, memory_kind kind, quota& bytes) : maximum_(maximum), kind_(kind), share_(bytes) {}
  std::uint64_t& length() const { return *reinterpret_cast<std::uint64_t*>(start_ + header_bytes - 8); }

  std::optional<std::uint32_t> maximum_;
  memory_kind kind_;
  share share_;
  std::uint8_t* start_ = nullptr;
  std::uint64_t reserved_ = 0, reach_ = 0;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
