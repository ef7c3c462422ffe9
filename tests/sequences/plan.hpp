#pragma once

// Which operators follow each other: every pair in which the second takes the result of the first, at every position of its
// operands, and random triples after them.

#include "random.hpp"
#include <lightbeam/wasm/op_table.hpp>
#include <vector>

namespace sequences {

// An operator of a chain; `position` is that of the operand that the operator before it in the chain computes.
struct link {
  const lightbeam::op_row* row = nullptr;
  std::uint8_t position = 0;
};

// Numeric operators, loads, memory.grow and stores: what has a fixed scalar type and operands.
inline bool usable(const lightbeam::op_row& row) {
  using lightbeam::imm;
  if (!contains(lightbeam::feature::wasm2_scalar, row.since) || row.type.by_check || row.type.ins == 0) return false;
  return row.immediate == imm::none || row.immediate == imm::memarg || row.immediate == imm::memory;
}

class plan {
 public:
  plan() {
    for (const auto& row : lightbeam::op_table)
      if (usable(row)) rows_.push_back(&row);
    for (const auto* first : rows_)
      for (const auto* second : rows_) add_pairs(first, second);
  }
  std::size_t pairs() const { return pairs_.size(); }

  // The chain of a case. Rounds over all pairs alternate with as many triples.
  std::vector<link> chain(std::uint64_t number, random_source& r) const {
    const auto& [first, second] = pairs_[std::size_t(number % pairs_.size())];
    std::vector<link> c{{first, 0}, second};
    if (number / pairs_.size() % 2 == 0) return c;
    while (c.size() < 3) {
      const auto& [before, next] = r.pick(pairs_);
      if (c.back().row->type.outs && before->type.out[0] == c.back().row->type.out[0]) c.push_back(next);
      else if (!c.back().row->type.outs) break;
    }
    return c;
  }

 private:
  struct pair {
    const lightbeam::op_row* first;
    link second;
  };

  void add_pairs(const lightbeam::op_row* first, const lightbeam::op_row* second) {
    if (first->type.outs != 1) return;
    for (std::uint8_t k = 0; k < second->type.ins; ++k)
      if (second->type.in[k] == first->type.out[0]) pairs_.push_back({first, {second, k}});
  }

  std::vector<const lightbeam::op_row*> rows_;
  std::vector<pair> pairs_;
};

}  // namespace sequences
