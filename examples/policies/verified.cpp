#include "instantiate.hpp"

// For tests: the compiler looks at its own state before each operator, and the code looks at the upper half of each register
// before that is used as an address. What is wrong there is `unreachable`, which no other policy says.
namespace {
struct zero_upper_halves : lightbeam::bounds_checks {
  static lightbeam::effective_address checked(auto& g, lightbeam::effective_address e, std::uint32_t bytes) {
    using namespace lightbeam;
    for (const reg r : {e.parts.base, e.parts.index}) {
      if (r == reg::none) continue;
      const reg upper = g.temporary();
      g.a.mov(width::w64, upper, r);
      g.a.shift(shift_op::shr, width::w64, upper, 33);  // an address with a huge offset has 33 bits
      g.release(upper);
      g.trap_if(cond::ne, trap_code::unreachable);
    }
    return bounds_checks::checked(g, e, bytes);
  }
};
struct policy : lightbeam::default_policy {
  using memory = zero_upper_halves;
  static constexpr bool verifies = true;
};
}  // namespace
template class lightbeam::engine<policy>;

namespace policies {
std::unique_ptr<any_engine> make_verified(lightbeam::engine_options options) { return make<policy>(options); }
}  // namespace policies
