#pragma once

// How what an invocation gave under a policy differs from what the interpreter says.

#include "../spec/backends.hpp"
#include "../spec/json_value.hpp"
#include <algorithm>
#include <cstring>

namespace sequences {

using suite::maybe;

class difference {
 public:
  // Whether the operator that traps is compared too. A load under guard_pages may trap where its value is used.
  enum class offsets { none, of_other_than_memory, all };
  explicit difference(offsets o) : offsets_(o) {}

  // Empty where there is none. `nan`: the bits of NaNs may differ.
  std::string operator()(const maybe<std::vector<suite::value>>& wanted, const maybe<std::vector<suite::value>>& got, bool nan) const {
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

 private:
  bool same_failure(const lightbeam::failure& a, const lightbeam::failure& b) const {
    if (a.kind() != b.kind() || a.code() != b.code()) return false;
    if (a.code() == lightbeam::trap_code::host) return true;  // the host's own says no place
    return a.function() == b.function() && (!compares_offset(a.code()) || a.offset() == b.offset());
  }
  bool compares_offset(lightbeam::trap_code code) const {
    return offsets_ == offsets::all || (offsets_ == offsets::of_other_than_memory && code != lightbeam::trap_code::memory_out_of_bounds);
  }
  static bool same(const suite::value& a, const suite::value& b, bool nan) {
    if (a.type != b.type || a.null != b.null) return false;
    return a.bits == b.bits || (nan && is_float(a.type) && suite::is_arithmetic_nan(a.type, a.bits) && suite::is_arithmetic_nan(b.type, b.bits));
  }

  offsets offsets_;
};

// Both contents of a memory.
inline std::string difference_of_memories(const maybe<std::span<const std::uint8_t>>& wanted, const maybe<std::span<const std::uint8_t>>& got) {
  const auto a = std::get<std::span<const std::uint8_t>>(wanted), b = std::get<std::span<const std::uint8_t>>(got);
  if (a.size() != b.size()) return "the memory has another size";
  if (std::memcmp(a.data(), b.data(), a.size()) == 0) return {};
  return "the memory differs at " + std::to_string(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin());
}

// Compiles and instantiates in a new store; a failure where that cannot be done.
inline std::optional<std::string> load(suite::backend& b, std::span<const std::uint8_t> module, suite::handle& instance) {
  const auto compiled = b.compile(module);
  if (const auto* f = std::get_if<lightbeam::failure>(&compiled)) return f->text();
  b.new_store();
  const auto made = b.instantiate(std::get<suite::handle>(compiled));
  if (const auto* f = std::get_if<lightbeam::failure>(&made)) return f->text();
  instance = std::get<suite::handle>(made);
  return {};
}

}  // namespace sequences
