#pragma once

// Control, parametric and local operators, sections 4.4.4, 4.4.2 and 4.4.8.
// Blocks: a is the continuation of branches to their label, b the label's arity, `bits` the number of operands below
// the middle word, and where to go on a false condition above it.

#include "operation.hpp"
#include <algorithm>

namespace interpreter {

inline void unreachable(machine& m, const instruction&) { m.trap(trap_code::unreachable); }
inline void nop(machine&, const instruction&) {}

inline void block(machine& m, const instruction& i) { m.enter_block(i.a, i.b, std::uint32_t(i.bits), false); }
inline void loop(machine& m, const instruction& i) { m.enter_block(i.a, i.b, std::uint32_t(i.bits), true); }
inline void if_(machine& m, const instruction& i) {
  const bool taken = m.pop<std::uint32_t>() != 0;
  block(m, i);
  if (!taken) m.jump(std::uint32_t(i.bits >> 32));
}
// Reached at the end of the first arm of an `if`.
inline void else_(machine& m, const instruction&) { m.branch(0); }
// a: whether it ends the function.
inline void end(machine& m, const instruction& i) {
  if (i.a) m.leave_function();
  else m.leave_block();
}

inline void br(machine& m, const instruction& i) { m.branch(i.a); }
inline void br_if(machine& m, const instruction& i) {
  if (m.pop<std::uint32_t>()) m.branch(i.a);
}
// a: index of the first target, b: number of targets; the default one follows.
inline void br_table(machine& m, const instruction& i) { m.branch(m.table_target(i.a + std::min(m.pop<std::uint32_t>(), i.b))); }
inline void return_(machine& m, const instruction&) { m.branch(m.depth_of_function()); }

inline void call(machine& m, const instruction& i) { m.call(*m.here().functions[i.a]); }
// a: the type, b: the table.
inline void call_indirect(machine& m, const instruction& i) {
  const table& t = *m.here().tables[i.b];
  const auto at = m.pop<std::uint32_t>();
  if (!t.holds(at, 1)) return m.trap(trap_code::undefined_element);
  function* const f = referent(t.elements[at]);
  if (!f) return m.trap(trap_code::uninitialized_element);
  if (f->type != m.here().module->types[i.a]) return m.trap(trap_code::indirect_call_type_mismatch);
  m.call(*f);
}

inline void drop(machine& m, const instruction&) { m.pop<word>(); }
inline void select(machine& m, const instruction&) {
  const bool first = m.pop<std::uint32_t>() != 0;
  const word second = m.pop<word>();
  if (!first) m.top() = second;
}
inline void constant(machine& m, const instruction& i) { m.push(i.bits); }

inline void local_get(machine& m, const instruction& i) { m.push(word(m.local(i.a))); }
inline void local_set(machine& m, const instruction& i) { m.local(i.a) = m.pop<word>(); }
inline void local_tee(machine& m, const instruction& i) { m.local(i.a) = m.top(); }

inline constexpr operation control_operations[] = {
    {"unreachable", unreachable},
    {"nop", nop},
    {"block", block},
    {"loop", loop},
    {"if", if_},
    {"else", else_},
    {"end", end},
    {"br", br},
    {"br_if", br_if},
    {"br_table", br_table},
    {"return", return_},
    {"call", call},
    {"call_indirect", call_indirect},
    {"drop", drop},
    {"select", select},
    {"select t", select},
    {"i32.const", constant},
    {"i64.const", constant},
    {"f32.const", constant},
    {"f64.const", constant},
    {"local.get", local_get},
    {"local.set", local_set},
    {"local.tee", local_tee},
};

}  // namespace interpreter
