#pragma once

#include "state.hpp"
#include <algorithm>
#include <sched.h>
#include <sys/random.h>
#include <time.h>

// Arguments, environment, clocks, random bytes.
namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1 {

// Each ends with a zero.
inline std::uint64_t bytes_of(const std::vector<std::string>& strings) {
  std::uint64_t sum = 0;
  for (const auto& s : strings) sum += s.size() + 1;
  return sum;
}
inline error_number store_strings(guest_memory m, const std::vector<std::string>& strings, std::uint32_t pointers, std::uint32_t bytes) {
  std::uint64_t at = bytes;
  if (!m.contains(pointers, std::uint64_t{strings.size()} * 4) || !m.contains(bytes, bytes_of(strings))) return error_number::fault;
  for (std::size_t i = 0; i < strings.size(); ++i) {
    const auto to = *m.slice(at, strings[i].size() + 1);
    if (const auto e = m.store(pointers + std::uint64_t(i) * 4, std::uint32_t(at)); e != error_number::success) return e;
    std::memcpy(to.data(), strings[i].c_str(), to.size());
    at += to.size();
  }
  return error_number::success;
}
inline error_number store_sizes(guest_memory m, const std::vector<std::string>& strings, std::uint32_t count, std::uint32_t bytes) {
  const std::uint64_t sum = bytes_of(strings);
  if (sum > 0xffffffff) return error_number::overflow;
  if (!m.contains(bytes, 4)) return error_number::fault;
  if (const auto e = m.store(count, std::uint32_t(strings.size())); e != error_number::success) return e;
  return m.store(bytes, std::uint32_t(sum));
}

inline error_number args_get(wasi_state& s, guest_memory m, std::uint32_t pointers, std::uint32_t bytes) { return store_strings(m, s.arguments, pointers, bytes); }
inline error_number args_sizes_get(wasi_state& s, guest_memory m, std::uint32_t count, std::uint32_t bytes) { return store_sizes(m, s.arguments, count, bytes); }
inline error_number environ_get(wasi_state& s, guest_memory m, std::uint32_t pointers, std::uint32_t bytes) { return store_strings(m, s.environment, pointers, bytes); }
inline error_number environ_sizes_get(wasi_state& s, guest_memory m, std::uint32_t count, std::uint32_t bytes) { return store_sizes(m, s.environment, count, bytes); }

inline std::optional<clockid_t> host_clock(std::uint32_t id) {
  constexpr clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
  if (id >= 4) return {};
  return clocks[id];
}
inline error_number clock_res_get(wasi_state&, guest_memory m, std::uint32_t id, std::uint32_t to) {
  const auto clock = host_clock(id);
  timespec t{};
  if (!clock) return error_number::inval;
  if (const auto e = checked(::clock_getres(*clock, &t)); e != error_number::success) return e;
  return m.store(to, nanoseconds(t));
}
inline error_number clock_time_get(wasi_state&, guest_memory m, std::uint32_t id, std::uint64_t, std::uint32_t to) {
  const auto clock = host_clock(id);
  timespec t{};
  if (!clock) return error_number::inval;
  if (const auto e = checked(::clock_gettime(*clock, &t)); e != error_number::success) return e;
  return m.store(to, nanoseconds(t));
}

// Signals of proc_raise. Those that a process ignores unless it says otherwise: none, chld, cont, urg, winch; a guest
// cannot say otherwise.
inline constexpr std::uint32_t last_signal = 30;
constexpr bool ends_process(std::uint32_t signal) { return signal != 0 && signal != 16 && signal != 17 && signal != 22 && signal != 27; }

inline error_number sched_yield(wasi_state&, guest_memory) { return checked(::sched_yield()); }

inline error_number random_get(wasi_state&, guest_memory m, std::uint32_t address, std::uint32_t length) {
  const auto to = m.slice(address, length);
  if (!to) return error_number::fault;
  constexpr std::size_t most = 256;  // what getentropy gives at once
  for (std::size_t done = 0; done < to->size(); done += most) {
    const auto part = to->subspan(done, std::min(most, to->size() - done));
    if (const auto e = checked(::getentropy(part.data(), part.size())); e != error_number::success) return e;
  }
  return error_number::success;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1
