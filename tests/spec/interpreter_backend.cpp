// The interpreter of the examples, as the suites want it.

#include "../../examples/interpreter/interpreter.hpp"
#include "backends.hpp"
#include "host_functions.hpp"
#include "validator_backend.hpp"
#include <map>

namespace suite {
namespace {

using lightbeam::failure;
using lightbeam::feature;
using interpreter::word;

// Externrefs are the suite's numbers plus 1, so that 0 stays null.
word to_word(const value& v) {
  if (v.null) return 0;
  return v.type == lightbeam::val::externref ? v.bits + 1 : v.bits;
}
value from_word(lightbeam::val type, word w) {
  if (!is_reference(type)) return {type, false, w};
  return {type, w == 0, type == lightbeam::val::externref && w ? w - 1 : 0};
}

class interpreter_backend final : public validator_backend {
 public:
  interpreter_backend() : validator_backend(feature::wasm2_scalar) { new_store(); }
  bool runs() const override { return true; }

  void new_store() override {
    instances_.clear(), registered_.clear();
    store_ = std::make_unique<interpreter::store>();
    make_spectest();
    make_host();
  }

  maybe<handle> instantiate(handle module) override {
    const auto made = interpreter::instantiator(*store_, modules_[module], limits_).run([this](const auto& i) { return resolve(i); });
    if (made.failure) return *made.failure;
    instances_.push_back(made.made);
    return instances_.size() - 1;
  }
  void register_as(handle instance, const std::string& name) override { registered_[name] = instances_[instance]; }

  maybe<std::vector<value>> invoke(handle instance, std::string_view field, std::span<const value> arguments) override {
    auto* f = instances_[instance]->find<interpreter::function>(field);
    if (!f || f->type.params.size() != arguments.size()) return missing();
    std::vector<word> words, results;
    for (const auto& a : arguments) words.push_back(to_word(a));
    interpreter::machine m(limits_);
    const auto failed = m.invoke(*f, words, results);
    saw_nan_ = m.saw_nan();
    if (failed) return *failed;
    std::vector<value> values;
    for (std::size_t i = 0; i < results.size(); ++i) values.push_back(from_word(f->type.results[i], results[i]));
    return values;
  }
  maybe<std::vector<value>> global(handle instance, std::string_view field) override {
    const auto* g = instances_[instance]->find<interpreter::global>(field);
    if (!g) return missing();
    return std::vector{from_word(g->type.type, g->bits)};
  }
  maybe<std::span<const std::uint8_t>> memory(handle instance, std::string_view field) override {
    const auto* m = instances_[instance]->find<interpreter::memory>(field);
    if (!m) return missing();
    return std::span<const std::uint8_t>(m->bytes.get(), std::size_t(m->size()));
  }
  bool saw_nan() const override { return saw_nan_; }
  void step_budget(std::uint64_t steps) override { limits_.steps = steps; }

 private:
  static failure missing() { return {lightbeam::failure_kind::link, "there is no such export"}; }

  std::optional<interpreter::external> resolve(const lightbeam::import_entry& i) {
    for (const auto& [module, exports] : {std::pair{"spectest", &spectest_}, {"host", &host_}}) {
      if (i.module != module) continue;
      const auto found = exports->find(i.name);
      return found == exports->end() ? std::nullopt : std::optional(found->second);
    }
    const auto found = registered_.find(i.module);
    return found == registered_.end() ? std::nullopt : found->second->find(i.name);
  }

  void make_spectest() {
    using lightbeam::val;
    spectest_.clear();
    const std::pair<const char*, std::vector<val>> prints[] = {
        {"print", {}},       {"print_i32", {val::i32}}, {"print_i64", {val::i64}},
        {"print_f32", {val::f32}}, {"print_f64", {val::f64}}, {"print_i32_f32", {val::i32, val::f32}}, {"print_f64_f64", {val::f64, val::f64}}};
    const interpreter::host_function nothing = [](std::span<const word>, std::span<word>) { return std::nullopt; };
    for (const auto& [name, params] : prints) spectest_[name] = store_->add(interpreter::function{{params, {}}, nullptr, 0, nothing, {}});
    const std::pair<val, word> globals[] = {
        {val::i32, 666}, {val::i64, 666}, {val::f32, std::bit_cast<std::uint32_t>(666.6f)}, {val::f64, std::bit_cast<std::uint64_t>(666.6)}};
    for (const auto& [type, bits] : globals) spectest_["global_" + std::string(text(type))] = store_->add(interpreter::global{{type, false}, bits});
    spectest_["table"] = store_->add(interpreter::table({val::funcref, {10, 20}}));
    spectest_["memory"] = store_->add(interpreter::memory({{1, 2}, false}));
  }

  // Functions with results; see host_functions.hpp.
  void make_host() {
    host_.clear();
    const auto add = [this](const char* name, lightbeam::function_type type, interpreter::host_function f) {
      host_[name] = store_->add(interpreter::function{std::move(type), nullptr, 0, std::move(f), {}});
    };
    add("sum", host::sum_type(), [](std::span<const word> a, std::span<word> r) {
      return r[0] = std::uint64_t(host::sum(std::int32_t(a[0]), std::int64_t(a[1]), std::int32_t(a[2]), std::int64_t(a[3]))), std::nullopt;
    });
    add("scale", host::scale_type(), [](std::span<const word> a, std::span<word> r) {
      const double scaled = host::scale(std::bit_cast<float>(std::uint32_t(a[0])), std::bit_cast<double>(a[1]), std::int32_t(a[2]));
      return r[0] = std::bit_cast<std::uint64_t>(scaled), std::nullopt;
    });
    add("rotate", host::rotate_type(), [](std::span<const word> a, std::span<word> r) { return r[0] = a[1], r[1] = a[2], r[2] = a[0], std::nullopt; });
    add("refuse_odd", host::refuse_odd_type(), [](std::span<const word> a, std::span<word> r) -> std::optional<failure> {
      r[0] = a[0];
      return a[0] & 1 ? std::optional(failure(lightbeam::trap_code::host)) : std::nullopt;
    });
  }

  std::unique_ptr<interpreter::store> store_;
  std::vector<interpreter::instance*> instances_;
  std::map<std::string, interpreter::instance*> registered_;
  std::map<std::string, interpreter::external> spectest_, host_;
  interpreter::machine_limits limits_;
  bool saw_nan_ = false;
};

}  // namespace

std::unique_ptr<backend> make_interpreter_backend() { return std::make_unique<interpreter_backend>(); }

}  // namespace suite
