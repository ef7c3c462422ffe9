#pragma once

#include "../wasm/module.hpp"
#include <cstddef>
#include <utility>

namespace lightbeam::inline LIGHTBEAM_ABI {

struct instance_header;

// Stands for every function that can be referenced: a funcref is a pointer to one (0 is null), so identity holds for
// imports and host functions too.
struct function_record {
  std::uint32_t type_id = 0xffffffff;       // of the store
  std::uint32_t function = no_index;        // index in its module; no_index for host functions
  const void* code = nullptr;               // entered with `instance` in the instance register
  instance_header* instance = nullptr;      // points past the header of an instance or of a host closure
  const void* entry = nullptr;              // the thunk through which the host calls functions of this type
};

// What runtime functions called by compiled code give back: a value in rax, and in rdx 0 or 1 + trap_code.
struct runtime_result {
  std::uint64_t value = 0;
  std::uint64_t trap = 0;
};
using runtime_function = runtime_result (*)(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d, instance_header* self);

// Runtime functions by number; arguments in the order of the operator's operands, then indices (x | y << 32).
// A number is an offset into instance_header::functions, so generated code holds no address of the process.
enum class runtime_call : std::uint8_t {
  memory_grow,    // (pages) -> old pages or -1
  memory_copy,    // (to, from, bytes)
  memory_fill,    // (to, byte, bytes)
  memory_init,    // (to, from, bytes, segment)
  data_drop,      // (segment)
  table_get,      // (index, table)
  table_set,      // (index, reference, table)
  table_size,     // (table)
  table_grow,     // (reference, elements, table) -> old size or -1
  table_fill,     // (index, reference, elements, table)
  table_copy,     // (to, from, elements, to table | from table << 32)
  table_init,     // (to, from, elements, segment | table << 32)
  elem_drop,      // (segment)
  ref_func,       // (function) -> function_record*
  count
};

// One per store. Saved and restored by the entry thunks, so that calls nest.
struct context {
  static constexpr std::size_t overflow_values = 1000;  // at most 1 000 parameters and results are accepted
  std::uint64_t saved_sp = 0;     // of the innermost entry thunk; traps restore it
  std::uint64_t trap_site = 0;    // machine address of the trap
  std::uint64_t trap = 0;         // 1 + trap_code while one is on its way, else 0
  std::uint64_t stack_limit = 0;  // lowest rsp that compiled code may reach
  std::uint64_t overflow[overflow_values] = {};  // arguments and results beyond the registers
};

// Lies right below the address in the instance register, of instances and of the closures of host functions alike.
// The variable part of an instance follows that address: see instance_layout.
struct instance_header {
  const runtime_function* functions = nullptr;
  std::uint64_t stack_limit = 0;  // copy of the context's, made by entry thunks and by calls between instances
  context* store_context = nullptr;
  std::uint8_t* memory_base = nullptr;  // of memory 0; its length in bytes is the uint64 at memory_base - 8
};
static_assert(sizeof(instance_header) == 32);

// Displacements from the instance register.
struct header_offset {
  static constexpr std::int32_t functions = -32, stack_limit = -24, store_context = -16, memory_base = -8;
};

// Compiled code of call_indirect on a table of the instance's own and of fixed size reads parallel arrays inside the
// instance; `code` of an entry from another instance is the table's foreign thunk.
struct table_data {
  std::uint64_t* references = nullptr;   // function_record* or externref bits, `size` of them
  std::uint32_t size = 0, maximum = 0xffffffff;
  val element = val::funcref;
  // Not null for tables with arrays inside their instance:
  std::uint32_t* type_ids = nullptr;     // 0xffffffff where null
  const void** code = nullptr;
  instance_header* owner = nullptr;
  const void* foreign_thunk = nullptr;
};

// Where the parts of an instance lie, as displacements from the instance register. Own globals come first (8 bytes each,
// v128 16), so that the first sixteen have short displacements.
struct instance_layout {
  plain_vector<std::int32_t> globals;    // own: the value; imported: a pointer to it
  std::int32_t type_ids = 0;             // uint32 per type
  std::int32_t tables = 0;               // table_data* per table
  std::int32_t memories = 0;             // base of each memory
  std::int32_t imports = 0;              // function_record* per imported function
  plain_vector<std::int32_t> table_ids, table_code;  // of fixed tables defined here; 0 elsewhere
  plain_vector<std::int32_t> table_references;      // inline references of the same tables
  std::int32_t size = 0;

  bool inline_table(std::uint32_t t) const { return table_code[t] != 0; }
};

inline constexpr std::uint32_t largest_inline_table = 1u << 20;

inline instance_layout lay_out(const module_info& m) {
  instance_layout l;
  std::int32_t at = 0;
  const auto take = [&](std::int64_t bytes) { return std::exchange(at, std::int32_t(at + ((bytes + 7) & ~7))); };
  l.globals.resize(m.globals.size());
  for (std::uint32_t i = m.imported_globals; i < m.globals.size(); ++i) l.globals[i] = take(m.globals[i].type == val::v128 ? 16 : 8);
  for (std::uint32_t i = 0; i < m.imported_globals; ++i) l.globals[i] = take(8);
  l.tables = take(8 * std::int64_t(m.tables.size()));
  l.memories = take(8 * std::int64_t(m.memories.size()));
  l.imports = take(8 * std::int64_t(m.imported_functions));
  l.type_ids = take(4 * std::int64_t(m.types.size()));
  l.table_ids.resize(m.tables.size()), l.table_code.resize(m.tables.size()), l.table_references.resize(m.tables.size());
  std::int64_t left = largest_inline_table;  // elements; larger tables lie elsewhere, displacements have 31 bits
  for (std::uint32_t t = m.imported_tables; t < m.tables.size(); ++t) {
    const auto& type = m.tables[t];
    if (!type.fixed() || type.element != val::funcref || type.size.minimum > left) continue;
    left -= type.size.minimum;
    take(8);  // so that an offset is never 0
    l.table_ids[t] = take(4 * std::int64_t(type.size.minimum));
    l.table_code[t] = take(8 * std::int64_t(type.size.minimum));
    l.table_references[t] = take(8 * std::int64_t(type.size.minimum));
  }
  l.size = at;
  return l;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
