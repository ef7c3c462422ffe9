#include "policies.hpp"
#include <lightbeam/compile/options.hpp>
#include <algorithm>
#include <iterator>

namespace policies {

// POLICIES is the build's list of them: POLICY(guard_pages) POLICY(bounds_checks) and so on.
#define POLICY(name) std::unique_ptr<any_engine> make_##name(lightbeam::engine_options);
POLICIES
#undef POLICY

namespace {
#define POLICY(name) #name,
constexpr std::string_view known[] = {POLICIES};
#undef POLICY
#define POLICY(name) make_##name,
constexpr std::unique_ptr<any_engine> (*makers[])(lightbeam::engine_options) = {POLICIES};
#undef POLICY
}  // namespace

std::span<const std::string_view> names() { return known; }

std::unique_ptr<any_engine> make_engine(std::string_view policy, std::optional<lightbeam::cpu_level> cpu) {
  lightbeam::engine_options options;
  if (cpu) options.cpu = options.cpu & lightbeam::features_of(*cpu);
  const auto at = std::find(std::begin(known), std::end(known), policy);
  return at == std::end(known) ? nullptr : makers[at - std::begin(known)](options);
}

}  // namespace policies
