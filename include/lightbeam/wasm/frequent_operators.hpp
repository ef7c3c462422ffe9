#pragma once

#include "immediates.hpp"
#include "op_table.hpp"
#include "operand_stack.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// The operators that make up most of a body, validated in steps that call each other in tail position, with the cursor in
// registers. Where nothing is wrong with an operator of a typed row, its row is all that is looked at; control operators and
// calls are handed to the validator, each from a step of its own. Whatever is not so simple (a mismatch, operands from above
// unreachable code, a number that does not decode, an operator of a feature that is off) is left where it stands, for the
// validator, which knows all rules and finds words for failures. Validator: an operator_validator.
template <class Validator>
class frequent_operators {
 public:
  explicit frequent_operators(feature features) {
    for (const op_row& row : op_table)
      if (row.code < rows_.size() && contains(features, row.since)) rows_[row.code] = entry(row);
  }

  struct surroundings {
    Validator& validator;
    reader& in;            // what follows its end is 0xff
    operand_stack& stack;  // has room for as many more operands as there are bytes
    std::span<const val> locals;  // the first ones
    bool has_memory;
  };

  // Up to the first operator that is left.
  void run(const surroundings& s) const {
    frame f{s, rows_.data(), s.stack.base(), s.in.position(), s.stack.top(), false};
    do {
      const entry* const e = &rows_[*f.pc];
      e->step(&f, f.pc, f.sp, e);
    } while (!tail_calls && !f.left);
    f.put_back();
  }

 private:
  struct entry;
  // What steps share. pc and sp are those of the operator that was left.
  struct frame {
    const surroundings& around;
    const entry* rows;
    const val* base;
    const std::uint8_t* pc;
    val* sp;
    bool left;

    void put_back() const {
      around.in.seek(pc);
      around.stack.top(sp);
    }
  };
  using step_fn = void (*)(frame*, const std::uint8_t* pc, val* sp, const entry*);

  // Operands are compared as the four bytes below the top, the last operand in the highest byte.
  struct entry {
    step_fn step = &leave;
    std::uint32_t operands = 0, mask = 0;
    std::uint8_t pops = 0, pushes = 0;
    val result = val::none;
    std::uint8_t alignment = 0;

    entry() = default;
    explicit entry(const op_row& row)
        : step(step_of(row)), pops(row.type.ins), pushes(row.type.outs), result(row.type.out[0]), alignment(row.natural_alignment) {
      for (std::uint32_t i = 0; i < row.type.ins; ++i) {
        operands |= std::uint32_t(row.type.in[row.type.ins - 1 - i]) << (24 - 8 * i);
        mask |= 0xff000000u >> 8 * i;
      }
    }
  };

  static step_fn step_of(const op_row& row) {
    switch (row.immediate) {
      case imm::none: return row.type.by_check ? checked_step_of(row.code) : &typed;
      case imm::i32: return &number<imm::i32>;
      case imm::i64: return &number<imm::i64>;
      case imm::f32: return &number<imm::f32>;
      case imm::f64: return &number<imm::f64>;
      case imm::local: return row.code == 0x20 ? &local_get : row.code == 0x21 ? &local_set<1> : &local_set<0>;
      case imm::memarg: return &memory;
      default: return checked_step_of(row.code);
    }
  }
  static step_fn checked_step_of(std::uint32_t code) {
    switch (code) {
      case 0x02: return &checked<0x02>;
      case 0x03: return &checked<0x03>;
      case 0x04: return &checked<0x04>;
      case 0x0b: return &end;
      case 0x0c: return &checked<0x0c>;
      case 0x0d: return &checked<0x0d>;
      case 0x10: return &checked<0x10>;
      case 0x1a: return &checked<0x1a>;
      case 0x1b: return &checked<0x1b>;
      case 0x23: return &checked<0x23>;
      case 0x24: return &checked<0x24>;
      default: return &leave;
    }
  }

  static void leave(frame* f, const std::uint8_t* pc, val* sp, const entry*) { f->pc = pc, f->sp = sp, f->left = true; }

  // Goes on at pc. Where steps do not call each other, run() does.
  [[gnu::always_inline]] static inline void next(frame* f, const std::uint8_t* pc, val* sp, const entry* e) {
    if constexpr (tail_calls) {
      e = &f->rows[*pc];
      LIGHTBEAM_TAIL e->step(f, pc, sp, e);
    } else {
      f->pc = pc, f->sp = sp;
    }
  }

  [[gnu::always_inline]] static inline bool operands_fit(const frame* f, const val* sp, const entry* e) {
    std::uint32_t below;
    std::memcpy(&below, sp - sizeof below, sizeof below);
    return ((below ^ e->operands) & e->mask) == 0 && sp - f->base >= e->pops;
  }
  [[gnu::always_inline]] static inline val* apply(val* sp, const entry* e) {
    sp -= e->pops;
    *sp = e->result;
    return sp + e->pushes;
  }

  static void typed(frame* f, const std::uint8_t* pc, val* sp, const entry* e) {
    if (!operands_fit(f, sp, e)) [[unlikely]] LIGHTBEAM_TAIL leave(f, pc, sp, e);
    LIGHTBEAM_TAIL next(f, pc + 1, apply(sp, e), e);
  }
  static void memory(frame* f, const std::uint8_t* pc, val* sp, const entry* e) {
    const auto m = decode_memarg(pc + 1);
    if (m.length == 0 || m.value.align > e->alignment || !f->around.has_memory || !operands_fit(f, sp, e)) [[unlikely]]
      LIGHTBEAM_TAIL leave(f, pc, sp, e);
    LIGHTBEAM_TAIL next(f, pc + 1 + m.length, apply(sp, e), e);
  }

  // A constant. Those of fixed width could reach into what follows the end.
  template <imm I>
  static void number(frame* f, const std::uint8_t* pc, val* sp, const entry* e) {
    const std::uint32_t length = read_immediate<I>(pc + 1).length;
    if (length == 0 || length >= std::size_t(f->around.in.end() - pc)) [[unlikely]] LIGHTBEAM_TAIL leave(f, pc, sp, e);
    *sp = e->result;
    LIGHTBEAM_TAIL next(f, pc + 1 + length, sp + 1, e);
  }

  static void local_get(frame* f, const std::uint8_t* pc, val* sp, const entry* e) {
    const auto index = decode_u32(pc + 1);
    if (index.length == 0 || index.value >= f->around.locals.size()) [[unlikely]] LIGHTBEAM_TAIL leave(f, pc, sp, e);
    *sp = f->around.locals[index.value];
    LIGHTBEAM_TAIL next(f, pc + 1 + index.length, sp + 1, e);
  }
  // And local.tee, which pops nothing.
  template <int Pops>
  static void local_set(frame* f, const std::uint8_t* pc, val* sp, const entry* e) {
    const auto index = decode_u32(pc + 1);
    if (index.length == 0 || index.value >= f->around.locals.size() || sp == f->base || sp[-1] != f->around.locals[index.value]) [[unlikely]]
      LIGHTBEAM_TAIL leave(f, pc, sp, e);
    LIGHTBEAM_TAIL next(f, pc + 1 + index.length, sp - Pops, e);
  }

  // An operator with a check of its own.
  template <std::uint8_t Code>
  static void checked(frame* f, const std::uint8_t* pc, val* sp, const entry* e) {
    const std::uint8_t* const after = hand_over<Code>(f, pc, sp);
    if (!after) [[unlikely]] return;
    LIGHTBEAM_TAIL next(f, after, f->sp, e);
  }
  // The last `end` is left.
  static void end(frame* f, const std::uint8_t* pc, val* sp, const entry* e) {
    if (f->around.stack.depth() == 1) LIGHTBEAM_TAIL leave(f, pc, sp, e);
    LIGHTBEAM_TAIL checked<0x0b>(f, pc, sp, e);
  }
  template <std::uint8_t Code>
  [[gnu::noinline, gnu::flatten]] static const std::uint8_t* hand_over(frame* f, const std::uint8_t* pc, val* sp) {
    f->pc = pc, f->sp = sp;
    f->put_back();
    f->around.validator.template one<Code>();
    f->around.stack.reserve(f->around.in.left() + 1);
    f->pc = f->around.in.position();
    f->sp = f->around.stack.top();
    f->base = f->around.stack.base();
    if (f->around.in) return f->pc;
    f->left = true;
    return nullptr;
  }

  std::array<entry, 256> rows_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
