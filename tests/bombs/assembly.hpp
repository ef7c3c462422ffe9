#pragma once

// A module of many equal parts, in one vector a section: what module_builder would search and copy.

#include "../sequences/module_builder.hpp"
#include <array>

namespace bombs {

using bytes = std::vector<std::uint8_t>;
using sequences::byte_writer;
using sequences::code_writer;
using sequences::type_byte;
using lightbeam::val;

using value_types = std::vector<val>;

class assembly {
 public:
  enum section : std::uint8_t { custom, types, imports, functions, tables, memories, globals, exports, start, elements, code, data };

  // The next element of a section's vector: who calls writes it.
  byte_writer& add(section s) { return ++counts_[s], contents_[s]; }

  std::uint32_t type(const value_types& params, const value_types& results) {
    auto& w = add(types).byte(0x60);
    for (const auto* list : {&params, &results}) {
      w.u32(std::uint32_t(list->size()));
      for (const val t : *list) w.byte(type_byte(t));
    }
    return counts_[types] - 1;
  }
  struct group {
    std::uint32_t count;
    val type;
  };
  // `body` is without the final `end`.
  std::uint32_t function(std::uint32_t type, const std::vector<group>& locals, const code_writer& body) {
    add(functions).u32(type);
    byte_writer b;
    b.u32(std::uint32_t(locals.size()));
    for (const auto& l : locals) b.u32(l.count).byte(type_byte(l.type));
    b.append(body.bytes()).byte(0x0b);
    add(code).sized(b.bytes());
    return counts_[functions] - 1;
  }
  void memory() { add(memories).byte(0).u32(1); }
  void table(std::uint32_t size) { add(tables).byte(type_byte(val::funcref)).byte(1).u32(size).u32(size); }
  // As it stands, behind everything else.
  void custom_section(std::string_view name, const byte_writer& content) {
    byte_writer w;
    w.name(name).append(content.bytes());
    customs_.byte(0).sized(w.bytes());
  }

  bytes finish() const {
    byte_writer m;
    m.little_endian(0x0000'0001'6d73'6100, 8);
    for (std::uint8_t s = types; s <= data; ++s) {
      if (!counts_[s]) continue;
      byte_writer content;
      content.u32(counts_[s]).append(contents_[s].bytes());
      m.byte(s).sized(content.bytes());
    }
    return m.append(customs_.bytes()).bytes();
  }

 private:
  std::array<byte_writer, 12> contents_;
  std::array<std::uint32_t, 12> counts_{};
  byte_writer customs_;
};

// Function 0, of type 0 [] -> [], with this body and locals.
inline bytes one_function(const code_writer& body, const std::vector<assembly::group>& locals = {{1, val::i32}, {1, val::i32}, {1, val::i32}}) {
  assembly m;
  m.type({}, {});
  m.memory();
  m.function(0, locals, body);
  return m.finish();
}

}  // namespace bombs
