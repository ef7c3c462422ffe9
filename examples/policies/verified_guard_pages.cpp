#include "instantiate.hpp"

// The same where the hardware checks.
namespace {
struct policy : lightbeam::fast {
  static constexpr bool verifies = true;
};
}  // namespace
template class lightbeam::engine<policy>;

namespace policies {
std::unique_ptr<any_engine> make_verified_guard_pages(lightbeam::engine_options options) { return make<policy>(options); }
}  // namespace policies
