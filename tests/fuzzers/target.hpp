#pragma once

// What the targets for libFuzzer share.

#include <lightbeam/core/result.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace fuzzers {

template <class T>
std::string verdict_of(const lightbeam::result<T>& r) {
  return r ? "valid" : r.error().text();
}

// libFuzzer writes the input that led here to a file and prints how to repeat it.
inline void require_same(const char* what, const std::string& one, const char* other_what, const std::string& other) {
  if (one == other) return;
  std::fprintf(stderr, "%s: %s\n%s: %s\n", what, one.c_str(), other_what, other.c_str());
  std::abort();
}

}  // namespace fuzzers
