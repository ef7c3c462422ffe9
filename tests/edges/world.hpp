#pragma once

// A small module under a policy, and what calls of it gave.

#include "../../examples/policies/policies.hpp"
#include "../sequences/module_builder.hpp"
#include "../spec/tally.hpp"
#include <algorithm>
#include <stdexcept>
#include <sys/mman.h>
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
  world(const policies::any_engine& engine, const module_builder& builder) : module_(needed(engine.compile(builder.bytes()))), behind_(room_before_a_canary(module_.info())), instance_(needed(lightbeam::linker().instantiate(store_, module_))) {
    for (const auto& e : instance_.exports()) {
      if (e.kind == lightbeam::external::function) functions_.emplace(e.name, needed(instance_.func(e.name)));
      if (e.kind == lightbeam::external::memory) std::fill_n(front(), front_bytes, canary);
    }
  }
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  ~world() { ::munmap(behind_, page); }

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
  // Nothing may write what lies before the memory either, up to the length that is kept there, or directly behind it where bounds checks are its only guard.
  bool canaries_live() const {
    const auto lives = [](std::byte b) { return b == canary; };
    return std::all_of(front(), front() + front_bytes, lives) && std::all_of(behind_, behind_ + page, lives);
  }
  lightbeam::table table(const char* name) const { return needed(instance_.table(name)); }
  lightbeam::func<> function(const std::string& name) const { return functions_.at(name); }

 private:
  template <class T>
  static T needed(lightbeam::result<T> r) {
    if (!r) throw std::runtime_error(r.error().text());
    return std::move(*r);
  }

  static constexpr std::byte canary{0x5a};
  static constexpr std::size_t page = 4096, front_bytes = page - 8;
  std::byte* front() const { return memory().bytes().data() - page; }
  // A page of canaries, and in front of it room for the memory that is made next: the system gives out the highest that there is.
  static std::byte* room_before_a_canary(const lightbeam::module_info& info) {
    const std::size_t room = page + (info.memories.empty() ? 0 : std::size_t{65536} * info.memories[0].size.minimum);
    void* const at = ::mmap(nullptr, room + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw std::runtime_error("no room for a canary");
    auto* const behind = static_cast<std::byte*>(at) + room;
    ::mprotect(behind, page, PROT_READ | PROT_WRITE);
    std::fill_n(behind, page, canary);
    ::munmap(at, room);
    return behind;
  }

  lightbeam::module module_;
  std::byte* behind_;
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
