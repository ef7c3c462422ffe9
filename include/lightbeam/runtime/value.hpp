#pragma once

#include "../wasm/types.hpp"
#include <concepts>
#include <cstring>
#include <type_traits>

namespace lightbeam::inline LIGHTBEAM_ABI {

struct v128 {
  std::uint64_t low = 0, high = 0;
  bool operator==(const v128&) const = default;
};

// A reference of the host that wasm can hold, but not look into: null, a pointer, or a number other than 2^64 - 1.
// Nothing keeps alive what it points to.
class externref {
 public:
  constexpr externref() = default;
  explicit externref(const void* p) : bits_(reinterpret_cast<std::uint64_t>(p) + 1) {}
  constexpr explicit externref(std::uint64_t number) : bits_(number + 1) {}

  constexpr bool is_null() const { return bits_ == 0; }
  void* pointer() const { return is_null() ? nullptr : reinterpret_cast<void*>(bits_ - 1); }
  constexpr std::uint64_t number() const { return bits_ - 1; }
  bool operator==(const externref&) const = default;

  // As compiled code sees it, where null is 0.
  constexpr std::uint64_t bits() const { return bits_; }
  static constexpr externref from_bits(std::uint64_t bits) {
    externref r;
    return r.bits_ = bits, r;
  }

 private:
  std::uint64_t bits_ = 0;
};

// How a C++ type travels as a value of wasm: `type`, and its bits in `words` words. i32 and f32 are put with zeros above them, and taken
// without a look at what stands there.
template <class T>
struct wasm_type;

// Integers of up to 32 bits and bool are i32, those of 64 bits i64.
template <std::integral T>
struct wasm_type<T> {
  static constexpr val type = sizeof(T) == 8 ? val::i64 : val::i32;
  static constexpr std::size_t words = 1;
  static void put(std::uint64_t* to, T x) {
    if constexpr (sizeof(T) == 8) *to = std::uint64_t(x);
    else *to = std::uint32_t(x);
  }
  static T take(const std::uint64_t* from) {
    if constexpr (sizeof(T) == 8) return T(*from);
    else return T(std::uint32_t(*from));
  }
};
template <class T>
  requires std::is_enum_v<T>
struct wasm_type<T> {
  using number = wasm_type<std::underlying_type_t<T>>;
  static constexpr val type = number::type;
  static constexpr std::size_t words = 1;
  static void put(std::uint64_t* to, T x) { number::put(to, std::underlying_type_t<T>(x)); }
  static T take(const std::uint64_t* from) { return T(number::take(from)); }
};
template <>
struct wasm_type<float> {
  static constexpr val type = val::f32;
  static constexpr std::size_t words = 1;
  static void put(std::uint64_t* to, float x) { *to = std::bit_cast<std::uint32_t>(x); }
  static float take(const std::uint64_t* from) { return std::bit_cast<float>(std::uint32_t(*from)); }
};
template <>
struct wasm_type<double> {
  static constexpr val type = val::f64;
  static constexpr std::size_t words = 1;
  static void put(std::uint64_t* to, double x) { *to = std::bit_cast<std::uint64_t>(x); }
  static double take(const std::uint64_t* from) { return std::bit_cast<double>(*from); }
};
template <>
struct wasm_type<v128> {
  static constexpr val type = val::v128;
  static constexpr std::size_t words = 2;
  static void put(std::uint64_t* to, v128 x) { to[0] = x.low, to[1] = x.high; }
  static v128 take(const std::uint64_t* from) { return {from[0], from[1]}; }
};
template <>
struct wasm_type<externref> {
  static constexpr val type = val::externref;
  static constexpr std::size_t words = 1;
  static void put(std::uint64_t* to, externref x) { *to = x.bits(); }
  static externref take(const std::uint64_t* from) { return externref::from_bits(*from); }
};

template <class T>
concept wasm_value = requires(std::uint64_t* words) {
  { wasm_type<T>::take(words) } -> std::same_as<T>;
};

constexpr std::size_t words_of(val t) { return t == val::v128 ? 2 : 1; }

// A value together with its type, for calls whose types are not known while compiling.
class any_value {
 public:
  any_value() = default;  // i32 0
  template <wasm_value T>
  any_value(T x) : type_(wasm_type<T>::type) { wasm_type<T>::put(words_, x); }
  static any_value from_words(val type, const std::uint64_t* words) {
    any_value v;
    v.type_ = type;
    if (type == val::i32 || type == val::f32) v.words_[0] = std::uint32_t(words[0]);
    else std::memcpy(v.words_, words, 8 * words_of(type));
    return v;
  }
  static any_value null(val reference) {
    any_value v;
    return v.type_ = reference, v;
  }

  val type() const { return type_; }
  // Whether as<T>() makes sense: T travels as this type.
  template <wasm_value T>
  bool holds() const { return type_ == wasm_type<T>::type; }
  // The value; its bits read as T where it is of another type.
  template <wasm_value T>
  T as() const { return wasm_type<T>::take(words_); }
  const std::uint64_t* words() const { return words_; }
  bool operator==(const any_value&) const = default;  // of the bits, so a NaN equals itself

 private:
  val type_ = val::i32;
  std::uint64_t words_[2] = {};
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
