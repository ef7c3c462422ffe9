#pragma once

// From the bytes of a validated body to instructions whose branch targets are known.

#include "operators_control.hpp"
#include "operators_float.hpp"
#include "operators_memory.hpp"
#include "operators_table.hpp"
#include <lightbeam/core/reader.hpp>
#include <array>
#include <memory>

namespace interpreter {

// What to do for each row of the operator table; null where the interpreter has nothing for it.
inline constexpr auto handlers = [] {
  std::array<handler, lightbeam::op_count> by_row{};
  const auto add = [&](const auto& operations) {
    for (const operation& o : operations) by_row[o.name.row] = o.run;
  };
  add(control_operations), add(table_operations), add(memory_operations);
  add(i32_operations), add(i64_operations), add(f32_operations), add(f64_operations), add(conversion_operations);
  return by_row;
}();

class decoder {
 public:
  decoder(const module_info& module, const lightbeam::body_range& body)
      : module_(module), in_(std::span(module.bytes).subspan(body.begin, body.size), body.begin) {}

  code run() {
    for (std::uint32_t groups = in_.u32(); groups--;) {
      code_.locals += in_.u32();
      in_.byte();
    }
    open_.push_back({});
    while (!open_.empty()) operator_();
    return std::move(code_);
  }

 private:
  // A block whose `end` has not been seen.
  struct open_block {
    std::uint32_t begin = 0;       // index of the instruction
    std::optional<std::uint32_t> arm;  // of the `else`
    bool loop = false;
  };

  std::uint32_t next_index() const { return std::uint32_t(code_.instructions.size()); }

  void operator_() {
    const std::uint32_t offset = in_.offset();
    std::uint32_t opcode = in_.byte();
    if (opcode >= 0xfb) opcode = opcode << 16 | in_.u32();
    const auto* row = lightbeam::find_row(opcode);
    const auto index = std::size_t(row - lightbeam::op_table.data());
    instruction i{handlers[index], 0, 0, 0, offset};
    immediate(row->immediate, i);
    if (opcode == else_code) begin_else();
    if (opcode == end_code) i.a = end_block();
    code_.instructions.push_back(i);
    if (row->immediate == lightbeam::imm::block_type) open_.push_back({next_index() - 1, {}, opcode == loop_code});
  }
  static constexpr std::uint32_t loop_code = lightbeam::op("loop")->code, else_code = lightbeam::op("else")->code,
                                 end_code = lightbeam::op("end")->code;

  void immediate(lightbeam::imm kind, instruction& i) {
    using lightbeam::imm;
    switch (kind) {
      case imm::none: break;
      case imm::i32: i.bits = std::uint32_t(in_.s32()); break;
      case imm::i64: i.bits = word(in_.s64()); break;
      case imm::f32: i.bits = in_.fixed<std::uint32_t>(); break;
      case imm::f64: i.bits = in_.fixed<std::uint64_t>(); break;
      case imm::block_type: block_type(i); break;
      case imm::br_table: br_table(i); break;
      case imm::memarg: in_.u32(), i.bits = in_.u32(); break;
      case imm::select_types:
        for (std::uint32_t n = in_.u32(); n--;) in_.byte();
        break;
      case imm::memory_init:
      case imm::memory_copy:
      case imm::call_indirect:
      case imm::table_init:
      case imm::table_copy: i.a = in_.u32(), i.b = in_.u32(); break;
      default: i.a = in_.u32();  // one index
    }
  }
  // A type index is not negative; one byte stands for no result or one.
  void block_type(instruction& i) {
    const auto type = in_.s33();
    const bool indexed = type >= 0;
    const std::size_t params = indexed ? module_.types[std::size_t(type)].params.size() : 0;
    const std::size_t results = indexed ? module_.types[std::size_t(type)].results.size() : type != empty_block;
    const bool loop = i.run == handlers[lightbeam::op("loop").row];
    i.a = next_index() + 1;  // of a loop; that of a block is known at its end
    i.b = std::uint32_t(loop ? params : results);
    i.bits = params;
  }
  static constexpr std::int64_t empty_block = -64;

  void br_table(instruction& i) {
    i.a = std::uint32_t(code_.targets.size());
    i.b = in_.u32();
    for (std::uint32_t n = 0; n <= i.b; ++n) code_.targets.push_back(in_.u32());
  }

  void begin_else() { open_.back().arm = next_index(); }

  // Whether the function ends.
  bool end_block() {
    const open_block block = open_.back();
    open_.pop_back();
    if (open_.empty()) return true;
    instruction& begin = code_.instructions[block.begin];
    if (!block.loop) begin.a = next_index() + 1;
    // A false condition of an `if` goes to its `else` arm, or else to its `end`.
    const word otherwise = block.arm ? *block.arm + 1 : next_index();
    begin.bits |= otherwise << 32;
    return false;
  }

  const module_info& module_;
  lightbeam::reader in_;
  code code_;
  std::vector<open_block> open_;
};

inline const code& decoded(function& f) {
  if (!f.body) {
    const module_info& m = *f.owner->module;
    f.body = std::make_shared<code>(decoder(m, m.bodies[f.index - m.imported_functions]).run());
  }
  return *f.body;
}

}  // namespace interpreter
