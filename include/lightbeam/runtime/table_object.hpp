#pragma once

#include "layout.hpp"
#include "quota.hpp"
#include "../core/ownership.hpp"
#include "../core/result.hpp"
#include <cstdlib>

namespace lightbeam::inline LIGHTBEAM_ABI {

// A table of a store. `data` is what compiled code sees; its references lie here, or inside the instance that defines it.
class table_object {
 public:
  static result<owner<table_object>> make(const table_type& type, quota& elements) {
    owner<table_object> made(new table_object(type, elements));
    if (!made->share_.take(type.size.minimum)) return failure(failure_kind::limit, "the table is larger than the store allows");
    if (!made->resize(type.size.minimum)) return failure(failure_kind::limit, "the system refused a table");
    made->fill(0, type.size.minimum, 0);
    return made;
  }
  // With arrays inside its instance: see instance_layout. The block is zero, so only the type ids of null remain to be written.
  static result<owner<table_object>> make_inline(const table_type& type, quota& elements, const table_data& arrays) {
    owner<table_object> made(new table_object(type, elements));
    if (!made->share_.take(type.size.minimum)) return failure(failure_kind::limit, "the table is larger than the store allows");
    made->data.references = arrays.references;
    made->data.type_ids = arrays.type_ids;
    made->data.code = arrays.code;
    made->data.owner = arrays.owner;
    made->data.foreign_thunk = arrays.foreign_thunk;
    for (std::uint32_t i = 0; i < type.size.minimum; ++i) arrays.type_ids[i] = no_index;
    return made;
  }
  table_object(const table_object&) = delete;
  table_object& operator=(const table_object&) = delete;
  ~table_object() { std::free(storage_); }

  // Its type with the present size as minimum: what imports are matched against.
  table_type type() const { return {data.element, {data.size, maximum_}}; }
  bool belongs_to(const quota& elements) const { return share_.is_of(elements); }  // which a store has one of
  bool holds(std::uint64_t index, std::uint64_t size) const { return size <= data.size && index <= data.size - size; }
  std::uint64_t at(std::uint32_t index) const { return data.references[index]; }

  // The only place where references are written: keeps the parallel arrays in step.
  void set(std::uint32_t index, std::uint64_t reference) {
    data.references[index] = reference;
    if (!data.code) return;
    const auto* const record = reinterpret_cast<const function_record*>(reference);
    data.type_ids[index] = record ? record->type_id : no_index;
    data.code[index] = !record ? nullptr : record->instance == data.owner ? record->code : data.foreign_thunk;
  }

  // The size before, or 0xffffffff where it does not grow.
  std::uint32_t grow(std::uint64_t elements, std::uint64_t reference) {
    const std::uint32_t before = data.size;
    if (elements > data.maximum - before) return no_index;
    if (elements == 0) return before;
    if (!share_.take(elements)) return no_index;
    if (!resize(before + elements)) return share_.give_back(elements), no_index;
    fill(before, before + elements, reference);
    data.size = std::uint32_t(before + elements);
    return before;
  }

  table_data data;

 private:
  table_object(const table_type& type, quota& elements) : maximum_(type.size.maximum), share_(elements) {
    data.size = type.size.minimum;
    data.maximum = maximum_.value_or(no_index);
    data.element = type.element;
  }

  void fill(std::uint64_t from, std::uint64_t to, std::uint64_t reference) {
    for (; from < to; ++from) data.references[from] = reference;
  }
  bool resize(std::uint64_t elements) {
    void* const storage = std::realloc(storage_, 8 * (elements + 1));
    if (!storage) return false;
    data.references = storage_ = static_cast<std::uint64_t*>(storage);
    return true;
  }

  std::optional<std::uint32_t> maximum_;
  share share_;
  std::uint64_t* storage_ = nullptr;  // null where the references lie inside an instance
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
