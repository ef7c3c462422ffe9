#pragma once

// A program as a tree: functions, their operators in order, and inside of block, loop and if the operators of their arms.

#include "../sequences/module_builder.hpp"
#include "../sequences/random.hpp"
#include "../spec/backend.hpp"
#include "../spec/host_functions.hpp"
#include <optional>

namespace structured {

using lightbeam::function_type;
using lightbeam::op_row;
using lightbeam::val;
using sequences::random_source;

// An operator with its immediates, and what it takes from the stack and leaves there.
struct instruction {
  const op_row* row = nullptr;        // null: `canonical`, which gives the canonical NaN for any NaN and needs local a
  std::uint32_t a = 0, b = 0;         // indices; of memory operators alignment and offset; of blocks and branches a label
  std::uint64_t bits = 0;             // of constants
  std::vector<std::uint32_t> labels;  // of br_table, the default one last
  function_type type;                 // of blocks and call_indirect; the type of `select t` and ref.null is its only result
  std::vector<instruction> body, otherwise;
  std::size_t pops = 0;
  std::vector<val> pushes;
  bool ends_sequence = false;  // what follows is dead

  bool is(lightbeam::op o) const { return row == o.operator->(); }
  bool is_block() const { return is("block") || is("loop") || is("if"); }
};

// Indices of functions count the host's functions first. A dropped function keeps its index.
struct function {
  function_type type;
  std::vector<val> locals;
  std::vector<instruction> body;
  bool dropped = false;
};

struct call {
  std::uint32_t function = 0;
  std::vector<suite::value> arguments;
};

// The label of a function's body; labels of blocks are numbered from 1 in each function.
inline constexpr std::uint32_t function_label = 0;

struct program {
  std::vector<function> functions;
  std::vector<val> globals;             // the first one is the fuel
  std::vector<std::uint32_t> elements;  // of the table of functions and of the passive segment
  std::vector<std::uint8_t> data;       // of the passive segment
  std::uint32_t pages = 1, most_pages = 3, table_size = 16, most_elements = 24, fuel = 100;
  std::vector<call> calls;
};

// Functions of the module "host", imported by every program.
struct host_import {
  const char* name;
  function_type type;
};
inline const std::vector<host_import>& host_imports() {
  namespace host = suite::host;
  static const std::vector<host_import> all{
      {"sum", host::sum_type()}, {"scale", host::scale_type()}, {"rotate", host::rotate_type()}, {"refuse_odd", host::refuse_odd_type()}};
  return all;
}
inline const function_type& type_of(const program& p, std::uint32_t f) {
  const auto hosts = std::uint32_t(host_imports().size());
  return f < hosts ? host_imports()[f].type : p.functions[f - hosts].type;
}

// The bits of a NaN that arithmetic made may differ. What shows them needs an operand whose bits are determined, in the
// operator just before it.
inline bool shows_bits(const instruction& i) {
  for (const lightbeam::op o : {lightbeam::op("f32.store"), lightbeam::op("f64.store"), lightbeam::op("i32.reinterpret_f32"),
                                lightbeam::op("i64.reinterpret_f64"), lightbeam::op("f32.copysign"), lightbeam::op("f64.copysign")})
    if (i.is(o)) return true;
  return false;
}
inline bool has_determined_bits(const instruction& i) {
  if (!i.row) return true;
  for (const lightbeam::op o : {lightbeam::op("f32.const"), lightbeam::op("f64.const"), lightbeam::op("f32.load"), lightbeam::op("f64.load"),
                                lightbeam::op("f32.reinterpret_i32"), lightbeam::op("f64.reinterpret_i64")})
    if (i.is(o)) return true;
  return false;
}

inline constexpr std::uint32_t functions_table = 0, externs_table = 1, fuel_global = 0;

}  // namespace structured
