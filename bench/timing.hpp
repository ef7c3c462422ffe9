#pragma once

#include <algorithm>
#include <chrono>
#include <limits>

namespace bench {

class stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// Keeps the least of several measurements, which other work on the machine disturbs least.
class minimum {
 public:
  void add(double seconds) { least_ = std::min(least_, seconds), sum_ += seconds, ++count_; }
  double least() const { return least_; }
  double sum() const { return sum_; }
  int count() const { return count_; }

 private:
  double least_ = std::numeric_limits<double>::infinity(), sum_ = 0;
  int count_ = 0;
};

}  // namespace bench
