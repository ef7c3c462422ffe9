#include <lightbeam/lightbeam.hpp>
// expect: Policy::regs needs
struct nothing {};
struct policy : lightbeam::default_policy {
  using regs = nothing;
};
template class lightbeam::engine<policy>;
