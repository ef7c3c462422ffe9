#pragma once

// Time and memory of one module's compilation and validation, in a process of its own.

#include "policies/policies.hpp"
#include <lightbeam/wasm/validator.hpp>
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <malloc.h>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

namespace bombs {

struct measurement {
  double seconds = 0, validating = 0;  // the least of several runs, of processor time
  std::size_t memory = 0;              // most pages that were touched while it compiled, in bytes, the module's copy included
  std::size_t size = 0, functions = 0; // of the module
  bool refused = false;
  char text[200] = {};                 // why
};

// The processor time of this process, which other work on the machine disturbs least.
inline double processor_seconds() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}
inline double least_of_runs(const std::function<void()>& f, double enough_seconds, int most) {
  double least = 1e9, sum = 0;
  for (int i = 0; i < most && (i < 3 || sum < enough_seconds); ++i) {
    const double start = processor_seconds();
    f();
    const double took = processor_seconds() - start;
    least = std::min(least, took), sum += took;
    if (sum > 20 * enough_seconds) break;
  }
  return least;
}

// A line of /proc/self/status, in bytes.
inline std::size_t status(const char* name) {
  std::FILE* const file = std::fopen("/proc/self/status", "r");
  char line[200];
  std::size_t kilobytes = 0;
  while (file && std::fgets(line, sizeof line, file))
    if (!std::strncmp(line, name, std::strlen(name))) kilobytes = std::strtoull(line + std::strlen(name) + 1, nullptr, 10);
  if (file) std::fclose(file);
  return kilobytes << 10;
}
inline void forget_peak() {
  if (std::FILE* const file = std::fopen("/proc/self/clear_refs", "w")) std::fputs("5", file), std::fclose(file);
}

inline measurement measure_here(const policies::any_engine& engine, const std::vector<std::uint8_t>& module) {
  measurement m;
  m.size = module.size();
  // Large blocks always come from the system: else what is measured is whether the allocator had one left.
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  malloc_trim(0);
  const std::size_t before = status("VmRSS");
  forget_peak();
  if (const auto compiled = engine.compile(module)) m.functions = compiled->info().bodies.size();
  else m.refused = true, std::snprintf(m.text, sizeof m.text, "%s", compiled.error().text().c_str());
  m.memory = status("VmHWM") - std::min(before, status("VmHWM"));
  m.seconds = least_of_runs([&] { (void)engine.compile(module); }, 0.1, 30);
  m.validating = least_of_runs([&] { (void)lightbeam::validate(module, lightbeam::feature::wasm2_scalar); }, 0.05, 30);
  return m;
}

// Nothing if the process crashed, or took longer than a minute.
inline std::optional<measurement> measure(const policies::any_engine& engine, const std::function<std::vector<std::uint8_t>()>& make) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    const auto m = measure_here(engine, make());
    _exit(write(ends[1], &m, sizeof m) == sizeof m ? 0 : 1);
  }
  close(ends[1]);
  measurement m;
  const bool whole = read(ends[0], &m, sizeof m) == sizeof m;
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return whole ? std::optional(m) : std::nullopt;
}

}  // namespace bombs
