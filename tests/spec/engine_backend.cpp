// The engine, through its public interface and under a policy chosen by name, as the suites want it.

#include "backends.hpp"
#include "../../examples/policies/policies.hpp"
#include "host_functions.hpp"
#include <map>

namespace suite {
namespace {

using lightbeam::any_value;
using lightbeam::failure;

any_value to_engine(const value& v) {
  if (v.null) return any_value::null(v.type);
  if (v.type == lightbeam::val::externref) return lightbeam::externref(v.bits);
  return any_value::from_words(v.type, &v.bits);
}
value from_engine(const any_value& v) {
  if (!is_reference(v.type())) return {v.type(), false, v.words()[0]};
  const bool null = v.words()[0] == 0;
  return {v.type(), null, v.type() == lightbeam::val::externref && !null ? v.as<lightbeam::externref>().number() : 0};
}

class engine_backend final : public backend {
 public:
  explicit engine_backend(std::unique_ptr<policies::any_engine> engine) : engine_(std::move(engine)) {
    // What kind of memory the policy wants is said by its modules: here, by the empty one.
    constexpr std::uint8_t empty[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    memory_kind_ = engine_->compile(std::span<const std::uint8_t>(empty)).value().image().memory;
    new_store();
  }

  lightbeam::feature features() const override { return lightbeam::feature::wasm2_scalar; }

  maybe<handle> compile(std::span<const std::uint8_t> bytes) override {
    auto compiled = engine_->compile(bytes);
    if (!compiled) return compiled.error();
    modules_.push_back(std::move(*compiled));
    return modules_.size() - 1;
  }

  void new_store() override {
    instances_.clear();
    store_.emplace();
    linker_ = lightbeam::linker();
    make_spectest();
    make_host();
  }
  maybe<handle> instantiate(handle module) override {
    const auto made = linker_.instantiate(*store_, modules_[module]);
    if (!made) return made.error();
    instances_.push_back(*made);
    return instances_.size() - 1;
  }
  void register_as(handle instance, const std::string& name) override { linker_.instance(name, instances_[instance]); }

  maybe<std::vector<value>> invoke(handle instance, std::string_view field, std::span<const value> arguments) override {
    const auto f = instances_[instance].func(field);
    if (!f) return f.error();
    std::vector<any_value> converted;
    for (const auto& a : arguments) converted.push_back(to_engine(a));
    const auto results = (*f)(converted);
    if (!results) return results.error();
    std::vector<value> values;
    for (const auto& r : *results) values.push_back(from_engine(r));
    return values;
  }
  maybe<std::vector<value>> global(handle instance, std::string_view field) override {
    const auto g = instances_[instance].global(field);
    if (!g) return g.error();
    return std::vector{from_engine(g->get())};
  }
  maybe<std::span<const std::uint8_t>> memory(handle instance, std::string_view field) override {
    const auto m = instances_[instance].memory(field);
    if (!m) return m.error();
    const auto bytes = m->bytes();
    return std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }

 private:
  void make_spectest() {
    linker_.bind("spectest", "print", [] {});
    linker_.bind("spectest", "print_i32", [](std::int32_t) {});
    linker_.bind("spectest", "print_i64", [](std::int64_t) {});
    linker_.bind("spectest", "print_f32", [](float) {});
    linker_.bind("spectest", "print_f64", [](double) {});
    linker_.bind("spectest", "print_i32_f32", [](std::int32_t, float) {});
    linker_.bind("spectest", "print_f64_f64", [](double, double) {});
    linker_.define("spectest", "global_i32", store_->make_global(std::int32_t{666}));
    linker_.define("spectest", "global_i64", store_->make_global(std::int64_t{666}));
    linker_.define("spectest", "global_f32", store_->make_global(666.6f));
    linker_.define("spectest", "global_f64", store_->make_global(666.6));
    linker_.define("spectest", "table", store_->make_table({lightbeam::val::funcref, {10, 20}}).value());
    linker_.define("spectest", "memory", store_->make_memory({{1, 2}, false}, memory_kind_).value());
  }
  // Functions with results; see host_functions.hpp.
  void make_host() {
    linker_.bind("host", "sum", host::sum);
    linker_.bind("host", "scale", host::scale);
    linker_.bind("host", "rotate", host::rotate);
    linker_.bind("host", "refuse_odd", [](std::int32_t x) -> lightbeam::result<std::int32_t> {
      if (x & 1) return failure(lightbeam::trap_code::host);
      return x;
    });
  }

  std::unique_ptr<policies::any_engine> engine_;
  lightbeam::memory_kind memory_kind_ = lightbeam::memory_kind::bounds_checks;
  std::vector<lightbeam::module> modules_;
  std::optional<lightbeam::store> store_;
  lightbeam::linker linker_;
  std::vector<lightbeam::instance> instances_;
};

}  // namespace

std::unique_ptr<backend> make_engine_backend(std::string_view policy, cpu_level cpu) {
  auto engine = policies::make_engine(policy, cpu == cpu_level::v1 ? std::optional(lightbeam::cpu_level::v1) : std::nullopt);
  return engine ? std::make_unique<engine_backend>(std::move(engine)) : nullptr;
}

}  // namespace suite
