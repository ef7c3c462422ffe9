#pragma once

#include "result.hpp"
#include <cstring>
#include <span>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Reads from front to back and remembers the first failure: from there on everything reads as zero, `left()` is 0, and
// `error()` says why. So the readers of whole structures need to look only where they loop, and once at their end.
class reader {
 public:
  // `offset` is that of the first byte in the module; `at_end` the text of a failure for want of bytes.
  explicit reader(std::span<const std::uint8_t> bytes, std::uint32_t offset = 0, const char* at_end = "unexpected end")
      : begin_(bytes.data()), pc_(begin_), end_(begin_ + bytes.size()), offset_(offset), at_end_(at_end) {}

  std::uint32_t offset() const { return offset_at(pc_); }
  std::uint32_t offset_at(const std::uint8_t* p) const { return offset_ + std::uint32_t(p - begin_); }
  const std::uint8_t* position() const { return pc_; }
  const std::uint8_t* end() const { return end_; }
  std::size_t left() const { return std::size_t(end_ - pc_); }
  explicit operator bool() const { return !failure_; }
  const failure& error() const { return *failure_; }
  void seek(const std::uint8_t* p) { pc_ = failure_ ? end_ : p; }

  // The first failure stays.
  void fail(failure f) {
    if (!failure_) failure_ = std::move(f);
    pc_ = end_;
  }
  [[gnu::cold, gnu::noinline]] void fail(failure_kind kind, const char* what, std::uint32_t at) { fail(failure(kind, what, at)); }
  void malformed(const char* what) { fail(failure_kind::malformed, what, offset()); }
  void malformed(const char* what, std::uint32_t at) { fail(failure_kind::malformed, what, at); }
  void invalid(const char* what, std::uint32_t at) { fail(failure_kind::invalid, what, at); }
  void illegal_opcode(std::uint32_t code, std::uint32_t at) { fail(failure(failure_kind::malformed, "illegal opcode", at).of(code)); }
  // An index (of what `what` says) that lies outside of its space.
  [[gnu::cold, gnu::noinline]] void unknown(const char* what, std::uint32_t index, std::uint32_t at) { fail(failure(failure_kind::invalid, what, at).of(index)); }

  std::uint8_t byte() { return pc_ == end_ ? out_of_bytes() : *pc_++; }
  std::uint8_t peek() { return pc_ == end_ ? out_of_bytes() : *pc_; }

  std::uint32_t u32() {
    if (pc_ != end_ && *pc_ < 0x80) [[likely]]
      return *pc_++;
    return std::uint32_t(leb<32, false>());
  }
  std::uint64_t u64() { return leb<64, false>(); }
  std::int32_t s32() { return std::int32_t(leb<32, true>()); }
  std::int64_t s33() { return std::int64_t(leb<33, true>()); }
  std::int64_t s64() { return std::int64_t(leb<64, true>()); }

  // Of fixed width, little endian.
  template <class T>
  T fixed() {
    T value = 0;
    const auto from = bytes(sizeof(T));
    if (from.size() == sizeof(T)) std::memcpy(&value, from.data(), sizeof(T));
    return value;
  }
  std::span<const std::uint8_t> bytes(std::size_t count) {
    if (count > left()) return out_of_bytes(), std::span<const std::uint8_t>();
    pc_ += count;
    return {pc_ - count, count};
  }

 private:
  // LEB128, section 5.2.2: at most ceil(Bits / 7) bytes, whose surplus bits repeat the sign, or are zero.
  template <unsigned Bits, bool Signed>
  std::uint64_t leb() {
    constexpr unsigned last = (Bits - 1) / 7, used = Bits - 7 * last;
    std::uint64_t value = 0;
    for (unsigned i = 0;; ++i) {
      if (pc_ == end_) return out_of_bytes();
      const std::uint8_t b = *pc_;
      if (i == last) {
        if (b & 0x80) return malformed("integer representation too long"), 0;
        const unsigned surplus = unsigned(b) >> (Signed ? used - 1 : used), all = Signed ? 0x7fu >> (used - 1) : 0;
        if (surplus != 0 && surplus != all) return malformed("integer too large"), 0;
      }
      ++pc_;
      value |= std::uint64_t(b & 0x7f) << (7 * i);
      if (b & 0x80) continue;
      const unsigned width = 7 * (i + 1);
      if (Signed && (b & 0x40) && width < 64) value |= ~std::uint64_t(0) << width;
      return value;
    }
  }

  std::uint8_t out_of_bytes() {
    pc_ = end_;
    malformed(at_end_);
    return 0;
  }

  const std::uint8_t *begin_, *pc_, *end_;
  std::uint32_t offset_;
  const char* at_end_;
  std::optional<failure> failure_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
