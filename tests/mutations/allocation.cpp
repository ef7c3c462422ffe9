#include "allocation.hpp"

#include <cstdlib>
#include <malloc.h>
#include <new>

// Under the sanitizers malloc is theirs, so they see all that goes through here.
namespace {

std::size_t now = 0, peak = 0;

void* take(std::size_t bytes) {
  void* const p = std::malloc(bytes ? bytes : 1);
  if (p == nullptr) std::abort();
  now += malloc_usable_size(p);
  if (now > peak) peak = now;
  return p;
}
void give(void* p) {
  if (p == nullptr) return;
  now -= malloc_usable_size(p);
  std::free(p);
}

}  // namespace

namespace mutations {

std::size_t allocated() { return now; }
std::size_t peak_allocated() { return peak; }
void begin_peak() { peak = now; }

}  // namespace mutations

void* operator new(std::size_t bytes) { return take(bytes); }
void* operator new[](std::size_t bytes) { return take(bytes); }
void operator delete(void* p) noexcept { give(p); }
void operator delete[](void* p) noexcept { give(p); }
void operator delete(void* p, std::size_t) noexcept { give(p); }
void operator delete[](void* p, std::size_t) noexcept { give(p); }
