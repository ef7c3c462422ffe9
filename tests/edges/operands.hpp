#pragma once

// Ranges at the edges, as the three operands of bulk operators in every form that operands have in the compiler.

#include "world.hpp"
#include <array>
#include <functional>
#include <set>

namespace edges {

struct range {
  std::uint32_t to, from, count;
};

// Each of the three is small, about a size, or huge.
inline void for_all_ranges(std::initializer_list<std::uint64_t> sizes, const std::function<void(range)>& f) {
  std::set<std::uint32_t> edge{0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  for (const auto s : sizes)
    for (const std::uint64_t at : {s - 2, s - 1, s, s + 1}) edge.insert(std::uint32_t(at));
  for (const auto to : edge)
    for (const auto from : edge)
      for (const auto count : edge) f({to, from, count});
}

inline bool inside(std::uint32_t begin, std::uint32_t count, std::uint64_t size) { return std::uint64_t{begin} + count <= size; }

// An exported function from an i32 to an i32.
inline void add_unary(module_builder& b, std::string_view name, const code_writer& body) { b.export_as(name, lightbeam::external::function, b.function({{val::i32}, {val::i32}}, {}, body)); }

// Calls "grow" twice; returns the size afterwards, as "size" has to say it each time.
inline std::uint32_t grown_twice(const world& w, checks& all, const std::string& what, std::uint32_t size, std::uint32_t most, std::uint32_t delta) {
  for (int times = 0; times < 2; ++times) {
    const bool good = delta <= most - size;
    all.expect({{}, good ? size : 0xffffffffu}, w.call("grow", {std::int32_t(delta)}), what);
    if (good) size += delta;
    all.expect({{}, size}, w.call("size", {0}), what + ": its size");
  }
  return size;
}

// How an operand comes to the operator.
enum class shape : std::uint8_t { local, temporary, slot, constant };
using shapes = std::array<shape, 3>;
// A slot takes temporaries below it into the frame as well.
inline constexpr shapes all_shapes[] = {
    {shape::local, shape::local, shape::local},          {shape::temporary, shape::temporary, shape::temporary}, {shape::slot, shape::slot, shape::slot},
    {shape::constant, shape::constant, shape::constant}, {shape::slot, shape::temporary, shape::constant},       {shape::constant, shape::slot, shape::local},
    {shape::slot, shape::constant, shape::temporary}};

// Functions of (to, from, count), where what is constant in a range is in the function.
class ranged_functions {
 public:
  ranged_functions(module_builder& b, const shapes& s) : module_(b), shapes_(s), nothing_(b.function({}, {}, {})) {}

  // The range's operand of that number, 0 to 2.
  void operand(code_writer& w, const range& r, std::size_t i) const {
    const std::uint32_t values[] = {r.to, r.from, r.count};
    if (shapes_[i] == shape::constant) return void(w.i32(std::int32_t(values[i])));
    w.op("local.get", i);
    if (shapes_[i] == shape::local) return;
    w.op("local.get", i).op("i32.and");
    if (shapes_[i] == shape::slot) w.op("call", nothing_);  // which leaves in the frame what lies below
  }
  code_writer operands(const range& r) const {
    code_writer w;
    for (std::size_t i = 0; i < 3; ++i) operand(w, r, i);
    return w;
  }
  // Unless it is there: ranges that differ in no constant share it.
  void add(std::string_view op, const range& r, const code_writer& body, std::vector<val> results = {}) {
    if (added_.insert(name(op, r)).second) module_.export_as(name(op, r), lightbeam::external::function, module_.function({{val::i32, val::i32, val::i32}, std::move(results)}, {}, body));
  }
  std::string name(std::string_view op, const range& r) const {
    std::string all(op);
    const std::uint32_t values[] = {r.to, r.from, r.count};
    for (std::size_t i = 0; i < 3; ++i)
      if (shapes_[i] == shape::constant) all += " " + std::to_string(values[i]);
    return all;
  }
  outcome call(const world& w, std::string_view op, const range& r) const { return w.call(name(op, r), {std::int32_t(r.to), std::int32_t(r.from), std::int32_t(r.count)}); }
  std::string text(std::string_view op, const range& r) const {
    std::string all(op);
    for (const auto v : {r.to, r.from, r.count}) all += " " + std::to_string(v);
    all += ", operands of shapes";
    for (const auto s : shapes_) all += " " + std::to_string(int(s));
    return all;
  }

 private:
  module_builder& module_;
  shapes shapes_;
  std::uint32_t nothing_;
  std::set<std::string> added_;
};

}  // namespace edges
