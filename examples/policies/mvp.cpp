#include "instantiate.hpp"

// For tests: all features are off but those of the first version of WebAssembly.
namespace {
struct policy : policies::base {
  static constexpr lightbeam::feature features = lightbeam::feature::mvp;
};
}  // namespace
template class lightbeam::engine<policy>;

namespace policies {
std::unique_ptr<any_engine> make_mvp(lightbeam::engine_options options) { return make<policy>(options); }
}  // namespace policies
