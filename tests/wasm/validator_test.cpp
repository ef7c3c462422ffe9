#include "lightbeam/wasm/skip_dead.hpp"
#include "lightbeam/wasm/validator.hpp"
#include "suite_modules.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;
using suite_modules::entry;

namespace {

std::string text_of(const result<void>& r) { return r ? "valid" : r.error().text(); }

bool becomes_valid(const entry& e, feature enabled) {
  if (e.valid_with.empty()) return false;
  for (const std::string& name : e.valid_with) {
    const auto one = suite_modules::feature_named(name);
    if (!one || !contains(enabled, *one)) return false;
  }
  return true;
}

struct counts {
  unsigned valid = 0, rejected = 0, unsupported = 0;
};

counts check_folder(const std::string& folder, feature enabled, bool kinds_agree) {
  counts n;
  suite_modules::for_each(folder, [&](const entry& e) {
    INFO(e.place);
    const auto checked = validate(e.bytes, enabled);
    INFO(text_of(checked));
    if (e.needs) {
      const bool supported = contains(enabled, *e.needs);
      CHECK(bool(checked) == supported);
      ++(supported ? n.valid : n.unsupported);
      return;
    }
    if (becomes_valid(e, enabled)) return;
    const bool rejects = e.type == "assert_invalid" || e.type == "assert_malformed";
    if (!rejects) return;
    REQUIRE_FALSE(checked);
    ++n.rejected;
    CHECK(checked.error().offset() <= e.bytes.size());
    if (!kinds_agree || checked.error().kind() == failure_kind::unsupported) return;
    CHECK(checked.error().kind() == (e.type == "assert_invalid" ? failure_kind::invalid : failure_kind::malformed));
  });
  return n;
}

}  // namespace

TEST_CASE("the suite of Wasm 2.0 is accepted and rejected as it says") {
  const counts n = check_folder("2.0", feature::wasm2, true);
  CHECK(n.valid > 1700);
  CHECK(n.rejected > 1500);
  CHECK(n.unsupported == 0);
}

TEST_CASE("without SIMD the rest of Wasm 2.0 stays the same") {
  const counts n = check_folder("2.0", feature::wasm2_scalar, false);
  CHECK(n.valid > 1300);
  CHECK(n.unsupported > 400);
}

TEST_CASE("the suite of Wasm 3.0, as far as the library's module can represent it") {
  check_folder("core", feature::wasm2, false);
  check_folder("core", feature::wasm2 | feature::relaxed_simd | feature::tail_call | feature::multi_memory, false);
}

TEST_CASE("the suites of proposals") {
  check_folder("threads", feature::mvp | feature::threads, true);
  check_folder("threads", feature::mvp, false);
  check_folder("wide-arithmetic", feature::wasm2 | feature::wide_arithmetic, true);
  check_folder("custom-page-sizes", feature::wasm2, false);
  check_folder("legacy", feature::wasm2 | feature::tail_call, false);
}

TEST_CASE("a module needs the features that the suite names, and no others") {
  suite_modules::for_each("2.0", [](const entry& e) {
    if (!e.needs) return;
    INFO(e.place);
    // The suite counts memory.copy and memory.fill as features of their own, which it does not name.
    const auto checked = validate(e.bytes, *e.needs | feature::bulk_memory);
    INFO(text_of(checked));
    CHECK(bool(checked));
    for (std::uint32_t bit = 2; bit <= std::uint32_t(feature::simd); bit <<= 1) {
      if (!contains(*e.needs, feature(bit))) continue;
      INFO(text(feature(bit)));
      CHECK_FALSE(validate(e.bytes, feature(std::uint32_t(feature::wasm2) & ~bit)));
    }
  });
}

TEST_CASE("failures say where and what") {
  // (module (func) (func (result i32) (i64.const 0)))
  const std::uint8_t bytes[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 8, 2, 0x60, 0, 0, 0x60, 0, 1, 0x7f, 3, 3, 2, 0, 1, 10, 9, 2, 2, 0, 0x0b, 4, 0, 0x42, 0, 0x0b};
  const auto checked = validate(bytes, feature::wasm2);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().text() == "invalid: type mismatch: expected i32, found i64, in the code section, in function 1, byte 0x21");
}

TEST_CASE("operators of a disabled proposal are named") {
  // (module (func (v128.const ...) (drop)))
  const std::vector<std::uint8_t> head = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 0xfd, 12};
  auto bytes = head;
  bytes.resize(bytes.size() + 16);
  bytes.insert(bytes.end(), {0x1a, 0x0b});
  CHECK(bool(validate(bytes, feature::wasm2)));
  const auto checked = validate(bytes, feature::wasm2_scalar);
  REQUIRE_FALSE(checked);
  CHECK(checked.error().kind() == failure_kind::unsupported);
  CHECK(std::string(checked.error().what()) == "v128.const needs the feature simd, which is disabled");
}

namespace {

// A block of a function with one i64 parameter and a result: the block has the result i32, and is an `if`'s first arm or not.
struct surroundings {
  bool arm = false;
  static constexpr val outer_result[] = {val::f64}, inner_result[] = {val::i32};

  std::span<const val> label_types(std::uint32_t depth) const { return depth == 0 ? std::span<const val>(inner_result) : outer_result; }
  std::size_t labels() const { return 2; }
  std::span<const val> results() const { return inner_result; }
  val local_type(std::uint32_t) const { return val::i64; }
  std::uint32_t local_count() const { return 1; }
  bool is_if() const { return arm; }
};

result<std::ptrdiff_t> skip(std::vector<std::uint8_t> code, bool arm = false) {
  module_info info;
  const surroundings outer{arm};
  expansion values;
  const auto at = skip_dead(info, feature::wasm2, outer, code.data() + 1, code.data() + code.size(), code.data(), values);
  if (!at) return at.error();
  return *at - code.data();
}

}  // namespace

TEST_CASE("dead code ends at the end or else of its own block") {
  CHECK(*skip({0x00, 0x0b}) == 1);
  CHECK(*skip({0x00, 0x41, 0, 0x0b}) == 3);
  CHECK(*skip({0x00, 0x02, 0x40, 0x0b, 0x0b, 0x0b}) == 4);
  CHECK(*skip({0x00, 0x05, 0x0b}, true) == 1);
  CHECK(*skip({0x00, 0x41, 0, 0x05, 0x0b}, true) == 3);
  CHECK(*skip({0x00, 0x41, 0, 0x04, 0x40, 0x05, 0x0b, 0x05}, true) == 7);
}

TEST_CASE("dead code is validated on a polymorphic stack") {
  CHECK(*skip({0x00, 0x6a, 0x0b}) == 2);                    // i32.add of nothing known
  CHECK(*skip({0x00, 0x1a, 0x1b, 0x0b}) == 3);              // drop, select
  CHECK(*skip({0x00, 0xd1, 0x0b}) == 2);                    // ref.is_null
  CHECK(*skip({0x00, 0x20, 0, 0x1a, 0x0c, 1, 0x0b}) == 6);  // local.get 0, drop, br 1
  CHECK(*skip({0x00, 0x0e, 1, 0, 0, 0x0b}) == 5);           // br_table
  CHECK_FALSE(skip({0x00, 0x42, 0, 0x0b}));                 // an i64 where the block has an i32
  CHECK_FALSE(skip({0x00, 0x41, 0, 0x41, 0, 0x0b}));        // a value too many
  CHECK_FALSE(skip({0x00, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0e, 1, 0, 1, 0x0b}));  // a value below the index of br_table that is none
  CHECK_FALSE(skip({0x00, 0x20, 1, 0x0b}));                 // no such local
  CHECK_FALSE(skip({0x00, 0x0c, 2, 0x0b}));                 // no such label
  CHECK_FALSE(skip({0x00, 0x05, 0x0b}));                    // else without if
  CHECK_FALSE(skip({0x00, 0x02, 0x40, 0x6a, 0x1a, 0x0b, 0x0b}));  // a block inside is reachable by itself
  CHECK_FALSE(skip({0x00, 0xff}));
}

TEST_CASE("dead code that never ends is malformed, and failures count from the body's start") {
  const auto open = skip({0x00, 0x41, 0});
  REQUIRE_FALSE(open);
  CHECK(open.error().kind() == failure_kind::malformed);
  const auto mismatch = skip({0x00, 0x01, 0x42, 0, 0x0b});
  REQUIRE_FALSE(mismatch);
  CHECK(mismatch.error().offset() == 4);
}
