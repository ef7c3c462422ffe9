#pragma once

#include "../core/build.hpp"
#include <cpuid.h>
#include <cstdint>

namespace lightbeam::inline LIGHTBEAM_ABI {

enum class cpu_feature : std::uint32_t {
  sse3 = 1 << 0, ssse3 = 1 << 1, sse41 = 1 << 2, sse42 = 1 << 3, popcnt = 1 << 4,
  lzcnt = 1 << 5, bmi1 = 1 << 6, bmi2 = 1 << 7, avx = 1 << 8, avx2 = 1 << 9, fma = 1 << 10,
};

struct cpu_features {
  std::uint32_t set = 0;

  constexpr bool has(cpu_feature f) const { return set & std::uint32_t(f); }
  constexpr cpu_features operator&(cpu_features o) const { return {set & o.set}; }
  constexpr cpu_features operator|(cpu_feature f) const { return {set | std::uint32_t(f)}; }
  bool operator==(const cpu_features&) const = default;
};

// The levels of the x86-64 psABI: v1 is SSE2 and nothing more.
enum class cpu_level : std::uint8_t { v1, v2, v3 };
constexpr cpu_features features_of(cpu_level level) {
  cpu_features f;
  if (level >= cpu_level::v2) f = f | cpu_feature::sse3 | cpu_feature::ssse3 | cpu_feature::sse41 | cpu_feature::sse42 | cpu_feature::popcnt;
  if (level >= cpu_level::v3) f = f | cpu_feature::lzcnt | cpu_feature::bmi1 | cpu_feature::bmi2 | cpu_feature::avx | cpu_feature::avx2 | cpu_feature::fma;
  return f;
}

// What this machine's CPU and operating system offer.
inline cpu_features detect_cpu() {
  cpu_features f;
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  const auto add = [&f](bool there, cpu_feature feature) {
    if (there) f = f | feature;
  };
  if (!__get_cpuid(1, &a, &b, &c, &d)) return f;
  add(c & 1, cpu_feature::sse3), add(c >> 9 & 1, cpu_feature::ssse3), add(c >> 19 & 1, cpu_feature::sse41);
  add(c >> 20 & 1, cpu_feature::sse42), add(c >> 23 & 1, cpu_feature::popcnt);
  bool saves_ymm = false;
  if (c >> 27 & 1) {  // OSXSAVE: XGETBV says which registers the system saves
    std::uint32_t low = 0, high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    saves_ymm = (low & 6) == 6;
  }
  add(saves_ymm && c >> 28 & 1, cpu_feature::avx), add(saves_ymm && c >> 12 & 1, cpu_feature::fma);
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    add(b >> 3 & 1, cpu_feature::bmi1), add(b >> 8 & 1, cpu_feature::bmi2);
    add(saves_ymm && b >> 5 & 1, cpu_feature::avx2);
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) add(c >> 5 & 1, cpu_feature::lzcnt);
  return f;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
