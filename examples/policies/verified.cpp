#include "instantiate.hpp"

// For tests: the compiler looks at its own state before each operator, and the code at each register before that is used as an address.
namespace {
struct policy : lightbeam::default_policy {
  static constexpr bool verifies = true;
};
}  // namespace
template class lightbeam::engine<policy>;

namespace policies {
std::unique_ptr<any_engine> make_verified(lightbeam::engine_options options) { return make<policy>(options); }
}  // namespace policies
