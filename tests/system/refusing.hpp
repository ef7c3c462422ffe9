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

#define mmap refusing_mmap
#define mprotect refusing_mprotect
#define munmap counting_munmap
