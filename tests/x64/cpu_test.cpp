#include <lightbeam/x64/cpu.hpp>

#include <doctest/doctest.h>
#include <initializer_list>

using namespace lightbeam;

TEST_CASE("detection agrees with the compiler's run-time library") {
  __builtin_cpu_init();
  const cpu_features found = detect_cpu();
  CHECK(found.has(cpu_feature::sse3) == bool(__builtin_cpu_supports("sse3")));
  CHECK(found.has(cpu_feature::ssse3) == bool(__builtin_cpu_supports("ssse3")));
  CHECK(found.has(cpu_feature::sse41) == bool(__builtin_cpu_supports("sse4.1")));
  CHECK(found.has(cpu_feature::sse42) == bool(__builtin_cpu_supports("sse4.2")));
  CHECK(found.has(cpu_feature::popcnt) == bool(__builtin_cpu_supports("popcnt")));
#if !defined(__clang__)
  CHECK(found.has(cpu_feature::lzcnt) == bool(__builtin_cpu_supports("lzcnt")));
#endif
  CHECK(found.has(cpu_feature::bmi1) == bool(__builtin_cpu_supports("bmi")));
  CHECK(found.has(cpu_feature::bmi2) == bool(__builtin_cpu_supports("bmi2")));
  CHECK(found.has(cpu_feature::avx) == bool(__builtin_cpu_supports("avx")));
  CHECK(found.has(cpu_feature::avx2) == bool(__builtin_cpu_supports("avx2")));
  CHECK(found.has(cpu_feature::fma) == bool(__builtin_cpu_supports("fma")));
  CHECK(found == detect_cpu());
}

TEST_CASE("each level has what the one below has, and the first has SSE2 alone") {
  CHECK(features_of(cpu_level::v1) == cpu_features{});
  CHECK((features_of(cpu_level::v1) & features_of(cpu_level::v2)) == features_of(cpu_level::v1));
  CHECK((features_of(cpu_level::v2) & features_of(cpu_level::v3)) == features_of(cpu_level::v2));
  CHECK(features_of(cpu_level::v2).has(cpu_feature::sse41));
  CHECK(features_of(cpu_level::v2).has(cpu_feature::popcnt));
  CHECK_FALSE(features_of(cpu_level::v2).has(cpu_feature::lzcnt));
  CHECK_FALSE(features_of(cpu_level::v2).has(cpu_feature::bmi1));
  CHECK(features_of(cpu_level::v3).has(cpu_feature::bmi2));
  CHECK(features_of(cpu_level::v3).has(cpu_feature::lzcnt));
}

TEST_CASE("an intersection caps what code may use") {
  const cpu_features all{~0u};
  for (const cpu_level level : {cpu_level::v1, cpu_level::v2, cpu_level::v3}) {
    CHECK((all & features_of(level)) == features_of(level));
    CHECK((features_of(level) & cpu_features{}) == cpu_features{});
  }
  const cpu_features capped = detect_cpu() & features_of(cpu_level::v1);
  CHECK_FALSE(capped.has(cpu_feature::bmi2));
}
