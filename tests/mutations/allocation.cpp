#include "allocation.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <malloc.h>
#include <new>
#include <sys/mman.h>

// Under the sanitizers malloc is theirs, so they see all that goes through here.
namespace {

// From here on malloc asks the system for each block, whose pages are there when they are touched: only these count.
constexpr std::size_t large = 256 << 10, page = 4096;

std::size_t now = 0, peak = 0;
std::size_t touched = 0;  // of large blocks that have been freed
void* live[256] = {};     // large blocks

std::size_t touched_pages(void* p) {
  const auto begin = std::bit_cast<std::uintptr_t>(p) & ~(page - 1);
  const std::size_t pages = (std::bit_cast<std::uintptr_t>(p) + malloc_usable_size(p) - begin + page - 1) / page;
  auto* const there = static_cast<unsigned char*>(std::malloc(pages));
  if (there == nullptr || mincore(std::bit_cast<void*>(begin), pages * page, there) != 0) std::abort();
  std::size_t count = 0;
  for (std::size_t i = 0; i < pages; ++i) count += there[i] & 1;
  std::free(there);
  return count * page;
}

std::size_t live_pages() {
  std::size_t sum = 0;
  for (void* p : live) sum += p ? touched_pages(p) : 0;
  return sum;
}
// Puts `with` into the first place that has `what`.
void replace(void* what, void* with) {
  auto* const place = std::find(std::begin(live), std::end(live), what);
  if (place == std::end(live)) std::abort();
  *place = with;
}

void* take(std::size_t bytes) {
  [[maybe_unused]] static const int fixed = mallopt(M_MMAP_THRESHOLD, large / 2);
  void* const p = std::malloc(bytes ? bytes : 1);
  if (p == nullptr) std::abort();
  if (const std::size_t size = malloc_usable_size(p); size < large) now += size;
  else replace(nullptr, p);
  if (now + touched > peak) peak = now + touched;
  return p;
}
void give(void* p) {
  if (p == nullptr) return;
  if (const std::size_t size = malloc_usable_size(p); size < large) now -= size;
  else touched += touched_pages(p), replace(p, nullptr);
  if (now + touched > peak) peak = now + touched;
  std::free(p);
}

}  // namespace

namespace mutations {

std::size_t allocated() { return now + touched + live_pages(); }
std::size_t peak_allocated() { return peak + live_pages(); }
void begin_peak() { peak = now + touched; }

}  // namespace mutations

void* operator new(std::size_t bytes) { return take(bytes); }
void* operator new[](std::size_t bytes) { return take(bytes); }
void operator delete(void* p) noexcept { give(p); }
void operator delete[](void* p) noexcept { give(p); }
void operator delete(void* p, std::size_t) noexcept { give(p); }
void operator delete[](void* p, std::size_t) noexcept { give(p); }
