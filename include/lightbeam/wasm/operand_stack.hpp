#pragma once

#include "types.hpp"
#include "../core/reader.hpp"
#include <vector>

namespace lightbeam::inline LIGHTBEAM_ABI {

enum class block_kind : std::uint8_t { block, loop, then_arm };

// A block that is open while its operators are validated. Types outlive it: they stand in the module, or in `single`.
struct open_block {
  std::span<const val> params, results;
  std::size_t height = 0;  // of the operand stack where it began, without its parameters
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
// nothing is known about because the code cannot be reached.
class operand_stack {
 public:
  explicit operand_stack(reader& in) : in_(in) {}

  void starts_at(std::uint32_t offset) { at_ = offset; }  // the operator that failures are about

  open_block& block() { return blocks_.back(); }
  const open_block& block(std::size_t depth) const { return blocks_[blocks_.size() - 1 - depth]; }
  std::size_t depth() const { return blocks_.size(); }

  void push(val t) { values_.push_back(t); }
  void push(std::span<const val> types) { values_.insert(values_.end(), types.begin(), types.end()); }
  val pop(val expected = val::none) {
    if (values_.size() == block().height) {
      if (!block().unreachable) mismatch(expected, val::none);
      return val::none;
    }
    const val found = values_.back();
    values_.pop_back();
    if (found != expected && found != val::none && expected != val::none) mismatch(expected, found);
    return found;
  }
  void pop(std::span<const val> types) {
    for (std::size_t i = types.size(); i--;) pop(types[i]);
  }
  // As if popped and pushed back with the types that they had.
  void check(std::span<const val> types) {
    std::size_t at = values_.size();
    for (std::size_t i = types.size(); i--;) {
      if (at == block().height) {
        if (!block().unreachable) mismatch(types[i], val::none);
        return;
      }
      if (const val found = values_[--at]; found != types[i] && found != val::none) return mismatch(types[i], found);
    }
  }

  void open(block_kind kind, std::span<const val> params, std::span<const val> results, bool unreachable = false) {
    pop(params);
    blocks_.push_back({params, results, values_.size(), kind, unreachable});
    push(params);
  }
  // The values that are left are exactly the block's results.
  void check_results() {
    pop(block().results);
    if (values_.size() != block().height) mismatch(val::none, values_.back());
  }
  void close() {
    const auto results = block().results;
    values_.resize(block().height);
    blocks_.pop_back();
    push(results);
  }
  void other_arm() {
    open_block& b = block();
    values_.resize(b.height);
    b.kind = block_kind::block;
    b.unreachable = false;
    push(b.params);
  }
  void unreachable() {
    values_.resize(block().height);
    block().unreachable = true;
  }

  void mismatch(val expected, val found) {
    in_.fail(failure(failure_kind::invalid, "type mismatch", at_).types(std::uint8_t(expected), std::uint8_t(found)));
  }

 private:
  reader& in_;
  std::uint32_t at_ = 0;
  std::vector<val> values_;
  std::vector<open_block> blocks_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
