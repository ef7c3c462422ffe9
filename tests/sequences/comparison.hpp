#pragma once

// Runs a batch under the interpreter and under a policy, and compares results, traps, memory and globals to the bit.

#include "../spec/backends.hpp"
#include "../spec/json_value.hpp"
#include "batch.hpp"
#include <algorithm>
#include <variant>

namespace sequences {

using suite::handle;
using suite::maybe;

// NaNs agree where the arithmetic that made them may choose their bits; what follows from these bits is then not compared.
enum class verdict : std::uint8_t { passed, failed, undetermined };

struct report {
  verdict outcome = verdict::passed;
  std::string why;
};

class comparison {
 public:
  // `offsets`: the operators that trap are compared too.
  comparison(const std::string& policy, suite::cpu_level cpu, bool offsets) : offsets_(offsets), oracle_(suite::make_backend("interpreter", cpu)), tested_(suite::make_backend(policy, cpu)) {
    oracle_->step_budget(1'000'000);
  }
  explicit operator bool() const { return tested_ != nullptr; }

  // A failure where the module cannot be run at all.
  std::optional<std::string> load(std::span<const std::uint8_t> module) {
    if (auto f = load(*oracle_, module, instances_[0])) return "interpreter: " + *f;
    return load(*tested_, module, instances_[1]);
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
  static std::optional<std::string> load(suite::backend& b, std::span<const std::uint8_t> module, handle& instance) {
    const auto compiled = b.compile(module);
    if (const auto* f = std::get_if<lightbeam::failure>(&compiled)) return f->text();
    b.new_store();
    const auto made = b.instantiate(std::get<handle>(compiled));
    if (const auto* f = std::get_if<lightbeam::failure>(&made)) return f->text();
    instance = std::get<handle>(made);
    return {};
  }
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
    std::string why = difference(wanted, got, nan);
    if (why.empty()) why = difference_of_state(nan);
    if (why.empty()) return {};
    return {nan ? verdict::undetermined : verdict::failed, why};
  }

  bool same_failure(const lightbeam::failure& a, const lightbeam::failure& b) const {
    return a.kind() == b.kind() && a.code() == b.code() && a.function() == b.function() && (!offsets_ || a.offset() == b.offset());
  }
  std::string difference(const maybe<std::vector<suite::value>>& wanted, const maybe<std::vector<suite::value>>& got, bool nan) const {
    const auto *a = std::get_if<lightbeam::failure>(&wanted), *b = std::get_if<lightbeam::failure>(&got);
    const auto describe = [](const auto& o) {
      const auto* f = std::get_if<lightbeam::failure>(&o);
      return f ? "\"" + f->text() + "\"" : text(std::get<std::vector<suite::value>>(o));
    };
    const std::string why = "expected " + describe(wanted) + ", got " + describe(got);
    if (a || b) return a && b && same_failure(*a, *b) ? "" : why;
    const auto &x = std::get<std::vector<suite::value>>(wanted), &y = std::get<std::vector<suite::value>>(got);
    if (x.size() != y.size()) return why;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!same(x[i], y[i], nan)) return why;
    return {};
  }
  static bool same(const suite::value& a, const suite::value& b, bool nan) {
    if (a.type != b.type) return false;
    return a.bits == b.bits || (nan && is_float(a.type) && suite::is_arithmetic_nan(a.type, a.bits) && suite::is_arithmetic_nan(b.type, b.bits));
  }

  std::string difference_of_state(bool nan) {
    const auto a = std::get<std::span<const std::uint8_t>>(oracle_->memory(instances_[0], "memory"));
    const auto b = std::get<std::span<const std::uint8_t>>(tested_->memory(instances_[1], "memory"));
    if (a.size() != b.size()) return "the memory has another size";
    if (std::memcmp(a.data(), b.data(), a.size()) != 0) return "the memory differs at " + std::to_string(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
    for (const val t : number_types) {
      const std::string global = "global " + std::to_string(number(t));
      auto why = difference(oracle_->global(instances_[0], global), tested_->global(instances_[1], global), nan);
      if (!why.empty()) return global + ": " + why;
    }
    return {};
  }

  bool offsets_;
  std::unique_ptr<suite::backend> oracle_, tested_;
  handle instances_[2] = {};
};

}  // namespace sequences
