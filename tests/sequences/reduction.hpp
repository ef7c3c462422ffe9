#pragma once

#include "batch.hpp"
#include <functional>

namespace sequences {

// Makes a failing function smaller while it still fails: runs of operators are taken away, or give way to a constant. What is
// no valid function any more does not fail.
class reduction {
 public:
  explicit reduction(std::function<bool(const case_function&)> fails) : fails_(std::move(fails)) {
    for (const val t : number_types) replacements_.push_back(code_writer().constant(t, 1).bytes());
  }

  case_function run(case_function f) {
    for (bool smaller = true; smaller;) {
      smaller = false;
      for (std::size_t length = longest; length > 0; --length)
        for (std::size_t at = 0; at + length <= f.operators.size();) shorten(f, at, length) ? void(smaller = true) : void(++at);
    }
    return f;
  }

 private:
  static constexpr std::size_t longest = 12;

  bool shorten(case_function& f, std::size_t at, std::size_t length) const {
    case_function less = f;
    const auto begin = less.operators.begin() + std::ptrdiff_t(at);
    less.operators.erase(begin, begin + std::ptrdiff_t(length));
    if (fails_(less)) return f = std::move(less), true;
    if (length == 1) return false;
    for (const auto& r : replacements_) {
      case_function other = less;
      other.operators.insert(other.operators.begin() + std::ptrdiff_t(at), r);
      if (fails_(other)) return f = std::move(other), true;
    }
    return false;
  }

  std::function<bool(const case_function&)> fails_;
  std::vector<std::vector<std::uint8_t>> replacements_;
};

}  // namespace sequences
