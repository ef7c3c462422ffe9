#pragma once

// Runs a program under the interpreter and under a policy, and compares after each call all that can be seen.

#include "../sequences/difference.hpp"
#include "writer.hpp"

namespace structured {

enum class verdict : std::uint8_t { passed, failed, endless, invalid };

struct report {
  verdict outcome = verdict::passed;
  std::string why;
};

class execution {
 public:
  execution(const std::string& policy, suite::cpu_level cpu)
      : difference_(policy.starts_with("guard_pages") ? sequences::difference::offsets::of_other_than_memory : sequences::difference::offsets::all),
        policy_(policy),
        cpu_(cpu) {}
  bool exists() const { return suite::make_backend(policy_, cpu_) != nullptr; }

  report run(const program& p) {
    const auto module = writer(p).bytes();
    if (!module) return {verdict::invalid, "a name of something that is not there"};
    oracle_ = suite::make_backend("interpreter", cpu_), tested_ = suite::make_backend(policy_, cpu_);
    oracle_->step_budget(400'000);
    if (auto f = sequences::load(*oracle_, *module, instances_[0])) return {verdict::invalid, "interpreter: " + *f};
    if (auto f = sequences::load(*tested_, *module, instances_[1])) return {verdict::failed, *f};
    for (const auto& c : p.calls)
      if (auto r = run(p, c); r.outcome != verdict::passed) return {r.outcome, r.why + " in " + writer::name(c.function) + text(c.arguments)};
    return {};
  }
  // Calls that came to their end, and those that trapped.
  std::size_t returned() const { return returned_; }
  std::size_t trapped() const { return trapped_; }

 private:
  report run(const program& p, const call& c) {
    if (auto why = invoke("refuel", {}); !why.empty()) return {verdict::failed, why};
    const auto name = writer::name(c.function);
    const auto wanted = oracle_->invoke(instances_[0], name, c.arguments);
    const auto* f = std::get_if<lightbeam::failure>(&wanted);
    if (f && is_endless(*f)) return {verdict::endless, f->text()};
    ++(f ? trapped_ : returned_);
    std::string why = difference_(wanted, tested_->invoke(instances_[1], name, c.arguments), true);
    if (why.empty()) why = difference_of_state(p);
    return {why.empty() ? verdict::passed : verdict::failed, why};
  }
  // Where the stack ends is another place in each.
  static bool is_endless(const lightbeam::failure& f) {
    return f.kind() == lightbeam::failure_kind::limit ||
           (f.kind() == lightbeam::failure_kind::trap && f.code() == lightbeam::trap_code::call_stack_exhausted);
  }
  std::string invoke(const std::string& name, std::span<const suite::value> arguments) {
    return difference_(oracle_->invoke(instances_[0], name, arguments), tested_->invoke(instances_[1], name, arguments), true);
  }
  std::string difference_of_state(const program& p) {
    auto why = sequences::difference_of_memories(oracle_->memory(instances_[0], "memory"), tested_->memory(instances_[1], "memory"));
    for (std::size_t i = 0; why.empty() && i < p.globals.size(); ++i) {
      const auto name = writer::global_name(i);
      why = difference_(oracle_->global(instances_[0], name), tested_->global(instances_[1], name), true);
      if (!why.empty()) why = name + ": " + why;
    }
    for (const char* table : {"table 0", "table 1"}) {
      if (!why.empty()) return why;
      why = invoke(table, {});
      if (!why.empty()) why = std::string(table) + ": " + why;
    }
    return why;
  }

  sequences::difference difference_;
  std::string policy_;
  suite::cpu_level cpu_;
  std::unique_ptr<suite::backend> oracle_, tested_;
  suite::handle instances_[2] = {};
  std::size_t returned_ = 0, trapped_ = 0;
};

}  // namespace structured
