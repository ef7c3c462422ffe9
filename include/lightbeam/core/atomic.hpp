#pragma once

#include "build.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// A number or pointer that threads and signal handlers share: who loads what was stored sees all that was written before.
// <atomic> has this, too, but brings mutexes and error codes: a tenth of the time that runtime.hpp takes to compile.
template <class T>
class atomic {
 public:
  atomic() = default;
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;
  T load() const { return __atomic_load_n(&value_, __ATOMIC_ACQUIRE); }
  void store(T v) { __atomic_store_n(&value_, v, __ATOMIC_RELEASE); }
  T add(T n) { return __atomic_add_fetch(&value_, n, __ATOMIC_ACQ_REL); }

 private:
  T value_{};
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
