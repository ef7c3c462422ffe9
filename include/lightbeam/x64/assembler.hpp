#pragma once

#include "operand.hpp"
#include <cstring>

namespace lightbeam::inline LIGHTBEAM_ABI {

// The hot forms of x86-64 under xbyak's names, and the same bytes as xbyak's, which is their oracle in the tests. An instruction
// is a few unchecked stores at the cursor, each of a prefix or of what is left, and the cursor advances by computed lengths
// instead of by branches. Space was reserved for the function; stores reach at most 16 bytes past an instruction.
// Members are inlined into the flat steps, so that the address of an assembler never escapes and its cursor stays in a register; memory
// operands are not, because they are long, and take and give back all in registers.
struct fast_assembler {
  std::uint8_t* out;

  // --- moves -----------------------------------------------------------------------------------------------------

  void mov(width w, reg d, reg s) { rr(wide(w), 0x89, s, d); }
  // The shortest form that leaves the flags alone.
  void mov(width w, reg d, std::uint64_t k) {
    if (w == width::w32 || k <= 0xffffffff) [[likely]] {
      rex(high(d));
      put((0xb8u | low(d)) | std::uint64_t{std::uint32_t(k)} << 8, 5);
    } else if (std::int64_t(k) == std::int32_t(k)) {
      put((0xc0c748u | high(d) | low(d) << 16) | std::uint64_t{std::uint32_t(k)} << 24, 7);
    } else {
      put(0xb848u | high(d) | low(d) << 8, 2);
      put(k, 8);
    }
  }
  void load(load_op op, reg d, address m) {
    const prefixed_form f = load_forms[std::uint8_t(op)];
    optional(f.prefix, f.prefix != 0);
    operand(f, d, m);
  }
  void store(store_op op, address m, reg s) {
    prefixed_form f = store_forms[std::uint8_t(op)];
    optional(f.prefix, f.prefix != 0);
    if (op == store_op::mov8) f.rex = is_low_byte(s) ? 0x40 : 0;
    operand(f, s, m);
  }
  void store_imm(store_op op, address m, std::int32_t k) {
    optional(0x66, op == store_op::mov16);
    operand(plain(op == store_op::mov8 ? 0xc6 : 0xc7, op == store_op::mov64), reg(0), m);
    put(std::uint32_t(k), op == store_op::mov8 ? 1u : op == store_op::mov16 ? 2u : 4u);
  }
  void lea(width w, reg d, address m) { rm(w, 0x8d, d, m); }
  void movzx8(reg d, reg s) { rr2(0, 0xb6, d, s, is_low_byte(s)); }
  void movzx16(reg d, reg s) { rr2(0, 0xb7, d, s); }
  void movsx8(width w, reg d, reg s) { rr2(wide(w), 0xbe, d, s, is_low_byte(s)); }
  void movsx16(width w, reg d, reg s) { rr2(wide(w), 0xbf, d, s); }
  void movsxd(reg d, reg s) { rr(1, 0x63, d, s); }
  void push(reg r) { rex(high(r)), put(0x50u | low(r), 1); }
  void pop(reg r) { rex(high(r)), put(0x58u | low(r), 1); }
  void push(address m) { rm(width::w32, 0xff, reg(6), m); }
  void push(std::int8_t k) { put(0x6au | std::uint32_t(std::uint8_t(k)) << 8, 2); }
  void leave() { put(0xc9, 1); }

  // --- integers --------------------------------------------------------------------------------------------------

  void alu(alu_op op, width w, reg d, reg s) { rr(wide(w), group(op) | 1, s, d); }
  void alu(alu_op op, width w, reg d, std::int32_t k) {
    const bool small = is_small(k);
    accumulator(w, small ? 0x83 : 0x81, reg(op), d, d == reg::ax && !small, group(op) | 5);
    immediate(small, k);
  }
  void alu(alu_op op, width w, reg d, address m) { rm(w, group(op) | 3, d, m); }
  void alu(alu_op op, width w, address m, reg s) { rm(w, group(op) | 1, s, m); }
  void alu(alu_op op, width w, address m, std::int32_t k) {
    const bool small = is_small(k);
    rm(w, small ? 0x83 : 0x81, reg(op), m);
    immediate(small, k);
  }
  void cmp8(address m, std::uint8_t k) { rm(width::w32, 0x80, reg(alu_op::cmp), m), put(k, 1); }
  void test(width w, reg a, reg b) { rr(wide(w), 0x85, b, a); }
  void test(width w, reg r, std::int32_t k) { accumulator(w, 0xf7, reg(0), r, r == reg::ax, 0xa9), put(std::uint32_t(k), 4); }
  void imul(width w, reg d, reg s) { rr2(wide(w), 0xaf, d, s); }
  void imul(width w, reg d, address m) { rm2(w, 0xaf, d, m); }
  void imul(width w, reg d, reg s, std::int32_t k) {
    const bool small = is_small(k);
    rr(wide(w), small ? 0x6b : 0x69, d, s);
    immediate(small, k);
  }
  void imul(width w, reg d, address m, std::int32_t k) {
    const bool small = is_small(k);
    rm(w, small ? 0x6b : 0x69, d, m);
    immediate(small, k);
  }
  void shift(shift_op op, width w, reg d, std::uint8_t count) {
    rr(wide(w), count == 1 ? 0xd1 : 0xc1, reg(op), d);
    optional(count, count != 1);
  }
  void shift_cl(shift_op op, width w, reg d) { rr(wide(w), 0xd3, reg(op), d); }
  // BMI2: shlx, shrx or sarx.
  void shx(shift_op op, width w, reg d, reg s, reg count) {
    const std::uint32_t pp = op == shift_op::shl ? 1 : op == shift_op::shr ? 3 : 2;
    vex(2, pp, w, std::uint32_t(count), 0xf7, d, s, 0, 5);
  }
  void rorx(width w, reg d, reg s, std::uint8_t count) { vex(3, 3, w, 0, 0xf0, d, s, count, 6); }
  void btr(width w, reg d, std::uint8_t bit) { rr2(wide(w), 0xba, reg(6), d), put(bit, 1); }
  void btc(width w, reg d, std::uint8_t bit) { rr2(wide(w), 0xba, reg(7), d), put(bit, 1); }
  void neg(width w, reg r) { rr(wide(w), 0xf7, reg(3), r); }
  void not_(width w, reg r) { rr(wide(w), 0xf7, reg(2), r); }
  void div(width w, reg r) { rr(wide(w), 0xf7, reg(6), r); }
  void idiv(width w, reg r) { rr(wide(w), 0xf7, reg(7), r); }
  void div(width w, address m) { rm(w, 0xf7, reg(6), m); }
  void idiv(width w, address m) { rm(w, 0xf7, reg(7), m); }
  // The sign of eax into edx, or of rax into rdx.
  void cdq(width w) { rex(wide(w) << 3), put(0x99, 1); }
  void bsf(width w, reg d, reg s) { rr2(wide(w), 0xbc, d, s); }
  void bsr(width w, reg d, reg s) { rr2(wide(w), 0xbd, d, s); }
  void tzcnt(width w, reg d, reg s) { put(0xf3, 1), rr2(wide(w), 0xbc, d, s); }
  void lzcnt(width w, reg d, reg s) { put(0xf3, 1), rr2(wide(w), 0xbd, d, s); }
  void popcnt(width w, reg d, reg s) { put(0xf3, 1), rr2(wide(w), 0xb8, d, s); }
  void setcc(cond c, reg d) { rr2(0, 0x90u | std::uint32_t(c), reg(0), d, is_low_byte(d)); }
  void cmov(cond c, width w, reg d, reg s) { rr2(wide(w), 0x40u | std::uint32_t(c), d, s); }
  void cmov(cond c, width w, reg d, address m) { rm2(w, 0x40u | std::uint32_t(c), d, m); }

  // --- jumps -----------------------------------------------------------------------------------------------------

  void ret() { put(0xc3, 1); }
  // The rel32 forms return the address of their field, which is to be patched.
  std::uint8_t* jcc(cond c) { return put(0x800fu | std::uint32_t(c) << 8, 6), out - 4; }
  std::uint8_t* jmp() { return put(0xe9, 5), out - 4; }
  std::uint8_t* call() { return put(0xe8, 5), out - 4; }
  // Known targets take the 8-bit form where it reaches.
  void jcc(cond c, const std::uint8_t* target) {
    const std::int64_t distance = target - (out + 2);
    if (distance == std::int8_t(distance)) return put(0x70u | std::uint32_t(c) | (std::uint32_t(distance) & 0xff) << 8, 2);
    patch(jcc(c), target);
  }
  void jmp(const std::uint8_t* target) {
    const std::int64_t distance = target - (out + 2);
    if (distance == std::int8_t(distance)) return put(0xebu | (std::uint32_t(distance) & 0xff) << 8, 2);
    patch(jmp(), target);
  }
  void call(const std::uint8_t* target) { patch(call(), target); }
  void call(reg r) { rr(0, 0xff, reg(2), r); }
  void jmp(reg r) { rr(0, 0xff, reg(4), r); }
  void call(address m) { rm(width::w32, 0xff, reg(2), m); }
  void jmp(address m) { rm(width::w32, 0xff, reg(4), m); }
  static void patch(std::uint8_t* field, const std::uint8_t* target) {
    const auto distance = std::int32_t(target - (field + 4));
    std::memcpy(field, &distance, 4);
  }
  // lea d, [rip + 0]; returns the address of the displacement.
  std::uint8_t* lea_rip(reg d) { return put(0x058d48u | high(d) << 2 | low(d) << 19, 7), out - 4; }
  void nop(unsigned bytes) { out = nops(out, bytes); }

  // --- xmm -------------------------------------------------------------------------------------------------------

  void movaps(reg d, reg s) { rr2(0, 0x28, d, s); }
  void sse(sse_op op, bool is_double, reg d, reg s) { scalar(is_double), rr2(0, std::uint8_t(op), d, s); }
  void sse(sse_op op, bool is_double, reg d, address m) { scalar(is_double), rm2(width::w32, std::uint8_t(op), d, m); }
  void bits(bit_op op, bool is_double, reg d, reg s) { optional(0x66, is_double), rr2(0, std::uint8_t(op), d, s); }
  void bits(bit_op op, bool is_double, reg d, address m) { optional(0x66, is_double), rm2(width::w32, std::uint8_t(op), d, m); }
  void ucomis(bool is_double, reg a, reg b) { optional(0x66, is_double), rr2(0, 0x2e, a, b); }
  void ucomis(bool is_double, reg a, address m) { optional(0x66, is_double), rm2(width::w32, 0x2e, a, m); }
  // Between a general and an xmm register, either way: movd or movq.
  void movd(width w, reg d, reg s) {
    const bool to_xmm = is_xmm(d);
    put(0x66, 1);
    rr2(wide(w), to_xmm ? 0x6e : 0x7e, to_xmm ? d : s, to_xmm ? s : d);
  }
  void cvtsi2s(bool is_double, width from, reg d, reg s) { scalar(is_double), rr2(wide(from), 0x2a, d, s); }
  void cvtts2si(bool is_double, width to, reg d, reg s) { scalar(is_double), rr2(wide(to), 0x2c, d, s); }
  void cvts2s(bool from_double, reg d, reg s) { scalar(from_double), rr2(0, 0x5a, d, s); }
  // SSE4.1.
  void round(bool is_double, reg d, reg s, std::uint8_t mode) {
    put(0x66, 1), rex(middle(d) | high(s));
    put((is_double ? 0x0b3a0fu : 0x0a3a0fu) | modrm(d, s) << 24 | std::uint64_t{mode} << 32, 5);
  }

 private:
  // What goes before ModRM: the opcode as its bytes lie in memory, how many they are, and bits that REX has anyway.
  struct form {
    std::uint16_t opcode;
    std::uint8_t bytes, rex;
  };
  struct prefixed_form : form {
    std::uint8_t prefix;
  };
  static constexpr prefixed_form load_forms[] = {{{0x8b, 1, 0}, 0},   {{0x8b, 1, 8}, 0},      {{0xb60f, 2, 0}, 0},   {{0xb70f, 2, 0}, 0},
                                                 {{0xbe0f, 2, 0}, 0}, {{0xbf0f, 2, 0}, 0},    {{0xbe0f, 2, 8}, 0},   {{0xbf0f, 2, 8}, 0},
                                                 {{0x63, 1, 8}, 0},   {{0x100f, 2, 0}, 0xf3}, {{0x100f, 2, 0}, 0xf2}};
  static constexpr prefixed_form store_forms[] = {{{0x88, 1, 0}, 0}, {{0x89, 1, 0}, 0x66},   {{0x89, 1, 0}, 0},
                                                  {{0x89, 1, 8}, 0}, {{0x110f, 2, 0}, 0xf3}, {{0x110f, 2, 0}, 0xf2}};
  static constexpr form plain(std::uint32_t opcode, std::uint32_t w) { return {std::uint16_t(opcode), 1, std::uint8_t(w << 3)}; }
  static constexpr form escaped(std::uint32_t opcode, std::uint32_t w) { return {std::uint16_t(0x0f | opcode << 8), 2, std::uint8_t(w << 3)}; }

  static constexpr std::uint32_t wide(width w) { return std::uint32_t(w); }
  static constexpr std::uint32_t group(alu_op op) { return std::uint32_t(op) << 3; }
  static constexpr bool is_small(std::int32_t k) { return k == std::int8_t(k); }
  // The bits of register numbers where they go: the low three, the fourth as REX.B, the fourth as REX.R.
  static_assert((std::uint32_t(reg::none) & 15) == 4, "as an index, none is spelt like rsp");
  static constexpr std::uint32_t low(reg r) { return std::uint32_t(r) & 7; }
  static constexpr std::uint32_t high(reg r) { return std::uint32_t(r) >> 3 & 1; }
  static constexpr std::uint32_t middle(reg r) { return std::uint32_t(r) >> 1 & 4; }
  static constexpr std::uint32_t modrm(reg r, reg m) { return 0xc0u | low(r) << 3 | low(m); }
  // spl, bpl, sil and dil need a REX prefix, if an empty one; the registers from r8 on have one anyway.
  static constexpr bool is_low_byte(reg r) { return r >= reg::sp; }

  void put(std::uint64_t bytes, unsigned length) {
    std::memcpy(out, &bytes, 8);
    out += length;
  }
  void optional(std::uint8_t byte, bool there) {
    *out = byte;
    out += there;
  }
  void rex(std::uint32_t bits, bool needed = false) { optional(std::uint8_t(0x40 | bits), bits != 0 || needed); }
  void scalar(bool is_double) { put(is_double ? 0xf2 : 0xf3, 1); }
  void immediate(bool small, std::int32_t k) { put(std::uint32_t(k), small ? 1u : 4u); }
  void rr(std::uint32_t w, std::uint32_t opcode, reg r, reg m) {
    rex(w << 3 | middle(r) | high(m));
    put(opcode | modrm(r, m) << 8, 2);
  }
  void rr2(std::uint32_t w, std::uint32_t opcode, reg r, reg m, bool rex_needed = false) {
    rex(w << 3 | middle(r) | high(m), rex_needed);
    put(0x0fu | opcode << 8 | modrm(r, m) << 16, 3);
  }
  // Forms with an immediate of 32 bits have an opcode of their own for eax and rax, which says the register as well.
  void accumulator(width w, std::uint32_t opcode, reg r, reg m, bool taken, std::uint32_t short_opcode) {
    rex(wide(w) << 3 | high(m));
    put(taken ? short_opcode : opcode | modrm(r, m) << 8, taken ? 1u : 2u);
  }
  void vex(std::uint32_t map, std::uint32_t pp, width w, std::uint32_t v, std::uint32_t opcode, reg r, reg m, std::uint8_t k, unsigned length) {
    const std::uint32_t first = (0xe0u | map) ^ high(r) << 7 ^ high(m) << 5;
    const std::uint32_t second = wide(w) << 7 | (~v & 15) << 3 | pp;
    put(0xc4u | first << 8 | second << 16 | std::uint64_t{opcode | modrm(r, m) << 8 | std::uint32_t{k} << 16} << 24, length);
  }
  void rm(width w, std::uint32_t opcode, reg r, address m) { operand(plain(opcode, wide(w)), r, m); }
  void rm2(width w, std::uint32_t opcode, reg r, address m) { operand(escaped(opcode, wide(w)), r, m); }
  // An address in one register, as it lies in memory, but with nothing undefined in it.
  static std::uint64_t packed(address m) {
    return std::uint64_t(m.base) | std::uint64_t(m.index) << 8 | std::uint64_t{m.scale} << 16 | std::uint64_t{std::uint32_t(m.displacement)} << 32;
  }
  // Slots of the frame are the most frequent operands, and nearly always known as such where this is inlined.
  void operand(form f, reg r, address m) {
    out = m.base == reg::sp && m.index == reg::none ? in_frame(out, f, r, m.displacement) : elsewhere(out, f, r, packed(m));
  }
  // The displacement has no bytes where it is 0, but for rbp and r13, whose form without one means something else. A base of rsp
  // or r12, or an index, takes a SIB byte; reg::none has the low bits that say `no index`. Not inlined: they are long; all that they
  // take and give back fits in registers.
  [[gnu::noinline]] static std::uint8_t* in_frame(std::uint8_t* out, form f, reg r, std::int32_t k) {
    fast_assembler a = begun(out, f, middle(r));
    const std::uint32_t mod = std::uint32_t(k != 0) + !is_small(k);
    return a.ended(mod << 6 | low(r) << 3 | 4, 0x24, 2, k, mod + (mod & 2));
  }
  [[gnu::noinline]] static std::uint8_t* elsewhere(std::uint8_t* out, form f, reg r, std::uint64_t m) {
    if (reg(m & 0xff) == reg::none) [[unlikely]] return without_base(out, f, r, m);
    const std::uint32_t fourths = m & 0x808, others = m & 0x30707;  // bits of register numbers, the scale
    fast_assembler a = begun(out, f, middle(r) | std::uint8_t(fourths >> 3 | fourths >> 10));
    const auto k = std::int32_t(m >> 32);
    const std::uint32_t low_base = m & 7, indexed = reg(m >> 8 & 0xff) != reg::none, place = indexed << 2 | (low_base & (indexed - 1));
    const std::uint32_t mod = std::uint32_t((k != 0) | (low_base == 5)) + !is_small(k);
    return a.ended(mod << 6 | low(r) << 3 | place, others | others >> 5 | (others >> 10 & 0xc0), 1 + (place == 4), k, mod + (mod & 2));
  }
  // xbyak writes [index] and [index * 2] as [base] and [base + index]. What is left has a displacement of 32 bits.
  [[gnu::noinline]] static std::uint8_t* without_base(std::uint8_t* out, form f, reg r, std::uint64_t m) {
    const auto index = reg(m >> 8 & 0xff);
    const bool indexed = index != reg::none;
    const std::uint32_t scale = indexed ? m >> 16 & 0xff : 0;
    const auto k = std::int32_t(m >> 32);
    if (indexed && scale < 2) return elsewhere(out, f, r, packed({index, scale == 0 ? reg::none : index, 0, k}));
    return begun(out, f, middle(r) | high(index) << 1).ended(low(r) << 3 | 4, scale << 6 | low(index) << 3 | 5, 2, k, 4);
  }
  // A store for each part of an instruction, one after the other: cheaper than shifting them into one word, and fewer registers.
  static fast_assembler begun(std::uint8_t* out, form f, std::uint32_t rex_bits) {
    fast_assembler a{out};
    a.rex(f.rex | rex_bits);
    std::memcpy(a.out, &f, sizeof f);  // the opcode is its first bytes; what follows is written over
    a.out += f.bytes;
    return a;
  }
  // `bytes` counts ModRM, and SIB if it is there.
  std::uint8_t* ended(std::uint32_t modrm, std::uint32_t sib, std::uint32_t bytes, std::int32_t k, std::uint32_t displacement_bytes) {
    out[0] = std::uint8_t(modrm), out[1] = std::uint8_t(sib);
    out += bytes;
    put(std::uint32_t(k), displacement_bytes);
    return out;
  }
  // The sequences that the manuals of Intel and AMD recommend.
  [[gnu::noinline]] static std::uint8_t* nops(std::uint8_t* out, unsigned bytes) {
    static constexpr std::uint8_t forms[9][16] = {{0x90},
                                                 {0x66, 0x90},
                                                 {0x0f, 0x1f, 0x00},
                                                 {0x0f, 0x1f, 0x40, 0x00},
                                                 {0x0f, 0x1f, 0x44, 0x00, 0x00},
                                                 {0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
                                                 {0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
                                                 {0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
                                                 {0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00}};
    while (bytes) {
      const unsigned n = bytes < 9 ? bytes : 9;
      std::memcpy(out, forms[n - 1], 16);
      out += n, bytes -= n;
    }
    return out;
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
