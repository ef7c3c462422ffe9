#pragma once

#include "../wasm/types.hpp"
#include <array>

namespace lightbeam::inline LIGHTBEAM_ABI {

// General registers by their numbers, then the xmm registers: one number, one bit in a mask of 32.
enum class reg : std::uint8_t {
  ax, cx, dx, bx, sp, bp, si, di, r8, r9, r10, r11, r12, r13, r14, r15,
  xmm0, xmm1, xmm2, xmm3, xmm4, xmm5, xmm6, xmm7, xmm8, xmm9, xmm10, xmm11, xmm12, xmm13, xmm14, xmm15,
  none = 52,  // spelt like rsp in the low bits, which as an index means none, and like a low register in the others
};
constexpr std::uint32_t mask(reg r) { return std::uint32_t(std::uint64_t{1} << std::uint8_t(r)); }  // of none: 0
template <class... R>
constexpr std::uint32_t mask(reg r, R... more) { return (mask(r) | ... | mask(more)); }
constexpr bool is_xmm(reg r) { return std::uint8_t(r) >= 16 && r != reg::none; }
inline constexpr std::uint32_t general_registers = 0x0000ffff, xmm_registers = 0xffff0000;

// The internal calling convention, the same for all policies that may link. rsp needs no alignment.
// Arguments beyond the registers go through context::overflow in order, results likewise.
struct convention {
  static constexpr reg instance = reg::r14, memory_base = reg::r15;  // never change inside one instance
  static constexpr std::array general_arguments{reg::di, reg::si, reg::r8, reg::r9};
  static constexpr std::array xmm_arguments{reg::xmm2, reg::xmm3, reg::xmm4, reg::xmm5, reg::xmm6, reg::xmm7, reg::xmm8, reg::xmm9};
  static constexpr std::array general_results{reg::ax, reg::cx, reg::dx};
  static constexpr std::array xmm_results{reg::xmm0, reg::xmm1};
  static constexpr std::uint32_t callee_saved = mask(reg::bx, reg::bp, reg::r10, reg::r11, reg::r12, reg::r13);
  // A call through a function_record: its address here, then `call` of the image's foreign thunk.
  static constexpr reg record = reg::cx;
  // Foreign thunks hand the caller's instance to host adapters here.
  static constexpr reg caller_instance = reg::dx;
};

// Deals out places for arguments or results, one after the other: a register, or the next overflow index.
class value_places {
 public:
  struct place {
    reg in = reg::none;
    std::uint32_t overflow = 0;
  };
  static constexpr value_places arguments() { return {convention::general_arguments.data(), 4, convention::xmm_arguments.data(), 8}; }
  static constexpr value_places results() { return {convention::general_results.data(), 3, convention::xmm_results.data(), 2}; }
  constexpr place next(val t) {
    if (is_float(t)) {
      if (xmms_ < last_xmm_) return {xmm_[xmms_++], 0};
    } else if (generals_ < last_general_) {
      return {general_[generals_++], 0};
    }
    return {reg::none, overflow_++};
  }

 private:
  constexpr value_places(const reg* g, std::uint32_t gs, const reg* x, std::uint32_t xs) : general_(g), xmm_(x), last_general_(gs), last_xmm_(xs) {}
  const reg *general_, *xmm_;
  std::uint32_t last_general_, last_xmm_, generals_ = 0, xmms_ = 0, overflow_ = 0;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
