#pragma once

#include "../gen/lower.hpp"
#include "memory.hpp"
#include "registers.hpp"
#include "../x64/cpu.hpp"
#include <algorithm>
#include <tuple>
#include <type_traits>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Binds a handler to one operator, in place of the library's.
template <op O, class Handler>
struct on {
  static constexpr op id = O;
  using handler = Handler;
};

// The operators that a policy lowers its own way. All others use lower<O>.
template <class... On>
struct overrides {
  template <class Handler>
  static constexpr Handler made{};

  // A reference, so that an entry of the table can point to it.
  template <op O>
  static constexpr const auto& handler() {
    constexpr int count = (0 + ... + int(On::id == O));
    static_assert(count <= 1, "a policy overrides the same operator twice");
    if constexpr (count == 0) return lower<O>;
    else return overriding<O>();
  }

 private:
  template <op O>
  static constexpr const auto& overriding() {
    constexpr bool match[] = {(On::id == O)...};
    return made<std::tuple_element_t<std::find(std::begin(match), std::end(match), true) - match, std::tuple<typename On::handler...>>>;
  }
};

template <class M, class G>
concept memory_strategy = requires(G& g, effective_address e, reg r) {
  { M::kind } -> std::convertible_to<memory_kind>;
  { M::operand(r, 4u) } -> std::same_as<address>;
  { M::checked(g, e, 4u) } -> std::same_as<effective_address>;
};
template <class R>
concept register_set = requires {
  { R::homes } -> std::convertible_to<std::uint32_t>;
  { R::temporaries } -> std::convertible_to<std::uint32_t>;
};

// What an engine is made with; a policy derives from it and hides what differs. No signal handler and no process state.
struct default_policy {
  using overrides = lightbeam::overrides<>;
  using memory = bounds_checks;
  using regs = all_registers;
  using assembler = fast_assembler;
  static constexpr feature features = feature::wasm2_scalar;
  static constexpr bool verifies = false;  // looks for bugs of this library while it compiles, see gen/verify.hpp, and in the code, see slow::look_at_upper_half
  static constexpr cpu_level cpu = cpu_level::v3;  // the highest level that code may use; engines take a lower cap
};

// The fastest code: the hardware checks accesses to memory.
struct fast : default_policy {
  using memory = guard_pages;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
