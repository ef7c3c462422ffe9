#include "lightbeam/wasm/validator.hpp"
#include "suite_modules.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;

namespace {

// Validates bodies without the steps of frequent_operators.
class plain_sink {
 public:
  result<void> begin_code(const module_info& info, std::uint32_t, std::uint32_t) { return info_ = &info, result<void>(); }
  result<void> body(std::uint32_t defined, std::span<const std::uint8_t> bytes, std::uint32_t offset) {
    const std::uint32_t function = info_->imported_functions + defined;
    reader in(bytes, offset, "unexpected end of section or function");
    std::vector<val> locals = info_->type_of(function).params;
    read_locals(in, locals);
    const surroundings outer{info_->type_of(function).results, locals};
    expansion values;
    operand_stack stack(values);
    operator_validator<surroundings> operators(*info_, feature::wasm2, outer, in, stack);
    if (in) operators.run(false);
    if (in && in.left() != 0) in.malformed("operators remain after the end of the function");
    if (!in) return failure(in.error()).in_section(10).in_function(function);
    return {};
  }

 private:
  struct surroundings {
    std::span<const val> types;
    const std::vector<val>& locals;

    std::span<const val> label_types(std::uint32_t) const { return types; }
    std::size_t labels() const { return 1; }
    std::span<const val> results() const { return types; }
    val local_type(std::uint32_t i) const { return locals[i]; }
    std::uint32_t local_count() const { return std::uint32_t(locals.size()); }
    bool is_if() const { return false; }
  };
  static void read_locals(reader& in, std::vector<val>& locals) {
    type_reader types(in, feature::wasm2);
    const std::uint32_t at = in.offset();
    std::uint64_t total = 0;
    for (std::uint32_t n = types.length(no_index, 2); n-- && in;) {
      const std::uint32_t count = in.u32();
      const val t = types.value();
      total += count;
      if (total > no_index) in.malformed("too many locals", at);
      if (in && total <= module_limits::locals) locals.insert(locals.end(), count, t);
    }
    if (in && total > module_limits::locals) in.fail(failure_kind::limit, "too many locals", at);
  }
  const module_info* info_ = nullptr;
};

template <class Sink>
std::string verdict(const std::vector<std::uint8_t>& module, Sink sink, module_info& info) {
  module_reader in(info, feature::wasm2, sink);
  auto done = in.feed(module);
  if (done) done = in.finish();
  return done ? "valid" : done.error().text();
}
std::string fast(const std::vector<std::uint8_t>& module) {
  module_info info;
  return verdict(module, validating_sink(feature::wasm2), info);
}
std::string plain(const std::vector<std::uint8_t>& module) {
  module_info info;
  return verdict(module, plain_sink(), info);
}

// Changes one to three bytes, nearly always in a body, half of the time into an operator that is often seen.
class mutator {
 public:
  std::vector<std::uint8_t> operator()(std::vector<std::uint8_t> bytes, const plain_vector<body_range>& bodies) {
    constexpr std::uint8_t often[] = {0x00, 0x02, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x1a, 0x1b, 0x20, 0x21, 0x22, 0x28, 0x40, 0x41, 0x6a, 0x92, 0xfd};
    const body_range in = bodies.empty() ? body_range{8, std::uint32_t(bytes.size() - 8)} : bodies[next(bodies.size())];
    for (std::size_t n = 1 + next(3); n--;) {
      std::uint8_t& b = bytes[in.begin + next(in.size)];
      b = next(2) ? often[next(std::size(often))] : next(2) ? std::uint8_t(next(256)) : bytes[in.begin + next(in.size)];
    }
    return bytes;
  }

 private:
  std::size_t next(std::size_t below) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return std::size_t(state_ >> 33) % below;
  }
  std::uint64_t state_ = 1;
};

}  // namespace

TEST_CASE("the steps say of changed modules what the validator says without them") {
  mutator change;
  unsigned valid = 0, all = 0;
  suite_modules::for_each("2.0", [&](const suite_modules::entry& e) {
    if (!e.needs || e.bytes.size() > 4096 || e.bytes.size() < 10) return;
    INFO(e.place);
    module_info info;
    REQUIRE(verdict(e.bytes, validating_sink(feature::wasm2), info) == "valid");
    for (int i = 0; i < 20; ++i) {
      const auto changed = change(e.bytes, info.bodies);
      const std::string expected = plain(changed);
      REQUIRE(fast(changed) == expected);
      valid += expected == "valid";
      ++all;
    }
  });
  CHECK(all > 10'000);
  CHECK(valid > 100);
}
