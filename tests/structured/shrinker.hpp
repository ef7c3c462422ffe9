#pragma once

// Makes a failing program smaller while it still fails: calls, functions, ranges of operators, expressions, blocks, constants and
// locals go one after the other, until nothing more can.

#include "signatures.hpp"
#include <functional>

namespace structured {

class shrinker {
 public:
  // `fails` says no of what is no valid program.
  shrinker(program p, std::function<bool(const program&)> fails) : program_(std::move(p)), fails_(std::move(fails)) {}

  program run() {
    for (smaller_ = true; smaller_;) {
      smaller_ = false;
      drop_calls();
      empty_functions();
      for (std::size_t s = 0; s < sequences(); ++s) shrink_sequence(s);
      if (!smaller_)
        for (std::size_t s = 0; s < sequences(); ++s) shrink_windows(s);
      narrow_functions();
      drop_locals();
      lower_numbers();
    }
    return program_;
  }

 private:
  // Keeps a change if the program still fails.
  template <class Change>
  bool attempt(const Change& change) {
    program less = program_;
    change(less);
    if (!is_determined(less) || !fails_(less)) return false;
    program_ = std::move(less);
    return smaller_ = true;
  }

  // ---- calls and functions

  void drop_calls() {
    for (std::size_t i = program_.calls.size(); i-- > 0;) attempt([&](program& p) { p.calls.erase(p.calls.begin() + std::ptrdiff_t(i)); });
  }
  void empty_functions() {
    for (std::size_t i = 0; i < program_.elements.size(); ++i)
      if (program_.elements[i] != 0) attempt([&](program& p) { p.elements[i] = 0; });
    for (std::size_t f = 0; f < program_.functions.size(); ++f) {
      if (program_.functions[f].dropped) continue;
      if (attempt([&](program& p) { p.functions[f].dropped = true; })) continue;
      const auto& type = program_.functions[f].type;
      if (program_.functions[f].body.size() > type.results.size()) attempt([&](program& p) { p.functions[f].body = constants(type.results); });
    }
  }

  void narrow_functions() {
    for (std::size_t f = 0; f < program_.functions.size(); ++f) {
      if (program_.functions[f].dropped) continue;
      for (auto k = program_.functions[f].type.params.size(); k-- > 0;) attempt([&](program& p) { drop_parameter(p, f, k); });
      while (!program_.functions[f].type.results.empty() && attempt([&](program& p) { drop_last_result(p, f); })) {
      }
    }
  }

  // ---- sequences, by number

  std::size_t sequences() {
    std::size_t n = 0;
    each_sequence(program_, [&](const sequence&) { ++n; });
    return n;
  }
  static sequence& at(program& p, std::size_t number) {
    sequence* found = nullptr;
    each_sequence(p, [&](sequence& s) {
      if (number-- == 0) found = &s;
    });
    return *found;
  }
  // Puts `with` in the place of the operators [begin, end) of a sequence.
  bool replace(std::size_t number, std::size_t begin, std::size_t end, const sequence& with) {
    return attempt([&](program& p) {
      auto& s = at(p, number);
      s.erase(s.begin() + std::ptrdiff_t(begin), s.begin() + std::ptrdiff_t(end));
      s.insert(s.begin() + std::ptrdiff_t(begin), with.begin(), with.end());
    });
  }
  // Short ranges anywhere, which give way to nothing, a drop or a constant.
  void shrink_windows(std::size_t number) {
    std::vector<sequence> instead{{}, {drop_operator()}};
    for (const val t : sequences::number_types) instead.push_back(constants({t}));
    for (std::size_t length = 4; length > 0; --length)
      for (std::size_t begin = 0; begin + length <= at(program_, number).size(); ++begin)
        for (const auto& with : instead)
          if (with.size() < length && replace(number, begin, begin + length, with)) break;
  }
  void shrink_sequence(std::size_t number) {
    for (std::size_t length = at(program_, number).size(); length > 0; length /= 2)
      for (std::size_t begin = 0; begin + length <= at(program_, number).size();)
        if (!replace(number, begin, begin + length, {})) begin += length;
    for (std::size_t end = at(program_, number).size(); end > 0; --end) {
      while (end > at(program_, number).size()) --end;
      if (end > 0) shrink_operator(number, end - 1);
    }
  }
  static sequence part(const sequence& s, std::size_t begin, std::size_t end) {
    return {s.begin() + std::ptrdiff_t(begin), s.begin() + std::ptrdiff_t(end)};
  }

  bool shrink_operator(std::size_t number, std::size_t k) {
    const auto s = at(program_, number);
    const auto& i = s[k];
    const auto begin = begin_of(s, k, i.pops);
    const bool is_constant = i.pops == 0 && i.row && (i.row->name.ends_with(".const") || i.is("ref.null"));
    if (!is_constant && replace(number, begin, k + 1, constants(i.pushes))) return true;
    if (operand_alone(number, s, begin, k)) return true;
    if (i.is_block() && unwrap(number, k, i)) return true;
    return false;
  }
  // An operand of the same type in the place of an operator.
  bool operand_alone(std::size_t number, const sequence& s, std::size_t begin, std::size_t k) {
    for (std::size_t end = k; end > begin;) {
      const auto start = begin_of(s, end, 1);
      if (replace(number, begin, k + 1, part(s, start, end))) return true;
      end = start;
    }
    return false;
  }
  bool unwrap(std::size_t number, std::size_t k, const instruction& block) {
    for (const auto* arm : {&block.body, &block.otherwise}) {
      sequence with;
      if (block.is("if")) with.push_back(drop_operator());
      with.insert(with.end(), arm->begin(), arm->end());
      if (replace(number, k, k + 1, with)) return true;
    }
    return !block.otherwise.empty() && attempt([&](program& p) { at(p, number)[k].otherwise.clear(); });
  }

  // ---- numbers

  void lower_numbers() {
    for (std::size_t n = 0; n < sequences(); ++n)
      for (std::size_t k = 0; k < at(program_, n).size(); ++k) {
        const auto i = at(program_, n)[k];
        for (const std::uint64_t bits : {std::uint64_t(0), std::uint64_t(1), i.bits / 2})
          if (bits < i.bits && attempt([&](program& p) { at(p, n)[k].bits = bits; })) break;
        if (i.row && i.row->immediate == lightbeam::imm::memarg && i.b) attempt([&](program& p) { at(p, n)[k].b = 0; });
      }
    for (std::size_t c = 0; c < program_.calls.size(); ++c)
      for (std::size_t a = 0; a < program_.calls[c].arguments.size(); ++a)
        if (program_.calls[c].arguments[a].bits) attempt([&](program& p) { p.calls[c].arguments[a].bits = 0; });
  }
  void drop_locals() {
    for (std::size_t f = 0; f < program_.functions.size(); ++f)
      for (std::size_t l = program_.functions[f].locals.size(); l-- > 0;) {
        const auto index = program_.functions[f].type.params.size() + l;
        bool used = false;
        each_sequence(program_.functions[f].body, [&](const sequence& s) {
          for (const auto& i : s) used |= names_local(i) && i.a == index;
        });
        if (!used) attempt([&](program& p) { drop_local(p.functions[f], l); });
      }
  }

  program program_;
  std::function<bool(const program&)> fails_;
  bool smaller_ = false;
};

}  // namespace structured
