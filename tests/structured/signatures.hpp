#pragma once

// Changes of a program that the shrinker tries: functions with fewer parameters, results and locals.

#include "sequences.hpp"

namespace structured {

inline bool names_local(const instruction& i) { return !i.row || i.row->immediate == lightbeam::imm::local; }

// Operators that leave one value each, of the wanted types.
inline sequence constants(const std::vector<val>& wanted) {
  constexpr lightbeam::op of_numbers[] = {"i32.const", "i64.const", "f32.const", "f64.const"};
  sequence all;
  for (const val t : wanted) {
    instruction i;
    i.row = is_reference(t) ? lightbeam::op("ref.null").operator->() : of_numbers[sequences::number(t)].operator->();
    i.type.results = i.pushes = {t};
    all.push_back(std::move(i));
  }
  return all;
}
inline instruction drop_operator() {
  instruction i;
  i.row = lightbeam::op("drop").operator->(), i.pops = 1;
  return i;
}
// Where the operators begin that compute the topmost values in front of `end`.
inline std::size_t begin_of(const sequence& s, std::size_t end, std::size_t values) {
  while (values > 0 && end > 0) {
    const auto& i = s[--end];
    values -= std::min(values, i.pushes.size());
    values += i.pops;
  }
  return end;
}

// Calls visit(sequence, position) for every call of a function, from the back to the front.
template <class F>
void each_call(program& p, std::size_t f, const F& visit) {
  each_sequence(p, [&](sequence& s) {
    for (std::size_t k = s.size(); k-- > 0;)
      if (s[k].is("call") && s[k].a == f + host_imports().size()) visit(s, k);
  });
}

// The parameter becomes the first local; what calls compute for it goes.
inline void drop_parameter(program& p, std::size_t f, std::size_t parameter) {
  auto& target = p.functions[f];
  auto& params = target.type.params;
  const auto at = std::ptrdiff_t(parameter);
  const auto last = std::uint32_t(params.size() - 1);
  target.locals.insert(target.locals.begin(), params[parameter]);
  params.erase(params.begin() + at);
  each_sequence(target.body, [&](sequence& s) {
    for (auto& i : s) {
      if (!names_local(i) || i.a < parameter || i.a > last) continue;
      i.a = i.a == parameter ? last : i.a - 1;
    }
  });
  each_call(p, f, [&](sequence& s, std::size_t k) {
    const auto end = begin_of(s, k, last - parameter), begin = begin_of(s, end, 1);
    --s[k].pops;
    s.erase(s.begin() + std::ptrdiff_t(begin), s.begin() + std::ptrdiff_t(end));
  });
  for (auto& c : p.calls)
    if (c.function == f) c.arguments.erase(c.arguments.begin() + at);
}
// Calls leave a constant in the place of the last result.
inline void drop_last_result(program& p, std::size_t f) {
  auto& target = p.functions[f];
  const val t = target.type.results.back();
  target.type.results.pop_back();
  each_sequence(target.body, [](sequence& s) {
    for (std::size_t k = s.size(); k-- > 0;)
      if (s[k].is("return")) --s[k].pops, s.insert(s.begin() + std::ptrdiff_t(k), drop_operator());
  });
  target.body.push_back(drop_operator());
  each_call(p, f, [&](sequence& s, std::size_t k) {
    s[k].pushes.pop_back();
    s.insert(s.begin() + std::ptrdiff_t(k) + 1, constants({t})[0]);
  });
}
inline void drop_local(function& f, std::size_t local) {
  const auto index = f.type.params.size() + local;
  f.locals.erase(f.locals.begin() + std::ptrdiff_t(local));
  each_sequence(f.body, [&](sequence& s) {
    for (auto& i : s)
      if (names_local(i) && i.a > index) --i.a;
  });
}

}  // namespace structured
