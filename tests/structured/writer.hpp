#pragma once

// A program as a module.

#include "program.hpp"

namespace structured {

using sequences::code_writer;

class writer {
 public:
  explicit writer(const program& p) : program_(p) {}

  // Nothing where an operator names a function or a label that is not there any more.
  std::optional<std::vector<std::uint8_t>> bytes() {
    add_imports();
    for (std::size_t i = 0; i < program_.functions.size(); ++i) add_function(program_.functions[i]);
    add_environment();
    add_refuel();
    add_state();
    if (broken_) return {};
    return module_.bytes();
  }
  static std::string name(std::uint32_t function) { return "function " + std::to_string(function); }
  static std::string global_name(std::size_t global) { return "global " + std::to_string(global); }

 private:
  // ---- the parts of the module

  void add_imports() {
    for (const auto& h : host_imports()) index_.push_back(module_.import_function("host", h.name, h.type));
    std::uint32_t next = std::uint32_t(index_.size());
    for (const auto& f : program_.functions) index_.push_back(f.dropped ? none : next++);
  }
  void add_function(const function& f) {
    if (f.dropped) return;
    w_ = {}, labels_ = {function_label};
    sequence(f.body);
    const auto index = module_.function(f.type, f.locals, w_);
    module_.export_as(name(std::uint32_t(&f - program_.functions.data())), lightbeam::external::function, index);
  }
  void add_environment() {
    module_.memory(program_.pages, program_.most_pages);
    module_.export_as("memory", lightbeam::external::memory, 0);
    for (std::size_t i = 0; i < program_.globals.size(); ++i) {
      module_.global(program_.globals[i], i == fuel_global ? program_.fuel : 0x12345 * i);
      module_.export_as(global_name(i), lightbeam::external::global, std::uint32_t(i));
    }
    module_.table(val::funcref, program_.table_size, program_.most_elements);
    module_.table(val::externref, program_.table_size, program_.most_elements);
    std::vector<std::uint32_t> elements, all;
    for (const auto e : program_.elements) elements.push_back(function_index(e));
    for (const auto i : index_)
      if (i != none) all.push_back(i);
    module_.passive_elements(elements);  // the segment of table.init
    module_.active_elements(functions_table, elements);
    module_.passive_elements(all);  // so that ref.func may name every function
    module_.passive_data(program_.data);
  }
  void add_refuel() {
    code_writer w;
    w.i32(std::int32_t(program_.fuel)).op("global.set", fuel_global);
    module_.export_as("refuel", lightbeam::external::function, module_.function({}, {}, w));
  }
  // (table) -> (size, hash of which elements are null)
  void add_state() {
    for (const auto table : {functions_table, externs_table}) {
      code_writer w;
      w.block("block").block("loop").op("local.get", 0).op("table.size", table).op("i32.ge_u").op("br_if", 1);
      w.op("local.get", 1).i32(31).op("i32.mul").op("local.get", 0).op("table.get", table).op("ref.is_null").op("i32.add").op("local.set", 1);
      w.op("local.get", 0).i32(1).op("i32.add").op("local.set", 0).op("br", 0).op("end").op("end");
      w.op("table.size", table).op("local.get", 1);
      const auto f = module_.function({{}, {val::i32, val::i32}}, std::vector{val::i32, val::i32}, w);
      module_.export_as("table " + std::to_string(table), lightbeam::external::function, f);
    }
  }

  // ---- operators

  void sequence(const std::vector<instruction>& all) {
    for (const auto& i : all) write(i);
  }
  void write(const instruction& i) {
    using lightbeam::imm;
    if (!i.row) return canonical(i);
    w_.opcode(i.row->code);
    switch (i.row->immediate) {
      case imm::none: break;
      case imm::block_type: return block(i);
      case imm::label: w_.u32(depth(i.a)); break;
      case imm::br_table: br_table(i); break;
      case imm::function: w_.u32(function_index(i.a)); break;
      case imm::call_indirect: w_.u32(module_.type(i.type)).u32(i.a); break;
      case imm::select_types: w_.u32(1).byte(sequences::type_byte(i.type.results[0])); break;
      case imm::ref_type: w_.byte(sequences::type_byte(i.type.results[0])); break;
      case imm::i32: w_.s64(std::int32_t(std::uint32_t(i.bits))); break;
      case imm::i64: w_.s64(std::int64_t(i.bits)); break;
      case imm::f32: w_.little_endian(i.bits, 4); break;
      case imm::f64: w_.little_endian(i.bits, 8); break;
      case imm::memarg:
      case imm::memory_init:
      case imm::memory_copy:
      case imm::table_init:
      case imm::table_copy: w_.u32(i.a).u32(i.b); break;
      default: w_.u32(i.a);
    }
  }
  void canonical(const instruction& i) {
    const val t = i.pushes[0];
    w_.op("local.tee", i.a).constant(t, t == val::f32 ? 0x7fc00000 : 0x7ff8'0000'0000'0000).op("local.get", i.a).op("local.get", i.a);
    w_.op(t == val::f32 ? lightbeam::op("f32.eq") : lightbeam::op("f64.eq")).op("select");
  }
  void block(const instruction& i) {
    const auto& t = i.type;
    if (t.params.empty() && t.results.size() <= 1)
      w_.byte(sequences::type_byte(t.results.empty() ? val::none : t.results[0]));
    else
      w_.s64(module_.type(t));
    labels_.push_back(i.a);
    sequence(i.body);
    if (!i.otherwise.empty()) w_.op("else"), sequence(i.otherwise);
    labels_.pop_back();
    w_.op("end");
  }
  void br_table(const instruction& i) {
    w_.u32(std::uint32_t(i.labels.size() - 1));
    for (const auto l : i.labels) w_.u32(depth(l));
  }
  std::uint32_t depth(std::uint32_t label) {
    for (std::size_t d = 0; d < labels_.size(); ++d)
      if (labels_[labels_.size() - 1 - d] == label) return std::uint32_t(d);
    return broken_ = true, 0;
  }
  std::uint32_t function_index(std::uint32_t f) {
    if (index_[f] == none) broken_ = true;
    return index_[f];
  }

  static constexpr std::uint32_t none = ~0u;
  const program& program_;
  sequences::module_builder module_;
  code_writer w_;
  std::vector<std::uint32_t> index_, labels_;  // of functions in the module; of the blocks around
  bool broken_ = false;
};

}  // namespace structured
