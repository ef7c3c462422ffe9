#pragma once

// The abstract machine: a value stack, a label stack and a call stack, section 4.2.13 of the specification.
// Operators are functions of a machine and an instruction; see operators_*.hpp.

#include "numeric.hpp"
#include "store.hpp"
#include <algorithm>

namespace interpreter {

class machine;
struct instruction;
using handler = void (*)(machine&, const instruction&);

// A decoded operator. What a and b mean is said by the operator's handler.
struct instruction {
  handler run = nullptr;
  std::uint32_t a = 0, b = 0;
  word bits = 0;             // a constant, or the offset of a memory operand
  std::uint32_t offset = 0;  // in bytes from the start of the module
};

struct code {
  std::vector<instruction> instructions;  // the last one is the `end` of the function
  std::vector<std::uint32_t> targets;     // depths of br_table
  std::uint32_t locals = 0;               // beyond the parameters
};

struct label {
  std::uint32_t continuation = 0;  // index of an instruction
  std::uint32_t arity = 0;
  std::size_t height = 0;          // of the value stack below the block's operands
  bool loop = false;               // a branch leaves the label of a loop in place
};

struct frame {
  const function* callee = nullptr;
  const code* body = nullptr;
  const instruction* next = nullptr;
  std::size_t base = 0;    // of the locals in the value stack
  std::size_t labels = 0;  // height of the label stack below the function's own label
};

struct machine_limits {
  std::size_t frames = 20'000;
  std::size_t values = 1 << 22;
  std::uint64_t steps = ~std::uint64_t(0);
};

const code& decoded(function& f);  // in decode.hpp

class machine {
 public:
  explicit machine(machine_limits limits = {}) : limits_(limits), steps_left_(limits.steps) {}

  // Calls a function: the specification's invocation, section 4.5.5. Arguments are not checked against its type.
  std::optional<lightbeam::failure> invoke(function& f, std::span<const word> arguments, std::vector<word>& results) {
    failure_.reset();
    stack_.assign(arguments.begin(), arguments.end());
    labels_.clear(), frames_.clear();
    call(f);
    while (!frames_.empty() && !failure_) step();
    results.clear();
    if (!failure_) results.assign(stack_.end() - std::ptrdiff_t(f.type.results.size()), stack_.end());
    return failure_;
  }

  // An arithmetic operator gave a NaN since the machine was made: its sign and payload may differ elsewhere (4.3.3).
  bool saw_nan() const { return saw_nan_; }
  void note_nan() { saw_nan_ = true; }
  std::uint64_t steps() const { return limits_.steps - steps_left_; }

  // ---- what operators use

  template <class T>
  T pop() {
    const word w = stack_.back();
    stack_.pop_back();
    if constexpr (std::is_floating_point_v<T>) return std::bit_cast<T>(bits_of<T>(w));
    else return T(w);
  }
  // An i32 is stored zero-extended.
  template <class T>
  void push(T v) {
    if constexpr (std::is_floating_point_v<T>) stack_.push_back(std::bit_cast<bits_of<T>>(v));
    else if constexpr (std::is_same_v<T, bool>) stack_.push_back(v);
    else stack_.push_back(std::make_unsigned_t<T>(v));
  }
  word& top() { return stack_.back(); }
  word& local(std::uint32_t i) { return stack_[frames_.back().base + i]; }
  instance& here() { return *frames_.back().callee->owner; }

  void trap(trap_code code) {
    failure_ = lightbeam::failure(code);
    if (frames_.empty()) return;
    const frame& f = frames_.back();
    failure_ = lightbeam::failure(code).in_function(f.callee->index).at((f.next - 1)->offset);
  }

  void enter_block(std::uint32_t continuation, std::uint32_t arity, std::uint32_t operands, bool loop) {
    labels_.push_back({continuation, arity, stack_.size() - operands, loop});
  }
  void leave_block() { labels_.pop_back(); }

  void branch(std::uint32_t depth) {
    const label target = labels_[labels_.size() - 1 - depth];
    keep_top(target.arity, target.height);
    labels_.resize(labels_.size() - depth - (target.loop ? 0 : 1));
    jump(target.continuation);
  }
  void jump(std::uint32_t index) { frames_.back().next = frames_.back().body->instructions.data() + index; }
  std::uint32_t depth_of_function() const { return std::uint32_t(labels_.size() - frames_.back().labels - 1); }
  std::uint32_t table_target(std::uint32_t index) const { return frames_.back().body->targets[index]; }

  void call(function& f) {
    if (!f.owner) return call_host(f);
    if (frames_.size() >= limits_.frames || stack_.size() >= limits_.values) return trap(trap_code::call_stack_exhausted);
    const code& body = decoded(f);
    const std::size_t base = stack_.size() - f.type.params.size();
    stack_.resize(stack_.size() + body.locals);  // zeros; null is zero too
    frames_.push_back({&f, &body, body.instructions.data(), base, labels_.size()});
    labels_.push_back({std::uint32_t(body.instructions.size() - 1), std::uint32_t(f.type.results.size()), stack_.size(), false});
  }
  void leave_function() {
    const frame& f = frames_.back();
    keep_top(f.callee->type.results.size(), f.base);
    labels_.resize(f.labels);
    frames_.pop_back();
  }

 private:
  void step() {
    if (steps_left_ == 0) {
      failure_ = lightbeam::failure(lightbeam::failure_kind::limit, "the budget of steps is used up");
      return;
    }
    --steps_left_;
    const instruction& i = *frames_.back().next++;
    i.run(*this, i);
  }

  void keep_top(std::size_t count, std::size_t height) {
    std::copy(stack_.end() - std::ptrdiff_t(count), stack_.end(), stack_.begin() + std::ptrdiff_t(height));
    stack_.resize(height + count);
  }

  void call_host(function& f) {
    const std::size_t base = stack_.size() - f.type.params.size();
    const std::vector<word> arguments(stack_.begin() + std::ptrdiff_t(base), stack_.end());
    stack_.resize(base + f.type.results.size());
    failure_ = f.host(arguments, {stack_.data() + base, f.type.results.size()});
  }

  machine_limits limits_;
  std::uint64_t steps_left_;
  std::vector<word> stack_;
  std::vector<label> labels_;
  std::vector<frame> frames_;
  std::optional<lightbeam::failure> failure_;
  bool saw_nan_ = false;
};

}  // namespace interpreter
