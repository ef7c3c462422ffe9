#pragma once

#include "types.hpp"
#include "../core/error.hpp"
#include "../core/plain_vector.hpp"
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lightbeam::inline LIGHTBEAM_ABI {

struct function_type {
  std::vector<val> params, results;
  bool operator==(const function_type&) const = default;
};

// A span of types in 12 bytes, for those who keep many.
class [[gnu::packed, gnu::aligned(4)]] short_types {
 public:
  constexpr short_types() = default;
  constexpr short_types(std::span<const val> t) : first_(t.data()), count_(std::uint32_t(t.size())) {}
  constexpr operator std::span<const val>() const { return {first_, count_}; }

 private:
  const val* first_ = nullptr;
  std::uint32_t count_ = 0;
};

// In pages of 64 KiB for memories, in elements for tables.
struct limits {
  std::uint32_t minimum = 0;
  std::optional<std::uint32_t> maximum;
};
struct table_type {
  val element = val::funcref;
  limits size;
  bool fixed() const { return size.maximum && *size.maximum == size.minimum; }
};
struct memory_type {
  limits size;
  bool shared = false;
};
struct global_type {
  val type = val::i32;
  bool is_mutable = false;
  bool operator==(const global_type&) const = default;
};

enum class external : std::uint8_t { function, table, memory, global };  // the binary format's numbers

// `index` counts in the index space of its kind; imports come first there.
struct import_entry {
  std::string module, name;
  external kind = external::function;
  std::uint32_t index = 0;
};
struct export_entry {
  std::string name;
  external kind = external::function;
  std::uint32_t index = 0;
};

// A constant expression of Wasm 2.0, one operator and `end`, of a type that needs at most 32 bits to say: references and i32.
struct short_expression {
  enum class kind : std::uint8_t { constant, global_get, ref_null, ref_func };
  kind op = kind::constant;
  val type = val::i32;
  std::uint32_t index = 0;     // of the global or function; the bits of an i32
};
// Of any type.
struct const_expression : short_expression {
  std::uint64_t bits[2] = {};  // of the constant; the second word is the upper half of a v128
};

enum class segment_mode : std::uint8_t { active, passive, declarative };

struct element_segment {
  segment_mode mode = segment_mode::passive;
  val type = val::funcref;
  std::uint32_t table = 0;
  short_expression offset;
  plain_vector<short_expression> items;
};
struct data_segment {
  segment_mode mode = segment_mode::passive;
  std::uint32_t memory = 0;
  short_expression offset;
  std::uint32_t begin = 0, size = 0;  // in module_info::bytes
};

// Where a function's body (locals and operators, without its size) lies in module_info::bytes.
struct body_range {
  std::uint32_t begin = 0, size = 0;
};

// A function and where the name section's text for it lies in module_info::bytes.
struct named_function {
  std::uint32_t function = 0, begin = 0, size = 0;
};

// A module as far as its bytes have been read: the specification's structure, section 2.5.
struct module_info {
  std::vector<std::uint8_t> bytes;  // of the whole module; kept, because traps are located by compiling once more
  std::vector<function_type> types;
  std::uint32_t most_results = 1;  // that one of them has, and at least one
  std::vector<import_entry> imports;
  plain_vector<std::uint32_t> functions;  // type index of each function
  plain_vector<table_type> tables;
  plain_vector<memory_type> memories;
  plain_vector<global_type> globals;
  std::uint32_t imported_functions = 0, imported_tables = 0, imported_memories = 0, imported_globals = 0;
  plain_vector<const_expression> global_initialisers;  // of the globals defined here
  std::vector<export_entry> exports;
  std::optional<std::uint32_t> start;
  std::vector<element_segment> elements;
  std::optional<std::uint32_t> data_count;
  plain_vector<data_segment> data;
  plain_vector<body_range> bodies;         // of the functions defined here
  plain_vector<bool> referenced;           // per function: may be the operand of ref.func (exports, elements, globals): C.refs
  plain_vector<named_function> function_names;  // of the name section, in the order of the functions

  const function_type& type_of(std::uint32_t function) const { return types[functions[function]]; }
  // The name section's, else that of an export; empty where there is none.
  std::string function_name(std::uint32_t function) const {
    for (const auto& n : function_names)
      if (n.function == function) return {bytes.begin() + n.begin, bytes.begin() + n.begin + n.size};
    for (const auto& e : exports)
      if (e.kind == external::function && e.index == function) return e.name;
    return {};
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
