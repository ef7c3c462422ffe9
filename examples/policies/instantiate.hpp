#pragma once

#include "policies.hpp"
#include <lightbeam/lightbeam.hpp>
#include <algorithm>

namespace policies {

// What the policies have in common: builds for debugging, which are not optimised, look for bugs of the compiler, too.
struct base : lightbeam::default_policy {
#ifndef __OPTIMIZE__
  static constexpr bool verifies = true;
#endif
};

template <class Policy>
class engine_of final : public any_engine {
 public:
  explicit engine_of(lightbeam::engine_options options) : engine_(options) {}
  lightbeam::result<lightbeam::module> compile(std::span<const std::uint8_t> bytes) const override { return engine_.compile(bytes); }
  lightbeam::result<lightbeam::module> compile(std::vector<std::uint8_t>&& bytes) const override { return engine_.compile(std::move(bytes)); }
  lightbeam::result<lightbeam::module> compile_in_chunks(std::span<const std::uint8_t> bytes, std::size_t chunk) const override {
    auto stream = engine_.stream();
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(chunk, bytes.size())))
      if (auto fed = stream.feed(bytes.first(std::min(chunk, bytes.size()))); !fed) return fed.error();
    return stream.finish();
  }
  lightbeam::feature features() const override { return Policy::features; }

 private:
  lightbeam::engine<Policy> engine_;
};

template <class Policy>
std::unique_ptr<any_engine> make(lightbeam::engine_options options) {
  return std::make_unique<engine_of<Policy>>(options);
}

}  // namespace policies
