#pragma once

#include "context.hpp"
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

namespace lightbeam::inline LIGHTBEAM_ABI {

template <class Policy>
struct slow;
class rare_assembler;  // its header brings xbyak, which takes a unit a second to compile

// Whether flags of the processor hold a value that is still needed: then only instructions that leave them alone are emitted.
enum class flags_are : bool { free, live };

// Where a shape puts its result: a temporary, or the home of the local that the next operator writes.
struct destination {
  reg in;
  bool home;
};

// The model of one function as handlers see it: the cursor by value, so that it stays in registers, and the verbs on it.
// Never pass it to a function that is not inlined: what must stay out of line goes through cold<>().
template <class Policy>
struct generator {
  using policy = Policy;
  using assembler = typename Policy::assembler;
  static constexpr std::uint32_t temporaries = Policy::regs::temporaries;

  const std::uint8_t* pc;
  value* sp;
  assembler a;
  std::uint64_t registers;
  compile_context& c;
  const std::uint8_t* at;  // the operator that is being lowered

  static generator resume(compile_context& c) { return {c.pc, c.sp, {c.out}, c.registers, c, c.at}; }
  void save() const { c.pc = pc, c.sp = sp, c.out = a.out, c.registers = registers, c.at = at; }
  void reload() { pc = c.pc, sp = c.sp, a.out = c.out, registers = c.registers; }

  // Runs F(generator&, arguments...) out of line. F must take its arguments by value.
  template <auto F, class... Arguments>
  [[gnu::noinline, LIGHTBEAM_SCALAR]] static auto outlined(compile_context& c, Arguments... arguments) {
    auto g = resume(c);
    if constexpr (std::is_void_v<decltype(F(g, arguments...))>) {
      F(g, arguments...);
      g.save();
    } else {
      const auto result = F(g, arguments...);
      g.save();
      return result;
    }
  }
  template <auto F, class... Arguments>
  auto cold(Arguments... arguments) {
    save();
    if constexpr (std::is_void_v<decltype(F(*this, arguments...))>) {
      outlined<F, Arguments...>(c, arguments...);
      reload();
    } else {
      const auto result = outlined<F, Arguments...>(c, arguments...);
      reload();
      return result;
    }
  }
  // The same for what ends in fail(), or happens only while a trap is located: its code, and that of the calls to it, goes where it is in nobody's way.
  template <auto F, class... Arguments>
  [[gnu::cold, gnu::noinline]] static void refused(compile_context& c, Arguments... arguments) {
    auto g = resume(c);
    F(g, arguments...);
    g.save();
  }
  template <auto F, class... Arguments>
  void refuse(Arguments... arguments) {
    save();
    refused<F, Arguments...>(c, arguments...);
    reload();
  }
  // Stock xbyak for an instruction that has no fast form, or for a few. Who uses it includes x64/rare_assembler.hpp: the library's own
  // handlers do without. Capture by value: a local whose address escapes costs GCC the tail call.
  template <class Stock = rare_assembler>
  void rare(auto f) {
    static_assert(requires { sizeof(Stock); }, "g.rare needs #include <lightbeam/x64/rare_assembler.hpp>");
    a.out = Stock::of_thread().write(a.out, f);
  }

  // No error path costs a test per operator: the next dispatch meets 0xff.
  void fail(failure_kind kind, const char* what) { refuse<&slow<Policy>::fail>(kind, what); }
  // An operator that is not valid here. Which, and why, is said by the validator, which looks at the function once more.
  void reject() { refuse<&slow<Policy>::rejected>(); }

  bool has_memory(std::uint32_t index) {
    if (index < c.info->memories.size()) [[likely]] return true;
    return reject(), false;
  }
  bool has_data(std::uint32_t segment) {
    if (!c.info->data_count) return reject(), false;
    if (segment < *c.info->data_count) return true;
    return reject(), false;
  }
  bool has_table(std::uint32_t index) {
    if (index < c.info->tables.size()) return true;
    return reject(), false;
  }
  bool has_elements(std::uint32_t segment) {
    if (segment < c.info->elements.size()) return true;
    return reject(), false;
  }

  // --- registers -------------------------------------------------------------------------------------------------

  std::uint32_t in() const { return std::uint32_t(registers >> 32); }
  bool is_in(reg home) const { return registers >> 32 >> std::uint8_t(home) & 1; }  // none is not
  void set_in(std::uint32_t homes) { registers = std::uint64_t{homes} << 32 | std::uint32_t(registers); }
  void release(std::uint32_t regs) { registers |= regs & temporaries; }
  void release(reg r) { release(mask(r)); }
  void release(value v) { release(v.registers()); }
  bool is_free(reg r) const { return registers & mask(r); }
  void own(reg r) { registers &= ~std::uint64_t{mask(r)}; }

  // A free general register. Handlers hold at most three temporaries at a time.
  [[LIGHTBEAM_SCALAR]] reg temporary() {
    if (!(registers & general_registers)) [[unlikely]] cold<&slow<Policy>::spill_general>();
    return take_lowest(general_registers);
  }
  [[LIGHTBEAM_SCALAR]] reg xmm_temporary() {
    if (!(registers & xmm_registers)) [[unlikely]] cold<&slow<Policy>::spill_xmm>();
    return take_lowest(xmm_registers);
  }
  reg take_lowest(std::uint32_t kind) {
    const reg r = reg(std::countr_zero(std::uint32_t(registers) & kind));
    own(r);
    return r;
  }
  reg temporary_for(val t) { return is_float(t) ? xmm_temporary() : temporary(); }
  // This very temporary, whoever on the stack has it now. No value in flight may have it.
  void claim(reg r) {
    if (!is_free(r)) [[unlikely]] cold<&slow<Policy>::evict>(r);
    own(r);
  }

  // --- slots -----------------------------------------------------------------------------------------------------

  static address slot(std::int32_t displacement) { return {reg::sp, reg::none, 0, displacement}; }
  static address local_slot(std::uint32_t index) { return slot(std::int32_t(8 * index)); }
  std::int32_t slot_of(const value* p) const { return std::int32_t(8 * (p - c.stack)) + c.bias; }
  // The slot of a stack entry, about to be written: the frame covers it.
  address own_slot(const value* p) {
    const std::int32_t displacement = slot_of(p);
    if (displacement + 8 > c.frame_bytes) c.frame_bytes = displacement + 8;
    return slot(displacement);
  }
  void load_typed(val t, reg d, address from) { a.load(plain_load(t), d, from); }
  void store_typed(val t, address to, reg s) {
    a.store(t == val::i32 ? store_op::mov32 : t == val::f32 ? store_op::movss : t == val::f64 ? store_op::movsd : store_op::mov64, to, s);
  }

  // --- values ----------------------------------------------------------------------------------------------------

  void push(value v) { *sp++ = v; }
  value pop() { return *--sp; }
  // A value that lay at another position: a slot belongs to its position, where something else may come to lie.
  void push_moved(value v) { push(v.is(where::slot) ? value::in(v.type(), writable(v, flags_are::live)) : v); }
  void push_constant(val t, std::uint64_t bits) { push(value::constant(t, bits)); }
  void push_in(val t, reg r) { push(value::in(t, r)); }

  // A load whose address needs no instruction of its own.
  bool is_plain_load(value v) const { return v.is(where::load) && v.index() == reg::none && v.displacement() == 0 && !c.locating; }
  // v can be read where it is: base().
  bool in_register(value v) const { return int(v.is(where::reg)) | (int(v.is(where::local)) & int(is_in(v.base()))); }

  // The home of a homed local, made valid.
  reg home(value v) {
    const reg r = v.base();
    if (!is_in(r)) [[unlikely]] {
      a.out = reloaded(a.out, r, v.local_index(), plain_load(v.type()));
      registers |= std::uint64_t{mask(r)} << 32;
    }
    return r;
  }
  [[gnu::noinline]] static std::uint8_t* reloaded(std::uint8_t* out, reg r, std::uint32_t local, load_op op) {
    assembler a{out};
    a.load(op, r, local_slot(local));
    return a.out;
  }
  // Where a latent local or a slot lies in the frame. Not for locals that have a home.
  static address frame_place(value v) { return v.is(where::local) ? local_slot(v.local_index()) : slot(v.displacement()); }
  static bool in_frame(value v) { return v.is(where::slot) || (v.is(where::local) && v.base() == reg::none); }

  // d = v; v's own registers are released, d is not touched before v has been read.
  [[LIGHTBEAM_SCALAR]] void into(reg d, value v, flags_are flags = flags_are::free) {
    if (v.is(where::reg)) {
      release(v);
      move(v.type(), d, v.base());
    } else if (v.is(where::local) && is_in(v.base())) {
      move(v.type(), d, v.base());
    } else if (v.is(where::constant) && !is_float(v.type())) {
      constant_into(d, v, flags);
    } else if (is_plain_load(v)) {
      a.load(v.loads(), d, Policy::memory::operand(v.base(), v.offset()));
      release(v);
    } else if (in_frame(v)) {
      load_typed(v.type(), d, frame_place(v));
    } else {
      cold<&generator::into_out_of_line>(d, v, flags);
    }
  }
  [[gnu::always_inline]] static void into_out_of_line(generator& g, reg d, value v, flags_are flags) {
    switch (v.place()) {
      case where::local: return g.move(v.type(), d, g.home(v));
      case where::address:
        g.release(v);
        return g.sum_into(width_of(v.type()), d, v.components(), flags);
      case where::load: return g.load_into(d, v);
      case where::flags: return g.flags_into(d, v.flags());
      case where::constant: return slow<Policy>::float_constant(g, d, v);
      case where::slot: case where::reg: return;  // done by into()
    }
  }
  void move(val t, reg d, reg s) {
    if (d == s) return;
    if (is_float(t)) a.movaps(d, s);
    else a.mov(width_of(t), d, s);
  }
  void constant_into(reg d, value v, flags_are flags) {
    if (v.bits64() == 0 && flags == flags_are::free) a.alu(alu_op::xor_, width::w32, d, d);
    else a.mov(width::w64, d, v.bits64());
  }
  [[LIGHTBEAM_SCALAR]] void sum_into(width w, reg d, address m, flags_are flags) {
    if (flags == flags_are::free) {
      if (m.index == reg::none && m.base == d) return m.displacement ? a.alu(alu_op::add, w, d, m.displacement) : void();
      if (m.scale == 0 && m.displacement == 0 && m.index == d) return a.alu(alu_op::add, w, d, m.base);
      if (m.scale == 0 && m.displacement == 0 && m.base == d) return a.alu(alu_op::add, w, d, m.index);
      if (m.base == reg::none && m.displacement == 0) {
        if (m.index != d) a.mov(w, d, m.index);
        return a.shift(shift_op::shl, w, d, m.scale);
      }
    }
    if (m.index == reg::none && m.displacement == 0) {
      if (m.base != d) a.mov(w, d, m.base);
      return;
    }
    a.lea(w, d, m);
  }
  void load_into(reg d, value v) {
    const auto from = memory(v, is_xmm(d) ? reg::none : d);
    a.load(v.loads(), d, from);
    release(v);
  }
  // 0 or 1; mov, setcc and movzx only.
  void flags_into(reg d, condition f) {
    if (is_float_equality(f)) return cold<&slow<Policy>::float_flags_into>(d, f);
    a.setcc(cond(f), d);
    a.movzx8(d, d);
  }

  // v in a register that may be read but not written, unless it is a temporary of its own.
  [[LIGHTBEAM_SCALAR]] reg readable(value v, flags_are flags = flags_are::free) {
    if (v.is(where::reg)) return v.base();
    if (v.is(where::local) && v.base() != reg::none) return home(v);
    return writable(v, flags);
  }
  // v in a temporary, which now is the caller's. One of v's own temporaries is used where there is one.
  [[LIGHTBEAM_SCALAR]] reg writable(value v, flags_are flags = flags_are::free) {
    if (v.is(where::reg)) return v.base();
    if (is_plain_load(v) && !is_float(v.type())) {
      const reg d = mask(v.base()) & temporaries ? v.base() : temporary();
      a.load(v.loads(), d, Policy::memory::operand(v.base(), v.offset()));
      return d;
    }
    if (in_frame(v)) {
      const reg d = temporary_for(v.type());
      load_typed(v.type(), d, frame_place(v));
      return d;
    }
    return cold<&generator::writable_out_of_line>(v, flags);
  }
  [[gnu::always_inline]] static reg writable_out_of_line(generator& g, value v, flags_are flags) {
    const std::uint32_t mine = v.registers() & temporaries;
    const reg d = mine && !is_float(v.type()) ? reg(std::countr_zero(mine)) : g.temporary_for(v.type());
    g.start(d, v, flags);
    return d;
  }

  // The cheapest form of a right operand: an int32 immediate, a register or a memory operand.
  struct source {
    enum class kind : std::uint8_t { immediate, in_register, in_memory };
    kind form;
    reg in;
    std::int32_t immediate;
    address memory;
    std::uint32_t registers;  // to be released
  };
  static bool fits_immediate(value v, width w) { return v.is(where::constant) && (w == width::w32 || std::int64_t(v.bits64()) == std::int32_t(v.bits64())); }
  // `whole` is the load that reads all of the operand: that alone can be folded.
  [[LIGHTBEAM_SCALAR]] source source_of(value v, load_op whole) {
    if (v.is(where::reg)) return {source::kind::in_register, v.base(), 0, {}, mask(v.base())};
    if (v.is(where::local) && is_in(v.base())) return {source::kind::in_register, v.base(), 0, {}, 0};
    if (is_plain_load(v) && v.loads() == whole) return {source::kind::in_memory, reg::none, 0, Policy::memory::operand(v.base(), v.offset()), v.registers()};
    if (in_frame(v)) return {source::kind::in_memory, reg::none, 0, frame_place(v), 0};
    return cold<&generator::source_out_of_line>(v, whole);
  }
  [[gnu::always_inline]] static source source_out_of_line(generator& g, value v, load_op whole) {
    if (v.is(where::load) && v.loads() == whole) {
      const address m = g.memory(v, reg::none);
      return {source::kind::in_memory, reg::none, 0, m, v.registers()};
    }
    const reg r = g.readable(v);
    return {source::kind::in_register, r, 0, {}, mask(r)};
  }
  // Calls f with an int32, a reg or an address.
  void with_source(value v, width w, auto f) {
    if (fits_immediate(v, w)) return f(std::int32_t(v.bits64()));
    with_operand(v, w == width::w32 ? load_op::mov32 : load_op::mov64, f);
  }
  // The same for instructions that take no immediate.
  void with_operand(value v, load_op whole, auto f) {
    const source s = source_of(v, whole);
    if (s.form == source::kind::in_register) f(s.in);
    else f(s.memory);
    release(s.registers);
  }

  // The memory operand of a latent load. A sum that may wrap at 2^32 is made first, in `scratch` if that is a register,
  // else in a temporary of its own: v's registers are still owned afterwards, a temporary made here is v's too.
  address memory(value& v, reg scratch) {
    if (c.locating) [[unlikely]] refuse<&slow<Policy>::note_load_done>(v);
    const address m = v.components();
    if (m.index == reg::none && m.displacement == 0) return Policy::memory::operand(m.base, v.offset());
    reg d = scratch;
    if (d == reg::none) {
      const std::uint32_t mine = v.registers() & temporaries;
      d = mine ? reg(std::countr_zero(mine)) : temporary();
      release(mine & ~mask(d));
      v.tag = value::tag_of(v.type(), where::load, d, reg::none, 0, std::uint32_t(v.loads()));
    }
    sum_into(width::w32, d, m, flags_are::live);
    return Policy::memory::operand(d, v.offset());
  }

  // d = v, and d is the caller's now. For the left operand of two-operand instructions.
  void start(reg d, value v, flags_are flags = flags_are::free) {
    into(d, v, flags);
    own(d);
  }

  // --- results ---------------------------------------------------------------------------------------------------

  static constexpr std::uint8_t local_set = 0x21, local_tee = 0x22;

  // The local that the next operator writes, if it has a home and takes this type; else nothing.
  const value* next_write(val t) const {
    if (pc[0] != local_set && pc[0] != local_tee) return nullptr;
    const std::uint32_t i = pc[1];
    if (i >= 0x80 || i >= c.local_count) return nullptr;
    const value& record = c.locals[i];
    return record.type() == t && record.base() != reg::none ? &record : nullptr;
  }
  // Or the stack is too deep to look: then the write makes it shallow.
  bool has_readers(reg home) const {
    int depth = 0;
    for (const value* p = sp - 1; !p->is_floor(); --p)
      if (p->reads(home) || ++depth > 32) return true;
    return false;
  }
  // For a result of type t: the home of the local that the next operator writes if nobody still reads its old value,
  // else `own` (a temporary that the operands leave behind), else a fresh temporary.
  destination target(val t, reg mine = reg::none) {
    if (const value* record = next_write(t); record && !has_readers(record->base())) return {record->base(), true};
    return {mine != reg::none ? mine : temporary_for(t), false};
  }
  // The result is in d. `zero_flag` says that the zero flag tells whether it is 0.
  void finish(destination d, val t, bool zero_flag = false) {
    if (d.home) {
      const std::uint32_t i = pc[1];
      const bool tee = pc[0] == local_tee;
      pc += 2;
      written(i);
      if (tee) {
        push(c.locals[i]);
        if (zero_flag && reads_truth(t)) sp[-1] = value::condition_flags(as_condition(cond::ne), t);
      }
      return;
    }
    if (zero_flag && reads_truth(t)) {
      release(d.in);
      return push(value::condition_flags(as_condition(cond::ne), t));
    }
    push_in(t, d.in);
  }
  // The next operator only asks whether a value of type t is 0.
  bool reads_truth(val t) const {
    if (t == val::i64) return pc[0] == 0x50;
    return t == val::i32 && flags_wanted();
  }
  // The next operator is br_if, if, select or i32.eqz: a condition may stay in the flags.
  bool flags_wanted() const {
    constexpr std::uint64_t low = 1ull << 0x0d | 1ull << 0x04 | 1ull << 0x1b, high = 1ull << (0x45 - 0x40);
    return (pc[0] < 0x40 ? low : pc[0] < 0x80 ? high : 0) >> (pc[0] & 0x3f) & 1;
  }

  void written(std::uint32_t i) {
    value& record = c.locals[i];
    const reg home = record.base();
    record = value::local(record.type(), i, home);
    c.dirty |= mask(home);
    registers |= std::uint64_t{mask(home)} << 32;
  }

  void push_condition(condition f) {
    if (flags_wanted()) return push(value::condition_flags(f));
    const destination d = target(val::i32);
    flags_into(d.in, f);
    finish(d, val::i32);
  }

  // Traps with this code where the condition holds; the way out is cold.
  void trap_if(cond when, trap_code code) { add_trap(c, a.jcc(when), at, code); }
  [[gnu::noinline]] static void add_trap(compile_context& c, const std::uint8_t* field, const std::uint8_t* at, trap_code code) {
    c.traps.push_back({c.position(field), std::uint32_t(at - c.body), code});
  }

  // --- order of effects ------------------------------------------------------------------------------------------

  // Before whatever could change what a pending load sees or the order of traps.
  void settle_loads() {
    int depth = 0;
    for (const value* p = sp - 1; !p->is_floor(); --p)
      if (p->is(where::load) || ++depth > 32) return cold<&slow<Policy>::settle_loads>();
  }
  // Before a local is written.
  void settle_readers(std::uint32_t index, reg home) {
    int depth = 0;
    for (const value* p = sp - 1; !p->is_floor(); --p) {
      const bool reader = (p->is(where::local) && p->local_index() == index) || (home != reg::none && p->reads(home));
      if (reader || ++depth > 32) return cold<&slow<Policy>::settle_readers>(index, home);
    }
  }
  // Before a label: everything below becomes slots and constants.
  void flush() {
    if (!sp[-1].is_floor()) cold<&slow<Policy>::flush>();
  }
};

template <class G>
using policy_of = typename std::remove_cvref_t<G>::policy;

}  // namespace lightbeam::inline LIGHTBEAM_ABI
