#include <lightbeam/lightbeam.hpp>
// expect: a policy overrides the same operator twice
struct one {
  void operator()(auto&) const {}
};
struct two {
  void operator()(auto&) const {}
};
struct policy : lightbeam::default_policy {
  using overrides = lightbeam::overrides<lightbeam::on<"i32.add", one>, lightbeam::on<"i32.add", two>>;
};
template class lightbeam::engine<policy>;
