#pragma once

#include <lightbeam/runtime.hpp>
#include <lightbeam/x64/cpu.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace policies {

// An engine whose policy is chosen by name at run time, for programs that try several. Each policy is instantiated in one
// object of its own.
class any_engine {
 public:
  virtual ~any_engine() = default;
  virtual lightbeam::result<lightbeam::module> compile(std::span<const std::uint8_t> bytes) const = 0;
  virtual lightbeam::result<lightbeam::module> compile(std::vector<std::uint8_t>&& bytes) const = 0;
  // Feeds the module in chunks of this many bytes.
  virtual lightbeam::result<lightbeam::module> compile_in_chunks(std::span<const std::uint8_t> bytes, std::size_t chunk) const = 0;
  virtual lightbeam::feature features() const = 0;
};

// The policies that this program was built with: {guard_pages, bounds_checks} x {all registers, two} x {fast, reference assembler}.
std::span<const std::string_view> names();
// Null for an unknown name. `cpu` caps the features of this machine's CPU.
std::unique_ptr<any_engine> make_engine(std::string_view policy, std::optional<lightbeam::cpu_level> cpu = {});
// Of the first of them, for tests that any policy must pass.
inline std::unique_ptr<any_engine> make_engine() { return make_engine(names()[0]); }

}  // namespace policies
