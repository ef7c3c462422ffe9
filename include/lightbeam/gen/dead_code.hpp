#pragma once

#include "flow.hpp"
#include "../wasm/skip_dead.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// What the validator of unreachable code needs to know of the function around it.
struct surroundings {
  const compile_context& c;

  std::span<const val> label_types(std::uint32_t depth) const { return c.frames[c.frames.size() - 1 - depth].branch_types(); }
  std::size_t labels() const { return c.frames.size(); }
  std::span<const val> results() const { return c.frames.back().results; }
  val local_type(std::uint32_t i) const { return c.locals[i].type(); }
  std::uint32_t local_count() const { return c.local_count; }
  bool is_if() const { return c.frames.back().kind == construct::then_arm; }
};

// Code that cannot be reached is validated, on a stack of its own that is polymorphic, but never lowered: handlers know nothing
// of it. Goes on at the `end` or `else` that closes the block.
template <class Policy>
struct dead_code {
  static void skip(generator<Policy>& g) {
    if (g.c.failed) return;
    g.c.frame->dead = true;
    surroundings around{g.c};
    const auto next = skip_dead(*g.c.info, Policy::features, around, g.pc, g.c.body_end, g.c.body, g.c.values);
    if (next) {
      g.pc = *next;
      return;
    }
    g.reject();
    g.c.failed = next.error();
  }
  // What the validator says of a function that could not be compiled, whose operators begin there: handlers and steps know what does
  // not fit, but not in which byte. What is valid, and was refused all the same, keeps its failure.
  static void explain(compile_context& c, const std::uint8_t* operators) {
    c.frames.resize(1);
    expansion values = c.values;  // a handler may have refused an operator long before the validator ends
    values.restart();
    reader in(std::span(operators, c.body_end), std::uint32_t(operators - c.body), "unexpected end of section or function");
    operand_stack stack(values);
    surroundings around{c};
    operator_validator<surroundings>(*c.info, Policy::features, around, in, stack).run(false);
    if (!in) c.failed = in.error();
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
