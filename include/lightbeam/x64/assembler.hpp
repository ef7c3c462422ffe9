#pragma once

#include "operand.hpp"
#include <bit>
#include <cstring>

namespace lightbeam::inline LIGHTBEAM_ABI {

// The hot forms of x86-64 under xbyak's names: one or two unchecked wide stores at the cursor, then the cursor advances by a
// computed length. The same bytes as xbyak's, which is their oracle in the tests. Space was reserved for the function; stores
// write up to 16 bytes past an instruction.
struct fast_assembler {
  std::uint8_t* out;

  // An opcode in front of a memory operand.
  struct form {
    std::uint16_t opcode;  // as its bytes lie in memory
    std::uint8_t bytes;
    std::uint8_t prefix;   // REX bits that are known: W, or an empty prefix for byte registers
  };

  // --- moves -----------------------------------------------------------------------------------------------------

  void mov(width w, reg d, reg s) { rr(wide(w), 0x8b, d, s); }
  // The shortest form that leaves the flags alone.
  void mov(width w, reg d, std::uint64_t k) {
    if (w == width::w32 || k <= 0xffffffff) {
      head(0, reg::ax, reg::none, d, 0xb8u | low(d));
      return word(std::uint32_t(k));
    }
    if (std::int64_t(k) == std::int32_t(k)) {
      rr(1, 0xc7, reg::ax, d);
      return word(std::uint32_t(k));
    }
    put(0x48u | high(d) | (0xb8u | low(d)) << 8, 2);
    std::memcpy(out, &k, 8);
    out += 8;
  }
  void load(load_op op, reg d, address m) {
    struct row {
      form f;
      std::uint8_t prefix;
    };
    static constexpr row rows[] = {{{0x8b, 1, 0}, 0},   {{0x8b, 1, 8}, 0},   {{0xb60f, 2, 0}, 0}, {{0xb70f, 2, 0}, 0},    {{0xbe0f, 2, 0}, 0},   {{0xbf0f, 2, 0}, 0},
                                   {{0xbe0f, 2, 8}, 0}, {{0xbf0f, 2, 8}, 0}, {{0x63, 1, 8}, 0},   {{0x100f, 2, 0}, 0xf3}, {{0x100f, 2, 0}, 0xf2}};
    const row w = rows[std::uint8_t(op)];
    *out = w.prefix;
    out += w.prefix != 0;
    operand(w.f, d, m);
  }
  void store(store_op op, address m, reg s) {
    switch (op) {
      case store_op::mov8: return rm_byte(0x88, s, m);
      case store_op::mov16: *out++ = 0x66; return rm(0, 0x89, s, m);
      case store_op::mov32: return rm(0, 0x89, s, m);
      case store_op::mov64: return rm(1, 0x89, s, m);
      case store_op::movss: *out++ = 0xf3; return rm2(0, 0x11, s, m);
      case store_op::movsd: *out++ = 0xf2; return rm2(0, 0x11, s, m);
    }
  }
  void store_imm(store_op op, address m, std::int32_t k) {
    if (op == store_op::mov16) *out++ = 0x66;
    rm(op == store_op::mov64, op == store_op::mov8 ? 0xc6 : 0xc7, reg::ax, m);
    const std::int32_t bytes = op == store_op::mov8 ? 1 : op == store_op::mov16 ? 2 : 4;
    std::memcpy(out, &k, 4);
    out += bytes;
  }
  void lea(width w, reg d, address m) { rm(wide(w), 0x8d, d, m); }
  void movzx8(reg d, reg s) { rr2_byte(0, 0xb6, d, s); }
  void movzx16(reg d, reg s) { rr2(0, 0xb7, d, s); }
  void movsx8(width w, reg d, reg s) { rr2_byte(wide(w), 0xbe, d, s); }
  void movsx16(width w, reg d, reg s) { rr2(wide(w), 0xbf, d, s); }
  void movsxd(reg d, reg s) { rr(1, 0x63, d, s); }
  void push(reg r) { head(0, reg::ax, reg::none, r, 0x50u | low(r)); }
  void pop(reg r) { head(0, reg::ax, reg::none, r, 0x58u | low(r)); }

  // --- integers --------------------------------------------------------------------------------------------------

  void alu(alu_op op, width w, reg d, reg s) { rr(wide(w), group(op) | 3, d, s); }
  void alu(alu_op op, width w, reg d, std::int32_t k) {
    if (k == std::int8_t(k)) {
      rr(wide(w), 0x83, reg(op), d);
      *out++ = std::uint8_t(k);
    } else {
      if (d == reg::ax) head(wide(w), reg::ax, reg::none, reg::ax, group(op) | 5u);
      else rr(wide(w), 0x81, reg(op), d);
      word(std::uint32_t(k));
    }
  }
  void alu(alu_op op, width w, reg d, address m) { rm(wide(w), group(op) | 3, d, m); }
  void alu(alu_op op, width w, address m, reg s) { rm(wide(w), group(op) | 1, s, m); }
  void alu(alu_op op, width w, address m, std::int32_t k) {
    if (k == std::int8_t(k)) {
      rm(wide(w), 0x83, reg(op), m);
      *out++ = std::uint8_t(k);
    } else {
      rm(wide(w), 0x81, reg(op), m);
      word(std::uint32_t(k));
    }
  }
  void cmp8(address m, std::uint8_t k) {
    rm(0, 0x80, reg(alu_op::cmp), m);
    *out++ = k;
  }
  void test(width w, reg a, reg b) { rr(wide(w), 0x85, b, a); }
  void test(width w, reg r, std::int32_t k) {
    if (r == reg::ax) head(wide(w), reg::ax, reg::none, reg::ax, 0xa9);
    else rr(wide(w), 0xf7, reg::ax, r);
    word(std::uint32_t(k));
  }
  void imul(width w, reg d, reg s) { rr2(wide(w), 0xaf, d, s); }
  void imul(width w, reg d, address m) { rm2(wide(w), 0xaf, d, m); }
  void imul(width w, reg d, reg s, std::int32_t k) {
    const bool small = k == std::int8_t(k);
    rr(wide(w), small ? 0x6b : 0x69, d, s);
    immediate(small, k);
  }
  void imul(width w, reg d, address m, std::int32_t k) {
    const bool small = k == std::int8_t(k);
    rm(wide(w), small ? 0x6b : 0x69, d, m);
    immediate(small, k);
  }
  void shift(shift_op op, width w, reg d, std::uint8_t count) {
    rr(wide(w), count == 1 ? 0xd1 : 0xc1, reg(op), d);
    if (count != 1) *out++ = count;
  }
  void shift_cl(shift_op op, width w, reg d) { rr(wide(w), 0xd3, reg(op), d); }
  // shlx, shrx, sarx and rorx: BMI2.
  void shx(shift_op op, width w, reg d, reg s, reg count) {
    const std::uint32_t pp = op == shift_op::shl ? 1 : op == shift_op::shr ? 3 : 2;
    put(0xc4u | (0xe2u ^ high(d) << 7 ^ high(s) << 5) << 8 | (wide(w) << 7 | (~std::uint32_t(count) & 15) << 3 | pp) << 16 | 0xf7u << 24, 4);
    *out++ = modrm(3, d, s);
  }
  void rorx(width w, reg d, reg s, std::uint8_t count) {
    put(0xc4u | (0xe3u ^ high(d) << 7 ^ high(s) << 5) << 8 | (wide(w) << 7 | 0x7bu) << 16 | 0xf0u << 24, 4);
    *out++ = modrm(3, d, s);
    *out++ = count;
  }
  void neg(width w, reg r) { rr(wide(w), 0xf7, reg(3), r); }
  void not_(width w, reg r) { rr(wide(w), 0xf7, reg(2), r); }
  void div(width w, reg r) { rr(wide(w), 0xf7, reg(6), r); }
  void idiv(width w, reg r) { rr(wide(w), 0xf7, reg(7), r); }
  void div(width w, address m) { rm(wide(w), 0xf7, reg(6), m); }
  void idiv(width w, address m) { rm(wide(w), 0xf7, reg(7), m); }
  // Sign of eax into edx, or of rax into rdx.
  void cdq(width w) { head(wide(w), reg::ax, reg::none, reg::ax, 0x99); }
  void bsf(width w, reg d, reg s) { rr2(wide(w), 0xbc, d, s); }
  void bsr(width w, reg d, reg s) { rr2(wide(w), 0xbd, d, s); }
  void tzcnt(width w, reg d, reg s) { *out++ = 0xf3, rr2(wide(w), 0xbc, d, s); }
  void lzcnt(width w, reg d, reg s) { *out++ = 0xf3, rr2(wide(w), 0xbd, d, s); }
  void popcnt(width w, reg d, reg s) { *out++ = 0xf3, rr2(wide(w), 0xb8, d, s); }
  void setcc(cond c, reg d) { rr2_byte(0, 0x90 | std::uint8_t(c), reg::ax, d); }
  void cmov(cond c, width w, reg d, reg s) { rr2(wide(w), 0x40 | std::uint8_t(c), d, s); }
  void cmov(cond c, width w, reg d, address m) { rm2(wide(w), 0x40 | std::uint8_t(c), d, m); }

  // --- jumps -----------------------------------------------------------------------------------------------------

  void ret() { *out++ = 0xc3; }
  // The rel32 forms return the address of their field, to be patched.
  std::uint8_t* jcc(cond c) { return put(0x0fu | (0x80u | std::uint32_t(c)) << 8, 6), out - 4; }
  std::uint8_t* jmp() { return put(0xe9, 5), out - 4; }
  std::uint8_t* call() { return put(0xe8, 5), out - 4; }
  void jcc(cond c, const std::uint8_t* target) {
    if (const std::int64_t near = target - (out + 2); near == std::int8_t(near)) return put(0x70u | std::uint32_t(c) | std::uint32_t(near & 0xff) << 8, 2);
    patch(jcc(c), target);
  }
  void jmp(const std::uint8_t* target) {
    if (const std::int64_t near = target - (out + 2); near == std::int8_t(near)) return put(0xebu | std::uint32_t(near & 0xff) << 8, 2);
    patch(jmp(), target);
  }
  void call(const std::uint8_t* target) { patch(call(), target); }
  void call(reg r) { head(0, reg::ax, reg::none, r, 0xff), *out++ = modrm(3, reg(2), r); }
  void jmp(reg r) { head(0, reg::ax, reg::none, r, 0xff), *out++ = modrm(3, reg(4), r); }
  void call(address m) { rm(0, 0xff, reg(2), m); }
  void jmp(address m) { rm(0, 0xff, reg(4), m); }
  static void patch(std::uint8_t* field, const std::uint8_t* target) {
    const auto distance = std::int32_t(target - (field + 4));
    std::memcpy(field, &distance, 4);
  }
  // lea d, [rip + field]
  std::uint8_t* lea_rip(reg d) { return put(0x48u | high(d) << 2 | 0x8du << 8 | (0x05u | low(d) << 3) << 16, 7), out - 4; }
  void nop(unsigned bytes) {
    static constexpr std::uint8_t forms[9][9] = {{0x90},
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
      std::memcpy(out, forms[n - 1], n);
      out += n;
      bytes -= n;
    }
  }

  // --- xmm -------------------------------------------------------------------------------------------------------

  void movaps(reg d, reg s) { rr2(0, 0x28, d, s); }
  void sse(sse_op op, bool is_double, reg d, reg s) { scalar(is_double), rr2(0, std::uint8_t(op), d, s); }
  void sse(sse_op op, bool is_double, reg d, address m) { scalar(is_double), rm2(0, std::uint8_t(op), d, m); }
  void bits(bit_op op, bool is_double, reg d, reg s) { packed(is_double), rr2(0, std::uint8_t(op), d, s); }
  void bits(bit_op op, bool is_double, reg d, address m) { packed(is_double), rm2(0, std::uint8_t(op), d, m); }
  void ucomis(bool is_double, reg a, reg b) { packed(is_double), rr2(0, 0x2e, a, b); }
  void ucomis(bool is_double, reg a, address m) { packed(is_double), rm2(0, 0x2e, a, m); }
  void movd(width w, reg d, reg s) {
    *out++ = 0x66;
    if (is_xmm(d)) rr2(wide(w), 0x6e, d, s);
    else rr2(wide(w), 0x7e, s, d);
  }
  void cvtsi2s(bool is_double, width from, reg d, reg s) { scalar(is_double), rr2(wide(from), 0x2a, d, s); }
  void cvtts2si(bool is_double, width to, reg d, reg s) { scalar(is_double), rr2(wide(to), 0x2c, d, s); }
  void cvts2s(bool from_double, reg d, reg s) { scalar(from_double), rr2(0, 0x5a, d, s); }
  void round(bool is_double, reg d, reg s, std::uint8_t mode) {
    const std::uint32_t prefix = high(d) << 2 | high(s);
    put(0x66 | (prefix ? 0x40u | prefix : 0x0fu) << 8, 2);
    if (prefix) *out++ = 0x0f;
    put(0x3au | (is_double ? 0x0bu : 0x0au) << 8 | std::uint32_t(modrm(3, d, s)) << 16 | std::uint32_t(mode) << 24, 4);
  }

 private:
  static constexpr std::uint32_t wide(width w) { return std::uint32_t(w); }
  static constexpr std::uint32_t low(reg r) { return std::uint32_t(r) & 7; }
  static constexpr std::uint32_t high(reg r) { return std::uint32_t(r) >> 3 & 1; }
  static constexpr std::uint8_t group(alu_op op) { return std::uint8_t(std::uint8_t(op) << 3); }
  static constexpr std::uint8_t modrm(std::uint32_t mod, reg r, reg m) { return std::uint8_t(mod << 6 | low(r) << 3 | low(m)); }

  void put(std::uint64_t bytes, int length) {
    std::memcpy(out, &bytes, 8);
    out += length;
  }
  void word(std::uint32_t k) {
    std::memcpy(out, &k, 4);
    out += 4;
  }
  void immediate(bool small, std::int32_t k) {
    std::memcpy(out, &k, 4);
    out += small ? 1 : 4;
  }
  void scalar(bool is_double) { *out++ = is_double ? 0xf2 : 0xf3; }
  void packed(bool is_double) {
    *out = 0x66;
    out += is_double;
  }
  // `bytes` behind a REX prefix, which is there only where it says something.
  void prefixed(std::uint32_t rex, std::uint64_t bytes, int length) {
    const unsigned need = rex != 0;
    put(bytes << 8 * need | ((0x40u | rex) & (0u - need)), length + int(need));
  }
  void head(std::uint32_t w, reg r, reg x, reg b, std::uint32_t opcode) {
    prefixed(w << 3 | high(r) << 2 | (x == reg::none ? 0 : high(x) << 1) | high(b), opcode, 1);
  }
  void rr(std::uint32_t w, std::uint32_t opcode, reg r, reg m) {
    prefixed(w << 3 | high(r) << 2 | high(m), opcode | std::uint32_t(modrm(3, r, m)) << 8, 2);
  }
  void rr2(std::uint32_t w, std::uint32_t opcode, reg r, reg m) {
    prefixed(w << 3 | high(r) << 2 | high(m), 0x0fu | opcode << 8 | std::uint32_t(modrm(3, r, m)) << 16, 3);
  }
  // The second operand is a byte register: sil, dil, bpl (and spl) are spelt with an empty REX.
  void rr2_byte(std::uint32_t w, std::uint32_t opcode, reg r, reg m) {
    const std::uint32_t rex = w << 3 | high(r) << 2 | high(m);
    const unsigned need = rex != 0 || std::uint32_t(m) >= 4;
    put((0x0fu | opcode << 8 | std::uint64_t(modrm(3, r, m)) << 16) << 8 * need | ((0x40u | rex) & (0u - need)), 3 + int(need));
  }
  void operand(form f, reg r, address m) { out = memory(out, f, r, std::bit_cast<std::uint64_t>(m)); }
  void rm(std::uint32_t w, std::uint32_t opcode, reg r, address m) { operand({std::uint16_t(opcode), 1, std::uint8_t(w << 3)}, r, m); }
  void rm2(std::uint32_t w, std::uint32_t opcode, reg r, address m) { operand({std::uint16_t(0x0fu | opcode << 8), 2, std::uint8_t(w << 3)}, r, m); }
  void rm_byte(std::uint32_t opcode, reg s, address m) { operand({std::uint16_t(opcode), 1, std::uint8_t(std::uint32_t(s) >= 4 ? 0x40 : 0)}, s, m); }

  // Displacement: none (but for rbp and r13, which have no such form), 8 bits, or 32. A base of rsp or r12, or an index, takes a
  // SIB byte. Not inlined: it is long; all that it takes and gives back fits in registers. Frame slots, and memory that has an
  // index, are nearly all operands, and need less.
  [[gnu::noinline]] static std::uint8_t* memory(std::uint8_t* out, form f, reg r, std::uint64_t packed) {
    const std::uint32_t base = packed & 0xff, index = packed >> 8 & 0xff;
    const std::int32_t k = std::int32_t(packed >> 32);
    const std::uint32_t small = k == std::int8_t(k);
    if (base == std::uint32_t(reg::sp)) {
      const std::uint32_t mod = std::uint32_t(k != 0) << (1 - small);
      return finish(out, f.prefix | high(r) << 2, f, mod << 6 | low(r) << 3 | 0x2404u, 2, k, mod + (mod & 2));
    }
    if (base == std::uint32_t(reg::none)) [[unlikely]] return absolute(out, f, r, packed);
    const std::uint32_t rex = f.prefix | high(r) << 2 | (index >> 2 & 2) | (base >> 3 & 1);
    const std::uint32_t mod = std::uint32_t(k != 0 || (base & 7) == 5) << (1 - small);
    const std::uint32_t operand = mod << 6 | low(r) << 3;
    if (index == std::uint32_t(reg::none) && (base & 7) != 4) return finish(out, rex, f, operand | (base & 7), 1, k, mod + (mod & 2));
    const std::uint32_t scale = packed >> 16 & 0xff;
    return finish(out, rex, f, operand | 4u | (scale << 6 | (index & 7) << 3 | (base & 7)) << 8, 2, k, mod + (mod & 2));
  }
  // Without a base the displacement has 32 bits.
  [[gnu::noinline]] static std::uint8_t* absolute(std::uint8_t* out, form f, reg r, std::uint64_t packed) {
    const std::uint32_t index = packed >> 8 & 0xff, scale = packed >> 16 & 0xff;
    const std::uint32_t tail = 0x04u | low(r) << 3 | (scale << 6 | (index & 7) << 3 | 5u) << 8;
    return finish(out, f.prefix | high(r) << 2 | (index >> 2 & 2), f, tail, 2, std::int32_t(packed >> 32), 4);
  }
  [[gnu::always_inline]] static std::uint8_t* finish(std::uint8_t* out, std::uint32_t rex, form f, std::uint32_t tail, std::uint32_t tail_bytes,
                                                     std::int32_t displacement, std::uint32_t displacement_bytes) {
    const std::uint32_t need = rex != 0;
    const std::uint64_t bytes = (f.opcode | std::uint64_t{tail} << 8 * f.bytes) << 8 * need | ((0x40u | rex) & (0u - need));
    std::memcpy(out, &bytes, 8);
    out += need + f.bytes + tail_bytes;
    std::memcpy(out, &displacement, 4);
    return out + displacement_bytes;
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
