#pragma once

// A program as text: an operator per line, and the calls that are made.

#include "../spec/json_value.hpp"
#include "writer.hpp"

namespace structured {

class listing {
 public:
  explicit listing(const program& p) : program_(p) {}

  std::string text() {
    for (std::size_t f = 0; f < program_.functions.size(); ++f)
      if (!program_.functions[f].dropped) add(std::uint32_t(f), program_.functions[f]);
    for (const auto& c : program_.calls)
      text_ += "call " + writer::name(c.function) + suite::text(c.arguments) + " with " + std::to_string(program_.fuel) + " fuel\n";
    return text_;
  }

 private:
  static std::string names(const std::vector<val>& all) {
    std::string s;
    for (const val t : all) s += (s.empty() ? "" : " ") + std::string(lightbeam::text(t));
    return s;
  }
  static std::string type(const function_type& t) { return "(" + names(t.params) + ") -> (" + names(t.results) + ")"; }

  void add(std::uint32_t f, const function& body) {
    text_ += writer::name(f) + " " + type(body.type) + (body.locals.empty() ? "" : ", locals " + names(body.locals)) + "\n";
    add(body.body, 1);
  }
  void add(const std::vector<instruction>& all, std::size_t depth) {
    const std::string indent(2 * depth, ' ');
    for (const auto& i : all) {
      text_ += indent + one(i) + "\n";
      if (!i.is_block()) continue;
      add(i.body, depth + 1);
      if (!i.otherwise.empty()) text_ += indent + "else\n", add(i.otherwise, depth + 1);
      text_ += indent + "end\n";
    }
  }
  std::string one(const instruction& i) const {
    using lightbeam::imm;
    if (!i.row) return "canonical NaN for a NaN, by local " + std::to_string(i.a);
    const std::string name(i.row->name);
    switch (i.row->immediate) {
      case imm::none: return name;
      case imm::i32: return name + " " + std::to_string(std::int32_t(std::uint32_t(i.bits)));
      case imm::i64: return name + " " + std::to_string(std::int64_t(i.bits));
      case imm::f32: return name + " " + std::to_string(std::bit_cast<float>(std::uint32_t(i.bits))) + " (bits " + std::to_string(i.bits) + ")";
      case imm::f64: return name + " " + std::to_string(std::bit_cast<double>(i.bits)) + " (bits " + std::to_string(i.bits) + ")";
      case imm::block_type: return name + " label " + std::to_string(i.a) + " " + type(i.type);
      case imm::call_indirect: return name + " " + type(i.type);
      case imm::br_table: return name + labels(i);
      case imm::label: return name + " label " + std::to_string(i.a);
      case imm::select_types:
      case imm::ref_type: return name + " " + names(i.type.results);
      case imm::memarg: return name + " align=" + std::to_string(i.a) + " offset=" + std::to_string(i.b);
      case imm::function: return name + " " + callee(i.a);
      default: return name + " " + std::to_string(i.a);
    }
  }
  static std::string labels(const instruction& i) {
    std::string s;
    for (const auto l : i.labels) s += " " + std::to_string(l);
    return " labels" + s;
  }
  static std::string callee(std::uint32_t f) {
    const auto hosts = std::uint32_t(host_imports().size());
    return f < hosts ? std::string("host ") + host_imports()[f].name : writer::name(f - hosts);
  }

  const program& program_;
  std::string text_;
};

}  // namespace structured
