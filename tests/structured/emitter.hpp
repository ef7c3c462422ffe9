#pragma once

// What the generators of values and of statements share: where operators go, locals, labels, and how much may still be made.

#include "program.hpp"

namespace structured {

using types = std::vector<val>;
using sequences::number_types;

// A block around what is generated.
struct scope {
  std::uint32_t label = function_label;
  types carried;  // what a branch to it takes along
  bool loop = false;
  std::optional<std::uint32_t> counter;  // of a loop: the local that every branch back counts down; others look at the fuel
};

class emitter {
 public:
  emitter(program& p, random_source& r, std::uint32_t risk) : program_(p), r_(r), risk_(risk) {}

 protected:
  // ---- operators

  instruction& emit(const op_row& row) {
    instruction i;
    i.row = &row, i.pops = row.type.ins;
    i.pushes.assign(row.type.out.begin(), row.type.out.begin() + row.type.outs);
    --budget_;
    return out_->push_back(std::move(i)), out_->back();
  }
  instruction& emit(lightbeam::op o) { return emit(*o.operator->()); }
  instruction& emit(lightbeam::op o, std::uint32_t a, std::uint32_t b = 0) {
    auto& i = emit(o);
    return i.a = a, i.b = b, i;
  }
  // Of operators whose type is not in their row.
  instruction& emit(lightbeam::op o, std::uint32_t a, std::size_t pops, types pushes) {
    auto& i = emit(o, a);
    return i.pops = pops, i.pushes = std::move(pushes), i;
  }
  void constant(val t, std::uint64_t bits) {
    if (is_reference(t)) {
      emit("ref.null", 0, 0, {t}).type.results = {t};
      return;
    }
    constexpr lightbeam::op constants[] = {"i32.const", "i64.const", "f32.const", "f64.const"};
    emit(constants[sequences::number(t)]).bits = bits;
  }
  void i32(std::uint32_t v) { constant(val::i32, v); }
  void get(std::uint32_t local) { emit("local.get", local, 0, {local_type(local)}); }
  void set(std::uint32_t local) { emit("local.set", local, 1, {}); }
  void tee(std::uint32_t local) { emit("local.tee", local, 1, {local_type(local)}); }
  void get_global(std::uint32_t g) { emit("global.get", g, 0, {program_.globals[g]}); }
  void set_global(std::uint32_t g) { emit("global.set", g, 1, {}); }
  void drop() { emit("drop", 0, 1, {}); }
  // Makes the bits of the float on the stack the same everywhere.
  void determine(val t) {
    if (has_determined_bits(out_->back())) return;
    instruction i;
    i.a = canonical_[t == val::f64], i.pops = 1, i.pushes = {t};
    out_->push_back(std::move(i));
  }

  // What `f` generates, as a sequence of its own.
  template <class F>
  std::vector<instruction> captured(const F& f) {
    std::vector<instruction> inner;
    auto* const before = std::exchange(out_, &inner);
    f();
    out_ = before;
    return inner;
  }

  // ---- locals and globals

  val local_type(std::uint32_t l) const {
    const auto& params = function_->type.params;
    return l < params.size() ? params[l] : function_->locals[l - params.size()];
  }
  std::uint32_t add_local(val t) {
    function_->locals.push_back(t);
    return std::uint32_t(function_->type.params.size() + function_->locals.size() - 1);
  }
  std::uint32_t any_local(val t) { return r_.pick(locals_[std::size_t(t)]); }
  // One that is not the fuel.
  std::uint32_t any_global(val t) {
    std::vector<std::uint32_t> fit;
    for (std::uint32_t g = fuel_global + 1; g < program_.globals.size(); ++g)
      if (program_.globals[g] == t) fit.push_back(g);
    return r_.pick(fit);
  }
  // Parameters and locals of every type; then those with a purpose of their own, which nothing else sets.
  void add_locals() {
    for (auto& l : locals_) l.clear();
    const auto& params = function_->type.params;
    for (std::uint32_t i = 0; i < params.size(); ++i) locals_[std::size_t(params[i])].push_back(i);
    const bool many = r_.one_in(2);
    for (const val t : number_types)
      for (auto n = 1 + r_.below(many ? 11 : 3); n--;) locals_[std::size_t(t)].push_back(add_local(t));
    for (const val t : {val::funcref, val::externref}) locals_[std::size_t(t)].push_back(add_local(t));
    for (auto& c : counters_) c = add_local(val::i32);
    canonical_[0] = add_local(val::f32), canonical_[1] = add_local(val::f64);
  }

  // ---- chances

  // Whether to do what is likely to trap.
  bool risky() { return risk_ != 0 && r_.one_in(risk_); }
  bool spent(int depth) const { return budget_ <= 0 || depth > 6; }
  val any_number() { return r_.pick(palette_); }
  val any_type() { return r_.one_in(14) ? (r_.one_in(2) ? val::funcref : val::externref) : any_number(); }
  // Often those that a branch to some block around takes along, so that branches reach further than one block.
  types any_types(std::uint32_t most) {
    if (r_.one_in(3) && !scopes_.empty())
      if (const auto& carried = r_.pick(scopes_).carried; carried.size() <= most) return carried;
    types t(r_.below(most + 1));
    for (auto& one : t) one = any_type();
    return t;
  }

  program& program_;
  random_source& r_;
  types palette_{std::begin(number_types), std::end(number_types)};  // what values are mostly of
  std::uint32_t risk_;
  function* function_ = nullptr;
  std::vector<instruction>* out_ = nullptr;
  int budget_ = 0;
  bool leaf_ = false;  // calls only functions of the host, and needs no fuel
  std::vector<scope> scopes_;
  std::uint32_t next_label_ = function_label + 1;
  std::vector<std::uint32_t> locals_[8];  // by type
  std::uint32_t counters_[3] = {}, canonical_[2] = {};
};

}  // namespace structured
