#pragma once

#include "store_object.hpp"
#include <cstdlib>

namespace lightbeam::inline LIGHTBEAM_ABI {

// An instance of a store. Its block never moves: {instance_object*, instance_header, what instance_layout says}.
class instance_object {
 public:
  // Null where the system has no memory for the block.
  static owner<instance_object> make(store_object& store, const module_image& image) {
    owner<instance_object> made(new instance_object(store, image));
    made->block_ = static_cast<std::uint8_t*>(std::calloc(1, prefix + sizeof(instance_header) + std::size_t(image.layout.size)));
    if (!made->block_) return {};
    auto& header = header_of(made->self());
    reinterpret_cast<instance_object**>(&header)[-1] = made.get();
    header.store_context = &store;
    return made;
  }
  instance_object(const instance_object&) = delete;
  instance_object& operator=(const instance_object&) = delete;
  ~instance_object() { std::free(block_); }

  // The instance that code runs in, from its instance register.
  static instance_object& of(instance_header* self) { return *reinterpret_cast<instance_object**>(&header_of(self))[-1]; }

  instance_header* self() const { return reinterpret_cast<instance_header*>(block_ + prefix + sizeof(instance_header)); }
  // A part of the block, at a displacement of its layout.
  template <class T>
  T* part(std::int32_t displacement) const { return reinterpret_cast<T*>(reinterpret_cast<std::uint8_t*>(self()) + displacement); }

  const module_info& info() const { return image.info; }
  std::uint64_t* global(std::uint32_t index) const {
    const auto at = image.layout.globals[index];
    return index < info().imported_globals ? *part<std::uint64_t*>(at) : part<std::uint64_t>(at);
  }
  // The record that stands for a function of the module, made when something first refers to it.
  function_record* record(std::uint32_t function) {
    auto*& known = records[function];
    if (known) return known;
    const std::uint32_t type = info().functions[function];
    return known = store.new_record({type_id(type), function, image.code + image.function_offsets[function - info().imported_functions], self(),
                                     image.code + image.entry_thunks[type]});
  }
  std::uint32_t type_id(std::uint32_t type) const { return part<std::uint32_t>(image.layout.type_ids)[type]; }

  // The bits of a constant expression, section 4.3.
  std::uint64_t evaluate(const short_expression& e) {
    using kind = short_expression::kind;
    switch (e.op) {
      case kind::constant: return e.index;
      case kind::global_get: return *global(e.index);
      case kind::ref_null: return 0;
      case kind::ref_func: return reinterpret_cast<std::uint64_t>(record(e.index));
    }
    return 0;
  }

  lightbeam::definition definition(external kind, std::uint32_t index) {
    if (kind == external::function) return record(index);
    if (kind == external::table) return tables[index];
    if (kind == external::memory) return memories[index];
    return global_cell{info().globals[index], global(index), &store};
  }
  std::optional<lightbeam::definition> exported(std::string_view name) {
    for (const auto& e : info().exports)
      if (e.name == name) return definition(e.kind, e.index);
    return {};
  }

  store_object& store;
  const module_image& image;
  plain_vector<function_record*> records;
  plain_vector<table_object*> tables;
  plain_vector<memory_object*> memories;
  plain_vector<bool> dropped_elements, dropped_data;

 private:
  static constexpr std::size_t prefix = 16;  // keeps the instance register aligned to 16

  instance_object(store_object& s, const module_image& i)
      : store(s), image(i), records(i.info.functions.size()), dropped_elements(i.info.elements.size()), dropped_data(i.info.data.size()) {}

  std::uint8_t* block_ = nullptr;
};

inline store_object::~store_object() {
  ending = true;
  instances_.clear();
}
inline instance_object* store_object::own(owner<instance_object> i, std::vector<owner<table_object>> tables, std::vector<owner<memory_object>> memories) {
  tables_.reserve(tables_.size() + tables.size());
  memories_.reserve(memories_.size() + memories.size());
  auto* const kept = instances_.emplace_back(std::move(i)).get();
  for (auto& t : tables) tables_.push_back(std::move(t));
  for (auto& m : memories) memories_.push_back(std::move(m));
  return kept;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
