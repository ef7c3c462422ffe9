#pragma once

// What the suites need of something that runs WebAssembly. One implementation is the interpreter of the examples, the
// other the engine through its public interface; see backends.hpp.

#include <lightbeam/core/error.hpp>
#include <lightbeam/wasm/types.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace suite {

// A value as the test suite writes it. `bits` of references: the number of an externref of the host's; of others nothing.
struct value {
  lightbeam::val type = lightbeam::val::i32;
  bool null = false;
  std::uint64_t bits = 0;
};

// A module or an instance, by number.
using handle = std::size_t;

template <class T>
using maybe = std::variant<T, lightbeam::failure>;

class backend {
 public:
  virtual ~backend() = default;

  // What is enabled; modules that need more are to be rejected.
  virtual lightbeam::feature features() const = 0;
  // Whether it runs modules, or only validates them.
  virtual bool runs() const { return true; }

  virtual maybe<handle> compile(std::span<const std::uint8_t> bytes) = 0;

  // Drops all instances and what they were registered as. Compiled modules stay. The module "spectest" is there again.
  virtual void new_store() = 0;
  // Links with what is registered, initialises, and calls the start function.
  virtual maybe<handle> instantiate(handle module) = 0;
  virtual void register_as(handle instance, const std::string& name) = 0;

  virtual maybe<std::vector<value>> invoke(handle instance, std::string_view field, std::span<const value> arguments) = 0;
  virtual maybe<std::vector<value>> global(handle instance, std::string_view field) = 0;
  virtual maybe<std::span<const std::uint8_t>> memory(handle instance, std::string_view field) = 0;
  // Whether the last invocation had an arithmetic operator give a NaN, whose sign and payload may differ elsewhere.
  virtual bool saw_nan() const { return false; }
  // How many operators an invocation may take before it fails with kind limit, where that can be said.
  virtual void step_budget(std::uint64_t) {}
};

}  // namespace suite
