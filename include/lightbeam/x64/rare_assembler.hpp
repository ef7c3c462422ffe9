#pragma once

#include "operand.hpp"
// Without exceptions xbyak records its errors, and only if told so.
#if !LIGHTBEAM_EXCEPTIONS && !defined(XBYAK_NO_EXCEPTION)
#define XBYAK_NO_EXCEPTION
#endif
// A compiler is done with xbyak sooner without the streams that it prints with where NDEBUG is not defined. The headers that it includes
// come first; <cassert> once more, because it goes by NDEBUG each time.
#include <algorithm>
#include <list>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define NDEBUG
#include <xbyak/xbyak.h>
#pragma pop_macro("NDEBUG")
#include <cassert>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Stock xbyak, pointed at the cursor for one rare instruction, or a few, at a time.
class rare_assembler : public Xbyak::CodeGenerator {
 public:
  rare_assembler() : CodeGenerator(sizeof scratch_, scratch_) {}
  rare_assembler(const rare_assembler&) = delete;
  rare_assembler& operator=(const rare_assembler&) = delete;

  static rare_assembler& of_thread() {
    static thread_local rare_assembler a;
    return a;
  }
  [[gnu::noinline]] std::uint8_t* write(std::uint8_t* out, auto f) {
    top_ = out;
    size_ = 0;
    maxSize_ = 4096;
    f(static_cast<Xbyak::CodeGenerator&>(*this));
    return out + size_;
  }

 private:
  std::uint8_t scratch_[16];
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
