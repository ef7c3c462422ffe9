#pragma once

// Which operators follow each other: every pair in which the second takes the result of the first, at every position of its
// operands, and random triples after them.

#include "random.hpp"
#include <lightbeam/wasm/op_table.hpp>
#include <algorithm>
#include <vector>

namespace sequences {

// An operator of a chain; `position` is that of the operand that the operator before it in the chain computes.
struct link {
  const lightbeam::op_row* row = nullptr;
  std::uint8_t position = 0;
};

// Numeric operators, loads, stores, memory.grow and bulk operators: what has a fixed scalar type and operands.
inline bool usable(const lightbeam::op_row& row) {
  using lightbeam::imm;
  if (!contains(lightbeam::feature::wasm2_scalar, row.since) || row.type.by_check || row.type.ins == 0) return false;
  constexpr imm kinds[] = {imm::none, imm::memarg, imm::memory, imm::memory_copy, imm::memory_init, imm::table_copy, imm::table_init};
  return std::find(std::begin(kinds), std::end(kinds), row.immediate) != std::end(kinds);
}
// Operators of a table of funcref as a chain sees them: the builder writes their reference, or asks what they give whether it is null.
inline constexpr lightbeam::op_row table_rows[] = {
    {lightbeam::op("table.get")->code, "table.get", lightbeam::imm::table, "i:i"},
    {lightbeam::op("table.set")->code, "table.set", lightbeam::imm::table, "i:"},
    {lightbeam::op("table.grow")->code, "table.grow", lightbeam::imm::table, "i:i"},
    {lightbeam::op("table.fill")->code, "table.fill", lightbeam::imm::table, "ii:"},
};

class plan {
 public:
  plan() {
    for (const auto& row : lightbeam::op_table)
      if (usable(row)) rows_.push_back(&row);
    for (const auto& row : table_rows) rows_.push_back(&row);
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
