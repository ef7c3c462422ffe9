#include <lightbeam/lightbeam.hpp>
// expect: the handler must accept (generator&): its row has no immediate
struct handler {
  void operator()(auto&, int) const {}
};
struct policy : lightbeam::default_policy {
  using overrides = lightbeam::overrides<lightbeam::on<"i32.add", handler>>;
};
template class lightbeam::engine<policy>;
