#pragma once

#include "call.hpp"
#include "link_failure.hpp"
#include "runtime_functions.hpp"
#include "type_text.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

inline std::string text(const store_object& store, const definition& d) {
  switch (d.kind) {
    case external::function: return text(store.type(d.function->type_id));
    case external::table: return text(d.table->type());
    case external::memory: return text(d.memory->type());
    case external::global: return text(d.global.type);
  }
  return {};
}

// Whether what is there may stand for what is wanted, section 4.5.1: at least the minimum, and no more than the maximum.
constexpr bool matches(const limits& there, const limits& wanted) {
  return there.minimum >= wanted.minimum && (!wanted.maximum || (there.maximum && *there.maximum <= *wanted.maximum));
}

// Instantiation, section 4.5.4: the instance is made whole first, then its segments and its start function may trap,
// and what they did before stays done.
class instantiation {
 public:
  // One definition per import, in their order.
  static result<instance_object*> run(store_object& store, const module_image& image, std::span<const definition> imports) {
    for (std::size_t i = 0; i < imports.size(); ++i)
      if (auto fits = check(store, image, image.info.imports[i], imports[i]); !fits) return fits.error();
    auto made = instance_object::make(store, image);
    if (!made) return failure(failure_kind::limit, "the system refused the memory of an instance");
    instantiation steps{store, image, *made};
    for (std::size_t i = 0; i < imports.size(); ++i) steps.link(image.info.imports[i], imports[i]);
    if (auto ready = steps.allocate(); !ready) return ready.error();
    store.keep(image);
    steps.number_types();
    auto* const instance = store.own(std::move(made), std::move(steps.tables_), std::move(steps.memories_));
    steps.initialise_globals();
    if (auto ready = steps.elements(); !ready) return ready.error();
    if (auto ready = steps.data(); !ready) return ready.error();
    if (image.info.start) instance->record(*image.info.start);
    return instance;
  }
  // Runs the start function of an instance that is made.
  static result<void> start(instance_object& instance) {
    if (!instance.info().start) return {};
    std::uint64_t none[1] = {};
    if (const auto trap = enter(*instance.record(*instance.info().start), none, instance.self()); trap != 0) return take_trap(instance.store, trap);
    return {};
  }

 private:
  instantiation(store_object& s, const module_image& m, instance_object& i) : store_(s), image_(m), instance_(i) {}
  const module_info& info() const { return image_.info; }

  static result<void> check(store_object& store, const module_image& image, const import_entry& wanted, const definition& there) {
    if (there.kind == external::function && !there.function)
      return link_failure("null import", "\"" + wanted.module + "\" \"" + wanted.name + "\" is a null function");
    if (!belongs(store, there))
      return link_failure("import of another store", "\"" + wanted.module + "\" \"" + wanted.name + "\" belongs to another store");
    if (!fits(store, image.info, wanted, there))
      return link_failure("incompatible import type", "incompatible import type: \"" + wanted.module + "\" \"" + wanted.name + "\" is wanted as " +
                                                          text(image.info, wanted) + ", but is a " + text(store, there));
    if (wanted.kind == external::memory && image.memory == memory_kind::guard_pages && there.memory->kind() != memory_kind::guard_pages)
      return link_failure("incompatible import type", "incompatible import type: \"" + wanted.module + "\" \"" + wanted.name +
                                                          "\" is a memory with bounds checks, but the module was compiled for guard pages");
    return {};
  }
  static bool belongs(const store_object& store, const definition& d) {
    switch (d.kind) {
      case external::function: return &store_of(*d.function) == &store;
      case external::table: return d.table->belongs_to(store.table_elements);
      case external::memory: return d.memory->belongs_to(store.memory_bytes);
      case external::global: return d.global.store == &store;
    }
    return false;
  }
  static bool fits(store_object& store, const module_info& m, const import_entry& wanted, const definition& there) {
    if (wanted.kind != there.kind) return false;
    switch (wanted.kind) {
      case external::function: return store.type(there.function->type_id) == m.type_of(wanted.index);
      case external::table: return there.table->data.element == m.tables[wanted.index].element && matches(there.table->type().size, m.tables[wanted.index].size);
      case external::memory: return matches(there.memory->type().size, m.memories[wanted.index].size);
      case external::global: return there.global.type == m.globals[wanted.index];
    }
    return false;
  }

  void number_types() {
    auto* const ids = instance_.part<std::uint32_t>(image_.layout.type_ids);
    for (std::size_t i = 0; i < info().types.size(); ++i) ids[i] = store_.type_id(info().types[i]);
    store_.adopt_adapters(image_, {ids, info().types.size()});
    header_of(instance_.self()).functions = runtime_functions::table();
  }

  void link(const import_entry& i, const definition& d) {
    if (i.kind == external::function) {
      instance_.records[i.index] = d.function;
      instance_.part<function_record*>(image_.layout.imports)[i.index] = d.function;
    } else if (i.kind == external::table) {
      add(d.table);
    } else if (i.kind == external::memory) {
      add(d.memory);
    } else {
      *instance_.part<std::uint64_t*>(image_.layout.globals[i.index]) = d.global.value;
    }
  }
  void add(table_object* t) {
    instance_.part<table_data*>(image_.layout.tables)[instance_.tables.size()] = &t->data;
    instance_.tables.push_back(t);
  }
  void add(memory_object* m) {
    if (instance_.memories.empty()) header_of(instance_.self()).memory_base = m->base();
    instance_.part<std::uint8_t*>(image_.layout.memories)[instance_.memories.size()] = m->base();
    instance_.memories.push_back(m);
  }

  result<void> allocate() {
    for (std::uint32_t t = info().imported_tables; t < info().tables.size(); ++t) {
      auto made = image_.layout.inline_table(t) ? table_object::make_inline(info().tables[t], store_.table_elements, arrays(t))
                                               : table_object::make(info().tables[t], store_.table_elements);
      if (!made) return made.error();
      add(tables_.emplace_back(std::move(*made)).get());
    }
    for (std::uint32_t m = info().imported_memories; m < info().memories.size(); ++m) {
      auto made = memory_object::make(info().memories[m], image_.memory, store_.memory_bytes);
      if (!made) return made.error();
      add(memories_.emplace_back(std::move(*made)).get());
    }
    return {};
  }
  table_data arrays(std::uint32_t t) const {
    table_data d;
    d.references = instance_.part<std::uint64_t>(image_.layout.table_references[t]);
    d.type_ids = instance_.part<std::uint32_t>(image_.layout.table_ids[t]);
    d.code = instance_.part<const void*>(image_.layout.table_code[t]);
    d.owner = instance_.self();
    d.foreign_thunk = image_.code + image_.table_thunks[t];
    return d;
  }

  void initialise_globals() {
    for (std::uint32_t g = info().imported_globals; g < info().globals.size(); ++g) {
      const auto& e = info().global_initialisers[g - info().imported_globals];
      const bool constant = e.op == const_expression::kind::constant;
      auto* const words = instance_.global(g);
      words[0] = constant ? e.bits[0] : instance_.evaluate(e);
      if (info().globals[g].type == val::v128) words[1] = constant ? e.bits[1] : instance_.global(e.index)[1];
    }
  }

  result<void> elements() {
    for (std::uint32_t s = 0; s < info().elements.size(); ++s) {
      const auto& segment = info().elements[s];
      if (segment.mode == segment_mode::passive) continue;
      if (segment.mode == segment_mode::active) {
        const auto at = std::uint32_t(instance_.evaluate(segment.offset));
        const auto done = runtime_functions::init_table(instance_, *instance_.tables[segment.table], at, 0, segment.items.size(), s);
        if (done.trap != 0) return trapped(done.trap, s);
      }
      instance_.dropped_elements[s] = true;
    }
    return {};
  }
  result<void> data() {
    for (std::uint32_t s = 0; s < info().data.size(); ++s) {
      const auto& segment = info().data[s];
      if (segment.mode != segment_mode::active) continue;
      const auto at = std::uint32_t(instance_.evaluate(segment.offset));
      const auto done = runtime_functions::init_memory(instance_, *instance_.memories[segment.memory], at, 0, segment.size, s);
      if (done.trap != 0) return trapped(done.trap, s);
      instance_.dropped_data[s] = true;
    }
    return {};
  }
  failure trapped(std::uint64_t trap, std::uint32_t segment) const { return failure(trap_code(trap - 1)).of(segment).from(&image_); }

  store_object& store_;
  const module_image& image_;
  instance_object& instance_;
  std::vector<owner<table_object>> tables_;  // its own, until the store has it
  std::vector<owner<memory_object>> memories_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
