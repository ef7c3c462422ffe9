"""Seeded bugs: (name, header below include/lightbeam, text that occurs there once, what stands there instead)."""

MUTANTS = [
    # homes and labels
    ("dirty homes are not stored where a label wants them in slots", "gen/flow.hpp", "    store_homes(g, ~in);\n", ""),
    ("a label forgets which homes later edges leave dirty", "gen/flow.hpp", "    if (!l.bound) l.dirty |= g.c.dirty & l.in;", "    //"),
    ("an edge between regions does not store", "gen/flow.hpp", "      else if (g.in() & g.c.dirty & mask(home)) g.store_typed", "      else if (false) g.store_typed"),
    ("an edge between regions does not load", "gen/flow.hpp", "left = in & ~kept; left;", "left = 0u & ~kept; left;"),
    ("an exit of a region takes its homes for clean", "gen/flow.hpp", "cold_exit e{exit.place, g.in(), g.c.dirty,", "cold_exit e{exit.place, g.in(), 0u,"),
    ("an exit of a region that has to store is taken for free", "gen/flow.hpp", "!l.bound && !(g.in() & g.c.dirty) && ", "!l.bound && "),
    ("zeros of locals without a home are not written", "gen/flow.hpp", "        g.a.store(store_op::mov64, G::local_slot(i), zero);\n", ""),
    ("a written local is not dirty", "gen/generator.hpp", "    c.dirty |= mask(home);\n", ""),
    ("a new region takes homes as valid that it does not have", "gen/regions.hpp", "    g.set_in(g.in() & kept);\n    c.dirty", "    c.dirty"),
    ("an else arm believes its homes clean", "gen/blocks.hpp", "f.else_dirty = g.c.dirty & g.in();", "f.else_dirty = 0;"),
    ("results of a loop keep reading its homes", "gen/blocks.hpp", "      if (p->place() > where::reg) cold::to_register(g, p);\n", ""),
    ("a loop expects homes that calls clobber", "gen/blocks.hpp", "header.in = header.dirty = g.in() & wanted;", "header.in = g.in();\n    header.dirty = 0;"),
    # latent values
    ("a result overwrites a home that still has readers", "gen/generator.hpp", "      if (p->reads(home) || ++depth > 32) return true;", "      if (++depth > 32) return true;"),
    ("a local is written under its latent readers", "gen/slow.hpp", " || (home != reg::none && p->reads(home))) to_register", ") to_register"),
    ("a store does not settle loads", "gen/memory_shapes.hpp", "    g.settle_loads();\n    const bool immediate", "    const bool immediate"),
    ("the right operand reads the home that is written", "gen/integer_shapes.hpp", "  if (d.home && y.reads(d.in) &&", "  if (false && y.reads(d.in) &&"),
    ("a displacement of i64 sums overflows", "gen/integer_shapes.hpp", "    if (w == width::w64 && std::int64_t(s.displacement()) + k != total) {", "    if (false) {"),
    ("both parts of a sum may overflow its displacement", "gen/integer_shapes.hpp", "    if (w == width::w64 && k != std::int32_t(k)) return false;\n", ""),
    # flags
    ("a sum is added while flags are live", "gen/generator.hpp", "    if (flags == flags_are::free) {\n      if (m.index == reg::none && m.base == d)", "    if constexpr (true) {\n      if (m.index == reg::none && m.base == d)"),
    ("a zero is made by xor while flags are live", "gen/generator.hpp", "v.bits64() == 0 && flags == flags_are::free)", "v.bits64() == 0)"),
    ("equal floats: unordered counts as equal", "gen/flow.hpp", "    std::uint8_t* const unordered = g.a.jcc(cond::p);\n    jump_one(g, l, cond::e);\n    Policy::assembler::patch(unordered, g.a.out);", "    jump_one(g, l, cond::e);"),
    ("float equality as a value", "gen/slow.hpp", "g.a.setcc(equal ? cond::np : cond::p, d);", "g.a.setcc(cond::np, d);"),
    ("a comparison whose operands are swapped is not", "gen/integer_shapes.hpp", "      c = swapped;\n", ""),
    # merges
    ("the register of a block's result is not freed first", "gen/flow.hpp", "    if (!g.is_free(r) && !v.reads(r)) g.template cold<&cold::evict>(r);\n", ""),
    ("several results are not moved down", "gen/flow.hpp", "else if (from[i].displacement() != to.displacement) {", "else if (false) {"),
    ("a conditional branch with moves changes what is dirty on the other way", "gen/flow.hpp", "g.registers = registers, g.c.dirty = dirty;", "g.registers = registers;"),
    # calls
    ("homes that a call clobbers are not stored", "gen/calls.hpp", "    F::store_homes(g, clobbered_homes);\n", ""),
    ("homes are valid after a call that clobbered them", "gen/calls.hpp", "(g.registers & ~(std::uint64_t{clobbered_homes} << 32)) | G::temporaries", "g.registers | G::temporaries"),
    ("arguments in a cycle", "gen/calls.hpp", "      if (j != i && pending[j].from->reads(pending[i].to)) return true;\n", ""),
    ("registers of several results are not owned", "gen/calls.hpp", "    for (const auto& r : results)\n      if (r.in != reg::none) g.own(r.in);\n", ""),
    ("values below a call stay in registers", "gen/calls.hpp", "      if (p->place() >= where::reg && !p->is(where::local)) cold::to_slot(g, p);\n", "      if (p->place() > where::reg && !p->is(where::local)) cold::to_slot(g, p);\n"),
    ("call_indirect: the element behind the last", "gen/calls.hpp", "std::int32_t(g.c.info->tables[table].size.minimum));\n    g.trap_if(cond::ae,", "std::int32_t(g.c.info->tables[table].size.minimum));\n    g.trap_if(cond::a,"),
    ("call_indirect: types are not compared", "gen/calls.hpp", "    g.trap_if(cond::ne, trap_code::indirect_call_type_mismatch);\n    g.a.call(g.c.code", "    g.a.call(g.c.code"),
    # operators
    ("constants: sub", "gen/integer_shapes.hpp", "case fold::sub: return x - y;", "case fold::sub: return y - x;"),
    ("constants of 64 bits lose their upper half", "gen/slow.hpp", "    to.displacement += 4;\n", ""),
    ("a shift's count is taken modulo 64", "gen/integer_shapes.hpp", "std::uint8_t(y.bits64() & (w == width::w64 ? 63 : 31))", "std::uint8_t(y.bits64() & 63)"),
    ("a shift destroys what rcx held", "gen/integer_shapes.hpp", "        g.template cold<&Slow::evict>(reg::cx);\n", "        g.release(reg::cx);\n"),
    ("and before a zero test cuts a constant of 64 bits", "gen/integer_shapes.hpp", "y.is(where::constant) && (w == width::w32 || std::int64_t(y.bits64()) == std::int32_t(y.bits64()));\n    if (small) {\n      g.a.test", "y.is(where::constant);\n    if (small) {\n      g.a.test"),
    ("the smallest integer by the constant -1", "gen/division.hpp", "y.is(where::constant) && !is_minus_one(d.w, y.bits64())", "y.is(where::constant)"),
    ("division by the constant 0", "gen/division.hpp", "    if (!y.is(where::constant) || y.bits64() == 0) {", "    if (!y.is(where::constant)) {"),
    ("division with crossed operands", "gen/division.hpp", "    if (y.reads(reg::ax) && x.reads(reg::cx)) {", "    if (false) {"),
    ("truncation of what is just below the range", "gen/conversion_shapes.hpp", "    g.trap_if(r.low_included ? cond::b : cond::be, trap_code::integer_overflow);", "    g.trap_if(cond::b, trap_code::integer_overflow);"),
    ("u64 to float: the lowest bit is lost", "gen/conversion_shapes.hpp", "    g.a.alu(alu_op::or_, width::w64, half, s);\n", ""),
    ("an i64 keeps its upper half as an i32", "gen/unary_shapes.hpp", "    g.a.mov(width::w32, d.in, s);\n    if (d.in != s) g.release(s);\n    g.finish(d, val::i32);", "    g.a.mov(width::w64, d.in, s);\n    if (d.in != s) g.release(s);\n    g.finish(d, val::i32);"),
    # memory
    ("an address is not cut to 32 bits", "gen/generator.hpp", "    sum_into(width::w32, d, m, flags_are::live);", "    sum_into(width::w64, d, m, flags_are::live);"),
    ("a local stays known to be inside after a label", "gen/flow.hpp", "    ++g.c.epoch;\n  }\n  // Locals that were never", "  }\n  // Locals that were never"),
    ("an address with a displacement wraps unseen", "gen/memory_shapes.hpp", " && local.epoch() == g.c.epoch;", ";"),
    ("a huge offset is added in 32 bits", "gen/memory_shapes.hpp", "    g.a.alu(alu_op::add, width::w64, r, k);", "    g.a.alu(alu_op::add, width::w32, r, k);"),
    ("bounds checks: one byte too far", "policy/memory.hpp", "const std::uint64_t reach = std::uint64_t{e.offset} + bytes;", "const std::uint64_t reach = std::uint64_t{e.offset} + bytes - 1;"),
    ("bounds checks: a sum of 32 bits", "policy/memory.hpp", "      g.a.lea(width::w64, end,", "      g.a.lea(width::w32, end,"),
    # found by fresh eyes: deep stacks, large sums, labels with several ways
    ("a displacement beyond 64 KiB is folded", "gen/memory_shapes.hpp", "m.displacement >= 0x10000 ||", "m.displacement >= 0x7fffffff ||"),
    ("a label forgets what is dirty on a later edge", "gen/flow.hpp", "    if (!l.bound) l.dirty |= g.c.dirty & g.in() & l.in & common", "    if (false) l.dirty |= g.c.dirty & g.in() & l.in & common"),
    ("a reader below 32 operands is not seen", "gen/generator.hpp", "      if (p->reads(home) || ++depth > 32) return true;", "      if (p->reads(home) || ++depth > 32) return p->reads(home);"),
    ("a load below 32 operands stays latent", "gen/slow.hpp", "      if (++depth > 32) return flush_from(g, p);\n      if (p->is(where::load))", "      if (++depth > 32) return flush_from(g, p - 1);\n      if (p->is(where::load))"),
    ("a local below 32 operands stays latent", "gen/slow.hpp", "      if (++depth > 32) return flush_from(g, p);\n      if ((p->is(where::local)", "      if (++depth > 32) return flush_from(g, p - 1);\n      if ((p->is(where::local)"),
    ("a call forgets what lies below 32 operands", "gen/calls.hpp", "        cold::flush_from(g, p);\n        break;", "        cold::flush_from(g, p - 1);\n        break;"),
    ("a spill empties the stack below", "gen/slow.hpp", "    if (deepest) return to_slot(g, deepest);\n", "    if (deepest) return to_slot(g, deepest), depth >= 64 && g.registers & general_registers ? flush_from(g, g.sp - 33) : void();\n"),
    ("a br_table settles loads after it has claimed registers", "gen/br_table.hpp", "    g.settle_loads();  // while there are registers for them\n", ""),
]


def misplaced(include, name, header, old, new):
    """Why this bug cannot be put into the headers, or None."""
    times = (include / "lightbeam" / header).read_text().count(old)
    return None if times == 1 and old != new else f"{name}: its text occurs {times} times in {header}"
