#pragma once

#include "../x64/convention.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Which registers are homes of locals, in order of preference, and which are temporaries. rsp, the instance and the memory
// base are neither. rax, rcx and rdx are needed by divisions, shifts and calls, so they are always temporaries.
struct all_registers {
  static constexpr std::uint32_t temporaries = mask(reg::ax, reg::cx, reg::dx, reg::xmm0, reg::xmm1);
  static constexpr std::uint32_t homes = (general_registers | xmm_registers) & ~temporaries & ~mask(reg::sp, convention::instance, convention::memory_base);
};

// Two homes of each kind: every other local lives in the frame. For tests.
struct two_registers {
  static constexpr std::uint32_t temporaries = all_registers::temporaries;
  static constexpr std::uint32_t homes = mask(reg::bx, reg::si, reg::xmm3, reg::xmm10);
};

// Every local lives in the frame. For tests.
struct no_homes {
  static constexpr std::uint32_t temporaries = all_registers::temporaries;
  static constexpr std::uint32_t homes = 0;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
