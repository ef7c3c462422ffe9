#pragma once

#include "../wasm/op_table.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// The handler of an operator: a callable taking (generator&) or (generator&, immediate). Files in lower/ specialise it, one
// line each. Its type is its shape, its members are its data.
struct no_handler {};
template <op O>
inline constexpr auto lower = no_handler{};

// A handler that is seldom needed: see is_rare in compile/step.hpp.
template <class Handler>
struct rarely : Handler {
  static constexpr bool rare = true;
};
template <class Handler>
rarely(Handler) -> rarely<Handler>;

}  // namespace lightbeam::inline LIGHTBEAM_ABI
