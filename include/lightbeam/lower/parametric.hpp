#pragma once

#include "../gen/integer_shapes.hpp"
#include "../gen/lower.hpp"
#include "../gen/slow.hpp"
#include "../wasm/immediates.hpp"

// Parametric operators: section 4.4.4 of the specification.
namespace lightbeam::inline LIGHTBEAM_ABI {

template <> inline constexpr auto lower<"drop"> = [](auto& g) {
  if (g.sp[-1].type() == val::none) return g.reject();
  const value v = g.pop();
  // It may trap.
  if (v.is(where::load)) return g.release(g.writable(v));
  g.release(v);
};

// result = condition ? x : y. Conditional moves, but for floats, which have none.
template <class Policy>
struct selection {
  using G = generator<Policy>;

  static void lower(G& g) {
    value c = g.pop();
    const value y = g.pop(), x = g.pop();
    if (c.is(where::constant)) return chosen(g, x, y, c.bits64() != 0);
    condition when = as_condition(cond::ne);
    if (c.is(where::flags)) when = c.flags();
    else equal_zero::test_zero(g, c, width::w32);
    if (is_float(x.type())) return floats(g, x, y, when);
    integers(g, x, y, when);
  }

 private:
  static void chosen(G& g, value x, value y, bool first) {
    const value rest = first ? y : x;
    g.push_moved(first ? x : y);
    if (rest.is(where::load)) g.release(g.writable(rest, flags_are::live));
    else g.release(rest);
  }
  // Only mov and lea until the conditional move. With a home as destination: start from the operand that is there already.
  static void integers(G& g, value x, value y, condition when) {
    const val t = x.type();
    const auto exchange = [&] {
      std::swap(x, y);
      when = negate(when);
    };
    // Conditional moves take no immediate; a temporary is better overwritten than copied.
    if (x.is(where::constant) || (x.is(where::reg) && !y.is(where::reg) && !y.is(where::constant))) exchange();
    const destination d = g.target(t, y.is(where::reg) ? y.base() : reg::none);
    if (d.home && x.is(where::local) && x.base() == d.in) exchange();
    // d = y; then d = x where the condition holds.
    if (x.reads(d.in) && !(y.is(where::local) && y.base() == d.in)) x = value::in(t, g.writable(x, flags_are::live));
    g.start(d.in, y, flags_are::live);
    const width w = width_of(t);
    const reg s = g.readable(x, flags_are::live);
    if (when == condition::float_equal) {
      // Not equal when unordered or not zero: undo by the opposite, from a copy.
      equal_float(g, w, d.in, s);
    } else if (when == condition::float_not_equal) {
      g.a.cmov(cond::p, w, d.in, s);
      g.a.cmov(cond::ne, w, d.in, s);
    } else {
      g.a.cmov(cond(when), w, d.in, s);
    }
    g.release(s);
    g.finish(d, t);
  }
  static void equal_float(G& g, width w, reg d, reg s) {
    std::uint8_t* const unordered = g.a.jcc(cond::p);
    g.a.cmov(cond::e, w, d, s);
    G::assembler::patch(unordered, g.a.out);
  }
  static void floats(G& g, value x, value y, condition when) {
    const val t = x.type();
    const reg s = g.readable(x, flags_are::live);
    const reg d = g.writable(y, flags_are::live);
    std::uint8_t* fields[2] = {};
    if (when == condition::float_not_equal) {
      std::uint8_t* const unordered = g.a.jcc(cond::p);
      fields[0] = g.a.jcc(cond::e);
      G::assembler::patch(unordered, g.a.out);
    } else if (when == condition::float_equal) {
      fields[0] = g.a.jcc(cond::p);
      fields[1] = g.a.jcc(cond::ne);
    } else {
      fields[0] = g.a.jcc(cond(negate(when)));
    }
    g.a.movaps(d, s);
    for (auto* f : fields)
      if (f) G::assembler::patch(f, g.a.out);
    g.release(s);
    g.push_in(t, d);
  }
};

// Numbers of the same type; references need select t.
template <> inline constexpr auto lower<"select"> = rarely{[](auto& g) {
  using Policy = policy_of<decltype(g)>;
  const val y = g.sp[-2].type();
  if (g.sp[-1].type() != val::i32 || y == val::none || is_reference(y) || g.sp[-3].type() != y) return g.reject();
  selection<Policy>::lower(g);
}};
template <> inline constexpr auto lower<"select t"> = rarely{[](auto& g, val t) {
  using Policy = policy_of<decltype(g)>;
  if (t == val::none || !contains(Policy::features, feature_of(t))) return g.reject();
  if (g.sp[-1].type() != val::i32 || g.sp[-2].type() != t || g.sp[-3].type() != t) return g.reject();
  selection<Policy>::lower(g);
}};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
