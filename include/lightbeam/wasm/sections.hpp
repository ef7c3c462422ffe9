#pragma once

#include "const_expression.hpp"
#include "name_section.hpp"
#include <algorithm>
#include <cstdlib>

namespace lightbeam::inline LIGHTBEAM_ABI {

enum class section : std::uint8_t { custom, type, import, function, table, memory, global, exports, start, element, code, data, data_count, tag };

// Reads one whole section (but that of the code) into a module, and validates it against the sections before it.
class section_reader {
 public:
  section_reader(module_info& info, feature features, std::span<const std::uint8_t> content, std::uint32_t offset)
      : info_(info), in_(content, offset, "unexpected end of section or function"), types_(in_, features), constants_(in_, info, features) {}

  result<void> read(section id) {
    switch (id) {
      case section::custom: custom(); break;
      case section::type: types(); break;
      case section::import: imports(); break;
      case section::function: functions(); break;
      case section::table: tables(); break;
      case section::memory: memories(); break;
      case section::global: globals(); break;
      case section::exports: exports(); break;
      case section::start: start(); break;
      case section::element: elements(); break;
      case section::data_count: data_count(); break;
      default: data(); break;
    }
    if (in_.left() != 0) in_.malformed("section size mismatch");
    if (!in_) return failure(in_.error()).in_section(std::uint8_t(id));
    return {};
  }

 private:
  LIGHTBEAM_SMALL
  void custom() {
    const std::string name = types_.name();
    if (!in_) return;
    const auto content = in_.bytes(in_.left());
    if (name == "name") read_function_names(content, info_);
  }

  void types() {
    for (std::uint32_t n = length(info_.types, module_limits::types, 2, 6); n-- && in_;) {
      const auto& type = info_.types.emplace_back(types_.function());
      info_.most_results = std::max(info_.most_results, std::uint32_t(type.results.size()));
    }
  }

  // The length of a vector of the module, with room for its entries, as far as its bytes can hold so many of the usual size: a
  // length alone takes no memory.
  template <class Vector>
  std::uint32_t length(Vector& v, std::uint32_t most, std::uint32_t least_bytes, std::uint32_t usual_bytes) {
    const std::uint32_t n = types_.length(most, least_bytes);
    v.reserve(std::min(n, std::uint32_t(in_.left()) / usual_bytes));
    return n;
  }

  std::uint32_t type_index() {
    const std::uint32_t at = in_.offset(), index = in_.u32();
    if (in_ && index >= info_.types.size()) in_.unknown("unknown type", index, at);
    return index;
  }

  void add_function() {
    const std::uint32_t at = in_.offset(), type = type_index();
    if (info_.functions.size() == module_limits::functions) in_.fail(failure_kind::limit, "too many functions", at);
    info_.functions.push_back(type);
    info_.referenced.push_back(false);
  }

  void add_table() {
    const std::uint32_t at = in_.offset();
    if (!info_.tables.empty()) types_.need(feature::reference_types, "several tables need the feature reference-types, which is disabled", at);
    if (info_.tables.size() == module_limits::tables) in_.fail(failure_kind::limit, "too many tables", at);
    info_.tables.push_back(types_.table());
  }

  void add_memory() {
    const std::uint32_t at = in_.offset();
    if (!info_.memories.empty()) types_.need(feature::multi_memory, "multiple memories need the feature multi-memory, which is disabled", at);
    if (info_.memories.size() == module_limits::memories) in_.fail(failure_kind::limit, "too many memories", at);
    info_.memories.push_back(types_.memory());
  }

  global_type add_global() {
    if (info_.globals.size() == module_limits::globals) in_.fail(failure_kind::limit, "too many globals", in_.offset());
    return info_.globals.emplace_back(types_.global());
  }

  void imports() {
    for (std::uint32_t n = length(info_.imports, module_limits::imports, 4, 8); n-- && in_;) {
      import_entry e;
      e.module = types_.name();
      e.name = types_.name();
      const std::uint32_t at = in_.offset();
      const std::uint8_t kind = in_.byte();
      e.kind = external(kind);
      e.index = space(e.kind);
      if (kind == 0) add_function(), ++info_.imported_functions;
      else if (kind == 1) add_table(), ++info_.imported_tables;
      else if (kind == 2) add_memory(), ++info_.imported_memories;
      else if (kind == 3) import_global(at);
      else not_external(kind, at, "malformed import kind");
      info_.imports.push_back(std::move(e));
    }
  }

  void import_global(std::uint32_t at) {
    ++info_.imported_globals;
    if (!add_global().is_mutable) return;
    types_.need(feature::mutable_global, "imports of mutable globals need the feature mutable-global, which is disabled", at);
  }

  void not_external(std::uint8_t kind, std::uint32_t at, const char* malformed) {
    if (kind == 4) types_.unsupported("tags (feature exceptions) are not supported", at);
    else in_.malformed(malformed, at);
  }

  std::uint32_t space(external kind) const {
    switch (kind) {
      case external::function: return std::uint32_t(info_.functions.size());
      case external::table: return std::uint32_t(info_.tables.size());
      case external::memory: return std::uint32_t(info_.memories.size());
      default: return std::uint32_t(info_.globals.size());
    }
  }

  void functions() {
    for (std::uint32_t n = types_.length(module_limits::functions); n-- && in_;) add_function();
  }
  void tables() {
    for (std::uint32_t n = types_.length(module_limits::tables, 3); n-- && in_;) add_table();
  }
  void memories() {
    for (std::uint32_t n = types_.length(module_limits::memories, 2); n-- && in_;) add_memory();
  }
  void globals() {
    for (std::uint32_t n = types_.length(module_limits::globals, 3); n-- && in_;) {
      const val type = add_global().type;
      info_.global_initialisers.push_back(constants_.read(type));
    }
  }

  void exports() {
    constexpr const char* unknown[] = {"unknown function", "unknown table", "unknown memory", "unknown global"};
    const std::uint32_t begin = in_.offset();
    for (std::uint32_t n = length(info_.exports, module_limits::exports, 3, 8); n-- && in_;) {
      export_entry e;
      e.name = types_.name();
      const std::uint32_t at = in_.offset();
      const std::uint8_t kind = in_.byte();
      e.kind = external(kind);
      e.index = in_.u32();
      if (!in_) return;
      if (kind > 3) return not_external(kind, at, "malformed export kind");
      if (e.index >= space(e.kind)) return in_.unknown(unknown[kind], e.index, at);
      if (e.kind == external::function) info_.referenced[e.index] = true;
      else if (e.kind == external::global && info_.globals[e.index].is_mutable)
        types_.need(feature::mutable_global, "exports of mutable globals need the feature mutable-global, which is disabled", at);
      info_.exports.push_back(std::move(e));
    }
    if (!in_) return;
    if (const std::uint32_t again = duplicate_export(); again != no_index) in_.fail(failure(failure_kind::invalid, "duplicate export name, of export", begin).of(again));
  }

  // The first export whose name an earlier one has, or no_index.
  std::uint32_t duplicate_export() const {
    struct name {
      std::uint64_t beginning;  // which nearly always decides
      const export_entry* of;
    };
    plain_vector<name> names(info_.exports.size());
    if (names.size() == 0) return no_index;
    for (std::uint32_t i = 0; i < names.size(); ++i) {
      const std::string& text = info_.exports[i].name;
      char first[8] = {};
      std::memcpy(first, text.data(), std::min(sizeof first, text.size()));
      names[i] = {std::bit_cast<std::uint64_t>(first), &info_.exports[i]};
    }
    // C's, which takes a unit less time to compile.
    std::qsort(names.begin(), names.size(), sizeof(name), [](const void* x, const void* y) {
      const auto &a = *static_cast<const name*>(x), &b = *static_cast<const name*>(y);
      if (a.beginning != b.beginning) return a.beginning < b.beginning ? -1 : 1;
      const int order = a.of->name.compare(b.of->name);
      return order != 0 ? order : a.of < b.of ? -1 : 1;
    });
    std::uint32_t first = no_index;
    for (std::size_t i = 1; i < names.size(); ++i)
      if (names[i].of->name == names[i - 1].of->name) first = std::min(first, std::uint32_t(names[i].of - info_.exports.data()));
    return first;
  }

  void start() {
    const std::uint32_t at = in_.offset(), index = in_.u32();
    if (!in_) return;
    if (index >= info_.functions.size()) return in_.unknown("unknown function", index, at);
    const function_type& t = info_.type_of(index);
    if (!t.params.empty() || !t.results.empty()) return in_.invalid("start function", at);
    info_.start = index;
  }

  LIGHTBEAM_SMALL_END
  // Modules may have very many segments.
  void elements() {
    for (std::uint32_t n = length(info_.elements, module_limits::element_segments, 2, 6); n-- && in_;) info_.elements.push_back(element());
  }

  // Section 5.5.12: bit 0 of the flags says passive or declarative, bit 1 declarative or with a table's index, bit 2 expressions.
  element_segment element() {
    element_segment e;
    const std::uint32_t at = in_.offset(), flags = in_.u32();
    if (flags > 7) return in_.malformed("malformed element segment flags", at), e;
    if (flags & 1) types_.need(feature::bulk_memory, "passive and declarative element segments need the feature bulk-memory, which is disabled", at);
    if ((flags & 5) == 5) types_.need(feature::reference_types, "types of element segments need the feature reference-types, which is disabled", at);
    e.mode = !(flags & 1) ? segment_mode::active : flags & 2 ? segment_mode::declarative : segment_mode::passive;
    std::uint32_t place = in_.offset();
    if ((flags & 3) == 2) e.table = in_.u32();
    if (in_ && e.mode == segment_mode::active && e.table >= info_.tables.size()) in_.unknown("unknown table", e.table, place);
    if (e.mode == segment_mode::active) e.offset = constants_.read(val::i32);
    place = in_.offset();
    if ((flags & 3) != 0) e.type = flags & 4 ? types_.reference() : element_kind();
    if (in_ && e.mode == segment_mode::active && info_.tables[e.table].element != e.type)
      in_.fail(failure(failure_kind::invalid, "type mismatch", place).types(std::uint8_t(info_.tables[e.table].element), std::uint8_t(e.type)));
    for (std::uint32_t n = length(e.items, module_limits::items, 1, 1); n-- && in_;) e.items.push_back(flags & 4 ? constants_.read(e.type) : function_item());
    return e;
  }

  val element_kind() {
    const std::uint32_t at = in_.offset();
    if (in_.byte() != 0) in_.malformed("malformed element kind", at);
    return val::funcref;
  }

  short_expression function_item() {
    const std::uint32_t at = in_.offset(), index = in_.u32();
    if (in_ && index >= info_.functions.size()) in_.unknown("unknown function", index, at);
    if (in_) info_.referenced[index] = true;
    return {short_expression::kind::ref_func, val::funcref, index};
  }

  void data_count() {
    types_.need(feature::bulk_memory, "the data count section needs the feature bulk-memory, which is disabled", in_.offset());
    info_.data_count = in_.u32();
  }

  void data() {
    const std::uint32_t at = in_.offset();
    const std::uint32_t count = length(info_.data, module_limits::data_segments, 2, 5);
    if (info_.data_count && *info_.data_count != count) in_.malformed("data count and data section have inconsistent lengths", at);
    for (std::uint32_t n = count; n-- && in_;) info_.data.push_back(data_segment_at());
  }

  data_segment data_segment_at() {
    data_segment d;
    std::uint32_t at = in_.offset();
    const std::uint32_t flags = in_.u32();
    if (flags > 2) return in_.malformed("malformed data segment flags", at), d;
    if (flags == 1) types_.need(feature::bulk_memory, "passive data segments need the feature bulk-memory, which is disabled", at);
    d.mode = flags == 1 ? segment_mode::passive : segment_mode::active;
    at = in_.offset();
    if (flags == 2) d.memory = in_.u32();
    if (in_ && d.mode == segment_mode::active && d.memory >= info_.memories.size()) in_.unknown("unknown memory", d.memory, at);
    if (d.mode == segment_mode::active) d.offset = constants_.read(val::i32);
    d.size = types_.length(module_limits::bytes);
    d.begin = in_.offset();
    in_.bytes(d.size);
    return d;
  }

  module_info& info_;
  reader in_;
  type_reader types_;
  const_expression_reader constants_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
