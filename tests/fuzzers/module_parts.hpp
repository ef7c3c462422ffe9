#pragma once

// A module as sections, bodies and operators that can be changed and put together again with the right sizes.

#include "../sequences/module_builder.hpp"
#include "../sequences/skip_immediate.hpp"
#include <lightbeam/wasm/sections.hpp>
#include <optional>

namespace fuzzers {

using bytes = std::vector<std::uint8_t>;
using sequences::byte_writer;

// An operator: its row, and its bytes with opcode and immediate.
struct operator_bytes {
  const lightbeam::op_row* row = nullptr;
  bytes all;
};

struct function_body {
  bytes locals;
  std::vector<operator_bytes> operators;  // with the final `end`
  bytes rest;                             // from what is not an operator on
};

struct section_bytes {
  std::uint8_t id = 0;
  bytes content;
};

class module_parts {
 public:
  std::vector<section_bytes> sections;  // the code section's content is in `bodies`
  std::vector<function_body> bodies;

  // Nothing where sections and bodies do not have the sizes that they say.
  static std::optional<module_parts> read(std::span<const std::uint8_t> module) {
    lightbeam::reader in(module);
    module_parts m;
    in.bytes(8);
    while (in && in.left() > 0) {
      const std::uint8_t id = in.byte();
      const auto content = in.bytes(in.u32());
      m.sections.push_back({id, {content.begin(), content.end()}});
      if (id == code && !m.read_bodies(content)) return {};
    }
    if (!in) return {};
    return m;
  }

  bytes write() const {
    byte_writer w;
    w.little_endian(0x0000'0001'6d73'6100, 8);
    for (const auto& s : sections) w.byte(s.id).sized(s.id == code ? write_bodies() : s.content);
    return w.bytes();
  }

 private:
  static constexpr auto code = std::uint8_t(lightbeam::section::code);

  bool read_bodies(std::span<const std::uint8_t> content) {
    lightbeam::reader in(content);
    for (std::uint32_t n = in.u32(); n-- && in;) bodies.push_back(read_body(in.bytes(in.u32())));
    return bool(in);
  }
  static function_body read_body(std::span<const std::uint8_t> body) {
    lightbeam::reader in(body);
    function_body f;
    for (std::uint32_t n = in.u32(); n-- && in;) in.u32(), in.byte();
    const auto* at = in ? in.position() : body.data();
    f.locals.assign(body.data(), at);
    while (in && in.left() > 0) {
      std::uint32_t opcode = in.byte();
      if (opcode >= 0xfb) opcode = opcode << 16 | (in.u32() & 0xffff);
      const auto* row = lightbeam::find_row(opcode);
      if (!row) break;
      sequences::skip_immediate(in, row->immediate);
      if (!in) break;
      f.operators.push_back({row, {at, in.position()}});
      at = in.position();
    }
    f.rest.assign(at, body.data() + body.size());
    return f;
  }
  bytes write_bodies() const {
    byte_writer w;
    w.u32(std::uint32_t(bodies.size()));
    for (const auto& f : bodies) {
      byte_writer b;
      b.append(f.locals);
      for (const auto& o : f.operators) b.append(o.all);
      w.sized(b.append(f.rest).bytes());
    }
    return w.bytes();
  }
};

}  // namespace fuzzers
