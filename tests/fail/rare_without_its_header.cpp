#include <lightbeam/lightbeam.hpp>
// expect: g.rare needs #include <lightbeam/x64/rare_assembler.hpp>
struct handler {
  void operator()(auto& g) const {
    g.rare([](auto& a) { a.nop(); });
  }
};
struct policy : lightbeam::default_policy {
  using overrides = lightbeam::overrides<lightbeam::on<"nop", handler>>;
};
template class lightbeam::engine<policy>;
