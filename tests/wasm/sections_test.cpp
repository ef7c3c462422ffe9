#include "lightbeam/wasm/validator.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;

namespace {

using bytes = std::vector<std::uint8_t>;

bytes module_of(std::initializer_list<bytes> sections) {
  bytes all = {0, 'a', 's', 'm', 1, 0, 0, 0};
  for (const bytes& s : sections) {
    all.push_back(s[0]);
    all.push_back(std::uint8_t(s.size() - 1));
    all.insert(all.end(), s.begin() + 1, s.end());
  }
  return all;
}

struct reading {
  module_info info;
  std::string text;
};
reading read(const bytes& module, feature features = feature::wasm2) {
  reading r;
  validating_sink sink(features);
  module_reader in(r.info, features, sink);
  auto done = in.adopt(bytes(module));
  if (done) done = in.finish();
  r.text = done ? "valid" : done.error().text();
  return r;
}

const bytes no_types = {1, 1, 0x60, 0, 0};
const bytes one_function = {3, 1, 0};
const bytes one_body = {10, 1, 2, 0, 0x0b};

}  // namespace

TEST_CASE("a module of all sections") {
  const reading r = read(module_of({
      {1, 3, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7e, 0x60, 0, 0},                  // types
      {2, 2, 1, 'm', 1, 'f', 0, 1, 1, 'm', 1, 'g', 3, 0x7f, 0},                // imports: a function, a global
      {3, 1, 2},                                                               // functions
      {4, 1, 0x70, 1, 1, 1},                                                   // tables
      {5, 1, 0, 2},                                                            // memories
      {6, 2, 0x7f, 1, 0x23, 0, 0x0b, 0x70, 0, 0xd2, 0, 0x0b},                  // globals
      {7, 1, 1, 'r', 0, 1},                                                    // exports
      {8, 1},                                                                  // start
      {9, 2, 0, 0x41, 0, 0x0b, 1, 1, 5, 0x6f, 1, 0xd0, 0x6f, 0x0b},            // elements
      {12, 2},                                                                 // data count
      {10, 1, 2, 0, 0x0b},                                                     // code
      {11, 2, 0, 0x23, 0, 0x0b, 1, 'x', 1, 2, 'y', 'z'},                       // data
      {0, 4, 'n', 'a', 'm', 'e', 1, 8, 2, 0, 1, 'f', 1, 2, 'r', 'u'},          // names, cut off
  }));
  REQUIRE(r.text == "valid");
  const module_info& m = r.info;
  CHECK(m.imports.size() == 2);
  CHECK(m.imports[1].name == "g");
  CHECK(m.functions == plain_vector<std::uint32_t>{1, 2});
  CHECK(m.imported_functions == 1);
  CHECK(m.imported_globals == 1);
  CHECK(m.tables[0].fixed());
  CHECK_FALSE(m.memories[0].size.maximum);
  CHECK(m.globals.size() == 3);
  CHECK(m.global_initialisers[0].op == const_expression::kind::global_get);
  CHECK(m.global_initialisers[1].op == const_expression::kind::ref_func);
  CHECK(m.referenced == plain_vector<bool>{true, true});
  CHECK(m.start == 1u);
  CHECK(m.elements[0].items[0].index == 1);
  CHECK(m.elements[1].mode == segment_mode::passive);
  CHECK(m.elements[1].type == val::externref);
  CHECK(m.data_count == 2u);
  CHECK(m.bodies.size() == 1);
  CHECK(m.bytes[m.data[1].begin] == 'y');
  CHECK(m.data[1].size == 2);
  CHECK(m.function_name(0) == "f");
  CHECK(m.function_name(1) == "ru");
}

TEST_CASE("sections come once and in order, custom ones anywhere") {
  CHECK(read(module_of({no_types, one_function, one_body})).text == "valid");
  CHECK(read(module_of({{0, 0}, no_types, {0, 1, 'x', 9}, one_function, {0, 0}, one_body, {0, 0}})).text == "valid");
  CHECK(read(module_of({no_types, no_types})).text.starts_with("malformed: unexpected content after last section"));
  CHECK(read(module_of({one_function, no_types})).text.starts_with("invalid: unknown type"));
  CHECK(read(module_of({{5, 0}, {4, 0}})).text.starts_with("malformed: unexpected content after last section"));
  CHECK(read(module_of({{12, 0}, {9, 0}})).text.starts_with("malformed: unexpected content after last section"));
  CHECK(read(module_of({{10, 0}, {12, 0}})).text.starts_with("malformed: unexpected content after last section"));
  CHECK(read(module_of({{14}})).text.starts_with("malformed: malformed section id"));
}

TEST_CASE("sizes and counts match exactly") {
  CHECK(read(module_of({{1, 1, 0x60, 0, 0, 0}})).text == "malformed: section size mismatch, in the type section, byte 0xe");
  CHECK(read(module_of({{1, 2, 0x60, 0, 0, 0x60}})).text.starts_with("malformed: "));
  CHECK(read(module_of({no_types, one_function})).text.starts_with("malformed: function and code section have inconsistent lengths"));
  CHECK(read(module_of({no_types, one_body})).text.starts_with("malformed: function and code section have inconsistent lengths"));
  CHECK(read(module_of({no_types, one_function, {10, 1, 2, 0, 0x0b, 0}})).text.starts_with("malformed: section size mismatch"));
  CHECK(read(module_of({no_types, one_function, {10, 1, 3, 0, 0x0b}})).text.starts_with("malformed: unexpected end of section or function"));
  CHECK(read(module_of({{12, 1}})).text.starts_with("malformed: data count and data section have inconsistent lengths"));
  CHECK(read(module_of({{12, 1}, {11, 0}})).text.starts_with("malformed: data count and data section have inconsistent lengths"));
}

TEST_CASE("exports have names of their own") {
  CHECK(read(module_of({{5, 1, 0, 0}, {7, 2, 1, 'a', 2, 0, 1, 'b', 2, 0}})).text == "valid");
  CHECK(read(module_of({{5, 1, 0, 0}, {7, 2, 1, 'a', 2, 0, 1, 'a', 2, 0}})).text.starts_with("invalid: duplicate export name"));
  CHECK(read(module_of({{7, 1, 1, 0xff, 2, 0}})).text.starts_with("malformed: malformed UTF-8 encoding"));
}

TEST_CASE("memories are at most 4 GiB") {
  CHECK(read(module_of({{5, 1, 1, 0, 0x80, 0x80, 0x04}})).text == "valid");
  CHECK(read(module_of({{5, 1, 1, 0, 0x81, 0x80, 0x04}})).text.starts_with("invalid: memory size must be at most 65536 pages (4GiB)"));
  CHECK(read(module_of({{5, 1, 1, 2, 1}})).text.starts_with("invalid: size minimum must not be greater than maximum"));
}

TEST_CASE("constant expressions") {
  const auto global = [](bytes expression, std::uint8_t type = 0x7f) {
    bytes section = {6, 1, type, 0};
    section.insert(section.end(), expression.begin(), expression.end());
    return read(module_of({section})).text;
  };
  CHECK(global({0x41, 0x7f, 0x0b}) == "valid");
  CHECK(global({0x42, 0, 0x0b}).starts_with("invalid: type mismatch: expected i32, found i64"));
  CHECK(global({0x0b}).starts_with("invalid: type mismatch: expected i32, found nothing"));
  CHECK(global({0x41, 0, 0x41, 0, 0x0b}).starts_with("invalid: type mismatch"));
  CHECK(global({0x23, 0, 0x0b}).starts_with("invalid: unknown global"));
  CHECK(global({0xd2, 0, 0x0b}, 0x70).starts_with("invalid: unknown function"));
  CHECK(global({0xd0, 0x6f, 0x0b}, 0x70).starts_with("invalid: type mismatch: expected funcref, found externref"));
  CHECK(global({0x01, 0x0b}).starts_with("invalid: constant expression required"));
  CHECK(global({0xff, 0x0b}).starts_with("malformed: illegal opcode"));
  CHECK(global({0x41, 0, 0x41, 0, 0x6a, 0x0b}).starts_with("unsupported: arithmetic in constant expressions"));
  CHECK(global({0x41, 0x80, 0x80, 0x80, 0x80, 0x10, 0x0b}).starts_with("malformed: integer too large"));
}

TEST_CASE("what is not supported is named") {
  const auto unsupported = [](std::initializer_list<bytes> sections, const char* word, feature features = feature::wasm2) {
    const std::string text = read(module_of(sections), features).text;
    INFO(text);
    CHECK(text.starts_with("unsupported: "));
    CHECK(text.find(word) != std::string::npos);
  };
  unsupported({{1, 1, 0x60, 1, 0x7b, 0}}, "simd", feature::wasm2_scalar);
  unsupported({{1, 1, 0x60, 1, 0x6f, 0}}, "reference-types", feature::mvp);
  unsupported({{1, 1, 0x60, 0, 2, 0x7f, 0x7f}}, "multi-value", feature::mvp);
  unsupported({{1, 1, 0x5f, 0}}, "gc");
  unsupported({{1, 1, 0x5e, 0x7f, 0}}, "gc");
  unsupported({{1, 1, 0x4e, 0}}, "gc");
  unsupported({{1, 1, 0x50, 0}}, "gc");
  unsupported({{1, 1, 0x60, 1, 0x63, 0, 0}}, "function-references");
  unsupported({{1, 1, 0x60, 1, 0x69, 0}}, "exceptions");
  unsupported({{1, 1, 0x60, 1, 0x6e, 0}}, "gc");
  unsupported({{4, 1, 0x70, 4, 0}}, "memory64");
  unsupported({{5, 1, 4, 0}}, "memory64");
  unsupported({{5, 1, 8, 0, 0}}, "custom-page-sizes");
  unsupported({{5, 1, 3, 0, 1}}, "threads");
  unsupported({{5, 2, 0, 0, 0, 0}}, "multi-memory");
  unsupported({{13, 0}}, "exceptions");
  unsupported({{2, 1, 0, 0, 4, 0, 0}}, "exceptions");
  unsupported({{12, 0}}, "bulk-memory", feature::mvp);
}

TEST_CASE("limits of the JavaScript interface") {
  bytes types = {1, 1, 0x60, 0xe9, 0x07};  // 1001 parameters
  types.resize(types.size() + 1001, 0x7f);
  types.push_back(0);
  bytes module = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, std::uint8_t(((types.size() - 1) & 0x7f) | 0x80), std::uint8_t((types.size() - 1) >> 7)};
  module.insert(module.end(), types.begin() + 1, types.end());
  CHECK(read(module).text.starts_with("limit: "));
  CHECK(read(module_of({no_types, one_function, {10, 1, 6, 1, 0xd1, 0x86, 0x03, 0x7f, 0x0b}})).text.starts_with("limit: too many locals"));
  CHECK(read(module_of({no_types, one_function, {10, 1, 6, 1, 0xd0, 0x86, 0x03, 0x7f, 0x0b}})).text == "valid");
}

TEST_CASE("a name section that makes no sense is skipped") {
  const auto name = [](bytes content) {
    bytes section = {0, 4, 'n', 'a', 'm', 'e'};
    section.insert(section.end(), content.begin(), content.end());
    const reading r = read(module_of({no_types, one_function, one_body, section}));
    REQUIRE(r.text == "valid");
    CHECK(r.info.function_names.size() <= 1);
    return r.info.function_name(0);
  };
  CHECK(name({1, 4, 1, 0, 1, 'f'}) == "f");
  CHECK(name({0, 2, 1, 'm', 1, 4, 1, 0, 1, 'f', 2, 1, 0}) == "f");
  CHECK(name({1, 7, 2, 0, 1, 'f', 0, 1, 'g'}) == "f");
  CHECK(name({1, 4, 1, 5, 1, 'f'}).empty());
  CHECK(name({1, 4, 1, 0, 1, 0xff}).empty());
  CHECK(name({1, 3, 1, 0, 0}).empty());
  CHECK(name({1, 0xff, 0xff}).empty());
  CHECK(name({0xff}).empty());
}
