#pragma once

#include "op_table.hpp"
#include "operand_stack.hpp"
#include "type_reader.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {
LIGHTBEAM_SMALL

// Validates the operators of one block and of all the blocks in it, sections 3.3 and 5.4: types by the rows of the table, and the
// checks of those operators whose type depends on the stack or on an immediate. `Outer` says what surrounds the block:
//   std::span<const val> label_types(std::uint32_t depth) const;  // depth 0 is the block itself
//   std::size_t labels() const;
//   std::span<const val> results() const;                         // of the block
//   val local_type(std::uint32_t) const; std::uint32_t local_count() const;
//   bool is_if() const;                                           // whether `else` may end the block
//   void run_ahead(operator_validator&, reader&, operand_stack&) const;  // optional: validates as many operators as it likes
// The outermost label is that of the function.
template <class Outer>
class operator_validator {
 public:
  operator_validator(const module_info& info, feature features, const Outer& outer, reader& in, operand_stack& stack)
      : info_(info), outer_(outer), in_(in), types_(in, features), stack_(stack), features_(features) {
    stack_.begin(in);
  }

  // Up to the `end` or `else` that closes the block: its position, or null after a failure of the reader.
  const std::uint8_t* run(bool unreachable) {
    stack_.open(block_kind::block, {}, outer_.results(), unreachable);
    while (in_) {
      if constexpr (requires { outer_.run_ahead(*this, in_, stack_); }) {
        outer_.run_ahead(*this, in_, stack_);
        if (!in_) return nullptr;
      }
      const std::uint8_t* const here = in_.position();
      starts_here();
      const std::uint8_t code = in_.byte();
      if (stack_.depth() == 1 && (code == end_code || (code == else_code && outer_.is_if()))) {
        stack_.check_results();
        return in_ ? here : nullptr;
      }
      step(code);
    }
    return nullptr;
  }

  // The operator at the reader's position, whose code this is.
  template <std::uint8_t Code>
  void one() {
    starts_here();
    in_.byte();
    step(Code);
  }

 private:
  static constexpr std::uint8_t else_code = 0x05, end_code = 0x0b;

  void starts_here() {
    at_ = in_.offset();
    stack_.starts_at(at_);
  }

  void step(std::uint8_t first) {
    const std::uint32_t code = first >= 0xfb && first <= 0xfe ? prefixed_code(first, in_.u32()) : first;
    if (!in_) return;
    const op_row* const row = row_of(code);
    if (!row) return in_.illegal_opcode(code, at_);
    if (!contains(features_, row->since)) return types_.unsupported(unsupported_text(std::size_t(row - op_table.data())), at_);
    (row->immediate == imm::none && !row->type.by_check) ? typed(*row) : with_immediate(*row);
  }

  void typed(const op_row& row) {
    if (!in_) return;
    for (std::size_t i = row.type.ins; i--;) stack_.pop(row.type.in[i]);
    for (std::size_t i = 0; i < row.type.outs; ++i) stack_.push(row.type.out[i]);
  }

  void with_immediate(const op_row& row) {
    switch (row.immediate) {
      case imm::none: return by_check(row.code);
      case imm::i32: in_.s32(); return typed(row);
      case imm::i64: in_.s64(); return typed(row);
      case imm::f32: in_.bytes(4); return typed(row);
      case imm::f64: in_.bytes(8); return typed(row);
      case imm::v128: in_.bytes(16); return typed(row);
      case imm::block_type: return block(row.code);
      case imm::label: return branch(row.code);
      case imm::br_table: return branch_table();
      case imm::function: return function(row);
      case imm::call_indirect: return call_indirect(row);
      case imm::local: return local(row.code);
      case imm::global: return global(row.code);
      case imm::table: return table(row);
      case imm::ref_type: return stack_.push(types_.reference());
      case imm::select_types: return select_typed();
      default: return bulk_or_memory(row);
    }
  }

  void bulk_or_memory(const op_row& row) {
    switch (row.immediate) {
      case imm::memory: memory_index(); break;
      case imm::memarg: memarg(row); break;
      case imm::memory_init: data_index(), memory_index(); break;
      case imm::memory_copy: memory_index(), memory_index(); break;
      case imm::data: data_index(); break;
      case imm::elem: element_index(); break;
      case imm::table_init: table_init(); break;
      case imm::table_copy: table_copy(); break;
      case imm::lane: lane(16u >> row.natural_alignment); break;
      case imm::memarg_lane: memarg(row), lane(16u >> row.natural_alignment); break;
      case imm::shuffle:
        for (int i = 0; i < 16; ++i) lane(32);
        break;
      case imm::fence: zero_byte(); break;
      default: return types_.unsupported("operators on tags, typed references and GC objects are not supported", at_);
    }
    typed(row);
  }

  // ---- operators without immediates, whose types depend on the stack

  void by_check(std::uint32_t code) {
    switch (code) {
      case 0x00: return stack_.unreachable();
      case else_code: return other_arm();
      case end_code: return end();
      case 0x0f: return stack_.pop(label_types(label_count() - 1)), stack_.unreachable();
      case 0x1a: stack_.pop(); return;
      case 0x1b: return select();
      case 0xd1: return is_null();
      default: return types_.unsupported("operators on tags, typed references and GC objects are not supported", at_);
    }
  }

  void other_arm() {
    if (stack_.depth() == 1 || stack_.block().kind != block_kind::then_arm) return in_.malformed("else without if", at_);
    stack_.check_results();
    if (in_) stack_.other_arm();
  }
  // An `if` without `else` passes its parameters on.
  void end() {
    stack_.check_results();
    const std::span<const val> params = stack_.block().params, results = stack_.block().results;
    if (stack_.block().kind == block_kind::then_arm && !std::equal(params.begin(), params.end(), results.begin(), results.end()))
      stack_.mismatch(results.empty() ? val::none : results.front(), params.empty() ? val::none : params.front());
    if (in_) stack_.close();
  }
  void select() {
    stack_.pop(val::i32);
    const val second = stack_.pop(), first = stack_.pop();
    if (is_reference(first) || is_reference(second)) return in_.invalid("type mismatch: select of references has to say their type", at_);
    if (first != second && first != val::none && second != val::none) return stack_.mismatch(first, second);
    stack_.push(first == val::none ? second : first);
  }
  void is_null() {
    const val found = stack_.pop();
    if (found != val::none && !is_reference(found)) return stack_.mismatch(val::funcref, found);
    stack_.push(val::i32);
  }

  // ---- blocks and branches

  void block(std::uint32_t code) {
    const auto [params, results] = block_type();
    if (!in_) return;
    if (code == 0x04) stack_.pop(val::i32);
    stack_.open(code == 0x03 ? block_kind::loop : code == 0x04 ? block_kind::then_arm : block_kind::block, params, results);
  }
  struct block_types {
    std::span<const val> params, results;
  };
  block_types block_type() {
    const std::uint8_t first = in_.peek();
    if (first == 0x40) return in_.byte(), block_types();
    if ((first & 0xc0) == 0x40) return {{}, single(types_.value())};
    const std::uint32_t at = in_.offset();
    const std::int64_t index = in_.s33();
    if (!in_) return {};
    if (index < 0) return in_.malformed("malformed block type", at), block_types();
    types_.need(feature::multi_value, "blocks with parameters need the feature multi-value, which is disabled", at_);
    if (std::uint64_t(index) >= info_.types.size()) return in_.unknown("unknown type", std::uint32_t(index), at_), block_types();
    const function_type& t = info_.types[std::size_t(index)];
    return {t.params, t.results};
  }

  std::size_t label_count() const { return stack_.depth() - 1 + outer_.labels(); }
  std::span<const val> label_types(std::size_t depth) const {
    const std::size_t inner = stack_.depth() - 1;
    return depth < inner ? stack_.block(depth).label_types() : outer_.label_types(std::uint32_t(depth - inner));
  }
  std::uint32_t label() {
    const std::uint32_t depth = in_.u32();
    if (in_ && depth >= label_count()) in_.unknown("unknown label", depth, at_);
    return depth;
  }
  void branch(std::uint32_t code) {
    const std::uint32_t depth = label();
    if (code != 0x0c && code != 0x0d) return types_.unsupported("operators on tags, typed references and GC objects are not supported", at_);
    if (!in_) return;
    if (code == 0x0d) stack_.pop(val::i32);
    stack_.pop(label_types(depth));
    if (code == 0x0d) stack_.push(label_types(depth));
    else stack_.unreachable();
  }
  void branch_table() {
    const std::uint32_t count = types_.length(no_index);
    stack_.pop(val::i32);
    std::span<const val> last;
    bool first = true;
    for (std::uint32_t i = 0; i <= count && in_; ++i) {
      const std::uint32_t depth = label();
      if (!in_) return;
      const auto types = label_types(depth);
      if (!first && types.size() != last.size()) return in_.invalid("type mismatch: labels of br_table differ in arity", at_);
      if (first || types.data() != last.data()) stack_.check(types);
      last = types;
      first = false;
    }
    stack_.unreachable();
  }

  // ---- calls

  void call(const function_type& t, bool tail) {
    stack_.pop(t.params);
    if (!tail) return stack_.push(t.results);
    const auto results = label_types(label_count() - 1);
    if (!std::equal(results.begin(), results.end(), t.results.begin(), t.results.end()))
      return in_.invalid("type mismatch: a tail call must give what its function gives", at_);
    stack_.unreachable();
  }
  void function(const op_row& row) {
    const std::uint32_t index = in_.u32();
    if (!in_) return;
    if (index >= info_.functions.size()) return in_.unknown("unknown function", index, at_);
    if (row.code != 0xd2) return call(info_.type_of(index), row.code == 0x12);
    if (!info_.referenced[index]) return in_.invalid("undeclared function reference", at_);
    typed(row);
  }
  void call_indirect(const op_row& row) {
    const std::uint32_t type = in_.u32();
    const std::uint32_t table = contains(features_, feature::reference_types) ? table_index() : zero_byte();
    if (!in_) return;
    if (table >= info_.tables.size()) return in_.unknown("unknown table", table, at_);
    if (info_.tables[table].element != val::funcref) return stack_.mismatch(val::funcref, info_.tables[table].element);
    if (type >= info_.types.size()) return in_.unknown("unknown type", type, at_);
    stack_.pop(val::i32);
    call(info_.types[type], row.code == 0x13);
  }

  // ---- variables, tables

  void local(std::uint32_t code) {
    const std::uint32_t index = in_.u32();
    if (!in_) return;
    if (index >= outer_.local_count()) return in_.unknown("unknown local", index, at_);
    const val t = outer_.local_type(index);
    if (code != 0x20) stack_.pop(t);
    if (code != 0x21) stack_.push(t);
  }
  void global(std::uint32_t code) {
    const std::uint32_t index = in_.u32();
    if (!in_) return;
    if (index >= info_.globals.size()) return in_.unknown("unknown global", index, at_);
    const global_type& g = info_.globals[index];
    if (code == 0x23) return stack_.push(g.type);
    if (!g.is_mutable) return in_.fail(failure(failure_kind::invalid, "global is immutable: number", at_).of(index));
    stack_.pop(g.type);
  }
  void table(const op_row& row) {
    const std::uint32_t index = table_index();
    if (!in_) return;
    const val element = info_.tables[index].element;
    switch (row.code) {
      case 0x25: stack_.pop(val::i32), stack_.push(element); return;
      case 0x26: stack_.pop(element), stack_.pop(val::i32); return;
      case 0xfc000f: stack_.pop(val::i32), stack_.pop(element), stack_.push(val::i32); return;
      case 0xfc0011: stack_.pop(val::i32), stack_.pop(element), stack_.pop(val::i32); return;
      default: return typed(row);
    }
  }
  void select_typed() {
    const std::uint32_t count = types_.length(no_index);
    val t = val::none;
    for (std::uint32_t i = 0; i < count && in_; ++i) t = types_.value();
    if (!in_) return;
    if (count != 1) return in_.fail(failure(failure_kind::invalid, "invalid result arity: expected 1, found", at_).of(count));
    stack_.pop(val::i32), stack_.pop(t), stack_.pop(t), stack_.push(t);
  }
  std::uint32_t table_index() {
    const std::uint32_t index = in_.u32();
    if (in_ && index >= info_.tables.size()) in_.unknown("unknown table", index, at_);
    return index;
  }
  std::uint32_t element_index() {
    const std::uint32_t index = in_.u32();
    if (in_ && index >= info_.elements.size()) in_.unknown("unknown elem segment", index, at_);
    return index;
  }
  void table_init() {
    const std::uint32_t segment = element_index(), table = table_index();
    if (in_ && info_.tables[table].element != info_.elements[segment].type)
      stack_.mismatch(info_.tables[table].element, info_.elements[segment].type);
  }
  void table_copy() {
    const std::uint32_t to = table_index(), from = table_index();
    if (in_ && info_.tables[to].element != info_.tables[from].element) stack_.mismatch(info_.tables[to].element, info_.tables[from].element);
  }

  // ---- memories

  std::uint32_t zero_byte() {
    const std::uint32_t at = in_.offset();
    if (in_.byte() != 0) in_.malformed("zero byte expected", at);
    return 0;
  }
  void memory_index() {
    const std::uint32_t index = contains(features_, feature::multi_memory) ? in_.u32() : zero_byte();
    if (in_ && index >= info_.memories.size()) in_.unknown("unknown memory", index, at_);
  }
  void data_index() {
    const std::uint32_t index = in_.u32();
    if (!in_) return;
    if (!info_.data_count) return in_.malformed("data count section required", at_);
    if (index >= *info_.data_count) in_.unknown("unknown data segment", index, at_);
  }
  // Bit 6 of the alignment says that a memory's index follows; atomic operators must be aligned exactly.
  void memarg(const op_row& row) {
    const std::uint32_t at = in_.offset(), flags = in_.u32();
    const bool indexed = (flags & ~63u) == 64 && contains(features_, feature::multi_memory);
    const std::uint32_t align = indexed ? flags - 64 : flags, memory = indexed ? in_.u32() : 0;
    if (align >= 32) return in_.malformed("malformed memop flags", at);
    in_.u32();
    if (!in_) return;
    if (memory >= info_.memories.size()) return in_.unknown("unknown memory", memory, at_);
    if (align > row.natural_alignment) return in_.fail(failure(failure_kind::invalid, "alignment must not be larger than natural: found 2 to the power of", at_).of(align));
    if (row.since == feature::threads && align != row.natural_alignment) in_.invalid("atomic alignment must be natural", at_);
  }
  void lane(std::uint32_t count) {
    if (in_.byte() >= count) in_.invalid("invalid lane index", at_);
  }

  const module_info& info_;
  const Outer& outer_;
  reader& in_;
  type_reader types_;
  operand_stack& stack_;
  feature features_;
  std::uint32_t at_ = 0;
};

LIGHTBEAM_SMALL_END
}  // namespace lightbeam::inline LIGHTBEAM_ABI
