// Bytes as a module that runs: each exported function is called under a policy and under the interpreter, and results, traps, memory
// and globals are compared. What the interpreter does not end within its budget is not run.

#include "../spec/backends.hpp"
#include "bounded.hpp"
#include "mutator.hpp"
#include "target.hpp"
#include <cstring>
#include <lightbeam/validate.hpp>

namespace {

using suite::handle;
using suite::value;
using outcome = suite::maybe<std::vector<value>>;
using lightbeam::failure;
using lightbeam::failure_kind;

class comparison {
 public:
  comparison(suite::backend& oracle, suite::backend& tested, const lightbeam::module_info& info) : oracle_(oracle), tested_(tested), info_(info) {}

  void run(std::span<const std::uint8_t> module, std::uint64_t seed) {
    const auto a = oracle_.compile(module), b = tested_.compile(module);
    if (a.index() != b.index()) fuzzers::require_same("interpreter", verdict(a), "policy", verdict(b));
    if (a.index() != 0) return;
    oracle_.new_store(), tested_.new_store();
    const auto x = oracle_.instantiate(std::get<handle>(a));
    if (undetermined(x)) return;
    const auto y = tested_.instantiate(std::get<handle>(b));
    if (undetermined(y)) return;
    require_same_verdict("instantiation", x, y);
    if (x.index() != 0) return;
    instances_[0] = std::get<handle>(x), instances_[1] = std::get<handle>(y);
    sequences::random_source random(seed);
    for (int round = 0; round < 2; ++round)
      for (const auto& e : info_.exports)
        if (e.kind == lightbeam::external::function && !call(e, random)) return;
  }

 private:
  template <class T>
  static std::string verdict(const suite::maybe<T>& m) {
    const auto* f = std::get_if<failure>(&m);
    return f ? f->text() : "success";
  }
  // Where compiled code would not end, where stacks end, and how much memory there is, is not the specification's.
  template <class T>
  static bool undetermined(const suite::maybe<T>& m) {
    const auto* f = std::get_if<failure>(&m);
    return f && (f->kind() == failure_kind::limit || f->code() == lightbeam::trap_code::call_stack_exhausted);
  }
  template <class T>
  static void require_same_verdict(const std::string& what, const suite::maybe<T>& a, const suite::maybe<T>& b) {
    const auto *f = std::get_if<failure>(&a), *g = std::get_if<failure>(&b);
    if (!f != !g || (f && (f->kind() != g->kind() || f->code() != g->code())))
      fuzzers::require_same((what + ", interpreter").c_str(), verdict(a), "policy", verdict(b));
  }

  // False where the rest cannot be compared any more: the two have gone different ways that both are right.
  bool call(const lightbeam::export_entry& e, sequences::random_source& random) {
    std::vector<value> arguments;
    for (const auto t : info_.type_of(e.index).params) arguments.push_back(argument(t, random));
    const auto wanted = oracle_.invoke(instances_[0], e.name, arguments);
    if (undetermined(wanted) || oracle_.saw_nan()) return false;
    const auto got = tested_.invoke(instances_[1], e.name, arguments);
    if (undetermined(got)) return false;
    require_same_verdict(e.name, wanted, got);
    if (wanted.index() == 0) require_same_values(e.name, wanted, got);
    require_same_state(e.name);
    return true;
  }
  static value argument(lightbeam::val t, sequences::random_source& random) {
    if (t == lightbeam::val::externref && random.one_in(2)) return {t, false, random.below(100)};
    if (lightbeam::is_reference(t)) return {t, true, 0};
    return {t, false, sequences::any_value(random, t)};
  }
  static std::string text(const outcome& o) {
    std::string all;
    for (const auto& v : std::get<std::vector<value>>(o)) {
      const bool comparable = v.type != lightbeam::val::funcref && !v.null;  // the bits of a funcref are an address
      all += std::string(lightbeam::text(v.type)) + (v.null ? " null, " : comparable ? " " + std::to_string(v.bits) + ", " : ", ");
    }
    return all;
  }
  static void require_same_values(const std::string& what, const outcome& a, const outcome& b) { fuzzers::require_same((what + ", interpreter").c_str(), text(a), "policy", text(b)); }

  void require_same_state(const std::string& after) {
    for (const auto& e : info_.exports) {
      if (e.kind == lightbeam::external::global) require_same_values("global " + e.name + " after " + after, oracle_.global(instances_[0], e.name), tested_.global(instances_[1], e.name));
      if (e.kind == lightbeam::external::memory) require_same_memory(e.name, after);
    }
  }
  void require_same_memory(const std::string& name, const std::string& after) {
    const auto a = std::get<std::span<const std::uint8_t>>(oracle_.memory(instances_[0], name));
    const auto b = std::get<std::span<const std::uint8_t>>(tested_.memory(instances_[1], name));
    fuzzers::require_same(("pages after " + after + ", interpreter").c_str(), std::to_string(a.size() / 65536), "policy", std::to_string(b.size() / 65536));
    if (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0) return;
    const auto at = std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin();
    fuzzers::require_same(("memory at " + std::to_string(at) + " after " + after + ", interpreter").c_str(), std::to_string(a[std::size_t(at)]), "policy", std::to_string(b[std::size_t(at)]));
  }

  suite::backend &oracle_, &tested_;
  const lightbeam::module_info& info_;
  handle instances_[2] = {};
};

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  return fuzzers::mutate(data, size, most, seed, [](const auto& module) { return bool(lightbeam::validate(module, lightbeam::feature::wasm2_scalar)); });
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto module = fuzzers::bounded({data, size});
  if (!module) return 0;
  lightbeam::module_info info;
  lightbeam::validating_sink sink(lightbeam::feature::wasm2_scalar);
  lightbeam::module_reader reader(info, lightbeam::feature::wasm2_scalar, sink);
  if (!reader.feed(*module) || !reader.finish()) return 0;
  // Backends keep what they compiled, so each input has its own.
  const auto oracle = suite::make_interpreter_backend();
  const auto tested = suite::make_backend(size % 2 ? "guard_pages" : "bounds_checks_two_registers", size % 4 < 2 ? suite::cpu_level::v1 : suite::cpu_level::detected);
  oracle->step_budget(20'000);
  comparison(*oracle, *tested, info).run(*module, size);
  return 0;
}
