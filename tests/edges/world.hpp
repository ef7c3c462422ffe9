#pragma once

// A small module under a policy, and what calls of it gave.

#include "../../examples/policies/policies.hpp"
#include "../sequences/module_builder.hpp"
#include "../spec/tally.hpp"
#include <algorithm>
#include <stdexcept>
#include <unordered_map>

namespace edges {

using lightbeam::any_value;
using lightbeam::trap_code;
using lightbeam::val;
using sequences::code_writer;
using sequences::module_builder;

struct outcome {
  std::optional<trap_code> trap;
  std::uint64_t bits = 0;  // of the first result, if there is one
  bool operator==(const outcome&) const = default;
};

class world {
 public:
  world(const policies::any_engine& engine, const module_builder& builder) : module_(needed(engine.compile(builder.bytes()))), instance_(needed(lightbeam::linker().instantiate(store_, module_))) {
    for (const auto& e : instance_.exports()) {
      if (e.kind == lightbeam::external::function) functions_.emplace(e.name, needed(instance_.func(e.name)));
      if (e.kind == lightbeam::external::memory) std::fill_n(front(), front_bytes, std::byte{0x5a});
    }
  }

  outcome call(const std::string& name, std::span<const any_value> arguments) const {
    const auto results = functions_.at(name)(arguments);
    if (!results) {
      if (results.error().kind() != lightbeam::failure_kind::trap) throw std::runtime_error(results.error().text());
      return {results.error().code(), 0};
    }
    return {{}, results->empty() ? 0 : results->front().words()[0]};
  }
  outcome call(const std::string& name, std::initializer_list<any_value> arguments) const { return call(name, std::span(arguments.begin(), arguments.size())); }
  lightbeam::memory memory() const { return needed(instance_.memory("memory")); }
  // Nothing may write what lies before the memory either, up to the length that is kept there.
  bool front_is_intact() const { return std::all_of(front(), front() + front_bytes, [](std::byte b) { return b == std::byte{0x5a}; }); }
  lightbeam::table table(const char* name) const { return needed(instance_.table(name)); }
  lightbeam::func<> function(const std::string& name) const { return functions_.at(name); }

 private:
  template <class T>
  static T needed(lightbeam::result<T> r) {
    if (!r) throw std::runtime_error(r.error().text());
    return std::move(*r);
  }

  static constexpr std::size_t front_bytes = 4096 - 8;
  std::byte* front() const { return memory().bytes().data() - 4096; }

  lightbeam::module module_;
  lightbeam::store store_;
  lightbeam::instance instance_;
  std::unordered_map<std::string, lightbeam::func<>> functions_;
};

inline std::string text(const outcome& o) {
  if (!o.trap) return "result " + std::to_string(o.bits);
  return "trap \"" + std::string(lightbeam::text(*o.trap)) + "\"";
}

// Counts what was checked, and prints the first failures.
class checks {
 public:
  void expect(bool good, const std::string& what) {
    ++(good ? tally_.passed : tally_.failed);
    if (!good && tally_.failed <= 20) std::printf("FAILED %s\n", what.c_str());
  }
  void expect(const outcome& wanted, const outcome& got, const std::string& what) { expect(wanted == got, wanted == got ? "" : what + ": expected " + text(wanted) + ", got " + text(got)); }
  const suite::tally& tally() const { return tally_; }

 private:
  suite::tally tally_;
};

}  // namespace edges
