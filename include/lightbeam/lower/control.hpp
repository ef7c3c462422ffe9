#pragma once

#include "../gen/br_table.hpp"
#include "../gen/calls.hpp"
#include "../gen/dead_code.hpp"
#include "../gen/integer_shapes.hpp"
#include "../gen/lower.hpp"

// Control operators: section 4.4.8 of the specification. What ends the flow hands over to the validator of dead code.
namespace lightbeam::inline LIGHTBEAM_ABI {

template <class Policy>
struct branches {
  using G = generator<Policy>;
  using F = flow<Policy>;

  static control* target(G& g, std::uint32_t depth) {
    if (depth < g.c.frames.size()) return &g.c.frames[g.c.frames.size() - 1 - depth];
    return g.reject(), nullptr;
  }
  [[gnu::always_inline]] static void br(G& g, std::uint32_t depth) {
    control* const f = target(g, depth);
    if (!f || !F::check(g, f->branch_types())) return;
    F::branch(g, *f);
    dead_code<Policy>::skip(g);
  }
  [[gnu::always_inline]] static void br_if(G& g, std::uint32_t depth) {
    control* const f = target(g, depth);
    if (!f) return;
    const value c = g.pop();
    if (c.type() != val::i32) return g.reject();
    if (!F::check(g, f->branch_types())) return;
    if (c.is(where::constant)) {
      if (c.bits64() == 0) return;
      g.a.alu(alu_op::cmp, width::w64, reg::sp, reg::sp);
      return F::branch_if(g, *f, as_condition(cond::e));
    }
    if (c.is(where::flags)) return F::branch_if(g, *f, c.flags());
    equal_zero::test_zero(g, c, width::w32);
    F::branch_if(g, *f, as_condition(cond::ne));
  }
  [[gnu::always_inline]] static void if_(G& g, std::int64_t type) {
    const value c = g.pop();
    if (c.type() != val::i32) return g.reject();
    if (c.is(where::flags)) return blocks<Policy>::if_(g, type, c.flags());
    g.settle_loads();
    equal_zero::test_zero(g, c, width::w32);
    blocks<Policy>::if_(g, type, as_condition(cond::ne));
  }
  static void br_table(G& g) {
    branch_table<Policy>::lower(g);
    if (!g.c.failed) dead_code<Policy>::skip(g);
  }
  static void leave(G& g) {
    const std::span<const val> types = g.c.frames[0].results;
    if (!F::check(g, types)) return;
    F::leave(g, types);
    dead_code<Policy>::skip(g);
  }
  static void unreachable(G& g) {
    g.settle_loads();
    std::uint8_t* const field = g.a.jmp();
    G::add_trap(g.c, field, g.at, trap_code::unreachable);
    dead_code<Policy>::skip(g);
  }
};

template <> inline constexpr auto lower<"nop"> = [](auto&) {};
template <> inline constexpr auto lower<"unreachable"> = rarely{[](auto& g) { branches<policy_of<decltype(g)>>::unreachable(g); }};
template <> inline constexpr auto lower<"block"> = [](auto& g, block_type t) { g.template cold<&blocks<policy_of<decltype(g)>>::block>(t.code); };
template <> inline constexpr auto lower<"loop"> = [](auto& g, block_type t) { g.template cold<&blocks<policy_of<decltype(g)>>::loop>(t.code); };
template <> inline constexpr auto lower<"if"> = [](auto& g, block_type t) { g.template cold<&branches<policy_of<decltype(g)>>::if_>(t.code); };
template <> inline constexpr auto lower<"else"> = rarely{[](auto& g) { blocks<policy_of<decltype(g)>>::else_(g); }};
template <> inline constexpr auto lower<"end"> = [](auto& g) { g.template cold<&blocks<policy_of<decltype(g)>>::end>(); };
template <> inline constexpr auto lower<"br"> = [](auto& g, std::uint32_t depth) { g.template cold<&branches<policy_of<decltype(g)>>::br>(depth); };
template <> inline constexpr auto lower<"br_if"> = [](auto& g, std::uint32_t depth) { g.template cold<&branches<policy_of<decltype(g)>>::br_if>(depth); };
template <> inline constexpr auto lower<"br_table"> = rarely{[](auto& g) { branches<policy_of<decltype(g)>>::br_table(g); }};
template <> inline constexpr auto lower<"return"> = rarely{[](auto& g) { branches<policy_of<decltype(g)>>::leave(g); }};
template <> inline constexpr auto lower<"call"> = [](auto& g, std::uint32_t f) { g.template cold<&calls<policy_of<decltype(g)>>::direct>(f); };
template <> inline constexpr auto lower<"call_indirect"> = rarely{[](auto& g, two_indices i) {
  calls<policy_of<decltype(g)>>::indirect(g, i.first, i.second);
}};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
