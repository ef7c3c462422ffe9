#pragma once

#include "value.hpp"
#include "../core/result.hpp"
#include "../wasm/module.hpp"
#include <tuple>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Out of line: signatures are made once per function, by many instances of templates.
[[gnu::noinline]] inline void append(std::vector<val>& types, val t) { types.push_back(t); }

// How the results of a function travel: void, one value, or a tuple of values.
template <class R>
struct wasm_results {
  static_assert(wasm_value<R>, "no WebAssembly type corresponds to this result");
  static constexpr std::size_t words = wasm_type<R>::words;
  static void types(std::vector<val>& to) { append(to, wasm_type<R>::type); }
  static R take(const std::uint64_t* from) { return wasm_type<R>::take(from); }
  static void put(std::uint64_t* to, const R& r) { wasm_type<R>::put(to, r); }
};
template <>
struct wasm_results<void> {
  static constexpr std::size_t words = 0;
  static void types(std::vector<val>&) {}
};
template <class... T>
struct wasm_results<std::tuple<T...>> {
  static_assert((wasm_value<T> && ...), "no WebAssembly type corresponds to one of these results");
  static constexpr std::size_t words = (std::size_t{0} + ... + wasm_type<T>::words);
  static void types(std::vector<val>& to) { (append(to, wasm_type<T>::type), ...); }
  static std::tuple<T...> take(const std::uint64_t* from) {
    const auto next = [&]<class U>(std::type_identity<U>) {
      const U u = wasm_type<U>::take(from);
      from += wasm_type<U>::words;
      return u;
    };
    return std::tuple<T...>{next(std::type_identity<T>{})...};  // braces: from left to right
  }
  static void put(std::uint64_t* to, const std::tuple<T...>& r) {
    std::apply([&](const T&... x) { ((wasm_type<T>::put(to, x), to += wasm_type<T>::words), ...); }, r);
  }
};

template <class R, class... A>
function_type signature_of() {
  static_assert((wasm_value<A> && ...), "no WebAssembly type corresponds to one of these parameters");
  function_type t;
  (append(t.params, wasm_type<A>::type), ...);
  wasm_results<R>::types(t.results);
  return t;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
