#include "lightbeam/core/reader.hpp"
#include "lightbeam/wasm/immediates.hpp"
#include "lightbeam/wasm/op_table.hpp"
#include <doctest/doctest.h>
#include <algorithm>
#include <set>
#include <string>

using namespace lightbeam;

TEST_CASE("rows are found by code and by name") {
  std::set<std::string_view> names;
  for (const op_row& row : op_table) {
    INFO(row.name);
    CHECK(find_row(row.code) == &row);
    CHECK(row_of(row.code) == &row);
    CHECK(names.insert(row.name).second);
  }
  CHECK(op("i32.add")->code == 0x6a);
  CHECK(op("v128.const")->code == 0xfd000c);
  CHECK(op("table.fill")->code == 0xfc0011);
}

TEST_CASE("codes without an operator have no row") {
  for (const std::uint32_t code : {0x16u, 0x27u, 0xc5u, 0xfbu, 0xfcu, 0xfdu, 0xfeu, 0xffu, 0xfb001fu, 0xfc0012u, 0xfc0017u, 0xfd009au, 0xfd00e2u, 0xfd0114u, 0xfe0004u, 0xfe004fu,
                                   0xff0000u, 0xfd0fffu, 0xffffffffu}) {
    INFO(code);
    CHECK(find_row(code) == nullptr);
    CHECK(row_of(code) == nullptr);
  }
}

TEST_CASE("the number of operators of each proposal") {
  const auto count = [](feature f) { return std::count_if(op_table.begin(), op_table.end(), [f](const op_row& r) { return r.since == f; }); };
  CHECK(count(feature::mvp) == 172);
  CHECK(count(feature::sign_extension) == 5);
  CHECK(count(feature::saturating_float_to_int) == 8);
  CHECK(count(feature::bulk_memory) == 7);
  CHECK(count(feature::reference_types) == 9);
  CHECK(count(feature::simd) == 236);
  CHECK(count(feature::relaxed_simd) == 20);
  CHECK(count(feature::threads) == 67);
  CHECK(count(feature::tail_call) == 2);
  CHECK(count(feature::exceptions) == 3);
  CHECK(count(feature::legacy_exceptions) == 5);
  CHECK(count(feature::gc) == 32);
  CHECK(count(feature::function_references) == 5);
  CHECK(count(feature::wide_arithmetic) == 4);
}

TEST_CASE("rows agree with what their names say") {
  for (const op_row& row : op_table) {
    INFO(row.name);
    const bool memory = row.immediate == imm::memarg || row.immediate == imm::memarg_lane;
    if (memory) CHECK(row.type.in[0] == val::i32);
    if (!memory && row.immediate != imm::lane) CHECK(row.natural_alignment == 0);
    CHECK(row.natural_alignment <= 4);
    if (row.type.by_check || row.type.outs != 1) continue;
    for (const val t : {val::i32, val::i64, val::f32, val::f64})
      if (row.name.starts_with(std::string(text(t)) + ".const") || row.name.starts_with(std::string(text(t)) + ".load")) CHECK(row.type.out[0] == t);
    if (row.immediate == imm::none && row.code >> 16 == 0xfd) CHECK(row.type.ins >= 1);
  }
}

TEST_CASE("the text about a disabled operator names it and its proposal") {
  CHECK(std::string(unsupported_text(op("i32.extend8_s").row)) == "i32.extend8_s needs the feature sign-extension, which is disabled");
  CHECK(std::string(unsupported_text(op("i32x4.relaxed_dot_i8x16_i7x16_add_s").row)) ==
        "i32x4.relaxed_dot_i8x16_i7x16_add_s needs the feature relaxed-simd, which is disabled");
}

namespace {

// Unchecked decoding and the bounded reader must be of one opinion about every number.
template <class Unchecked, class Checked>
unsigned differences(Unchecked unchecked, Checked checked) {
  unsigned different = 0;
  std::uint32_t random = 1;
  for (int i = 0; i < 200'000; ++i) {
    std::uint8_t bytes[32];
    std::fill(std::begin(bytes), std::end(bytes), std::uint8_t(0xff));
    const std::size_t size = std::size_t(i) % 12;
    for (std::size_t k = 0; k < size; ++k) {
      random = random * 1664525 + 1013904223;
      const auto b = std::uint8_t(random >> 24);
      bytes[k] = k + 1 < size ? std::uint8_t(b | 0x80) : b;
    }
    reader in(std::span<const std::uint8_t>(bytes, 32));
    const auto expected = checked(in);
    const auto got = unchecked(bytes);
    if (bool(in) != (got.length != 0)) ++different;
    else if (in && (got.value != expected || got.length != in.offset())) ++different;
  }
  return different;
}

}  // namespace

TEST_CASE("immediates decode as the reader reads them") {
  CHECK(differences(decode_u32, [](reader& in) { return in.u32(); }) == 0);
  CHECK(differences(decode_s32, [](reader& in) { return in.s32(); }) == 0);
  CHECK(differences(decode_s64, [](reader& in) { return in.s64(); }) == 0);
}
