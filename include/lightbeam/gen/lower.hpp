#pragma once

#include "../wasm/op_table.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// The handler of an operator: a callable taking (generator&) or (generator&, immediate). Files in lower/ specialise it, one
// line each. Its type is its shape, its members are its data.
struct no_handler {};
template <op O>
inline constexpr auto lower = no_handler{};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
