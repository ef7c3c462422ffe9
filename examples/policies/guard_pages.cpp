#include "instantiate.hpp"

namespace {
struct policy : policies::base {
  using memory = lightbeam::guard_pages;
  using regs = lightbeam::all_registers;
  using assembler = lightbeam::fast_assembler;
};
}  // namespace
template class lightbeam::engine<policy>;

namespace policies {
std::unique_ptr<any_engine> make_guard_pages(lightbeam::engine_options options) { return make<policy>(options); }
}  // namespace policies
