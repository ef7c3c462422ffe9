#pragma once

// Random changes of a module: of its bytes, its sections, its numbers, its operators.

#include "../sequences/random.hpp"
#include "structure.hpp"
#include <algorithm>

namespace mutations {

using bytes = std::vector<std::uint8_t>;
using sequences::random_source;

class mutation {
 public:
  mutation(random_source& r, bytes m) : r_(r), m_(std::move(m)) {}

  // One change, seldom up to four: after the first error nothing else is looked at.
  bytes run() {
    for (std::uint32_t left = r_.one_in(3) ? 1 + r_.below(4) : 1; left && !m_.empty(); --left) change();
    return std::move(m_);
  }

 private:
  // Inside code most changes leave the structure intact, so these are what reaches the operators.
  void change() {
    switch (r_.below(12)) {
      case 0: return void(m_[any()] ^= std::uint8_t(1u << r_.below(8)));
      case 1: return void(m_[any()] = interesting());
      case 2: return insert(any(), {interesting()});
      case 3: return remove_some();
      case 4: return sections();
      case 5: return lengths();
      case 6: return immediate();
      case 7: return copy_range();
      default: return operators();
    }
  }
  std::size_t any() { return r_.below(m_.size()); }
  std::uint8_t interesting() {
    static constexpr std::uint8_t some[] = {0, 1, 2, 0x0b, 0x10, 0x20, 0x40, 0x41, 0x60, 0x6f, 0x70, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f, 0x80, 0xc0, 0xfc, 0xfd, 0xff};
    return r_.one_in(2) ? r_.pick(some) : std::uint8_t(r_.next());
  }
  void insert(std::size_t at, const bytes& what) { m_.insert(m_.begin() + std::ptrdiff_t(at), what.begin(), what.end()); }
  void erase(extent e) { m_.erase(m_.begin() + std::ptrdiff_t(e.begin), m_.begin() + std::ptrdiff_t(e.end)); }
  void remove_some() {
    const std::size_t at = any();
    erase({at, std::min(m_.size(), at + 1 + r_.below(4))});
  }
  bytes part(extent e) const { return {m_.begin() + std::ptrdiff_t(e.begin), m_.begin() + std::ptrdiff_t(e.end)}; }
  void replace(extent e, const bytes& by) {
    erase(e);
    insert(e.begin, by);
  }
  static bytes leb(std::uint32_t v, std::uint32_t redundant = 0) {
    bytes b;
    for (; v >= 0x80; v >>= 7) b.push_back(std::uint8_t(v | 0x80));
    for (; redundant; --redundant) b.push_back(std::uint8_t(v | 0x80)), v = 0;
    b.push_back(std::uint8_t(v));
    return b;
  }

  void sections() {
    const auto all = structure(m_).sections();
    if (all.empty()) return;
    const auto one = r_.pick(all).whole, other = r_.pick(all).whole;
    switch (r_.below(3)) {
      case 0: return insert(other.begin, part(one));
      case 1: return erase(one);
      default: return exchange(one, other);
    }
  }
  void exchange(extent a, extent b) {
    if (a.begin > b.begin) std::swap(a, b);
    if (a.begin == b.begin) return;
    const bytes first = part(a), second = part(b);
    replace(b, first);
    replace(a, second);
  }
  void lengths() {
    const auto all = structure(m_).lengths();
    if (all.empty()) return;
    const auto e = r_.pick(all);
    std::uint32_t value = 0;
    for (std::size_t i = e.begin, shift = 0; i < e.end && shift < 32; ++i, shift += 7) value |= std::uint32_t(m_[i] & 0x7f) << shift;
    switch (r_.below(5)) {
      case 0: return replace(e, leb(value + 1 + r_.below(3)));
      case 1: return replace(e, leb(value - std::min(value, 1 + r_.below(3))));
      case 2: return replace(e, leb(value, 1 + r_.below(5)));  // the same number, longer, or too long
      case 3: return replace(e, leb(std::uint32_t(r_.next())));
      default: return replace(e, leb(0xffffffffu >> r_.below(32)));
    }
  }
  // The bytes behind an operator.
  void immediate() {
    const auto all = structure(m_).operators();
    if (all.empty()) return;
    const std::size_t at = r_.pick(all).end;
    if (at >= m_.size()) return;
    if (r_.one_in(4)) m_[at] = interesting();
    else m_[at] = std::uint8_t(m_[at] + (r_.one_in(2) ? 1 : -1));
  }
  void operators() {
    const auto all = structure(m_).operators();
    if (all.empty()) return;
    const auto e = r_.pick(all);
    const std::uint32_t code = r_.pick(lightbeam::op_table).code;
    bytes by = code > 0xff ? leb(code & 0xffff) : bytes();
    by.insert(by.begin(), std::uint8_t(code > 0xff ? code >> 16 : code));
    if (code <= 0xff || r_.one_in(8)) return replace(e, by);
    // Most of the table is vectors, which one refusal stands for: rather something of one byte, and of the same size.
    m_[e.begin] = std::uint8_t(r_.pick(lightbeam::core_rows).code);
  }
  void copy_range() {
    const std::size_t from = any(), size = std::min<std::size_t>(1 + r_.below(32), m_.size() - from);
    const bytes taken = part({from, from + size});
    const std::size_t to = any();
    if (r_.one_in(2)) return insert(to, taken);
    std::copy_n(taken.begin(), std::min(size, m_.size() - to), m_.begin() + std::ptrdiff_t(to));
  }

  random_source& r_;
  bytes m_;
};

}  // namespace mutations
