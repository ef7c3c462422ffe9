#pragma once

#include "../wasm/module.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Types as the messages of link failures show them: "function (i32, i64) -> (f32)", "memory of 1 to 2 pages".
inline std::string text(const function_type& type) {
  const auto list = [](const std::vector<val>& types) {
    std::string s = "(";
    for (const val t : types) s.append(s.size() > 1 ? ", " : "").append(text(t));
    return s + ")";
  };
  return "function " + list(type.params) + " -> " + list(type.results);
}
inline std::string text(const limits& size) {
  return size.maximum ? std::to_string(size.minimum) + " to " + std::to_string(*size.maximum) : "at least " + std::to_string(size.minimum);
}
inline std::string text(const table_type& type) { return "table of " + text(type.size) + " elements of type " + std::string(text(type.element)); }
inline std::string text(const memory_type& type) { return "memory of " + text(type.size) + " pages"; }
inline std::string text(const global_type& type) { return (type.is_mutable ? "mutable global of type " : "constant global of type ") + std::string(text(type.type)); }

// What an import wants.
inline std::string text(const module_info& m, const import_entry& i) {
  switch (i.kind) {
    case external::function: return text(m.type_of(i.index));
    case external::table: return text(m.tables[i.index]);
    case external::memory: return text(m.memories[i.index]);
    case external::global: return text(m.globals[i.index]);
  }
  return {};
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
