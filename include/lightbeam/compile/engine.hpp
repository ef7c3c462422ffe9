#pragma once

#include "module.hpp"
#include "options.hpp"
#include "../runtime/module.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {
LIGHTBEAM_SMALL

// Compiles modules. May be used by many threads at a time; modules outlive it.
template <class Policy = default_policy>
class engine {
 public:
  // Takes bytes as they arrive; each function is validated and compiled when its last byte is there.
  class compilation {
   public:
    compilation(compilation&&) = default;
    // Fails on the first error of the module; every later call fails likewise.
    result<void> feed(std::span<const std::uint8_t> bytes) { return begun_ ? compiler_->feed(bytes) : begun_; }
    result<module> finish() {
      if (!begun_) return begun_.error();
      return unless_out_of_memory([&] { return compiler_->finish(); });
    }

   private:
    friend engine;
    explicit compilation(cpu_features cpu)
        : begun_(unless_out_of_memory([&]() -> result<void> { return compiler_ = owner(new module_compiler<Policy>(cpu)), result<void>(); })) {}
    owner<module_compiler<Policy>> compiler_;
    result<void> begun_;
  };

  explicit engine(engine_options options = {}) : cpu_(options.cpu & features_of(Policy::cpu)) {}

  compilation stream() const { return compilation{cpu_}; }
  // A module in the binary format, section 5 of the specification.
  result<module> compile(std::vector<std::uint8_t>&& bytes) const {
    return unless_out_of_memory([&]() -> result<module> {
      module_compiler<Policy> compiler{cpu_};
      if (auto read = compiler.adopt(std::move(bytes)); !read) return read.error();
      return compiler.finish();
    });
  }
  result<module> compile(std::span<const std::uint8_t> bytes) const {
    return unless_out_of_memory([&] { return compile(std::vector<std::uint8_t>(bytes.begin(), bytes.end())); });
  }

 private:
  cpu_features cpu_;
};

LIGHTBEAM_SMALL_END
}  // namespace lightbeam::inline LIGHTBEAM_ABI
