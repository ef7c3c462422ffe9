#pragma once

#include "store_object.hpp"
#include <cassert>
#include <pthread.h>

namespace lightbeam::inline LIGHTBEAM_ABI {

// The lowest address of the thread's stack, read once per thread; 1 until then. Its own address stands for the thread.
struct thread_stack {
  std::uintptr_t low = 1, high = 0;

  // No host function uses that much stack: what is farther away is another stack.
  static constexpr std::uint64_t other_stack = 1 << 20;

  static thread_stack& of_thread() {
    static constinit thread_local thread_stack stack;
    return stack;
  }
  // How deep compiled code may go: `bytes` below here, and not into the reserve that host functions and signal handlers
  // live on: 128 KiB, or half of a smaller stack. Outside of the thread's stack the caller is a fiber, whose bounds nobody knows.
  std::uintptr_t limit(std::uintptr_t here, std::uint64_t bytes) {
    if (low == 1) [[unlikely]] read();
    const std::uintptr_t wanted = here > bytes ? here - bytes : 0;
    const std::uintptr_t lowest = low + (high - low < 2 * most_reserve ? (high - low) / 2 : most_reserve);
    return !contains(here) || wanted > lowest ? wanted : lowest;
  }
  bool contains(std::uintptr_t here) const { return here >= low && here < high; }

 private:
  static constexpr std::uintptr_t most_reserve = 128 << 10;
  void read() {
    pthread_attr_t attributes;
    void* start = nullptr;
    std::size_t size = 0;
    low = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    if (pthread_attr_getstack(&attributes, &start, &size) == 0) low = reinterpret_cast<std::uintptr_t>(start), high = low + size;
    pthread_attr_destroy(&attributes);
  }
};

// Names the place of a trap, for which its function is compiled once more. A site is a return address: the call before it,
// not what follows it, is the operator that trapped.
inline failure located(store_object& store, failure f, std::uint64_t site_of_trap) {
  const std::uint64_t address = site_of_trap - 1;
  const auto* const image = store.image_at(address);
  if (!image) return f;
  const auto site = unless_out_of_memory([&]() -> result<code_site> { return image->locate(reinterpret_cast<const void*>(address)); });
  if (!site) return f;
  return std::move(f).in_function(site->function).at(site->offset).from(image);
}

// The failure that ended a call. An exception of a host function goes on as itself.
[[gnu::cold, gnu::noinline]] inline failure take_trap(store_object& store, std::uint64_t trap) {
  const auto code = trap_code(trap - 1);
  const std::uint64_t site = std::exchange(store.trap_site, 0);
  store.trap = 0;
#if LIGHTBEAM_EXCEPTIONS
  if (store.host_exception) std::rethrow_exception(std::exchange(store.host_exception, nullptr));
#endif
  if (!store.host_failure) return located(store, failure(code), site);
  failure f = std::move(*std::exchange(store.host_failure, std::nullopt));
  return f.kind() == failure_kind::trap && !f.source() ? located(store, std::move(f), site) : f;
}

// Calls a function with its arguments in `values`, over which the results are written; 0, or 1 + trap_code.
// take_trap has to follow where it is not 0.
inline std::uint64_t enter(const function_record& record, std::uint64_t* values, instance_header* caller = nullptr) {
  auto& store = store_of(record);
  auto& thread = thread_stack::of_thread();
  assert(!store.ending && "a function is called while its store is destroyed");
  assert((store.depth == 0 || store.running_thread == &thread) && "a store is used by one thread at a time");
  if (record.function == no_index) {
    auto* const closure = reinterpret_cast<host_closure*>(record.instance) - 1;
    store.trap_site = 0;
    return closure->call(closure, values, caller);
  }
  const std::uint64_t limit_before = store.stack_limit;
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  store.stack_limit = thread.limit(here, store.stack_bytes);
  // A call from inside a call shares the outer one's limit, unless it runs on another stack.
  const bool same_stack = here < store.saved_sp && store.saved_sp - here < store.stack_bytes + thread_stack::other_stack && thread.contains(here) == thread.contains(store.saved_sp);
  if (same_stack && store.stack_limit < limit_before) store.stack_limit = limit_before;
  std::uint64_t trap = 1 + std::uint64_t(trap_code::call_stack_exhausted);
  if (here > store.stack_limit) [[likely]] {
    using entry_thunk = std::uint64_t (*)(std::uint64_t*, const void*, instance_header*, context*);
    ++store.depth, store.running_thread = &thread;
    trap = reinterpret_cast<entry_thunk>(reinterpret_cast<std::uintptr_t>(record.entry))(values, record.code, record.instance, &store);
    if (trap != 0) trap = store.trap;
    --store.depth;
  }
  store.stack_limit = limit_before;
  return trap;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
