#pragma once

// Counts of assertions, with reasons for what was skipped, and the list of expected failures.

#include <cstdio>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace suite {

// Lines of a file, each the place of an assertion ("2.0/call:123"). It may only shrink: what is listed and passes is an error.
class expected_failures {
 public:
  expected_failures() = default;
  explicit expected_failures(const std::string& path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
      if (!line.empty() && line[0] != '#') places_.insert(line);
  }
  bool contains(const std::string& place) const { return places_.contains(place); }

 private:
  std::set<std::string> places_;
};

struct tally {
  std::size_t passed = 0, failed = 0, text = 0, expected_to_fail = 0;
  std::map<std::string, std::size_t> skipped;  // by reason

  std::size_t skipped_in_all() const {
    std::size_t n = 0;
    for (const auto& [reason, count] : skipped) n += count;
    return n;
  }
  void operator+=(const tally& o) {
    passed += o.passed, failed += o.failed, text += o.text, expected_to_fail += o.expected_to_fail;
    for (const auto& [reason, count] : o.skipped) skipped[reason] += count;
  }
};

// The counts of one file, printed as a line.
inline void print_line(const std::string& name, const tally& t) {
  std::printf("%-32s %6zu passed, %zu failed, %zu skipped", name.c_str(), t.passed, t.failed, t.skipped_in_all());
  if (t.text) std::printf(", %zu text", t.text);
  if (t.expected_to_fail) std::printf(", %zu expected to fail", t.expected_to_fail);
  const char* before = " (";
  for (const auto& [reason, count] : t.skipped) std::printf("%s%s: %zu", std::exchange(before, "; "), reason.c_str(), count);
  std::puts(t.skipped.empty() ? "" : ")");
}

// The last line of every suite. Where nothing ran, nothing was tested: that is a failure, too.
inline int print_total(const tally& t) {
  for (const auto& [reason, count] : t.skipped) std::printf("skipped: %s: %zu\n", reason.c_str(), count);
  if (t.text) std::printf("text format only: %zu\n", t.text);
  if (t.expected_to_fail) std::printf("expected to fail: %zu\n", t.expected_to_fail);
  std::printf("%zu passed, %zu failed, %zu skipped\n", t.passed, t.failed, t.skipped_in_all());
  return t.failed || t.passed + t.skipped_in_all() == 0 ? 1 : 0;
}

}  // namespace suite
