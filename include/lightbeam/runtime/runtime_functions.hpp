#pragma once

#include "instance_object.hpp"
#include <array>
#include <cstring>

namespace lightbeam::inline LIGHTBEAM_ABI {

// The functions behind runtime_call. Operands of type i32 arrive zero-extended; sums are made in 64 bits, so none wraps.
// Bulk operators check their whole range before they write anything (bulk memory operations, section 4.4).
class runtime_functions {
 public:
  static const runtime_function* table() {
    static constexpr std::array<runtime_function, std::size_t(runtime_call::count)> functions{
        &memory_grow, &memory_copy, &memory_fill, &memory_init, &data_drop,  &table_get,  &table_set,
        &table_size,  &table_grow,  &table_fill,  &table_copy,  &table_init, &elem_drop, &ref_func};
    return functions.data();
  }

  static runtime_result init_memory(instance_object& i, memory_object& memory, std::uint64_t to, std::uint64_t from, std::uint64_t bytes, std::uint32_t segment) {
    const auto& s = i.info().data[segment];
    const std::uint64_t size = i.dropped_data[segment] ? 0 : s.size;
    if (from > size || bytes > size - from || !memory.holds(to, bytes)) return trap(trap_code::memory_out_of_bounds);
    if (bytes != 0) std::memcpy(memory.base() + to, i.info().bytes.data() + s.begin + from, bytes);
    return {};
  }
  static runtime_result init_table(instance_object& i, table_object& table, std::uint64_t to, std::uint64_t from, std::uint64_t elements, std::uint32_t segment) {
    const auto& items = i.info().elements[segment].items;
    const std::uint64_t size = i.dropped_elements[segment] ? 0 : items.size();
    if (from > size || elements > size - from || !table.holds(to, elements)) return trap(trap_code::table_out_of_bounds);
    for (std::uint64_t k = 0; k < elements; ++k) i.evaluate(items[from + k]);  // makes the records, for which there may be no memory
    for (std::uint64_t k = 0; k < elements; ++k) table.set(std::uint32_t(to + k), i.evaluate(items[from + k]));
    return {};
  }

 private:
  using word = std::uint64_t;
  static runtime_result trap(trap_code code) { return {0, 1 + word(code)}; }
  static memory_object& memory_of(instance_header* self) { return *instance_object::of(self).memories[0]; }
  static table_object& table_of(instance_header* self, word index) { return *instance_object::of(self).tables[std::uint32_t(index)]; }

  // Where there is no memory for the record of a function, this ends like a host function that fails: no exception crosses compiled code.
  template <class F>
  static runtime_result recording(instance_header* self, F&& f) {
    const auto done = unless_out_of_memory([&]() -> result<runtime_result> { return f(); });
    if (done) return *done;
    instance_object::of(self).store.host_failure = done.error();
    return trap(trap_code::host);
  }

  static runtime_result memory_grow(word pages, word, word, word, instance_header* self) { return {memory_of(self).grow(pages), 0}; }
  static runtime_result memory_copy(word to, word from, word bytes, word, instance_header* self) {
    auto& m = memory_of(self);
    if (!m.holds(to, bytes) || !m.holds(from, bytes)) return trap(trap_code::memory_out_of_bounds);
    std::memmove(m.base() + to, m.base() + from, bytes);
    return {};
  }
  static runtime_result memory_fill(word to, word byte, word bytes, word, instance_header* self) {
    auto& m = memory_of(self);
    if (!m.holds(to, bytes)) return trap(trap_code::memory_out_of_bounds);
    std::memset(m.base() + to, int(byte & 0xff), bytes);
    return {};
  }
  static runtime_result memory_init(word to, word from, word bytes, word segment, instance_header* self) {
    return init_memory(instance_object::of(self), memory_of(self), to, from, bytes, std::uint32_t(segment));
  }
  static runtime_result data_drop(word segment, word, word, word, instance_header* self) {
    instance_object::of(self).dropped_data[segment] = true;
    return {};
  }

  static runtime_result table_get(word index, word table, word, word, instance_header* self) {
    auto& t = table_of(self, table);
    if (!t.holds(index, 1)) return trap(trap_code::table_out_of_bounds);
    return {t.at(std::uint32_t(index)), 0};
  }
  static runtime_result table_set(word index, word reference, word table, word, instance_header* self) {
    auto& t = table_of(self, table);
    if (!t.holds(index, 1)) return trap(trap_code::table_out_of_bounds);
    t.set(std::uint32_t(index), reference);
    return {};
  }
  static runtime_result table_size(word table, word, word, word, instance_header* self) { return {table_of(self, table).data.size, 0}; }
  static runtime_result table_grow(word reference, word elements, word table, word, instance_header* self) {
    return {table_of(self, table).grow(elements, reference), 0};
  }
  static runtime_result table_fill(word index, word reference, word elements, word table, instance_header* self) {
    auto& t = table_of(self, table);
    if (!t.holds(index, elements)) return trap(trap_code::table_out_of_bounds);
    for (word k = 0; k < elements; ++k) t.set(std::uint32_t(index + k), reference);
    return {};
  }
  static runtime_result table_copy(word to, word from, word elements, word tables, instance_header* self) {
    auto& target = table_of(self, tables & 0xffffffff);
    auto& source = table_of(self, tables >> 32);
    if (!target.holds(to, elements) || !source.holds(from, elements)) return trap(trap_code::table_out_of_bounds);
    // Backwards where the ranges may overlap that way.
    for (word k = 0; k < elements; ++k) {
      const word at = to <= from ? k : elements - 1 - k;
      target.set(std::uint32_t(to + at), source.at(std::uint32_t(from + at)));
    }
    return {};
  }
  static runtime_result table_init(word to, word from, word elements, word segment_and_table, instance_header* self) {
    return recording(self, [&] { return init_table(instance_object::of(self), table_of(self, segment_and_table >> 32), to, from, elements, std::uint32_t(segment_and_table)); });
  }
  static runtime_result elem_drop(word segment, word, word, word, instance_header* self) {
    instance_object::of(self).dropped_elements[segment] = true;
    return {};
  }
  static runtime_result ref_func(word function, word, word, word, instance_header* self) {
    return recording(self, [&] { return runtime_result{reinterpret_cast<word>(instance_object::of(self).record(std::uint32_t(function))), 0}; });
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
