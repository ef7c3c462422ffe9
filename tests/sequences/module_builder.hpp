#pragma once

// Builds small modules as bytes: what the tests need of the binary format, section 5 of the specification.

#include <lightbeam/wasm/module.hpp>
#include <lightbeam/wasm/op_table.hpp>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sequences {

using lightbeam::function_type;
using lightbeam::val;

// The byte that stands for a type.
inline std::uint8_t type_byte(val t) {
  constexpr std::uint8_t bytes[] = {0x40, 0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f};
  return bytes[std::uint8_t(t)];
}

class byte_writer {
 public:
  byte_writer& byte(std::uint8_t b) { return bytes_.push_back(b), *this; }
  byte_writer& u32(std::uint32_t v) {
    for (; v >= 0x80; v >>= 7) byte(std::uint8_t(v | 0x80));
    return byte(std::uint8_t(v));
  }
  byte_writer& s64(std::int64_t v) {
    for (; v < -64 || v > 63; v >>= 7) byte(std::uint8_t(v | 0x80));
    return byte(std::uint8_t(v & 0x7f));
  }
  byte_writer& little_endian(std::uint64_t bits, int size) {
    for (int i = 0; i < size; ++i) byte(std::uint8_t(bits >> (8 * i)));
    return *this;
  }
  byte_writer& name(std::string_view s) {
    u32(std::uint32_t(s.size()));
    for (const char c : s) byte(std::uint8_t(c));
    return *this;
  }
  byte_writer& append(std::span<const std::uint8_t> b) { return bytes_.insert(bytes_.end(), b.begin(), b.end()), *this; }
  byte_writer& sized(std::span<const std::uint8_t> b) { return u32(std::uint32_t(b.size())).append(b); }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

// Operators, one after the other: w.op("local.get", 0).op("i32.eqz").
class code_writer : public byte_writer {
 public:
  // Immediates are written as unsigned LEB128, which is right for all indices.
  template <class... Immediate>
  code_writer& op(lightbeam::op o, Immediate... immediates) {
    opcode(o);
    (u32(std::uint32_t(immediates)), ...);
    return *this;
  }
  // block, loop, if: of a value type or none; or of a type index.
  code_writer& block(lightbeam::op o, val result = val::none) { return opcode(o), byte(type_byte(result)), *this; }
  code_writer& block_of_type(lightbeam::op o, std::uint32_t type) { return opcode(o), s64(type), *this; }
  code_writer& memory(lightbeam::op o, std::uint32_t offset, std::uint32_t alignment = 0) { return op(o, alignment, offset); }
  code_writer& constant(val t, std::uint64_t bits) {
    switch (t) {
      case val::i32: opcode("i32.const"), s64(std::int32_t(std::uint32_t(bits))); break;
      case val::i64: opcode("i64.const"), s64(std::int64_t(bits)); break;
      case val::f32: opcode("f32.const"), little_endian(bits, 4); break;
      default: opcode("f64.const"), little_endian(bits, 8); break;
    }
    return *this;
  }
  code_writer& constant_null() { return opcode("ref.null"), byte(type_byte(val::funcref)), *this; }
  code_writer& i32(std::int32_t v) { return constant(val::i32, std::uint32_t(v)); }

  void opcode(std::uint32_t code) {
    begins_.push_back(bytes().size());
    if (code >> 16) byte(std::uint8_t(code >> 16)).u32(code & 0xffff);
    else byte(std::uint8_t(code));
  }
  void opcode(lightbeam::op o) { opcode(o->code); }

  // Each with its immediates.
  std::vector<std::vector<std::uint8_t>> operators() const {
    std::vector<std::vector<std::uint8_t>> all;
    for (std::size_t i = 0; i < begins_.size(); ++i) {
      const auto end = i + 1 < begins_.size() ? begins_[i + 1] : bytes().size();
      all.emplace_back(bytes().begin() + std::ptrdiff_t(begins_[i]), bytes().begin() + std::ptrdiff_t(end));
    }
    return all;
  }

 private:
  std::vector<std::size_t> begins_;
};

// The index spaces are filled in the order of the calls; what is imported comes first.
class module_builder {
 public:
  std::uint32_t type(const function_type& t) {
    for (std::uint32_t i = 0; i < types_.size(); ++i)
      if (types_[i] == t) return i;
    return types_.push_back(t), std::uint32_t(types_.size() - 1);
  }
  std::uint32_t import_function(std::string_view module, std::string_view name, const function_type& t) {
    imports_.name(module).name(name).byte(std::uint8_t(lightbeam::external::function)).u32(type(t));
    return imported_functions_++;
  }
  std::uint32_t import_global(std::string_view module, std::string_view name, val t, bool is_mutable = true) {
    imports_.name(module).name(name).byte(std::uint8_t(lightbeam::external::global)).byte(type_byte(t)).byte(is_mutable);
    return imported_globals_++;
  }
  // `body` is without the final `end`.
  std::uint32_t function(const function_type& t, std::span<const val> locals, const code_writer& body) {
    byte_writer b;
    b.u32(std::uint32_t(locals.size()));
    for (const val l : locals) b.u32(1).byte(type_byte(l));
    b.append(body.bytes()).byte(0x0b);
    functions_.push_back(type(t)), bodies_.push_back(b);
    return std::uint32_t(imported_functions_ + functions_.size() - 1);
  }
  void export_as(std::string_view name, lightbeam::external kind, std::uint32_t index) {
    exports_.name(name).byte(std::uint8_t(kind)).u32(index);
    ++export_count_;
  }
  void start(std::uint32_t function) { start_.u32(function); }
  std::uint32_t global(val t, std::uint64_t bits) {
    code_writer init;
    if (is_reference(t)) init.op("ref.null").byte(type_byte(t));
    else init.constant(t, bits);
    globals_.byte(type_byte(t)).byte(1).append(init.bytes()).byte(0x0b);
    return imported_globals_ + global_count_++;
  }
  void memory(std::uint32_t minimum, std::uint32_t maximum) { memory_.u32(1).byte(1).u32(minimum).u32(maximum); }
  std::uint32_t table(val element, std::uint32_t minimum, std::uint32_t maximum) {
    tables_.byte(type_byte(element)).byte(1).u32(minimum).u32(maximum);
    return table_count_++;
  }
  // One table of fixed size, filled with the given functions.
  void table(std::span<const std::uint32_t> functions) {
    const auto size = std::uint32_t(functions.size());
    active_elements(table(val::funcref, size, size), functions);
  }
  // The first elements of a table.
  std::uint32_t active_elements(std::uint32_t table, std::span<const std::uint32_t> functions) {
    elements_.u32(2).u32(table).byte(0x41).byte(0).byte(0x0b).byte(0);
    return segment_of(functions);
  }
  std::uint32_t passive_elements(std::span<const std::uint32_t> functions) { return elements_.u32(1).byte(0), segment_of(functions); }
  void passive_data(std::span<const std::uint8_t> bytes) { data_.assign(bytes.begin(), bytes.end()); }

  std::vector<std::uint8_t> bytes() const {
    byte_writer m;
    m.little_endian(0x0000'0001'6d73'6100, 8);
    section(m, 1, type_section());
    section(m, 2, counted(imported_functions_ + imported_globals_, imports_));
    section(m, 3, function_section());
    section(m, 4, counted(table_count_, tables_));
    section(m, 5, memory_);
    section(m, 6, counted(global_count_, globals_));
    section(m, 7, counted(export_count_, exports_));
    section(m, 8, start_);
    section(m, 9, counted(element_count_, elements_));
    if (!data_.empty()) section(m, 12, byte_writer().u32(1));
    section(m, 10, code_section());
    if (!data_.empty()) section(m, 11, byte_writer().u32(1).u32(1).sized(data_));
    return m.bytes();
  }

 private:
  static void section(byte_writer& m, std::uint8_t id, const byte_writer& content) {
    if (!content.bytes().empty()) m.byte(id).sized(content.bytes());
  }
  static byte_writer counted(std::uint32_t count, const byte_writer& content) {
    byte_writer w;
    if (count) w.u32(count).append(content.bytes());
    return w;
  }
  byte_writer type_section() const {
    byte_writer w;
    w.u32(std::uint32_t(types_.size()));
    for (const auto& t : types_) {
      w.byte(0x60).u32(std::uint32_t(t.params.size()));
      for (const val p : t.params) w.byte(type_byte(p));
      w.u32(std::uint32_t(t.results.size()));
      for (const val r : t.results) w.byte(type_byte(r));
    }
    return w;
  }
  byte_writer function_section() const {
    byte_writer w;
    w.u32(std::uint32_t(functions_.size()));
    for (const auto f : functions_) w.u32(f);
    return w;
  }
  byte_writer code_section() const {
    byte_writer w;
    w.u32(std::uint32_t(bodies_.size()));
    for (const auto& b : bodies_) w.sized(b.bytes());
    return w;
  }
  std::uint32_t segment_of(std::span<const std::uint32_t> functions) {
    elements_.u32(std::uint32_t(functions.size()));
    for (const auto f : functions) elements_.u32(f);
    return element_count_++;
  }

  std::vector<function_type> types_;
  std::vector<std::uint32_t> functions_;
  std::vector<byte_writer> bodies_;
  byte_writer imports_, exports_, globals_, memory_, start_, tables_, elements_;
  std::uint32_t imported_functions_ = 0, imported_globals_ = 0, export_count_ = 0, global_count_ = 0, table_count_ = 0, element_count_ = 0;
  std::vector<std::uint8_t> data_;
};

}  // namespace sequences
