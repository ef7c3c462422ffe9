#pragma once

// Walks over the operators of a program.

#include "program.hpp"

namespace structured {

using sequence = std::vector<instruction>;

// All sequences of a program or of a function, the outer ones first.
template <class F>
void each_sequence(sequence& s, const F& visit) {
  visit(s);
  for (auto& i : s)
    if (i.is_block()) each_sequence(i.body, visit), each_sequence(i.otherwise, visit);
}
template <class F>
void each_sequence(program& p, const F& visit) {
  for (auto& f : p.functions)
    if (!f.dropped) each_sequence(f.body, visit);
}
inline std::size_t operators_in(program p) {
  std::size_t n = 0;
  each_sequence(p, [&](const sequence& s) { n += s.size(); });
  return n;
}
// Whether nothing shows the bits of a NaN that may differ.
inline bool is_determined(program& p) {
  bool all = true;
  each_sequence(p, [&](const sequence& s) {
    for (std::size_t k = 0; k < s.size(); ++k)
      if (shows_bits(s[k])) all &= k > 0 && has_determined_bits(s[k - 1]);
  });
  return all;
}

}  // namespace structured
