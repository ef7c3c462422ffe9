#include "instantiate.hpp"

namespace {
struct policy : policies::base {
  using memory = lightbeam::bounds_checks;
  using regs = lightbeam::all_registers;
  using assembler = lightbeam::fast_assembler;
};
}  // namespace
template class lightbeam::engine<policy>;

namespace policies {
std::unique_ptr<any_engine> make_bounds_checks(lightbeam::engine_options options) { return make<policy>(options); }
}  // namespace policies
