#include "shapes.hpp"

// Shapes of whole modules: of sections, and of many functions.
namespace bombs {
namespace {

// n functions of type 0 with this body.
bytes many_functions(std::uint32_t n, const std::vector<assembly::group>& locals, const code_writer& body, const value_types& params = {}) {
  assembly m;
  m.type(params, {});
  for (std::uint32_t i = 0; i < n; ++i) m.function(0, locals, body);
  return m.finish();
}
bytes functions(std::uint32_t n) { return many_functions(n, {}, {}); }
bytes functions_of_many_locals(std::uint32_t n) { return many_functions(n, {{50'000, val::i32}}, {}); }
bytes functions_of_many_parameters(std::uint32_t n) { return many_functions(n, {}, {}, value_types(1000, val::i32)); }
bytes calls_of_the_last_function(std::uint32_t n) {
  code_writer body;
  body.op("call", n - 1);
  return many_functions(n, {}, body);
}

// As many parameters as the limit on locals allows.
bytes parameters_allowed(std::uint32_t n) {
  code_writer body;
  for (int k = 0; k < 1000; ++k) body.op("nop");
  return many_functions(n, {}, body, value_types(1000, val::i32));
}

bytes equal_types(std::uint32_t n) {
  assembly m;
  for (std::uint32_t i = 0; i < n; ++i) m.type({}, {});
  return m.finish();
}
value_types digits(std::uint32_t number, std::size_t count) {
  value_types t(count, val::i32);
  for (std::size_t k = count; k-- > 0 && number; number /= 4) t[k] = val(std::uint32_t(val::i32) + number % 4);
  return t;
}
bytes different_types(std::uint32_t n) {
  assembly m;
  for (std::uint32_t i = 0; i < n; ++i) m.type(digits(i, 10), {});
  return m.finish();
}
bytes long_types(std::uint32_t n) {
  assembly m;
  for (std::uint32_t i = 0; i < n; ++i) m.type(digits(i, 1000), {});
  return m.finish();
}
bytes imports(std::uint32_t n) {
  assembly m;
  m.type({}, {});
  for (std::uint32_t i = 0; i < n; ++i) m.add(assembly::imports).name("").name("").byte(0).u32(0);
  return m.finish();
}
std::string long_name(std::uint32_t i, std::size_t length) {
  std::string s(length, 'a');
  for (std::size_t k = length; k-- > 0 && i; i /= 26) s[k] = char('a' + i % 26);
  return s;
}
template <std::size_t Length>
bytes exports(std::uint32_t n) {
  assembly m;
  m.type({}, {});
  m.function(0, {}, {});
  for (std::uint32_t i = 0; i < n; ++i) m.add(assembly::exports).name(long_name(i, Length)).byte(0).u32(0);
  return m.finish();
}
bytes globals(std::uint32_t n) {
  assembly m;
  for (std::uint32_t i = 0; i < n; ++i) m.add(assembly::globals).byte(0x7f).byte(1).byte(0x41).byte(0).byte(0x0b);
  return m.finish();
}
bytes tables(std::uint32_t n) {
  assembly m;
  for (std::uint32_t i = 0; i < n; ++i) m.table(1);
  return m.finish();
}
bytes element_items(std::uint32_t n) {
  assembly m;
  m.type({}, {});
  m.function(0, {}, {});
  auto& w = m.add(assembly::elements).byte(1).byte(0).u32(n);
  for (std::uint32_t i = 0; i < n; ++i) w.byte(0);
  return m.finish();
}
bytes element_segments(std::uint32_t n) {
  assembly m;
  for (std::uint32_t i = 0; i < n; ++i) m.add(assembly::elements).byte(3).byte(0).u32(0);
  return m.finish();
}
bytes data_segments(std::uint32_t n) {
  assembly m;
  for (std::uint32_t i = 0; i < n; ++i) m.add(assembly::data).byte(1).u32(0);
  return m.finish();
}
bytes custom_sections(std::uint32_t n) {
  assembly m;
  for (std::uint32_t i = 0; i < n; ++i) m.custom_section("", {});
  return m.finish();
}
bytes names(std::uint32_t n) {
  assembly m;
  m.type({}, {});
  m.function(0, {}, {});
  byte_writer list, content;
  list.u32(n);
  for (std::uint32_t i = 0; i < n; ++i) list.u32(0).name("a name that is longer than most are");
  m.custom_section("name", content.byte(1).sized(list.bytes()));
  return m.finish();
}
bytes name_sections(std::uint32_t n) {
  assembly m;
  m.type({}, {});
  for (int i = 0; i < 1000; ++i) m.function(0, {}, {});
  byte_writer list, content;
  list.u32(1).u32(0).name("f");
  content.byte(1).sized(list.bytes());
  for (std::uint32_t i = 0; i < n; ++i) m.custom_section("name", content);
  return m.finish();
}
bytes indirect_calls(std::uint32_t n) {
  assembly m;
  m.type({}, {});
  m.table(1);
  code_writer w;
  for (std::uint32_t i = 0; i < n; ++i) w.i32(0).op("call_indirect", 0, 0);
  m.function(0, {}, w);
  return m.finish();
}

}  // namespace

std::vector<shape> shapes_of_modules() {
  return {
      {"functions", 1'000'000, functions, nullptr, 3, 6},
      {"functions of 50000 locals", 20'000, functions_of_many_locals, too_many_values},
      {"functions of 1000 parameters", 100'000, functions_of_many_parameters, too_many_values},
      {"parameters that are allowed", 2'000, parameters_allowed},
      {"calls of the last function", 1'000'000, calls_of_the_last_function, nullptr, 3, 4},
      {"equal types", 1'000'000, equal_types, nullptr, 3, 8},
      {"different types", 1'000'000, different_types},
      {"types of 1000 parameters", 20'000, long_types},
      {"imports", 1'000'000, imports, nullptr, 3, 12},
      {"exports", 1'000'000, exports<5>, nullptr, 3, 7},
      {"exports of long names", 20'000, exports<1000>},
      {"globals", 1'000'000, globals, nullptr, 3, 4},
      {"tables", 100'000, tables},
      {"items of an element segment", 10'000'000, element_items},
      {"element segments", 4'000'000, element_segments, nullptr, 3, 8},
      {"data segments", 100'000, data_segments, nullptr, 3, 8},
      {"custom sections", 2'000'000, custom_sections},
      {"names of one function", 1'000'000, names},
      {"name sections", 200'000, name_sections},
      {"indirect calls", 1'000'000, indirect_calls},
  };
}

}  // namespace bombs
