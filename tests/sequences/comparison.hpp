#pragma once

// Runs a batch under the interpreter and under a policy, and compares results, traps, memory and globals to the bit.

#include "batch.hpp"
#include "difference.hpp"

namespace sequences {

using suite::handle;

// NaNs agree where the arithmetic that made them may choose their bits; what follows from these bits is then not compared.
enum class verdict : std::uint8_t { passed, failed, undetermined };

struct report {
  verdict outcome = verdict::passed;
  std::string why;
};

class comparison {
 public:
  // `offsets`: the operators that trap are compared too.
  comparison(const std::string& policy, suite::cpu_level cpu, bool offsets) : difference_(offsets ? difference::offsets::all : difference::offsets::none), oracle_(suite::make_backend("interpreter", cpu)), tested_(suite::make_backend(policy, cpu)) {
    oracle_->step_budget(1'000'000);
  }
  explicit operator bool() const { return tested_ != nullptr; }

  // A failure where the module cannot be run at all.
  std::optional<std::string> load(std::span<const std::uint8_t> module) {
    if (auto f = sequences::load(*oracle_, module, instances_[0])) return "interpreter: " + *f;
    return sequences::load(*tested_, module, instances_[1]);
  }

  report run(std::uint64_t number, std::uint64_t seed) {
    random_source r(seed ^ ~number);
    report all;
    for (int round = 0; round < 4; ++round) {
      const auto arguments = choose(r, round);
      if (auto f = reset()) return {verdict::failed, *f};
      auto one = call(batch::name(number), arguments);
      if (one.outcome == verdict::failed) return {verdict::failed, one.why + " for " + text(arguments)};
      if (one.outcome == verdict::undetermined) all = std::move(one);
    }
    return all;
  }

 private:
  std::optional<std::string> reset() {
    const auto a = oracle_->invoke(instances_[0], "reset", {}), b = tested_->invoke(instances_[1], "reset", {});
    if (const auto* f = std::get_if<lightbeam::failure>(&a)) return "reset: " + f->text();
    if (const auto* f = std::get_if<lightbeam::failure>(&b)) return "reset: " + f->text();
    return {};
  }
  // In the first two rounds integers are likely addresses.
  static std::vector<suite::value> choose(random_source& r, int round) {
    std::vector<suite::value> a;
    for (const val t : number_types)
      for (int i = 0; i < 2; ++i) {
        const bool small = round < 2 && !is_float(t);
        a.push_back({t, false, small ? address(r) : any_value(r, t)});
      }
    return a;
  }

  report call(const std::string& name, const std::vector<suite::value>& arguments) {
    const auto wanted = oracle_->invoke(instances_[0], name, arguments);
    if (const auto* f = std::get_if<lightbeam::failure>(&wanted); f && f->kind() == lightbeam::failure_kind::limit) return {verdict::undetermined, f->text()};
    const bool nan = oracle_->saw_nan();
    const auto got = tested_->invoke(instances_[1], name, arguments);
    std::string why = difference_(wanted, got, nan);
    if (why.empty()) why = difference_of_state(nan);
    if (why.empty()) return {};
    return {nan ? verdict::undetermined : verdict::failed, why};
  }

  std::string difference_of_state(bool nan) {
    auto why = difference_of_memories(oracle_->memory(instances_[0], "memory"), tested_->memory(instances_[1], "memory"));
    if (!why.empty()) return why;
    why = difference_(oracle_->invoke(instances_[0], "nulls", {}), tested_->invoke(instances_[1], "nulls", {}), false);
    if (!why.empty()) return "null references: " + why;
    for (const val t : number_types) {
      const std::string global = "global " + std::to_string(number(t));
      why = difference_(oracle_->global(instances_[0], global), tested_->global(instances_[1], global), nan);
      if (!why.empty()) return global + ": " + why;
    }
    return {};
  }

  difference difference_;
  std::unique_ptr<suite::backend> oracle_, tested_;
  handle instances_[2] = {};
};

}  // namespace sequences
