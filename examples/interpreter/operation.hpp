#pragma once

// How operators are written down: a row names the operator and says what it does as a lambda of C++ values.

#include "machine.hpp"
#include <lightbeam/wasm/op_table.hpp>

namespace interpreter {

struct operation {
  lightbeam::op name;
  handler run = nullptr;
};

// The operand and result types of a lambda.
template <class F>
struct shape : shape<decltype(&F::operator())> {};
template <class F, class R, class... A>
struct shape<R (F::*)(A...) const> {
  static constexpr std::size_t operands = sizeof...(A);

  static void run(machine& m, const instruction&) {
    std::tuple<A...> a;
    // Operands come off the stack last first.
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      ((std::get<operands - 1 - K>(a) = m.pop<std::tuple_element_t<operands - 1 - K, std::tuple<A...>>>()), ...);
    }(std::index_sequence_for<A...>());
    push(m, std::apply(F{}, a));
  }
  template <class T>
  static void push(machine& m, trapping<T> r) {
    if (r.trap) m.trap(*r.trap);
    else push(m, r.value);
  }
  template <class T>
  static void push(machine& m, T r) {
    if constexpr (std::is_floating_point_v<T>)
      if (std::isnan(r)) m.note_nan();
    m.push(r);
  }
};

// An operator that knows nothing but its operands.
template <class F>
constexpr operation pure(lightbeam::op name, F) {
  return {name, &shape<F>::run};
}

}  // namespace interpreter
