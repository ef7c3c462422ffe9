#pragma once

// Builds the function of one case: a chain of operators over operands of every shape, in some surroundings, with its result in
// some consumer.

#include "module_builder.hpp"
#include "plan.hpp"

namespace sequences {

// What a module offers to its cases: indices of functions, of globals and of types.
struct surroundings {
  std::uint32_t clobber = 0;             // a function without parameters or results that uses many registers
  std::uint32_t identity[4] = {};        // (T) -> T, by number type
  std::uint32_t swap[4] = {};            // (T T) -> (T T)
  std::uint32_t unary_type[4] = {};      // type index of (T) -> T
  std::uint32_t pair_type[4] = {};       // type index of (T T) -> (T T)
  std::uint32_t gather[4] = {};          // of many parameters, to T
  std::uint32_t global[4] = {};
  std::uint32_t imported_global[4] = {};  // cannot be written
  std::uint32_t table_slot[4] = {};      // of the identities
  std::uint32_t references = 0;          // a table of `references_size` funcrefs that cannot grow
  std::uint32_t elements = 0;            // a segment for it: the identities
};

inline constexpr std::uint32_t references_size = 8;

// Parameters of the functions that gather: what returns the n-th number type takes the first 7 + n, of which four integers have registers.
inline constexpr val gathered[] = {val::i32, val::f64, val::i64, val::f32, val::i32, val::i64, val::f64, val::f32, val::i32, val::i64};
inline std::span<const val> gathered_for(val result) { return std::span(gathered).first(7 + number(result)); }

// Operators of each number type that stand for any like them.
struct type_operators {
  lightbeam::op add, sub, load, store, compare;
};
inline constexpr type_operators operators_of[] = {
    {"i32.add", "i32.sub", "i32.load", "i32.store", "i32.lt_s"},
    {"i64.add", "i64.sub", "i64.load", "i64.store", "i64.lt_u"},
    {"f32.add", "f32.sub", "f32.load", "f32.store", "f32.lt"},
    {"f64.add", "f64.sub", "f64.load", "f64.store", "f64.ge"},
};

// Every case has two parameters of each number type, and locals: two of each type beside them, or ten with `many_locals`, so
// that most have no register.
class function_builder {
 public:
  function_builder(const surroundings& module, std::vector<link> chain, random_source r)
      : module_(module), chain_(std::move(chain)), r_(r), many_locals_(r_.one_in(3)), final_(result_of_chain()) {}

  val result() const { return final_; }
  std::vector<val> locals() const {
    std::vector<val> all;
    for (const val t : number_types) all.insert(all.end(), std::size_t(own_locals()), t);
    all.push_back(val::i32);  // counts the rounds of a loop
    all.push_back(val::funcref);
    return all;
  }

  // The body without its `end`.
  code_writer build() {
    set_locals();
    // Sometimes more than 32 values, where walks over the stack end, and of all shapes.
    const std::uint32_t deep = r_.one_in(4) ? 4 + r_.below(r_.one_in(2) ? 40 : 14) : 0;
    const bool latent = r_.one_in(2);
    std::vector<val> below;
    for (std::uint32_t i = 0; i < deep; ++i) {
      below.push_back(r_.pick(number_types));
      latent ? operand(below.back(), 2) : computed(below.back());
    }
    if (deep && r_.one_in(3)) bury(below);
    if (r_.one_in(6)) w_.op("call", module_.clobber);
    surrounded();
    fold(below);
    keep_locals();
    return w_;
  }

 private:
  // Runs of constants or of locals, so that what has registers lies where walks over the stack do not look.
  void bury(std::vector<val>& below) {
    for (auto runs = 1 + r_.below(2); runs--;) {
      const bool constants = r_.one_in(2);
      for (auto n = 20 + r_.below(r_.one_in(4) ? 50 : 24); n--;) {
        below.push_back(r_.pick(number_types));
        if (constants) w_.constant(below.back(), any_value(r_, below.back()));
        else w_.op("local.get", any_local(below.back()));
      }
    }
    if (r_.one_in(2)) below.push_back(r_.pick(number_types)), gather(below.back(), true);
  }

  // ---- locals

  std::uint32_t own_locals() const { return many_locals_ ? 10 : 2; }
  std::uint32_t parameter(val t) { return std::uint32_t(2 * number(t)) + r_.below(2); }
  std::uint32_t own(val t) { return std::uint32_t(8 + number(t) * own_locals()) + r_.below(own_locals()); }
  std::uint32_t any_local(val t) { return r_.one_in(2) ? parameter(t) : own(t); }
  std::uint32_t counter() const { return 8 + 4 * own_locals(); }
  std::uint32_t kept_reference() const { return counter() + 1; }
  const type_operators& ops(val t) const { return operators_of[number(t)]; }

  void set_locals() {
    if (r_.one_in(2)) w_.op("ref.func", module_.identity[0]).op("local.set", kept_reference());
    for (const val t : number_types)
      for (std::uint32_t i = 0; i < own_locals(); ++i) {
        if (r_.one_in(3)) continue;  // stays zero
        if (r_.one_in(2)) w_.constant(t, any_value(r_, t));
        else w_.op("local.get", parameter(t));
        w_.op("local.set", std::uint32_t(8 + number(t) * own_locals() + i));
      }
  }
  // Writes some locals to memory, so that a wrong one shows.
  void keep_locals() {
    if (r_.one_in(3)) return;
    std::uint32_t at = 2048;
    for (const val t : number_types) {
      for (std::uint32_t i = 0; i < 2; ++i, at += 8) w_.i32(0).op("local.get", std::uint32_t(2 * number(t)) + i), store(t, at);
      w_.i32(0).op("local.get", own(t)), store(t, at);
      at += 8;
    }
  }
  void store(val t, std::uint32_t offset) { w_.memory(ops(t).store, offset); }

  // ---- operands

  // A value of type t on the stack, of some shape.
  void operand(val t, int depth = 0) {
    if (depth == 0 && r_.one_in(12)) interfere(t);
    switch (r_.below(depth < 2 ? 14 : 4)) {
      case 0: w_.constant(t, any_value(r_, t)); break;
      case 1: w_.op("local.get", parameter(t)); break;
      case 2: w_.op("local.get", own(t)); break;
      case 3: w_.op("local.get", any_local(t)); break;
      case 4: computed(t); break;
      case 5: computed(t), w_.op("call", module_.clobber); break;
      case 6: t == val::i32 ? comparison() : computed(t); break;
      case 7: latent_address(t); break;
      case 8: w_.op("local.get", parameter(val::i32)).memory(ops(t).load, offset()); break;
      case 9: small_address(), w_.memory(ops(t).load, r_.below(64)); break;
      case 10: structured(t, depth); break;
      case 11: gather(t, r_.one_in(2)); break;
      case 12: w_.op("global.get", module_.imported_global[number(t)]); break;
      default: w_.op("global.get", module_.global[number(t)]);
    }
    if (depth == 0 && r_.one_in(8)) disturb(t);
  }
  // Of a memory operand; mostly small, because what follows a trap is not tested.
  std::uint32_t offset() { return r_.one_in(8) ? r_.pick(offsets) : r_.below(32); }
  static constexpr std::uint32_t offsets[] = {0, 1, 4, 8, 127, 128, 1000, 65528, 65535, 65536, 0x7ffffffc, 0x80000000, 0xfffffffc, 0xffffffff};

  void computed(val t) {
    w_.op("local.get", any_local(t)).op("local.get", any_local(t)).op(r_.one_in(2) ? ops(t).add : ops(t).sub);
  }
  void comparison() {
    const val t = r_.pick(number_types);
    w_.op("local.get", any_local(t));
    if (r_.one_in(2)) w_.constant(t, any_value(r_, t));
    else w_.op("local.get", any_local(t));
    w_.op(ops(t).compare);
    if (r_.one_in(4)) w_.op("i32.eqz");
  }
  void latent_address(val t) {
    if (is_float(t)) return computed(t);
    const bool wide = t == val::i64;
    w_.op("local.get", any_local(t));
    switch (r_.below(4)) {
      case 0: w_.constant(t, any_value(r_, t)).op(r_.one_in(2) ? ops(t).add : ops(t).sub); break;
      case 1: large_displacements(t); break;
      case 2: w_.constant(t, r_.below(4)).op(wide ? lightbeam::op("i64.shl") : lightbeam::op("i32.shl")); break;
      default:
        w_.op("local.get", any_local(t)).constant(t, r_.below(5)).op(wide ? lightbeam::op("i64.shl") : lightbeam::op("i32.shl")).op(ops(t).add);
        if (r_.one_in(2)) w_.constant(t, r_.below(256)).op(ops(t).add);
    }
  }
  // Displacements that fit 32 bits, and whose sum does not; or those of two sums.
  void large_displacements(val t) {
    const std::uint64_t near_limit = 0x7ffffff0;
    const bool two_sums = r_.one_in(2);
    w_.constant(t, near_limit + r_.below(16)).op(ops(t).add);
    if (two_sums) w_.op("local.get", any_local(t));
    w_.constant(t, near_limit + r_.below(16)).op(ops(t).add);
    if (two_sums) w_.op(ops(t).add);
  }
  // An address inside the memory, computed.
  void small_address() { w_.op("local.get", any_local(val::i32)).i32(0xff8).op("i32.and"); }

  void structured(val t, int depth) {
    switch (r_.below(6)) {
      case 0: operand(t, depth + 1), w_.op("local.tee", any_local(t)); break;
      case 1: operand(t, depth + 1), operand(t, depth + 1), condition(), w_.op("select"); break;
      case 2: condition(), w_.block("if", t), operand(t, depth + 1), w_.op("else"), operand(t, depth + 1), w_.op("end"); break;
      case 3: w_.block("block", t), operand(t, depth + 1), condition(), w_.op("br_if", 0), w_.op("drop"), operand(t, depth + 1), w_.op("end"); break;
      case 4: operand(t, depth + 1), w_.op("call", module_.identity[number(t)]); break;
      default: operand(t, depth + 1), operand(t, depth + 1), w_.op("call", module_.swap[number(t)]), w_.op(ops(t).sub);
    }
  }
  // Arguments of any shape; `hungry`: nearly all of them want a register while others move into theirs.
  void gather(val result, bool hungry) {
    for (const val t : gathered_for(result)) {
      if (!hungry || r_.one_in(5)) operand(t, 2);
      else if (is_float(t)) w_.constant(t, any_value(r_, t));
      else w_.op("local.get", any_local(t)).op("local.get", any_local(t)).op(t == val::i64 ? lightbeam::op("i64.mul") : lightbeam::op("i32.mul"));
    }
    w_.op("call", module_.gather[number(result)]);
  }
  // What a branch drops.
  void dropped() {
    for (auto n = r_.one_in(2) ? 1 + r_.below(3) : 0; n--;) operand(r_.pick(number_types), 1);
  }
  void condition() {
    if (r_.one_in(3)) w_.op("local.get", parameter(val::i32));
    else comparison();
  }

  // Before and after an operand: writes that what is latent must not see, or must see.
  void interfere(val t) { operand(t, 2), w_.op("local.set", any_local(t)); }
  void disturb(val t) {
    const val other = r_.one_in(2) ? t : r_.pick(number_types);
    switch (r_.below(5)) {
      case 0: operand(other, 2), w_.op("local.set", any_local(other)); break;
      case 1: w_.constant(other, 0).op("local.set", any_local(other)); break;
      case 2: small_address(), operand(other, 2), store(other, r_.below(64)); break;
      case 3: w_.op("call", module_.clobber); break;
      default: operand(other, 2), w_.op("global.set", module_.global[number(other)]);
    }
  }

  // ---- the chain

  val result_of_chain() const {
    const auto& last = chain_.back().row->type;
    return last.outs ? last.out[0] : val::i32;
  }
  void chain(std::size_t last) {
    const auto& [row, position] = chain_[last];
    for (std::uint8_t k = 0; k < row->type.ins; ++k) {
      if (takes_reference(*row, k)) reference();
      if (last > 0 && k == position) chain(last - 1);
      else if (r_.one_in(4) || !inside(*row, k)) operand(row->type.in[k]);
    }
    if (takes_reference(*row, row->type.ins)) reference();
    write(*row);
    if (row->name == "table.get") is_null();
    if (!row->type.outs) w_.op("local.get", any_local(val::i32));
  }
  void write(const lightbeam::op_row& row) {
    using lightbeam::imm;
    w_.opcode(row.code);
    switch (row.immediate) {
      case imm::memarg: w_.u32(r_.below(row.natural_alignment + 1u)).u32(offset()); break;
      case imm::memory: w_.u32(0); break;
      case imm::memory_copy:
      case imm::memory_init: w_.u32(0).u32(0); break;
      case imm::table: w_.u32(module_.references); break;
      case imm::table_copy: w_.u32(module_.references).u32(module_.references); break;
      case imm::table_init: w_.u32(module_.elements).u32(module_.references); break;
      default: break;
    }
  }
  // Writes an operand that is likely to lie in the memory or the table, or to be a length of little; not of operators without any.
  bool inside(const lightbeam::op_row& row, std::uint8_t k) {
    using lightbeam::imm;
    const bool bulk = row.type.ins == 3;
    switch (row.immediate) {
      case imm::memarg: return k == 0 && (small_address(), true);
      case imm::memory:
      case imm::memory_copy:
      case imm::memory_init: return bulk && (small_address(), true);
      case imm::table:
      case imm::table_copy:
      case imm::table_init: return w_.op("local.get", any_local(val::i32)).i32(bulk ? 3 : 7).op("i32.and"), true;
      default: return false;
    }
  }

  // ---- references

  // Whether the reference of a table operator comes in front of its k-th other operand.
  static bool takes_reference(const lightbeam::op_row& row, std::uint8_t k) {
    return k == 0 ? row.name == "table.grow" : k == 1 && (row.name == "table.set" || row.name == "table.fill");
  }
  void reference() {
    switch (r_.below(5)) {
      case 0: w_.constant_null(); break;
      case 1: w_.op("ref.func", module_.identity[r_.below(4)]); break;
      case 2: w_.op("local.get", kept_reference()); break;
      case 3: w_.constant_null().op("ref.func", module_.identity[r_.below(4)]), condition(), w_.op("select t", 1).byte(type_byte(val::funcref)); break;
      default: w_.op("local.get", any_local(val::i32)).i32(7).op("i32.and").op("table.get", module_.references);
    }
  }
  // Of the reference on the stack, which may stay in a local.
  void is_null() {
    if (r_.one_in(2)) w_.op("local.tee", kept_reference());
    else if (r_.one_in(2)) w_.op("local.set", kept_reference()).op("local.get", kept_reference());
    w_.op("ref.is_null");
  }

  // ---- consumers: each takes the chain's result and leaves a value of its type

  void consumed() {
    const val t = final_;
    const auto n = number(t);
    chain(chain_.size() - 1);
    switch (r_.below(17)) {
      case 0: break;
      case 1: set_and_read(t); break;
      case 2: w_.op("local.tee", any_local(t)); break;
      case 3: to_condition(t), w_.block("if", t), operand(t), w_.op("else"), operand(t), w_.op("end"); break;
      case 4: w_.op("local.set", temporary(t)).block("block", t), operand(t), value_and_condition(t), w_.op("br_if", 0), disturb(t), w_.op("drop"), operand(t), w_.op("end"); break;
      case 5: w_.op("local.set", temporary(t)), operand(t), operand(t), value_and_condition(t), w_.op("select"); break;
      case 6: operand(t), condition(), w_.op("select"); break;
      case 7: w_.op("local.set", temporary(t)), operand(t), w_.op("local.get", temporary(t)), condition(), w_.op("select"); break;
      case 8: w_.op("local.set", temporary(t)), small_address(), w_.op("local.get", temporary(t)), store(t, 16), w_.op("local.get", temporary(t)); break;
      case 9: w_.op("call", module_.identity[n]); break;
      case 10: operand(t), w_.op("call", module_.swap[n]).op(ops(t).sub); break;
      case 11: w_.i32(std::int32_t(module_.table_slot[n])).op("call_indirect", module_.unary_type[n], 0); break;
      case 12: w_.op("global.set", module_.global[n]).op("global.get", module_.global[n]); break;
      case 13: w_.block_of_type("block", module_.unary_type[n]), dead_branch(t), w_.op("end"); break;
      case 14: operand(t), w_.block_of_type("block", module_.pair_type[n]), condition(), w_.op("br_if", 0).op(ops(t).add), operand(t), w_.op("end").op(ops(t).sub); break;
      case 15: table_branch(t); break;
      default: condition(), w_.block_of_type("if", module_.unary_type[n]).op("local.tee", any_local(t)), w_.op("end");
    }
  }
  // A local that keeps the chain's result: one of the locals that others use too.
  std::uint32_t temporary(val t) const { return std::uint32_t(8 + number(t) * own_locals()); }
  void set_and_read(val t) {
    const auto l = any_local(t);
    w_.op("local.set", l);
    if (r_.one_in(2)) disturb(t);
    w_.op("local.get", l);
  }
  void to_condition(val t) {
    if (t == val::i32) return;
    w_.constant(t, any_value(r_, t)).op(ops(t).compare);
  }
  void value_and_condition(val t) { w_.op("local.get", temporary(t)), to_condition(t); }
  void dead_branch(val t) {
    w_.op("br", 0);
    if (r_.one_in(2)) w_.op(ops(t).add).op("drop").op("unreachable");
  }
  // The innermost of three blocks, the outermost, or the default.
  void table_branch(val t) {
    w_.op("local.set", temporary(t)).block("block", t).block("block", t).block("block", t);
    dropped();
    w_.op("local.get", temporary(t));
    if (r_.one_in(2)) operand(t, 1), w_.op(ops(t).add);
    w_.op("local.get", any_local(val::i32)).i32(3).op("i32.and");
    w_.op("br_table", 2, r_.below(3), r_.below(3), r_.below(3)).op("end");
    operand(t), w_.op(ops(t).add).op("end");
    operand(t), w_.op(ops(t).sub).op("end");
  }

  // ---- surroundings

  void surrounded() {
    switch (r_.below(8)) {
      case 0: w_.block("block", final_), consumed(), w_.op("end"); break;
      case 1: condition(), w_.block("if", final_), consumed(), w_.op("else"), operand(final_), w_.op("end"); break;
      case 2: loop(); break;
      case 3: w_.block("block", final_), dropped(), consumed(), w_.op("return").op("end"); break;
      case 4: nested_loop(); break;
      case 5: w_.block("block", final_), dropped(), consumed(), w_.op("br", 0).op("end"); break;
      default: consumed();
    }
  }
  // Three rounds; the values of the first two stay below the branch and are dropped by it.
  void loop() {
    w_.i32(3).op("local.set", counter()).block("loop", final_);
    consumed();
    w_.op("local.get", counter()).i32(1).op("i32.sub").op("local.tee", counter()).op("br_if", 0).op("end");
  }
  // Rounds that leave early with a value, in a loop whose locals may have homes of their own.
  void nested_loop() {
    w_.i32(4).op("local.set", counter()).block("block", final_).block("loop");
    consumed();
    w_.op("local.get", counter()).i32(std::int32_t(r_.below(4))).op("i32.eq").op("br_if", 1).op("local.set", any_local(final_));
    w_.op("local.get", counter()).i32(1).op("i32.sub").op("local.tee", counter()).op("br_if", 0).op("end");
    operand(final_), w_.op("end");
  }
  // Values below the result go to memory, so that a wrong one shows.
  void fold(const std::vector<val>& below) {
    if (below.empty()) return;
    w_.op("local.set", temporary(final_));
    std::uint32_t at = 1024;
    for (auto t = below.rbegin(); t != below.rend(); ++t, at += 8) {
      w_.op("global.set", module_.global[number(*t)]).i32(0).op("global.get", module_.global[number(*t)]);
      store(*t, at);
    }
    w_.op("local.get", temporary(final_));
  }

  const surroundings& module_;
  std::vector<link> chain_;
  random_source r_;
  bool many_locals_;
  val final_;
  code_writer w_;
};

}  // namespace sequences
