#include <lightbeam/lightbeam.hpp>
// expect: Policy::memory needs
struct nothing {};
struct policy : lightbeam::default_policy {
  using memory = nothing;
};
template class lightbeam::engine<policy>;
