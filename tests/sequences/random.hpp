#pragma once

// Random numbers that are the same everywhere, and values worth trying.

#include <lightbeam/wasm/types.hpp>
#include <cstdint>
#include <iterator>

namespace sequences {

using lightbeam::val;

inline constexpr val number_types[] = {val::i32, val::i64, val::f32, val::f64};
inline std::size_t number(val t) { return std::size_t(t) - std::size_t(val::i32); }

// splitmix64
class random_source {
 public:
  explicit random_source(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint64_t n) { return std::uint32_t(next() % n); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }
  template <class Container>
  const auto& pick(const Container& c) {
    return *(std::begin(c) + below(std::size(c)));
  }

 private:
  std::uint64_t state_;
};

// Bits of values at the edges of types, of shifts, of pages and of conversions. The only NaN is the canonical one.
inline constexpr std::uint32_t i32_values[] = {0,      1,      2,          3,          4,          8,          31,         32,         33,         0x7f,
                                               0x80,   0xff,   0x100,      0x7fff,     0x8000,     0xffff,     0x10000,    65528,      65532,      65535,
                                               100000, 0xaaaa, 0x55555555, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffff8, 0xfffffffe, 0xffffffff, 0x12345678};
inline constexpr std::uint64_t i64_values[] = {0, 1, 2, 7, 31, 32, 63, 64, 65, 0x7f, 0x80, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0xffffffff80000000, 0xffffffff7fffffff,
                                               0x123456789abcdef0, 0x5555555555555555, 0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xfffffffffffffffe, 0xffffffffffffffff};
// 0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 3.99, -0.9, 100, 2^31 and its neighbours, 2^32, 2^63, 2^64, 1e10, smallest
// and largest numbers, infinities, NaN
inline constexpr std::uint32_t f32_values[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0xbf000000, 0x3fc00000, 0x40200000, 0xc0200000, 0x407f5c29,
                                               0xbf666666, 0x42c80000, 0x4f000000, 0x4effffff, 0xcf000000, 0xcf000001, 0x4f800000, 0x5f000000, 0x5effffff, 0xdf000000,
                                               0x5f800000, 0x501502f9, 0x00000001, 0x807fffff, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0x4b000001, 0xcaffffff};
inline constexpr std::uint64_t f64_values[] = {0, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x3fe0000000000000, 0xbfe0000000000000, 0x3ff8000000000000, 0x4004000000000000,
                                               0xc004000000000000, 0x400feb851eb851ec, 0xbfeccccccccccccd, 0x4059000000000000, 0x41e0000000000000, 0x41dfffffffc00000, 0x41dfffffffffffff,
                                               0xc1e0000000000000, 0xc1e00000001fffff, 0xc1e0000000200000, 0x41f0000000000000, 0x41efffffffffffff, 0x43e0000000000000, 0x43dfffffffffffff,
                                               0xc3e0000000000000, 0x43f0000000000000, 0x4202a05f20000000, 0x0000000000000001, 0x800fffffffffffff, 0x7fefffffffffffff, 0x7ff0000000000000,
                                               0xfff0000000000000, 0x7ff8000000000000, 0x4330000000000001, 0x36a0000000000000, 0x47efffffe0000000, 0x47effffff0000000};

inline std::uint64_t any_value(random_source& r, val t) {
  const bool uniform = r.one_in(6);
  switch (t) {
    case val::i32: return uniform ? std::uint32_t(r.next()) : r.pick(i32_values);
    case val::i64: return uniform ? r.next() : r.pick(i64_values);
    case val::f32: return r.pick(f32_values);
    default: return r.pick(f64_values);
  }
}
// An address that is likely in the first page.
inline std::uint32_t address(random_source& r) { return r.below(65536) & (r.one_in(2) ? ~7u : ~0u); }

}  // namespace sequences
