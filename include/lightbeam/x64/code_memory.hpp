#pragma once

#include "../core/result.hpp"
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <utility>

namespace lightbeam::inline LIGHTBEAM_ABI {

// One private reservation of address space a module. It is written first and made executable once; it is never both.
class code_memory {
 public:
  code_memory() = default;
  code_memory(code_memory&& o) noexcept { swap(o); }
  code_memory& operator=(code_memory&& o) noexcept {
    swap(o);
    return *this;
  }
  ~code_memory() {
    if (mapped_) munmap(mapped_, mapped_bytes_);
  }

  // Address space alone: `bytes` may be hundreds of times what will be used. Large code gets huge pages.
  static result<code_memory> reserve(std::size_t bytes, std::size_t expected_bytes) {
    const bool huge = expected_bytes >= huge_page / 2;
    code_memory m;
    m.size_ = (bytes + page - 1) & ~(page - 1);
    m.mapped_bytes_ = m.size_ + (huge ? huge_page : 0);
    void* const at = mmap(nullptr, m.mapped_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) {
      m.mapped_bytes_ = 0;
      return failure(failure_kind::limit, "the system refused address space for machine code");
    }
    m.mapped_ = static_cast<std::uint8_t*>(at);
    m.data_ = m.mapped_;
    if (huge) {
      m.data_ += (0 - reinterpret_cast<std::uintptr_t>(m.mapped_)) & (huge_page - 1);
      madvise(m.data_, m.size_, MADV_HUGEPAGE);  // advice: without it pages are small
    }
    return m;
  }

  // Makes the first `bytes` bytes writable.
  result<void> commit(std::size_t bytes) {
    if (bytes <= committed_) [[likely]] return {};
    return commit_more(bytes);
  }
  // Makes what is used executable and read-only and gives the rest back.
  result<void> seal(std::size_t used) {
    const std::size_t keep = (used + page - 1) & ~(page - 1);
    if (keep && mprotect(data_, keep, PROT_READ | PROT_EXEC)) return failure(failure_kind::limit, "the system refused to make machine code executable");
    std::uint8_t* const end = data_ + keep;
    if (const std::size_t rest = std::size_t(mapped_ + mapped_bytes_ - end)) munmap(end, rest);
    mapped_bytes_ = std::size_t(end - mapped_);
    if (!mapped_bytes_) mapped_ = nullptr;
    size_ = committed_ = keep;
    return {};
  }

  std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t page = 4096, huge_page = std::size_t{2} << 20, step = std::size_t{4} << 20;

  [[gnu::noinline]] result<void> commit_more(std::size_t bytes) {
    if (bytes > size_) return failure(failure_kind::limit, "machine code outgrows its reservation");
    const std::size_t to = bytes + step < size_ ? (bytes + step) & ~(page - 1) : size_;
    if (mprotect(data_ + committed_, to - committed_, PROT_READ | PROT_WRITE)) return failure(failure_kind::limit, "the system refused memory for machine code");
    committed_ = to;
    return {};
  }
  void swap(code_memory& o) {
    std::swap(mapped_, o.mapped_), std::swap(mapped_bytes_, o.mapped_bytes_);
    std::swap(data_, o.data_), std::swap(size_, o.size_), std::swap(committed_, o.committed_);
  }

  std::uint8_t *mapped_ = nullptr, *data_ = nullptr;
  std::size_t mapped_bytes_ = 0, size_ = 0, committed_ = 0;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
