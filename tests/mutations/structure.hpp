#pragma once

// Where the parts of a module lie, as far as it can be read: sections, LEB128 numbers, operators.

#include "../sequences/skip_immediate.hpp"
#include <lightbeam/wasm/op_table.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mutations {

struct extent {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
};
struct section_extent {
  std::uint8_t id = 0;
  extent whole, length, content;  // with its head; the number that is its length; what follows
};

class structure {
 public:
  explicit structure(std::span<const std::uint8_t> m) : m_(m) {
    for (std::size_t at = 8; at < m.size();) {
      section_extent s;
      s.id = m[at];
      s.whole.begin = at;
      s.length.begin = ++at;
      const auto size = number(at);
      if (!size || *size > m.size() - at) break;
      s.length.end = s.content.begin = at;
      s.whole.end = s.content.end = at += *size;
      sections_.push_back(s);
      if (s.id == 10) bodies(s.content);
    }
  }

  const std::vector<section_extent>& sections() const { return sections_; }
  // The numbers that say how long something is: sections, the vector of bodies, bodies.
  const std::vector<extent>& lengths() const { return lengths_; }
  // Operators of a few bodies, without their immediates.
  const std::vector<extent>& operators() const { return operators_; }

 private:
  static constexpr std::size_t enough_operators = 20'000;

  std::optional<std::uint32_t> number(std::size_t& at) const {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 35 && at < m_.size(); shift += 7) {
      const std::uint8_t b = m_[at++];
      value |= std::uint64_t(b & 0x7f) << shift;
      if (!(b & 0x80)) return std::uint32_t(value);
    }
    return {};
  }
  std::optional<std::uint32_t> length(std::size_t& at) {
    const std::size_t begin = at;
    const auto n = number(at);
    lengths_.push_back({begin, at});
    return n;
  }
  void bodies(extent code) {
    for (const auto& s : sections_) lengths_.push_back(s.length);
    std::size_t at = code.begin;
    const auto count = length(at);
    for (std::uint32_t i = 0; count && i < *count && at < code.end; ++i) {
      const auto size = length(at);
      if (!size || at > code.end || *size > code.end - at) return;
      if (operators_.size() < enough_operators) body({at, at + *size});
      at += *size;
    }
  }
  void body(extent e) {
    std::size_t at = e.begin;
    auto groups = number(at);
    for (; groups && *groups && at < e.end; --*groups) number(at), ++at;
    while (at < e.end) {
      const std::size_t begin = at;
      std::uint32_t code = m_[at++];
      if (code >= 0xfb && code <= 0xfe) code = code << 16 | number(at).value_or(0);
      const auto* const row = lightbeam::find_row(code);
      if (!row) return;
      operators_.push_back({begin, at});
      if (!skip(row->immediate, at)) return;
    }
  }
  bool skip(lightbeam::imm kind, std::size_t& at) const {
    lightbeam::reader in(m_.subspan(at));
    sequences::skip_immediate(in, kind);
    at = m_.size() - in.left();
    return bool(in);
  }

  std::span<const std::uint8_t> m_;
  std::vector<section_extent> sections_;
  std::vector<extent> lengths_, operators_;
};

}  // namespace mutations
