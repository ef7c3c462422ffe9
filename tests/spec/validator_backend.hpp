#pragma once

#include "backend.hpp"
#include <lightbeam/validate.hpp>
#include <memory>

namespace suite {

// Reads and validates modules. What runs them without compiling derives from it.
class validator_backend : public backend {
 public:
  explicit validator_backend(lightbeam::feature features) : features_(features) {}
  lightbeam::feature features() const override { return features_; }
  bool runs() const override { return false; }

  maybe<handle> compile(std::span<const std::uint8_t> bytes) override {
    auto info = std::make_shared<lightbeam::module_info>();
    lightbeam::validating_sink sink(features_);
    lightbeam::module_reader reader(*info, features_, sink);
    if (auto fed = reader.feed(bytes); !fed) return fed.error();
    if (auto done = reader.finish(); !done) return done.error();
    modules_.push_back(std::move(info));
    return modules_.size() - 1;
  }

  void new_store() override {}
  maybe<handle> instantiate(handle) override { return refusal(); }
  void register_as(handle, const std::string&) override {}
  maybe<std::vector<value>> invoke(handle, std::string_view, std::span<const value>) override { return refusal(); }
  maybe<std::vector<value>> global(handle, std::string_view) override { return refusal(); }
  maybe<std::span<const std::uint8_t>> memory(handle, std::string_view) override { return refusal(); }

 protected:
  static lightbeam::failure refusal() { return {lightbeam::failure_kind::unsupported, "the validator runs nothing"}; }
  std::vector<std::shared_ptr<const lightbeam::module_info>> modules_;

 private:
  lightbeam::feature features_;
};

}  // namespace suite
