#include <lightbeam/lightbeam.hpp>
// expect: no_operator_of_this_name_in_op_table
struct handler {
  void operator()(auto&) const {}
};
struct policy : lightbeam::default_policy {
  using overrides = lightbeam::overrides<lightbeam::on<"i32.ad", handler>>;
};
