#pragma once

#include "type_reader.hpp"
#include "../core/reader.hpp"
#include <algorithm>
#include <vector>

namespace lightbeam::inline LIGHTBEAM_ABI {

enum class block_kind : std::uint8_t { block, loop, then_arm };

// A block that is open while its operators are validated. Types outlive it: they stand in the module, or in `single`.
struct open_block {
  short_types params, results;
  std::uint32_t height = 0;  // of the operand stack where it began, without its parameters
  block_kind kind = block_kind::block;
  bool unreachable = false;

  std::span<const val> label_types() const { return kind == block_kind::loop ? params : results; }
};

// Exactly this type, as a span.
inline std::span<const val> single(val t) {
  static constexpr val all[] = {val::none, val::i32, val::i64, val::f32, val::f64, val::v128, val::funcref, val::externref};
  return {&all[std::uint8_t(t)], 1};
}

// The stacks of the algorithm in the specification's appendix "Validation Algorithm". val::none is its bottom type, of values that
// nothing is known about because the code cannot be reached. Operands are bytes; `padding` of them lie below the first one, so that
// four can be read at once. Memory is kept for the next function.
class operand_stack {
 public:
  explicit operand_stack(expansion& e) : expansion_(e), values_(64) {}
  operand_stack(const operand_stack&) = delete;
  operand_stack& operator=(const operand_stack&) = delete;

  // Empty; failures go to `in`.
  void begin(reader& in) {
    in_ = &in;
    blocks_.clear();
    base_ = top_ = values_.data() + padding;
  }
  void starts_at(std::uint32_t offset) { at_ = offset; }  // the operator that failures are about

  open_block& block() { return blocks_.back(); }
  const open_block& block(std::size_t depth) const { return blocks_[blocks_.size() - 1 - depth]; }
  std::size_t depth() const { return blocks_.size(); }

  // For those who push and pop by themselves: room for `count` more operands, the operands of the innermost block, and their end.
  void reserve(std::size_t count) {
    if (count > room()) grow(count);
  }
  const val* base() const { return base_; }
  val* top() const { return top_; }
  void top(val* t) { top_ = t; }

  void push(val t) {
    if (room() == 0) grow(1);
    *top_++ = t;
  }
  void push(std::span<const val> types) {
    allow(types.size());
    reserve(types.size());
    top_ = std::copy(types.begin(), types.end(), top_);
  }
  val pop(val expected = val::none) {
    if (top_ == base_) {
      if (!block().unreachable) mismatch(expected, val::none);
      return val::none;
    }
    const val found = *--top_;
    if (found != expected && found != val::none && expected != val::none) mismatch(expected, found);
    return found;
  }
  void pop(std::span<const val> types) {
    allow(types.size());
    if (ends_with(types)) top_ -= types.size();
    else
      for (std::size_t i = types.size(); i--;) pop(types[i]);
  }
  // As if popped and pushed back with the types that they had.
  void check(std::span<const val> types) {
    allow(types.size());
    if (ends_with(types)) return;
    const val* at = top_;
    for (std::size_t i = types.size(); i--;) {
      if (at == base_) {
        if (!block().unreachable) mismatch(types[i], val::none);
        return;
      }
      if (const val found = *--at; found != types[i] && found != val::none) return mismatch(types[i], found);
    }
  }

  void open(block_kind kind, std::span<const val> params, std::span<const val> results, bool unreachable = false) {
    pop(params);
    blocks_.push_back({params, results, std::uint32_t(height()), kind, unreachable});
    base_ = top_;
    push(params);
  }
  // The values that are left are exactly the block's results.
  void check_results() {
    pop(block().results);
    if (top_ != base_) mismatch(val::none, top_[-1]);
  }
  // After check_results().
  void close() {
    const std::span<const val> results = block().results;
    blocks_.pop_back();
    base_ = values_.data() + (blocks_.empty() ? padding : block().height);
    push(results);
  }
  void other_arm() {
    open_block& b = block();
    b.kind = block_kind::block;
    b.unreachable = false;
    push(b.params);
  }
  void unreachable() {
    top_ = values_.data() + block().height;
    block().unreachable = true;
  }

  void mismatch(val expected, val found) {
    in_->fail(failure(failure_kind::invalid, "type mismatch", at_).types(std::uint8_t(expected), std::uint8_t(found)));
  }

 private:
  static constexpr std::size_t padding = 4;
  // Only calls and blocks that push many results again and again come here: a body of a few bytes must not take all memory.
  static constexpr std::size_t most_operands = 1u << 24;

  void allow(std::size_t count) {
    if (!expansion_.operands(count)) in_->fail(failure_kind::limit, expansion::text, at_);
  }
  std::size_t height() const { return std::size_t(top_ - values_.data()); }
  std::size_t room() const { return values_.size() - height(); }
  bool ends_with(std::span<const val> types) const {
    return std::size_t(top_ - base_) >= types.size() && std::equal(types.begin(), types.end(), top_ - types.size());
  }
  [[gnu::noinline]] void grow(std::size_t count) {
    const std::size_t top = height(), base = std::size_t(base_ - values_.data());
    if (top + count > most_operands) in_->fail(failure_kind::limit, "too many operands on the stack", at_);
    values_.resize(std::max(2 * values_.size(), top + count));
    top_ = values_.data() + top;
    base_ = values_.data() + base;
  }

  expansion& expansion_;
  plain_vector<val> values_;
  plain_vector<open_block> blocks_;
  val *base_ = nullptr, *top_ = nullptr;
  reader* in_ = nullptr;
  std::uint32_t at_ = 0;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
