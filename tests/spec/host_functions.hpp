#pragma once

// The module "host" that every backend offers beside "spectest": functions with parameters of all number types and results.

#include <lightbeam/wasm/module.hpp>
#include <cstdint>
#include <tuple>

namespace suite::host {

using lightbeam::function_type;
using lightbeam::val;

inline std::int64_t sum(std::int32_t a, std::int64_t b, std::int32_t c, std::int64_t d) {
  return std::int64_t(std::uint64_t(a) + 3 * std::uint64_t(b) + 5 * std::uint64_t(c) + 7 * std::uint64_t(d));
}
inline double scale(float a, double b, std::int32_t c) { return double(a) * b + c; }
inline std::tuple<float, std::int32_t, std::int64_t> rotate(std::int64_t a, float b, std::int32_t c) { return {b, c, a}; }

// "refuse_odd" returns its argument, or fails where that is odd.
inline function_type sum_type() { return {{val::i32, val::i64, val::i32, val::i64}, {val::i64}}; }
inline function_type scale_type() { return {{val::f32, val::f64, val::i32}, {val::f64}}; }
inline function_type rotate_type() { return {{val::i64, val::f32, val::i32}, {val::f32, val::i32, val::i64}}; }
inline function_type refuse_odd_type() { return {{val::i32}, {val::i32}}; }

}  // namespace suite::host
