#pragma once

// What the library maps and allocates goes through here, so that each call can be made to fail. To be included before the library, in a program
// of one unit.

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <xbyak/xbyak.h>

inline std::atomic<int> map_calls = 0, refused_call = -1;  // the call with this number fails
inline std::atomic<long> mapped_bytes = 0;

inline bool refuses() { return map_calls++ == refused_call; }
inline void* refusing_mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) {
  void* const start = refuses() ? MAP_FAILED : mmap(at, size, protection, flags, file, offset);
  if (start != MAP_FAILED) mapped_bytes += long(size);
  return start;
}
inline int refusing_mprotect(void* at, std::size_t size, int protection) { return refuses() ? -1 : mprotect(at, size, protection); }
inline int counting_munmap(void* at, std::size_t size) {
  mapped_bytes -= long(size);
  return munmap(at, size);
}

inline std::atomic<long> news = 0, refused_new = -1, live_news = 0;
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* const made = news++ == refused_new ? nullptr : std::malloc(size ? size : 1);
  if (!made) throw std::bad_alloc();
  ++live_news;
  return made;
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
  live_news -= p != nullptr;
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept { operator delete(p); }

// While it lives, operator new fails at the call of that number.
class refused_allocation {
 public:
  explicit refused_allocation(long number) : number_(number) { news = 0, refused_new = number; }
  refused_allocation(const refused_allocation&) = delete;
  refused_allocation& operator=(const refused_allocation&) = delete;
  ~refused_allocation() { refused_new = -1; }
  bool never_came() const { return news <= number_; }

 private:
  long number_;
};
// Whether all that was allocated and mapped since it was made is gone.
class leftovers {
 public:
  bool none() const { return live_news == live_ && mapped_bytes == mapped_; }

 private:
  long live_ = live_news, mapped_ = mapped_bytes;
};

#define mmap refusing_mmap
#define mprotect refusing_mprotect
#define munmap counting_munmap
