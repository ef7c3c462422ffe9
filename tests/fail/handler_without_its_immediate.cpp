#include <lightbeam/lightbeam.hpp>
// expect: the handler must accept (generator&, immediate): see its row
struct handler {
  void operator()(auto&) const {}
};
struct policy : lightbeam::default_policy {
  using overrides = lightbeam::overrides<lightbeam::on<"i32.load", handler>>;
};
template class lightbeam::engine<policy>;
