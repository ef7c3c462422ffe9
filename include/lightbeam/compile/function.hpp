#pragma once

#include "step.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// A body followed by bytes that are no operator, so that decoding needs no bounds: reused from function to function.
class padded_body {
 public:
  const std::uint8_t* fill(std::span<const std::uint8_t> body) {
    if (bytes_.size() < body.size() + padding) bytes_.resize(2 * (body.size() + padding));
    if (!body.empty()) std::memcpy(bytes_.data(), body.data(), body.size());
    std::memset(bytes_.data() + body.size(), 0xff, padding);
    return bytes_.data();
  }

 private:
  static constexpr std::size_t padding = 64;
  plain_vector<std::uint8_t> bytes_;
};

// One function: locals to homes, the body, then what stands around it. Layout of the code:
//
//   entry, aligned to 16 | pushes, sub rsp, stack check | nop | body | epilogue | trap calls, exits | constants
template <class Policy>
struct function_body {
  using G = generator<Policy>;
  using F = flow<Policy>;
  static constexpr std::uint32_t homes = Policy::regs::homes;

  // Compiles a body (locals and operators; `body` is padded with 0xff behind its end) to c.out.
  [[LIGHTBEAM_SCALAR]] static result<void> compile(compile_context& c, std::uint32_t function, const std::uint8_t* body, std::size_t size) {
    begin(c, function, body, size);
    if (read_locals(c, body + size) && count_locals(c, size)) {
      const std::uint8_t* const operators = c.pc;
      assign_homes(c, size);
      const std::uint32_t entry = open(c, size);
      enter(c);
      run(c);
      if (!c.failed && (!c.done || c.ended != body + size)) c.failed = failure(failure_kind::malformed, "operators remain after the end of the function").at(std::uint32_t(c.ended - body));
      if (!c.failed) close(c, entry);
      else if (c.failed->kind() != failure_kind::limit) dead_code<Policy>::explain(c, operators);
    }
    if (c.failed) [[unlikely]] return std::move(*c.failed).in_function(function).in_section(10);
    return {};
  }

 private:
  static void begin(compile_context& c, std::uint32_t function, const std::uint8_t* body, std::size_t size) {
    c.function = function;
    c.body = c.pc = c.at = body;
    c.prefixed_by = nullptr;  // bodies lie at the same place, one after the other
    c.failed.reset();
    c.done = c.has_called = c.halted = false;
    c.body_end = body + size;
    c.dirty = 0, c.epoch = 1, c.frame_bytes = 0, c.saved = 0, c.current_region = c.tables = c.open_loops = 0;
    c.registers = Policy::regs::temporaries;
    c.regions.resize(1);
    c.regions[0].homes = 0;
    c.labels_outside = 0;
    c.frames.clear(), c.traps.clear(), c.exits.clear(), c.table_fields.clear();
    c.sp = c.stack;
    c.reserve_stack(size + 64);
    c.frames.reserve(size / 3 + 16);  // a block and its end are three bytes; most of it is never touched
  }

  static bool read_locals(compile_context& c, const std::uint8_t* end) {
    const auto& type = c.info->type_of(c.function);
    c.local_memory.clear();
    for (const val t : type.params) c.local_memory.push_back(value::in_slot(t, 0));
    c.first_zero = std::uint32_t(type.params.size());
    auto groups = decode_u32(c.pc);
    std::uint64_t total = 0;
    for (c.pc += groups.length; groups.length && groups.value; --groups.value) {
      const auto count = decode_u32(c.pc);
      c.pc += count.length;
      const val t = value_type(*c.pc);
      total += count.value;
      if (!count.length || ++c.pc > end || t == val::none || !contains(Policy::features, feature_of(t)) || total > module_limits::locals) break;
      c.local_memory.resize(c.local_memory.size() + count.value, value::constant(t, 0));
    }
    if (!groups.length || groups.value || c.pc > end) return explain_locals(c), false;
    c.locals = c.local_memory.data();
    c.local_count = std::uint32_t(c.local_memory.size());
    return true;
  }
  [[gnu::cold, gnu::noinline]] static void explain_locals(compile_context& c) {
    reader in(std::span(c.body, c.body_end), 0, "unexpected end of section or function");
    read_local_groups(in, Policy::features, [](std::uint32_t, val) {});
    c.failed = in ? failure(failure_kind::invalid, "locals were refused that are valid (a bug of this library)", 0) : in.error();
  }
  static bool count_locals(compile_context& c, std::size_t size) {
    c.values.body(size);
    if (c.values.locals(c.local_count)) return true;
    c.failed = failure(failure_kind::limit, expansion::text).at(std::uint32_t(c.pc - c.body));
    return false;
  }

  // Parameters keep their argument registers, or, where calls would clobber those, move to callee-saved homes; other locals
  // take what is left in the order of their declaration. A search for the call opcodes' bytes is a good enough guess.
  static void assign_homes(compile_context& c, std::size_t size) {
    const std::size_t rest = size - std::size_t(c.pc - c.body);
    c.has_calls = std::memchr(c.pc, 0x10, rest) || std::memchr(c.pc, 0x11, rest);
    std::uint32_t free = homes;
    auto& r = c.regions[0];
    auto places = value_places::arguments();
    for (std::uint32_t i = 0; i < c.first_zero; ++i) {
      const val t = c.locals[i].type();
      const reg argument = places.next(t).in;
      const std::uint32_t kind = is_float(t) ? xmm_registers & ~argument_registers : convention::callee_saved;
      reg home = reg::none;
      if (c.has_calls && !is_float(t)) home = preferred(free & kind);
      if (home == reg::none && argument != reg::none && free & mask(argument)) home = argument;
      if (home == reg::none) home = preferred(free & kind);
      free &= ~mask(home);
      take(c, r, i, home, where::local);
    }
    for (std::uint32_t i = c.first_zero; i < c.local_count && free; ++i) {
      const std::uint32_t kind = free & (is_float(c.locals[i].type()) ? xmm_registers : general_registers);
      reg home = preferred(kind & convention::callee_saved);
      if (!c.has_calls || home == reg::none)
        if (const reg other = preferred(kind & ~convention::callee_saved); other != reg::none) home = other;
      free &= ~mask(home);
      take(c, r, i, home, where::constant);
    }
    for (std::uint32_t i = c.local_count; i-- > 0;)
      if (c.locals[i].base() == reg::none) {
        c.frame_bytes = std::int32_t(8 * (i + 1));
        break;
      }
    c.saved = r.homes & convention::callee_saved;
    c.crowded = homes != 0 && crowded(c);
    // A loop may want homes of its own: their registers are saved by the same prologue, which has to have room.
    c.may_save = std::memchr(c.pc, 0x03, rest) && (c.crowded || c.has_calls) ? homes & convention::callee_saved : c.saved;
    c.zeros_pending = c.local_count > c.first_zero;
  }
  static bool crowded(const compile_context& c) {
    const auto& r = c.regions[0];
    return std::uint32_t(std::popcount(r.homes)) < c.local_count;
  }
  static constexpr std::uint32_t argument_registers = mask(reg::di, reg::si, reg::r8, reg::r9) | 0xffu << 18;
  // rbx and rbp before r10 to r13: they need no REX prefix for 32 bits.
  static reg preferred(std::uint32_t from) { return from ? reg(std::countr_zero(from)) : reg::none; }
  static void take(compile_context& c, region& r, std::uint32_t local, reg home, where state) {
    const val t = c.locals[local].type();
    c.locals[local] = {value::tag_of(t, state, home), state == where::local ? local : 0};
    if (home == reg::none) return;
    r.homes |= mask(home);
    r.owner[std::uint8_t(home)] = local;
  }

  // --- around the body -------------------------------------------------------------------------------------------

  // How many operands a body can have on the stack: each operator is a byte at least, and adds no more than the results of a type.
  static std::uint64_t deepest(const compile_context& c, std::size_t size) { return std::uint64_t(size + 1) * c.info->most_results; }
  // Leaves whose frame cannot be large need no stack check: the reserve below the limit has room for them.
  static bool needs_check(const compile_context& c, std::size_t size) { return c.has_calls || c.local_count > 64 || deepest(c, size) > 2048; }
  static constexpr std::uint32_t check_bytes = 10, sub_bytes = 7, large_bytes = 4;
  // From here on the check comes before rsp moves: a signal in between could find it far below the limit, outside of the stack.
  static constexpr std::int32_t large_frame = 0x8000;
  static bool may_be_large(const compile_context& c, std::size_t size) { return 8 * (c.local_count + deepest(c, size)) >= std::uint64_t(large_frame); }
  static std::uint32_t push_bytes(std::uint32_t saved) { return std::uint32_t(std::popcount(saved) + std::popcount(saved & 0xff00)); }

  // Leaves a gap for the prologue and returns the position of the entry.
  static std::uint32_t open(compile_context& c, std::size_t size) {
    auto g = G::resume(c);
    const std::uint32_t entry = (c.position(c.out) + 15) & ~15u;
    std::memset(c.out, 0xcc, 16);  // up to the entry; what lies behind that is written over
    c.checks_stack = needs_check(c, size);
    g.a.out = c.code + entry + push_bytes(c.may_save) + sub_bytes + (c.checks_stack ? check_bytes : 0) + (may_be_large(c, size) ? large_bytes : 0);
    c.body_start = c.position(g.a.out);
    g.save();
    return entry;
  }
  // Moves parameters to their places and opens the function's frame.
  static void enter(compile_context& c) {
    auto g = G::resume(c);
    auto places = value_places::arguments();
    std::uint32_t in = 0;
    bool overflow = false;
    for (std::uint32_t i = 0; i < c.first_zero; ++i) {
      const val t = c.locals[i].type();
      const reg home = c.locals[i].base(), argument = places.next(t).in;
      overflow |= argument == reg::none;
      if (argument == reg::none) continue;
      if (home == reg::none) g.store_typed(t, G::local_slot(i), argument);
      else g.move(t, home, argument);
      in |= mask(home);
    }
    if (overflow) in |= overflow_parameters(c, g);
    zero_slots(c, g);
    g.set_in(in);
    c.dirty = in;
    control f;
    f.kind = construct::function;
    f.results = std::span<const val>(c.info->type_of(c.function).results);
    f.first = 1;
    c.frames.push_back(f);
    c.frame = &c.frames.back();
    c.stack[0] = value::sentinel();
    c.bias = std::int32_t(8 * c.local_count) - 8;
    g.sp = c.stack + 1;
    g.save();
  }

  [[gnu::noinline, LIGHTBEAM_SCALAR]] static std::uint32_t overflow_parameters(compile_context& c, G& g) {
    auto places = value_places::arguments();
    std::uint32_t in = 0;
    g.a.load(load_op::mov64, reg::ax, {convention::instance, reg::none, 0, header_offset::store_context});
    for (std::uint32_t i = 0; i < c.first_zero; ++i) {
      const val t = c.locals[i].type();
      const auto place = places.next(t);
      if (place.in != reg::none) continue;
      const address from{reg::ax, reg::none, 0, std::int32_t(offsetof(context, overflow) + 8 * place.overflow)};
      const reg home = c.locals[i].base();
      g.load_typed(home == reg::none ? val::i64 : t, home == reg::none ? reg::cx : home, from);
      if (home == reg::none) g.a.store(store_op::mov64, G::local_slot(i), reg::cx);
      in |= mask(home);
    }
    return in;
  }

  // Many locals without a home are set to 0 by a loop, at once; few wait for their first label.
  static void zero_slots(compile_context& c, G& g) {
    std::uint32_t first = c.first_zero;
    while (first < c.local_count && c.locals[first].base() != reg::none) ++first;
    // The frame covers the slots up to that of the last local without a home, and no more.
    const std::uint32_t end = std::uint32_t(c.frame_bytes / 8);
    if (first < end && end - first > 8) zero_in_loop(c, g, first, end);
  }
  [[gnu::noinline, LIGHTBEAM_SCALAR]] static void zero_in_loop(compile_context& c, G& g, std::uint32_t first, std::uint32_t end) {
    for (std::uint32_t i = first; i < c.local_count; ++i)
      if (c.locals[i].base() == reg::none) c.locals[i] = value::local(c.locals[i].type(), i, reg::none);
    g.a.alu(alu_op::xor_, width::w32, reg::ax, reg::ax);
    g.a.mov(width::w32, reg::cx, std::uint64_t{end - first});
    const std::uint8_t* const again = g.a.out;
    g.a.store(store_op::mov64, {reg::sp, reg::cx, 3, std::int32_t(8 * first) - 8}, reg::ax);
    g.a.alu(alu_op::sub, width::w32, reg::cx, 1);
    g.a.jcc(cond::ne, again);
  }

  static void run(compile_context& c) {
    do {
      const entry* e = &c.table[*c.pc];
      e->step(&c, c.pc, c.sp, c.out, c.registers, e);
    } while (!c.halted);
  }

  static void close(compile_context& c, std::uint32_t entry) {
    auto g = G::resume(c);
    auto& ends = c.frames[0].target;
    // A return that ends the body falls into the epilogue.
    if (c.frames[0].dead && ends.place && ends.place == c.position(g.a.out) - 4 && g.a.out[-5] == 0xe9) {
      std::memcpy(&ends.place, g.a.out - 4, 4);
      g.a.out -= 5;
    }
    F::bind(g, ends);
    const std::int32_t frame = c.frame_bytes;
    if (frame) g.a.alu(alu_op::add, width::w64, reg::sp, frame);
    for (std::uint32_t saved = c.saved; saved;) {
      const int top = 31 - std::countl_zero(saved);
      g.a.pop(reg(top));
      saved &= ~(1u << top);
    }
    g.a.ret();
    F::write_exits(g);
    prologue(c, g, entry, frame);
    cold_traps(c, g, frame);
    place(c, g, entry);
    g.save();
  }
  static void prologue(compile_context& c, G& g, std::uint32_t entry, std::int32_t frame) {
    std::uint8_t* const after = std::exchange(g.a.out, c.code + entry);
    std::uint8_t kept[32];
    std::uint8_t* const body = c.code + c.body_start;
    std::memcpy(kept, body, sizeof kept);  // encoders write whole words
    for (std::uint32_t saved = c.saved; saved; saved &= saved - 1) g.a.push(reg(std::countr_zero(saved)));
    const bool large = frame >= large_frame;
    if (large) g.a.lea(width::w64, reg::ax, G::slot(-frame));
    else if (frame) g.a.alu(alu_op::sub, width::w64, reg::sp, frame);
    if (c.checks_stack) {
      g.a.alu(alu_op::cmp, width::w64, large ? reg::ax : reg::sp, {convention::instance, reg::none, 0, header_offset::stack_limit});
      g.at = c.body;
      g.trap_if(cond::b, trap_code::call_stack_exhausted);
      c.traps.back().drops_frame = !large;
    }
    if (large) g.a.mov(width::w64, reg::sp, reg::ax);
    // What does not fit would end in the midst of the body, whose bytes are the guest's choice.
    if (g.a.out > body) c.failed = failure(failure_kind::limit, "the prologue does not fit (a bug of this library)");
    if (g.a.out < body) g.a.nop(unsigned(body - g.a.out));
    std::memcpy(body, kept, sizeof kept);
    g.a.out = after;
  }
  static void cold_traps(compile_context& c, G& g, std::int32_t frame) {
    const auto exit = [&](trap_code code, std::uint32_t offset) {
      if (c.locating) c.locating->mark(g.a.out, offset);
      g.a.call(c.code + c.thunks.trap_exits[std::uint8_t(code)]);
    };
    for (const auto& t : c.traps) {
      G::assembler::patch(c.code + t.field, g.a.out);
      if (t.drops_frame && frame) g.a.alu(alu_op::add, width::w64, reg::sp, frame);
      if (t.ids) {
        g.a.alu(alu_op::cmp, width::w32, {convention::instance, reg::ax, 2, t.ids}, -1);
        std::uint8_t* const other = g.a.jcc(cond::ne);
        exit(trap_code::uninitialized_element, t.offset);
        G::assembler::patch(other, g.a.out);
      }
      exit(t.code, t.offset);
    }
  }
  // Calls of this function know their target now.
  static void place(compile_context& c, G&, std::uint32_t entry) {
    if (c.locating) return;
    F::bind_chain(c, c.call_places[c.function], c.code + entry);
    c.call_places[c.function] = entry;
    c.placed[c.function] = true;
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
