#pragma once

#include "layout.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

enum class memory_kind : std::uint8_t { guard_pages, bounds_checks };

// What a memory with guard pages reserves from its base on: an index and an offset of 32 bits each, and an access.
inline constexpr std::uint64_t guarded_bytes = (std::uint64_t{8} << 30) + 65536;

// A place in a module: what a machine address belongs to.
struct code_site {
  std::uint32_t function = no_index;  // index in the module
  std::uint32_t offset = no_index;    // of the operator, in bytes from the start of the module
};

// A compiled module: what the runtime needs of it, whichever engine made it. Reference-counted (failure_source), shared
// between stores and threads, immutable once made. All thunks lie in its code; offsets are from `code`.
class module_image : public failure_source {
 public:
  module_info info;
  instance_layout layout;
  memory_kind memory = memory_kind::bounds_checks;
  const std::uint8_t* code = nullptr;
  std::size_t code_size = 0;
  plain_vector<std::uint32_t> function_offsets;  // of the functions defined here
  // By index into info.types (equal types share, types that nothing uses have none): entry thunk
  //   uint64_t entry(uint64_t* values, const void* code, instance_header* instance, context*)
  // reads the arguments from `values`, writes the results there (a v128 takes two) and returns 0, or 1 after a trap.
  plain_vector<std::uint32_t> entry_thunks;
  // The adapter `code` of host functions of a type: stores the arguments in an array and calls host_closure::call.
  plain_vector<std::uint32_t> host_adapters;
  plain_vector<std::uint32_t> table_thunks;  // of tables with arrays inside the instance: calls entries of other instances
  std::uint32_t fault_exit = 0;             // where the fault handler resumes: trap out of bounds memory access, site in rax

  // The operator whose code lies at this address; compiles its function once more.
  virtual code_site locate(const void* address) const = 0;

  std::string function_name(std::uint32_t function) const override { return info.function_name(function); }
};

// The closure of a host function; the instance register points past it while it is called, so it ends with a header.
struct host_closure {
  // Arguments in values[], results written over them; returns 0, or 1 + trap_code to trap (the failure or exception is kept by the store).
  using shim = std::uint64_t (*)(host_closure* self, std::uint64_t* values, instance_header* caller);
  shim call = nullptr;
  counted* object = nullptr;
  instance_header header;
};
inline constexpr std::int32_t host_closure_call = -std::int32_t(sizeof(host_closure));  // from the instance register

}  // namespace lightbeam::inline LIGHTBEAM_ABI
