#pragma once

#include "rare_assembler.hpp"
#include <limits>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Stock xbyak behind the interface of fast_assembler: the oracle of its tests, and an assembler that a policy can name.
struct reference_assembler {
  std::uint8_t* out;

  // --- moves -----------------------------------------------------------------------------------------------------

  void mov(width w, reg d, reg s) { emit([=](auto& x) { x.mov(general(w, d), general(w, s)); }); }
  void mov(width w, reg d, std::uint64_t k) {
    emit([=](auto& x) { x.mov(general(w, d), w == width::w32 ? k & 0xffffffff : k); });
  }
  void load(load_op op, reg d, address m) {
    emit([=](auto& x) {
      switch (op) {
        case load_op::mov32: return x.mov(general(width::w32, d), memory(32, m));
        case load_op::mov64: return x.mov(general(width::w64, d), memory(64, m));
        case load_op::movzx8: return x.movzx(general(width::w32, d), memory(8, m));
        case load_op::movzx16: return x.movzx(general(width::w32, d), memory(16, m));
        case load_op::movsx8_32: return x.movsx(general(width::w32, d), memory(8, m));
        case load_op::movsx16_32: return x.movsx(general(width::w32, d), memory(16, m));
        case load_op::movsx8_64: return x.movsx(general(width::w64, d), memory(8, m));
        case load_op::movsx16_64: return x.movsx(general(width::w64, d), memory(16, m));
        case load_op::movsxd: return x.movsxd(Xbyak::Reg64(number(d)), memory(32, m));
        case load_op::movss: return x.movss(xmm(d), memory(32, m));
        case load_op::movsd: return x.movsd(xmm(d), memory(64, m));
      }
    });
  }
  void store(store_op op, address m, reg s) {
    emit([=](auto& x) {
      switch (op) {
        case store_op::mov8: return x.mov(memory(8, m), byte(s));
        case store_op::mov16: return x.mov(memory(16, m), Xbyak::Reg16(number(s)));
        case store_op::mov32: return x.mov(memory(32, m), general(width::w32, s));
        case store_op::mov64: return x.mov(memory(64, m), general(width::w64, s));
        case store_op::movss: return x.movss(memory(32, m), xmm(s));
        case store_op::movsd: return x.movsd(memory(64, m), xmm(s));
      }
    });
  }
  // xbyak refuses an immediate with more bits than the place has, so only those are handed on.
  void store_imm(store_op op, address m, std::int32_t k) {
    const int bits = 8 << int(op);
    const auto all = std::uint64_t(std::int64_t{k});
    emit([=](auto& x) { x.mov(memory(bits, m), bits == 64 ? all : all & ((std::uint64_t{1} << bits) - 1)); });
  }
  void lea(width w, reg d, address m) { emit([=](auto& x) { x.lea(general(w, d), memory(0, m)); }); }
  void movzx8(reg d, reg s) { emit([=](auto& x) { x.movzx(general(width::w32, d), byte(s)); }); }
  void movzx16(reg d, reg s) { emit([=](auto& x) { x.movzx(general(width::w32, d), Xbyak::Reg16(number(s))); }); }
  void movsx8(width w, reg d, reg s) { emit([=](auto& x) { x.movsx(general(w, d), byte(s)); }); }
  void movsx16(width w, reg d, reg s) { emit([=](auto& x) { x.movsx(general(w, d), Xbyak::Reg16(number(s))); }); }
  void movsxd(reg d, reg s) { emit([=](auto& x) { x.movsxd(Xbyak::Reg64(number(d)), general(width::w32, s)); }); }
  void push(reg r) { emit([=](auto& x) { x.push(general(width::w64, r)); }); }
  void pop(reg r) { emit([=](auto& x) { x.pop(general(width::w64, r)); }); }
  void push(address m) { emit([=](auto& x) { x.push(memory(64, m)); }); }
  void push(std::int8_t k) { emit([=](auto& x) { x.push(std::uint32_t(std::int32_t{k})); }); }
  void leave() { emit([](auto& x) { x.leave(); }); }

  // --- integers --------------------------------------------------------------------------------------------------

  void alu(alu_op op, width w, reg d, reg s) { emit([=](auto& x) { (x.*alus[int(op)])(general(w, d), general(w, s)); }); }
  void alu(alu_op op, width w, reg d, std::int32_t k) { emit([=](auto& x) { (x.*alus_imm[int(op)])(general(w, d), std::uint32_t(k)); }); }
  void alu(alu_op op, width w, reg d, address m) { emit([=](auto& x) { (x.*alus[int(op)])(general(w, d), memory(w, m)); }); }
  void alu(alu_op op, width w, address m, reg s) { emit([=](auto& x) { (x.*alus[int(op)])(memory(w, m), general(w, s)); }); }
  void alu(alu_op op, width w, address m, std::int32_t k) { emit([=](auto& x) { (x.*alus_imm[int(op)])(memory(w, m), std::uint32_t(k)); }); }
  void cmp8(address m, std::uint8_t k) { emit([=](auto& x) { x.cmp(memory(8, m), k); }); }
  void test(width w, reg a, reg b) { emit([=](auto& x) { x.test(general(w, a), general(w, b)); }); }
  void test(width w, reg r, std::int32_t k) { emit([=](auto& x) { x.test(general(w, r), std::uint32_t(k)); }); }
  void imul(width w, reg d, reg s) { emit([=](auto& x) { x.imul(general(w, d), general(w, s)); }); }
  void imul(width w, reg d, address m) { emit([=](auto& x) { x.imul(general(w, d), memory(w, m)); }); }
  void imul(width w, reg d, reg s, std::int32_t k) { emit([=](auto& x) { x.imul(general(w, d), general(w, s), k); }); }
  void imul(width w, reg d, address m, std::int32_t k) { emit([=](auto& x) { x.imul(general(w, d), memory(w, m), k); }); }
  void shift(shift_op op, width w, reg d, std::uint8_t count) {
    emit([=](auto& x) {
      switch (op) {
        case shift_op::rol: return x.rol(general(w, d), count);
        case shift_op::ror: return x.ror(general(w, d), count);
        case shift_op::shl: return x.shl(general(w, d), count);
        case shift_op::shr: return x.shr(general(w, d), count);
        case shift_op::sar: return x.sar(general(w, d), count);
      }
    });
  }
  void shift_cl(shift_op op, width w, reg d) {
    emit([=](auto& x) {
      switch (op) {
        case shift_op::rol: return x.rol(general(w, d), x.cl);
        case shift_op::ror: return x.ror(general(w, d), x.cl);
        case shift_op::shl: return x.shl(general(w, d), x.cl);
        case shift_op::shr: return x.shr(general(w, d), x.cl);
        case shift_op::sar: return x.sar(general(w, d), x.cl);
      }
    });
  }
  void shx(shift_op op, width w, reg d, reg s, reg count) {
    emit([=](auto& x) {
      if (op == shift_op::shl) return x.shlx(general(w, d), general(w, s), general(w, count));
      if (op == shift_op::shr) return x.shrx(general(w, d), general(w, s), general(w, count));
      x.sarx(general(w, d), general(w, s), general(w, count));
    });
  }
  void rorx(width w, reg d, reg s, std::uint8_t count) { emit([=](auto& x) { x.rorx(general(w, d), general(w, s), count); }); }
  void btr(width w, reg d, std::uint8_t bit) { emit([=](auto& x) { x.btr(general(w, d), bit); }); }
  void btc(width w, reg d, std::uint8_t bit) { emit([=](auto& x) { x.btc(general(w, d), bit); }); }
  void neg(width w, reg r) { emit([=](auto& x) { x.neg(general(w, r)); }); }
  void not_(width w, reg r) { emit([=](auto& x) { x.not_(general(w, r)); }); }
  void div(width w, reg r) { emit([=](auto& x) { x.div(general(w, r)); }); }
  void idiv(width w, reg r) { emit([=](auto& x) { x.idiv(general(w, r)); }); }
  void div(width w, address m) { emit([=](auto& x) { x.div(memory(w, m)); }); }
  void idiv(width w, address m) { emit([=](auto& x) { x.idiv(memory(w, m)); }); }
  void cdq(width w) { emit([=](auto& x) { w == width::w64 ? x.cqo() : x.cdq(); }); }
  void bsf(width w, reg d, reg s) { emit([=](auto& x) { x.bsf(general(w, d), general(w, s)); }); }
  void bsr(width w, reg d, reg s) { emit([=](auto& x) { x.bsr(general(w, d), general(w, s)); }); }
  void tzcnt(width w, reg d, reg s) { emit([=](auto& x) { x.tzcnt(general(w, d), general(w, s)); }); }
  void lzcnt(width w, reg d, reg s) { emit([=](auto& x) { x.lzcnt(general(w, d), general(w, s)); }); }
  void popcnt(width w, reg d, reg s) { emit([=](auto& x) { x.popcnt(general(w, d), general(w, s)); }); }
  void setcc(cond c, reg d) { emit([=](auto& x) { (x.*sets[int(c)])(byte(d)); }); }
  void cmov(cond c, width w, reg d, reg s) { emit([=](auto& x) { (x.*cmovs[int(c)])(general(w, d), general(w, s)); }); }
  void cmov(cond c, width w, reg d, address m) { emit([=](auto& x) { (x.*cmovs[int(c)])(general(w, d), memory(w, m)); }); }

  // --- jumps -----------------------------------------------------------------------------------------------------

  void ret() { emit([](auto& x) { x.ret(); }); }
  // A jump to the next instruction has a field of zero.
  std::uint8_t* jcc(cond c) {
    emit([=](auto& x) { (x.*jumps[int(c)])(x.getCurr() + 6); });
    return out - 4;
  }
  std::uint8_t* jmp() {
    emit([](auto& x) { x.jmp(static_cast<const void*>(x.getCurr() + 5), Xbyak::CodeGenerator::T_NEAR); });
    return out - 4;
  }
  std::uint8_t* call() {
    emit([](auto& x) { x.call(static_cast<const void*>(x.getCurr() + 5)); });
    return out - 4;
  }
  void jcc(cond c, const std::uint8_t* target) { out = stock().jump(out, label_jumps[int(c)], target); }
  void jmp(const std::uint8_t* target) { emit([=](auto& x) { x.jmp(static_cast<const void*>(target)); }); }
  void call(const std::uint8_t* target) { emit([=](auto& x) { x.call(static_cast<const void*>(target)); }); }
  void call(reg r) { emit([=](auto& x) { x.call(general(width::w64, r)); }); }
  void call(address m) { emit([=](auto& x) { x.call(memory(64, m)); }); }
  void jmp(reg r) { emit([=](auto& x) { x.jmp(general(width::w64, r)); }); }
  void jmp(address m) { emit([=](auto& x) { x.jmp(memory(64, m)); }); }
  static void patch(std::uint8_t* field, const std::uint8_t* target) {
    stock().write(field, [=](auto& x) { x.dd(std::uint32_t(target - (field + 4))); });
  }
  std::uint8_t* lea_rip(reg d) {
    emit([=](auto& x) { x.lea(general(width::w64, d), x.ptr[x.rip]); });
    return out - 4;
  }
  void nop(unsigned bytes) { emit([=](auto& x) { x.nop(bytes); }); }

  // --- xmm -------------------------------------------------------------------------------------------------------

  void movaps(reg d, reg s) { emit([=](auto& x) { x.movaps(xmm(d), xmm(s)); }); }
  void sse(sse_op op, bool is_double, reg d, reg s) { emit([=](auto& x) { scalar(x, op, is_double, xmm(d), xmm(s)); }); }
  void sse(sse_op op, bool is_double, reg d, address m) {
    emit([=](auto& x) { scalar(x, op, is_double, xmm(d), memory(is_double ? 64 : 32, m)); });
  }
  void bits(bit_op op, bool is_double, reg d, reg s) { emit([=](auto& x) { packed(x, op, is_double, xmm(d), xmm(s)); }); }
  void bits(bit_op op, bool is_double, reg d, address m) { emit([=](auto& x) { packed(x, op, is_double, xmm(d), memory(128, m)); }); }
  void ucomis(bool is_double, reg a, reg b) { emit([=](auto& x) { compare(x, is_double, xmm(a), xmm(b)); }); }
  void ucomis(bool is_double, reg a, address m) { emit([=](auto& x) { compare(x, is_double, xmm(a), memory(is_double ? 64 : 32, m)); }); }
  void movd(width w, reg d, reg s) {
    emit([=](auto& x) {
      if (w == width::w64 && is_xmm(d)) return x.movq(xmm(d), Xbyak::Reg64(number(s)));
      if (w == width::w64) return x.movq(Xbyak::Reg64(number(d)), xmm(s));
      if (is_xmm(d)) return x.movd(xmm(d), Xbyak::Reg32(number(s)));
      x.movd(Xbyak::Reg32(number(d)), xmm(s));
    });
  }
  void cvtsi2s(bool is_double, width from, reg d, reg s) {
    emit([=](auto& x) { is_double ? x.cvtsi2sd(xmm(d), general(from, s)) : x.cvtsi2ss(xmm(d), general(from, s)); });
  }
  void cvtts2si(bool is_double, width to, reg d, reg s) {
    emit([=](auto& x) { is_double ? x.cvttsd2si(general(to, d), xmm(s)) : x.cvttss2si(general(to, d), xmm(s)); });
  }
  void cvts2s(bool from_double, reg d, reg s) {
    emit([=](auto& x) { from_double ? x.cvtsd2ss(xmm(d), xmm(s)) : x.cvtss2sd(xmm(d), xmm(s)); });
  }
  void round(bool is_double, reg d, reg s, std::uint8_t mode) {
    emit([=](auto& x) { is_double ? x.roundsd(xmm(d), xmm(s), mode) : x.roundss(xmm(d), xmm(s), mode); });
  }

 private:
  using generator = Xbyak::CodeGenerator;
  using label_jump = void (generator::*)(const Xbyak::Label&, generator::LabelType);

  class stock_assembler : public rare_assembler {
   public:
    // xbyak takes the short form of a conditional jump for labels alone, so the target becomes one.
    std::uint8_t* jump(std::uint8_t* at, label_jump form, const std::uint8_t* target) {
      top_ = at < target ? at : const_cast<std::uint8_t*>(target);
      maxSize_ = std::numeric_limits<std::size_t>::max();
      size_ = std::size_t(target - top_);
      Xbyak::Label label;
      L(label);
      size_ = std::size_t(at - top_);
      (this->*form)(label, T_AUTO);
      return top_ + size_;
    }
  };
  static stock_assembler& stock() {
    static thread_local stock_assembler a;
    return a;
  }
  [[gnu::noinline]] void emit(auto f) { out = stock().write(out, f); }

  static int number(reg r) { return int(r) & 15; }
  static Xbyak::Reg32e general(width w, reg r) { return Xbyak::Reg32e(number(r), w == width::w64 ? 64 : 32); }
  static Xbyak::Reg8 byte(reg r) { return Xbyak::Reg8(number(r), r >= reg::sp && r <= reg::di); }
  static Xbyak::Xmm xmm(reg r) { return Xbyak::Xmm(number(r)); }
  static Xbyak::Address memory(width w, address m) { return memory(w == width::w64 ? 64 : 32, m); }
  static Xbyak::Address memory(int bits, address m) {
    Xbyak::RegExp e(std::size_t(std::int64_t{m.displacement}));
    if (m.base != reg::none) e = e + Xbyak::Reg64(number(m.base));
    if (m.index != reg::none) e = e + Xbyak::Reg64(number(m.index)) * (1 << m.scale);
    return Xbyak::AddressFrame(std::uint32_t(bits))[e];
  }

  static void scalar(generator& x, sse_op op, bool is_double, const Xbyak::Xmm& d, const Xbyak::Operand& s) {
    switch (op) {
      case sse_op::sqrt: return is_double ? x.sqrtsd(d, s) : x.sqrtss(d, s);
      case sse_op::add: return is_double ? x.addsd(d, s) : x.addss(d, s);
      case sse_op::mul: return is_double ? x.mulsd(d, s) : x.mulss(d, s);
      case sse_op::sub: return is_double ? x.subsd(d, s) : x.subss(d, s);
      case sse_op::min: return is_double ? x.minsd(d, s) : x.minss(d, s);
      case sse_op::div: return is_double ? x.divsd(d, s) : x.divss(d, s);
      case sse_op::max: return is_double ? x.maxsd(d, s) : x.maxss(d, s);
    }
  }
  static void packed(generator& x, bit_op op, bool is_double, const Xbyak::Xmm& d, const Xbyak::Operand& s) {
    switch (op) {
      case bit_op::and_: return is_double ? x.andpd(d, s) : x.andps(d, s);
      case bit_op::andn: return is_double ? x.andnpd(d, s) : x.andnps(d, s);
      case bit_op::or_: return is_double ? x.orpd(d, s) : x.orps(d, s);
      case bit_op::xor_: return is_double ? x.xorpd(d, s) : x.xorps(d, s);
    }
  }
  static void compare(generator& x, bool is_double, const Xbyak::Xmm& a, const Xbyak::Operand& b) {
    is_double ? x.ucomisd(a, b) : x.ucomiss(a, b);
  }

  // By the numbers of alu_op and cond.
  static constexpr void (generator::*alus[])(const Xbyak::Operand&, const Xbyak::Operand&) = {
      &generator::add, &generator::or_, &generator::adc, &generator::sbb, &generator::and_, &generator::sub, &generator::xor_, &generator::cmp};
  static constexpr void (generator::*alus_imm[])(const Xbyak::Operand&, std::uint32_t) = {
      &generator::add, &generator::or_, &generator::adc, &generator::sbb, &generator::and_, &generator::sub, &generator::xor_, &generator::cmp};
  static constexpr void (generator::*sets[])(const Xbyak::Operand&) = {
      &generator::seto,  &generator::setno, &generator::setb, &generator::setae, &generator::sete, &generator::setne, &generator::setbe, &generator::seta,
      &generator::sets,  &generator::setns, &generator::setp, &generator::setnp, &generator::setl, &generator::setge, &generator::setle, &generator::setg};
  static constexpr void (generator::*cmovs[])(const Xbyak::Reg&, const Xbyak::Operand&) = {
      &generator::cmovo, &generator::cmovno, &generator::cmovb, &generator::cmovae, &generator::cmove, &generator::cmovne, &generator::cmovbe,
      &generator::cmova, &generator::cmovs,  &generator::cmovns, &generator::cmovp, &generator::cmovnp, &generator::cmovl, &generator::cmovge,
      &generator::cmovle, &generator::cmovg};
  static constexpr void (generator::*jumps[])(const void*) = {
      &generator::jo, &generator::jno, &generator::jb, &generator::jae, &generator::je, &generator::jne, &generator::jbe, &generator::ja,
      &generator::js, &generator::jns, &generator::jp, &generator::jnp, &generator::jl, &generator::jge, &generator::jle, &generator::jg};
  static constexpr label_jump label_jumps[] = {
      &generator::jo, &generator::jno, &generator::jb, &generator::jae, &generator::je, &generator::jne, &generator::jbe, &generator::ja,
      &generator::js, &generator::jns, &generator::jp, &generator::jnp, &generator::jl, &generator::jge, &generator::jle, &generator::jg};
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
