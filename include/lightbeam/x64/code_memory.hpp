#pragma once

#include "../core/result.hpp"
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <utility>

namespace lightbeam::inline LIGHTBEAM_ABI {

// The machine code of one module: a private reservation of address space that becomes writable as it fills up, and executable
// once. No page is ever writable and executable, and no second mapping of it exists.
//
//   reserve: [ no access                                   ]
//   commit:  [ read, write ............ | no access        ]
//   seal:    [ read, execute | unmapped                    ]
class code_memory {
 public:
  code_memory() = default;
  code_memory(code_memory&& o) noexcept { swap(o); }
  code_memory& operator=(code_memory&& o) noexcept {
    code_memory taken(std::move(o));
    swap(taken);
    return *this;
  }
  ~code_memory() {
    if (data_) munmap(data_, size_);
  }

  // Takes address space, not memory: `bytes` may be hundreds of times what will be used. From half a MiB of `expected_bytes` on it is
  // aligned for huge pages and asks for them. Failures are of kind limit.
  static result<code_memory> reserve(std::size_t bytes, std::size_t expected_bytes = 0) {
    const bool huge = expected_bytes >= huge_page / 4;
    const std::size_t unit = huge ? huge_page : page;
    constexpr std::size_t largest = std::size_t{1} << 47;  // user space; also keeps the sums below from wrapping
    if (bytes > largest) return failure(failure_kind::limit, "the reservation for machine code exceeds the address space");
    const std::size_t size = bytes == 0 ? unit : round_up(bytes, unit), slack = huge ? huge_page - page : 0;
    void* const at = mmap(nullptr, size + slack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) return failure(failure_kind::limit, "the system refused address space for machine code");
    code_memory m;
    m.size_ = size;
    m.data_ = static_cast<std::uint8_t*>(at);
    if (huge) m.align(slack);
    return m;
  }

  // Makes [0, upto) writable, and some more, so that most calls find nothing to do. Failures are of kind limit.
  result<void> commit(std::size_t upto) {
    if (upto <= committed_ && !sealed_) [[likely]] return {};
    return commit_more(upto);
  }

  // Makes [0, used) executable and read-only, with one change of protection, and unmaps the rest. What is left is size() bytes,
  // whole pages. After a failure (of kind limit) all is as before.
  result<void> seal(std::size_t used) {
    if (sealed_ || used > committed_) return failure(failure_kind::limit, "machine code can be sealed once, and only what is committed");
    const std::size_t keep = round_up(used, page);
    if (keep && mprotect(data_, keep, PROT_READ | PROT_EXEC)) {
      return failure(failure_kind::limit, "the system refused to make machine code executable");
    }
    sealed_ = true;
    committed_ = 0;
    if (keep < size_ && munmap(data_ + keep, size_ - keep)) return {};  // kept until the destructor unmaps all
    size_ = keep;
    if (keep == 0) data_ = nullptr;
    return {};
  }

  std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t page = 4096, huge_page = std::size_t{2} << 20, step = std::size_t{4} << 20;
  static constexpr std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) & ~(unit - 1); }

  void swap(code_memory& o) {
    std::swap(data_, o.data_), std::swap(size_, o.size_);
    std::swap(committed_, o.committed_), std::swap(sealed_, o.sealed_);
  }
  // Cuts the mapping of size_ + slack bytes down to size_ bytes that begin with a huge page.
  void align(std::size_t slack) {
    const std::size_t front = (0 - reinterpret_cast<std::uintptr_t>(data_)) & (huge_page - 1), back = slack - front;
    if (front) munmap(data_, front);
    data_ += front;
    if (back) munmap(data_ + size_, back);
    madvise(data_, size_, MADV_HUGEPAGE);  // advice: where it is refused, pages are small
  }
  [[gnu::noinline]] result<void> commit_more(std::size_t upto) {
    if (sealed_) return failure(failure_kind::limit, "machine code is sealed");
    if (upto > size_) return failure(failure_kind::limit, "machine code outgrows its reservation");
    // Whole huge pages, or the last one of them would be made of small ones.
    const std::size_t end = size_ - upto <= step ? size_ : (upto + step) & ~(huge_page - 1);
    if (mprotect(data_ + committed_, end - committed_, PROT_READ | PROT_WRITE)) {
      return failure(failure_kind::limit, "the system refused memory for machine code");
    }
    committed_ = end;
    return {};
  }

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0, committed_ = 0;  // bytes mapped; bytes writable
  bool sealed_ = false;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
