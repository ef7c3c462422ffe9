#include "policies.hpp"
#include <lightbeam/compile/options.hpp>
#include <algorithm>
#include <iterator>

namespace policies {

std::unique_ptr<any_engine> make_guard_pages(lightbeam::engine_options);
std::unique_ptr<any_engine> make_guard_pages_reference(lightbeam::engine_options);
std::unique_ptr<any_engine> make_guard_pages_two_registers(lightbeam::engine_options);
std::unique_ptr<any_engine> make_guard_pages_two_registers_reference(lightbeam::engine_options);
std::unique_ptr<any_engine> make_bounds_checks(lightbeam::engine_options);
std::unique_ptr<any_engine> make_bounds_checks_reference(lightbeam::engine_options);
std::unique_ptr<any_engine> make_bounds_checks_two_registers(lightbeam::engine_options);
std::unique_ptr<any_engine> make_bounds_checks_two_registers_reference(lightbeam::engine_options);

namespace {
constexpr std::string_view known[] = {"guard_pages", "guard_pages_reference", "guard_pages_two_registers", "guard_pages_two_registers_reference", "bounds_checks", "bounds_checks_reference", "bounds_checks_two_registers", "bounds_checks_two_registers_reference"};
constexpr std::unique_ptr<any_engine> (*makers[])(lightbeam::engine_options) = {make_guard_pages, make_guard_pages_reference, make_guard_pages_two_registers, make_guard_pages_two_registers_reference, make_bounds_checks, make_bounds_checks_reference, make_bounds_checks_two_registers, make_bounds_checks_two_registers_reference};
}  // namespace

std::span<const std::string_view> names() { return known; }

std::unique_ptr<any_engine> make_engine(std::string_view policy, std::optional<lightbeam::cpu_level> cpu) {
  lightbeam::engine_options options;
  if (cpu) options.cpu = options.cpu & lightbeam::features_of(*cpu);
  const auto at = std::find(std::begin(known), std::end(known), policy);
  return at == std::end(known) ? nullptr : makers[at - std::begin(known)](options);
}

}  // namespace policies
