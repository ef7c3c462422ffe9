#pragma once

// Operators that leave one value of a wanted type.

#include "emitter.hpp"

namespace structured {

// Operators with operands and a result of fixed types, by type of the result.
inline const std::vector<const op_row*>& operators_giving(val t) {
  static const auto all = [] {
    std::vector<std::vector<const op_row*>> by_type(8);
    for (const auto& row : lightbeam::op_table)
      if (contains(lightbeam::feature::wasm2_scalar, row.since) && !row.type.by_check && row.type.outs == 1 && row.type.ins > 0)
        by_type[std::size_t(row.type.out[0])].push_back(&row);
    return by_type;
  }();
  return all[std::size_t(t)];
}
inline const std::vector<const op_row*>& stores() {
  static const auto all = [] {
    std::vector<const op_row*> found;
    for (const auto& row : lightbeam::op_table)
      if (contains(lightbeam::feature::wasm2_scalar, row.since) && row.immediate == lightbeam::imm::memarg && row.type.outs == 0)
        found.push_back(&row);
    return found;
  }();
  return all;
}

class value_generator : public emitter {
 public:
  using emitter::emitter;
  virtual ~value_generator() = default;

 protected:
  virtual void statement(int depth) = 0;
  virtual void block_giving(const types& results, int depth) = 0;
  virtual void call_giving(std::optional<val> first, int depth) = 0;

  void value(val t, int depth) {
    if (spent(depth)) return simple(t);
    if (r_.one_in(30)) statement(depth + 2);
    if (is_reference(t)) return reference(t, depth);
    switch (r_.below(20)) {
      case 0:
      case 1:
      case 2: return simple(t);
      case 3: return value(t, depth + 1), tee(any_local(t));
      case 4: return select(t, depth);
      case 5: return block_giving({t}, depth + 1);
      case 6: return call_giving(t, depth + 1);
      case 7: return branching_value(t, depth);
      case 8: return index_arithmetic(t);
      case 9:
        if (t == val::i32) return odd_i32(depth);
        [[fallthrough]];
      default: return operation(*r_.pick(operators_giving(t)), depth);
    }
  }
  void values(const types& all, int depth) {
    for (const val t : all) value(t, depth);
  }
  void determined(val t, int depth) {
    value(t, depth);
    if (is_float(t)) determine(t);
  }
  void condition(int depth) {
    if (r_.one_in(3)) return get(any_local(val::i32));
    value(val::i32, depth + 2);
  }
  // An address, mostly inside of the memory.
  void address(int depth) {
    if (risky()) {
      if (r_.one_in(2)) return value(val::i32, depth + 1);
      emit("memory.size"), i32(16), emit("i32.shl"), i32(r_.below(12)), emit("i32.sub");
      return;
    }
    switch (r_.below(5)) {
      case 0: return i32(r_.below(4096));
      case 1: return get(any_local(val::i32)), i32(0xfff8), void(emit("i32.and"));
      case 2:
        get(any_local(val::i32)), i32(0xff), emit("i32.and"), get(any_local(val::i32)), i32(0x3f), emit("i32.and");
        i32(r_.below(4)), emit("i32.shl"), emit("i32.add");
        return;
      default: value(val::i32, depth + 1), i32(0x7fff), emit("i32.and");
    }
  }
  std::uint32_t offset() { return risky() ? r_.pick(far_offsets) : r_.below(r_.one_in(4) ? 300 : 8); }

 private:
  static constexpr std::uint32_t far_offsets[] = {65527,      65528,      65532,      65535,      65536,     131072,
                                                  0x7ffffffc, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};

  void simple(val t) {
    const auto kind = r_.below(8);
    if (t == val::funcref && kind < 2) return void(emit("ref.func", r_.pick(program_.elements)));
    if (kind < 3) return constant(t, is_reference(t) ? 0 : sequences::any_value(r_, t));
    if (kind == 3) return get_global(any_global(t));
    get(any_local(t));
  }
  void reference(val t, int depth) {
    switch (r_.below(6)) {
      case 0: return select(t, depth);
      case 1: return block_giving({t}, depth + 1);
      case 2: return call_giving(t, depth + 1);
      case 3: return table_index(depth), void(emit("table.get", t == val::funcref ? functions_table : externs_table, 1, {t}));
      default: return simple(t);
    }
  }
  void select(val t, int depth) {
    value(t, depth + 1), value(t, depth + 1), condition(depth);
    if (is_reference(t) || r_.one_in(4))
      emit("select t", 0, 3, {t}).type.results = {t};
    else
      emit("select", 0, 3, {t});
  }
  // Leaves a value where a branch out of some block is not taken with it.
  void branching_value(val t, int depth) {
    value(t, depth + 1);
    for (const auto& s : scopes_) {
      if (s.carried != types{t} || s.counter || !r_.one_in(2)) continue;
      const auto label = s.label;
      condition(depth);
      return void(emit("br_if", label, 2, {t}));
    }
  }
  // What compilers make of indices, and code generators make of addresses.
  void index_arithmetic(val t) {
    if (is_float(t)) return simple(t);
    const bool wide = t == val::i64;
    get(any_local(t)), get(any_local(t)), constant(t, r_.below(5)), emit(wide ? lightbeam::op("i64.shl") : lightbeam::op("i32.shl"));
    emit(wide ? lightbeam::op("i64.add") : lightbeam::op("i32.add"));
    if (r_.one_in(2)) constant(t, sequences::any_value(r_, t)), emit(wide ? lightbeam::op("i64.add") : lightbeam::op("i32.add"));
  }
  void odd_i32(int depth) {
    const auto table = r_.below(2);
    switch (r_.below(5)) {
      case 0: return void(emit("memory.size"));
      case 1: return void(emit("table.size", table));
      case 2: return value(table ? val::externref : val::funcref, depth + 1), void(emit("ref.is_null", 0, 1, {val::i32}));
      case 3: return value(table ? val::externref : val::funcref, depth + 1), i32(r_.below(3)), void(emit("table.grow", table, 2, {val::i32}));
      default: return i32(r_.below(2)), void(emit("memory.grow"));
    }
  }

 protected:
  // Of the upper half of a table, because the lower half is what calls expect.
  void table_index(int depth) {
    if (risky()) return value(val::i32, depth + 1);
    if (r_.one_in(2)) return i32(8 + r_.below(8));
    value(val::i32, depth + 2), i32(7), emit("i32.and"), i32(8), emit("i32.or");
  }

 private:
  void operation(const op_row& row, int depth) {
    const auto& type = row.type;
    if (row.immediate == lightbeam::imm::memarg) {
      address(depth);
      auto& load = emit(row);
      load.a = r_.below(row.natural_alignment + 1u), load.b = offset();
      return;
    }
    if (row.immediate == lightbeam::imm::memory) return odd_i32(depth);
    if (traps_on_floats(row) && !risky())
      small_float(type.in[0], depth);
    else
      for (std::uint8_t k = 0; k < type.ins; ++k) value(type.in[k], depth + 1);
    if (divides(row) && !risky()) constant(type.in[0], 1), emit(type.in[0] == val::i64 ? lightbeam::op("i64.or") : lightbeam::op("i32.or"));
    instruction probe;
    probe.row = &row;
    if (shows_bits(probe)) determine(type.in[type.ins - 1u]);
    emit(row);
  }
  static bool traps_on_floats(const op_row& row) { return row.name.find(".trunc_f") != std::string_view::npos; }
  static bool divides(const op_row& row) {
    return !is_float(row.type.in[0]) && (row.name.find(".div_") != std::string_view::npos || row.name.find(".rem_") != std::string_view::npos);
  }
  void small_float(val t, int depth) {
    value(val::i32, depth + 1), i32(0x7fff), emit("i32.and"),
        emit(t == val::f32 ? lightbeam::op("f32.convert_i32_s") : lightbeam::op("f64.convert_i32_s"));
    if (r_.one_in(2))
      constant(t, t == val::f32 ? 0x3f400000 : 0x3fe8'0000'0000'0000), emit(t == val::f32 ? lightbeam::op("f32.mul") : lightbeam::op("f64.mul"));
  }
};

}  // namespace structured
