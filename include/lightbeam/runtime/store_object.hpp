#pragma once

#include "fault.hpp"
#include "memory_object.hpp"
#include "table_object.hpp"
#include <deque>
#include <map>
#include <exception>

namespace lightbeam::inline LIGHTBEAM_ABI {

class instance_object;
class store_object;

// A function of the host before it belongs to a store: its type, what is called, and the state it is called with.
struct host_function {
  function_type type;
  host_closure::shim shim = nullptr;
  ref<counted> object;
};

// The address past the header of a block: what the instance register holds.
inline instance_header* past(instance_header* header) { return header + 1; }
inline instance_header& header_of(instance_header* self) { return self[-1]; }

// A value of a global: 8 bytes, 16 for v128; inside its instance or, made by the host, in the store.
struct global_cell {
  global_type type;
  std::uint64_t* value = nullptr;
  const store_object* store = nullptr;
};

// Something that can be imported and exported: the specification's external value.
struct definition {
  external kind = external::function;
  function_record* function = nullptr;
  table_object* table = nullptr;
  memory_object* memory = nullptr;
  global_cell global;

  definition(function_record* f) : kind(external::function), function(f) {}
  definition(table_object* t) : kind(external::table), table(t) {}
  definition(memory_object* m) : kind(external::memory), memory(m) {}
  definition(global_cell g) : kind(external::global), global(g) {}
};

// What a store consists of. The context that compiled code knows is its base, so either is found from the other.
class store_object : public context {
 public:
  store_object() = default;
  store_object(const store_object&) = delete;
  store_object& operator=(const store_object&) = delete;
  inline ~store_object();  // with instance_object, whose definition it needs

  // Equal function types have one number in a store.
  std::uint32_t type_id(const function_type& type) {
    std::string key;
    for (const val t : type.params) key += char(t);
    key += char(0x7f);
    for (const val t : type.results) key += char(t);
    if (const auto known = type_ids_.find(key); known != type_ids_.end()) return known->second;
    const auto id = std::uint32_t(types_.size());
    types_.push_back({type, nullptr});  // first: where one of the two is refused memory, no number may be left without its type
    type_ids_.emplace(std::move(key), id);
    return id;
  }
  const function_type& type(std::uint32_t id) const { return types_[id].type; }

  // One record per host function, so that references to it are equal.
  function_record* record(const host_function& f) {
    for (const auto& h : hosts_)
      if (h->closure.call == f.shim && h->object == f.object) return &h->record;
    const std::uint32_t type = type_id(f.type);
    auto& h = *hosts_.emplace_back(owner(new host_entry));
    h.object = f.object;
    h.closure.call = f.shim;
    h.closure.object = f.object.get();
    h.closure.header.store_context = this;
    h.record.type_id = type;
    h.record.code = types_[type].adapter;
    h.record.instance = past(&h.closure.header);
    return &h.record;
  }
  // Host functions get their machine code from the first module with their type: nobody else could call them.
  void adopt_adapters(const module_image& image, std::span<const std::uint32_t> ids) {
    bool is_new = false;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (types_[ids[i]].adapter || image.host_adapters[i] == 0) continue;
      types_[ids[i]].adapter = image.code + image.host_adapters[i];
      is_new = true;
    }
    if (!is_new) return;
    for (const auto& h : hosts_) h->record.code = types_[h->record.type_id].adapter;
  }

  function_record* new_record(const function_record& r) { return &records_.emplace_back(r); }
  global_cell new_global(global_type type) {
    auto& words = globals_.emplace_back();
    return {type, words.value, this};
  }
  memory_object* own(owner<memory_object> m) { return memories_.emplace_back(std::move(m)).get(); }
  table_object* own(owner<table_object> t) { return tables_.emplace_back(std::move(t)).get(); }
  // With what it defines: all or nothing.
  inline instance_object* own(owner<instance_object> i, std::vector<owner<table_object>> tables, std::vector<owner<memory_object>> memories);

  // Keeps an image alive as long as the store.
  void keep(const module_image& image) {
    for (const auto& k : images_)
      if (k.image.get() == &image) return;
    fault_registration faults;  // first: what is kept is taken for registered
    if (image.memory == memory_kind::guard_pages) faults = fault_registration(image);
    images_.push_back({ref(&image), std::move(faults)});
  }
  const module_image* image_at(std::uint64_t address) const {
    for (const auto& k : images_)
      if (address - reinterpret_cast<std::uintptr_t>(k.image->code) < k.image->code_size) return k.image.get();
    return nullptr;
  }

  quota memory_bytes, table_elements;
  std::uint64_t stack_bytes = 4 << 20;
  // Of a host function that ended with one, on its way to whoever called into the store.
  std::optional<failure> host_failure;
#if LIGHTBEAM_EXCEPTIONS
  std::exception_ptr host_exception;
#endif
  void* host_data = nullptr;
  const void* host_data_type = nullptr;
  std::uint32_t depth = 0;               // of calls into it
  bool ending = false;                   // its destructor runs
  const void* running_thread = nullptr;  // meaningful while depth is not 0

 private:
  struct store_type {
    function_type type;
    const void* adapter;
  };
  struct host_entry {
    host_closure closure;
    function_record record;
    ref<counted> object;
  };
  struct kept_image {
    ref<const module_image> image;
    fault_registration faults;  // ends first
  };
  struct global_words {
    std::uint64_t value[2] = {};
  };

  std::map<std::string, std::uint32_t> type_ids_;  // a module may bring a million of them
  std::deque<store_type> types_;
  std::deque<function_record> records_;
  std::vector<owner<host_entry>> hosts_;
  std::deque<global_words> globals_;
  std::vector<owner<memory_object>> memories_;
  std::vector<owner<table_object>> tables_;
  std::vector<kept_image> images_;
  std::vector<owner<instance_object>> instances_;
};

inline store_object& store_of(const function_record& record) { return *static_cast<store_object*>(header_of(record.instance).store_context); }

}  // namespace lightbeam::inline LIGHTBEAM_ABI
