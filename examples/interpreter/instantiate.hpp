#pragma once

// Instantiation, section 4.5.4: imports are matched, what the module defines is allocated, segments are copied, and the
// start function is called.

#include "decode.hpp"
#include <algorithm>
#include <memory>

namespace interpreter {

// A link failure with a sentence of its own.
class link_message final : public lightbeam::failure_source {
 public:
  explicit link_message(std::string text) : text_(std::move(text)) {}
  std::string message() const override { return text_; }

 private:
  std::string text_;
};
inline lightbeam::failure link_failure(const lightbeam::import_entry& i, const char* what) {
  auto* message = new link_message(std::string(what) + ": \"" + i.module + "\" \"" + i.name + "\"");
  return lightbeam::failure(lightbeam::failure_kind::link, what).from(message);
}

// Where imports come from: nothing, if there is none of that name.
using resolver = std::function<std::optional<external>(const lightbeam::import_entry&)>;

struct instantiation {
  instance* made = nullptr;  // null if an import does not match
  std::optional<lightbeam::failure> failure;
};

class instantiator {
 public:
  instantiator(store& s, std::shared_ptr<const module_info> module, machine_limits limits = {})
      : store_(s), module_(*module), limits_(limits), made_(s.add(instance{std::move(module), {}, {}, {}, {}, {}, {}})) {}

  instantiation run(const resolver& resolve) {
    if (auto f = link(resolve)) return {nullptr, std::move(f)};
    allocate();
    evaluate_segments();
    if (auto f = copy_segments()) return {made_, std::move(f)};
    if (!module_.start) return {made_, std::nullopt};
    std::vector<word> none;
    return {made_, machine(limits_).invoke(*made_->functions[*module_.start], {}, none)};
  }

 private:
  // ---- imports, section 3.4 (import matching)

  static bool within(std::uint64_t size, const std::optional<std::uint32_t>& maximum, const lightbeam::limits& wanted) {
    return size >= wanted.minimum && (!wanted.maximum || (maximum && *maximum <= *wanted.maximum));
  }
  bool take(function* f, std::uint32_t index) {
    made_->functions.push_back(f);
    return f->type == module_.type_of(index);
  }
  bool take(table* t, std::uint32_t index) {
    made_->tables.push_back(t);
    const auto& wanted = module_.tables[index];
    return t->type.element == wanted.element && within(t->elements.size(), t->type.size.maximum, wanted.size);
  }
  bool take(memory* m, std::uint32_t index) {
    made_->memories.push_back(m);
    const auto& wanted = module_.memories[index];
    return m->type.shared == wanted.shared && within(m->pages, m->type.size.maximum, wanted.size);
  }
  bool take(global* g, std::uint32_t index) {
    made_->globals.push_back(g);
    return g->type == module_.globals[index];
  }
  std::optional<lightbeam::failure> link(const resolver& resolve) {
    for (const auto& i : module_.imports) {
      const auto found = resolve(i);
      if (!found) return link_failure(i, "unknown import");
      if (found->index() != std::size_t(i.kind)) return link_failure(i, "incompatible import type");
      if (!std::visit([&](auto* thing) { return take(thing, i.index); }, *found)) return link_failure(i, "incompatible import type");
    }
    return {};
  }

  // ---- definitions

  word evaluate(const lightbeam::const_expression& e) const {
    if (e.op != lightbeam::const_expression::kind::constant) return evaluate(static_cast<const lightbeam::short_expression&>(e));
    return lightbeam::is_wide(e.type) ? e.bits[0] : std::uint32_t(e.bits[0]);
  }
  word evaluate(const lightbeam::short_expression& e) const {
    using kind = lightbeam::short_expression::kind;
    switch (e.op) {
      case kind::constant: return e.index;
      case kind::global_get: return made_->globals[e.index]->bits;
      case kind::ref_null: return 0;
      case kind::ref_func: return reference(made_->functions[e.index]);
    }
    std::abort();
  }
  void allocate() {
    for (auto i = module_.imported_functions; i < module_.functions.size(); ++i)
      made_->functions.push_back(store_.add(function{module_.type_of(i), made_, i, {}, {}}));
    for (auto i = module_.imported_tables; i < module_.tables.size(); ++i) made_->tables.push_back(store_.add(table(module_.tables[i])));
    for (auto i = module_.imported_memories; i < module_.memories.size(); ++i) made_->memories.push_back(store_.add(memory(module_.memories[i])));
    for (std::size_t i = 0; i < module_.global_initialisers.size(); ++i)
      made_->globals.push_back(store_.add(global{module_.globals[module_.imported_globals + i], evaluate(module_.global_initialisers[i])}));
  }

  void evaluate_segments() {
    for (const auto& s : module_.elements) {
      auto& items = made_->elements.emplace_back();
      for (const auto& e : s.items) items.push_back(evaluate(e));
    }
    for (const auto& s : module_.data) made_->data.push_back(std::span(module_.bytes).subspan(s.begin, s.size));
  }
  // Active segments are copied in order and dropped, tables first; what was copied before a trap stays.
  std::optional<lightbeam::failure> copy_segments() {
    for (std::size_t i = 0; i < module_.elements.size(); ++i) {
      const auto& s = module_.elements[i];
      if (s.mode == lightbeam::segment_mode::active) {
        table& t = *made_->tables[s.table];
        const word at = evaluate(s.offset);
        if (!t.holds(at, s.items.size())) return lightbeam::failure(trap_code::table_out_of_bounds);
        std::copy(made_->elements[i].begin(), made_->elements[i].end(), t.elements.begin() + std::ptrdiff_t(at));
      }
      if (s.mode != lightbeam::segment_mode::passive) made_->elements[i].clear();
    }
    for (std::size_t i = 0; i < module_.data.size(); ++i) {
      const auto& s = module_.data[i];
      if (s.mode != lightbeam::segment_mode::active) continue;
      memory& m = *made_->memories[s.memory];
      const word at = evaluate(s.offset);
      if (!m.holds(at, s.size)) return lightbeam::failure(trap_code::memory_out_of_bounds);
      if (s.size) std::memcpy(m.bytes.get() + at, made_->data[i].data(), s.size);
      made_->data[i] = {};
    }
    return {};
  }

  store& store_;
  const module_info& module_;
  machine_limits limits_;
  instance* made_;
};

}  // namespace interpreter
