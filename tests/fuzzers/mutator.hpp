#pragma once

// Turns modules into others that are often valid: operators give way to others of their type, values go through more operators,
// constants and indices change, and code is repeated, moved or dropped.

#include "../sequences/random.hpp"
#include "module_parts.hpp"
#include <algorithm>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace fuzzers {

using lightbeam::op_row;
using lightbeam::val;
using sequences::code_writer;
using sequences::random_source;

inline void mutate_bytes(bytes& b) {
  const std::size_t size = b.size();
  b.resize(size + 16);
  b.resize(LLVMFuzzerMutate(b.data(), size, b.size()));
}

class mutation {
 public:
  mutation(module_parts& module, std::uint64_t seed) : module_(module), random_(seed) {}

  void run() {
    if (module_.bodies.empty() || random_.one_in(16)) return mutate_section();
    auto& f = module_.bodies[random_.below(module_.bodies.size())];
    if (f.operators.size() < 2 || random_.one_in(32)) return mutate_bytes(f.operators.empty() ? f.rest : f.locals);
    for (std::uint32_t n = 1 + random_.below(4); n--;) change(f.operators);
  }

 private:
  using operators = std::vector<operator_bytes>;

  void mutate_section() {
    if (!module_.sections.empty()) mutate_bytes(module_.sections[random_.below(module_.sections.size())].content);
  }
  std::size_t any(const operators& all) { return random_.below(all.size()); }

  void change(operators& all) {
    switch (random_.below(8)) {
      case 0:
      case 1: return exchange(all[any(all)]);
      case 2: return change_immediate(all[any(all)]);
      case 3:
      case 4: return insert_after_value(all, any(all));
      case 5: return repeat(all);
      case 6: return enclose(all);
      default: return drop(all);
    }
  }

  static bool same_types(const op_row& a, const op_row& b) {
    return !a.type.by_check && !b.type.by_check && a.immediate == b.immediate && a.type.ins == b.type.ins && a.type.outs == b.type.outs && a.type.in == b.type.in &&
           a.type.out == b.type.out;
  }
  void exchange(operator_bytes& o) {
    const auto& row = random_.pick(lightbeam::op_table);
    for (std::size_t tries = 64; tries--;) {
      const auto& other = tries ? random_.pick(lightbeam::op_table) : row;
      if (&other == o.row || !same_types(*o.row, other)) continue;
      code_writer w;
      w.opcode(other.code);
      code_writer old;
      old.opcode(o.row->code);
      w.append(std::span(o.all).subspan(old.bytes().size()));
      o = {&other, w.bytes()};
      return;
    }
  }

  static val constant_type(lightbeam::imm kind) {
    using lightbeam::imm;
    return kind == imm::i32 ? val::i32 : kind == imm::i64 ? val::i64 : kind == imm::f32 ? val::f32 : kind == imm::f64 ? val::f64 : val::none;
  }
  void change_immediate(operator_bytes& o) {
    using lightbeam::imm;
    if (const val t = constant_type(o.row->immediate); t != val::none) {
      o = constant(t);
    } else if (o.row->immediate == imm::memarg) {
      code_writer w;
      w.opcode(o.row->code);
      w.u32(random_.below(std::uint64_t(o.row->natural_alignment) + 1));
      o.all = w.u32(random_.one_in(2) ? random_.below(64) : random_.pick(sequences::i32_values)).bytes();
    } else if (o.row->immediate != imm::none && o.row->immediate != imm::br_table) {
      o.all.back() = std::uint8_t(random_.below(random_.one_in(4) ? 64 : 6));
    }
  }
  operator_bytes constant(val t) {
    code_writer w;
    w.constant(t, sequences::any_value(random_, t));
    constexpr lightbeam::op rows[] = {"i32.const", "i64.const", "f32.const", "f64.const"};
    return {rows[t == val::i32 ? 0 : t == val::i64 ? 1 : t == val::f32 ? 2 : 3].operator->(), w.bytes()};
  }

  // The type of the value that an operator leaves on top, where that is known.
  static val value_of(const operator_bytes& o) {
    if (const val t = constant_type(o.row->immediate); t != val::none) return t;
    return o.row->type.by_check || o.row->type.outs == 0 ? val::none : o.row->type.out[0];
  }
  // Another operator over the value, whose other operands are constants, and whose result is of the same type.
  void insert_after_value(operators& all, std::size_t at) {
    const val t = value_of(all[at]);
    if (t == val::none || lightbeam::is_reference(t) || t == val::v128) return;
    for (int tries = 64; tries--;) {
      const auto& row = random_.pick(lightbeam::op_table);
      if (row.type.by_check || row.immediate != lightbeam::imm::none || row.type.ins == 0 || row.type.outs != 1 || row.type.in[0] != t || row.type.out[0] != t) continue;
      operators more;
      for (std::uint8_t i = 1; i < row.type.ins; ++i) more.push_back(constant(row.type.in[i]));
      code_writer w;
      w.opcode(row.code);
      more.push_back({&row, w.bytes()});
      all.insert(all.begin() + std::ptrdiff_t(at) + 1, more.begin(), more.end());
      return;
    }
  }

  std::pair<std::size_t, std::size_t> range(const operators& all) {
    const std::size_t first = any(all), count = 1 + random_.below(random_.one_in(4) ? 32 : 6);
    return {first, std::min(all.size() - 1, first + count)};
  }
  void repeat(operators& all) {
    const auto& from = random_.one_in(3) ? module_.bodies[random_.below(module_.bodies.size())].operators : all;
    if (from.empty()) return;
    const auto [first, last] = range(from);
    if (first >= last) return;
    const operators copy(from.begin() + std::ptrdiff_t(first), from.begin() + std::ptrdiff_t(last));
    all.insert(all.begin() + std::ptrdiff_t(random_.one_in(2) ? std::min(last, all.size() - 1) : any(all)), copy.begin(), copy.end());
  }
  void drop(operators& all) {
    const auto [first, last] = range(all);
    if (first < last) all.erase(all.begin() + std::ptrdiff_t(first), all.begin() + std::ptrdiff_t(last));
  }
  void enclose(operators& all) {
    const auto [first, last] = range(all);
    if (first >= last) return;
    constexpr lightbeam::op block = "block", loop = "loop", end = "end";
    const auto& begin = random_.one_in(2) ? block : loop;
    constexpr val results[] = {val::none, val::none, val::i32, val::i64, val::f32, val::f64};
    all.insert(all.begin() + std::ptrdiff_t(last), {end.operator->(), code_writer().op(end).bytes()});
    all.insert(all.begin() + std::ptrdiff_t(first), {begin.operator->(), code_writer().block(begin, random_.pick(results)).bytes()});
  }

  module_parts& module_;
  random_source random_;
};

// Mutates until `accept` takes the module; where it takes none of some, bytes are turned at random.
template <class Accept>
std::size_t mutate(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed, Accept accept) {
  const auto module = module_parts::read({data, size});
  for (std::uint64_t tries = 0; module && tries < 20; ++tries) {
    auto changed = *module;
    mutation(changed, seed + (tries << 32)).run();
    const bytes made = changed.write();
    if (made.size() > most || !accept(made)) continue;
    std::copy(made.begin(), made.end(), data);
    return made.size();
  }
  return LLVMFuzzerMutate(data, size, most);
}

}  // namespace fuzzers
