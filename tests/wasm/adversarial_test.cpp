#include "lightbeam/wasm/validator.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;

// Modules of megabytes whose validation would take minutes, or all memory, were it not linear in their bytes.
namespace {

constexpr const char* too_much = "limit: too many locals, or operands of long types, for the size of the function bodies";

using bytes = std::vector<std::uint8_t>;

void add(bytes& to, std::initializer_list<std::uint8_t> some) { to.insert(to.end(), some); }
void add(bytes& to, const bytes& some) { to.insert(to.end(), some.begin(), some.end()); }
void u32(bytes& to, std::uint32_t v) {
  for (; v >= 0x80; v >>= 7) to.push_back(std::uint8_t(v | 0x80));
  to.push_back(std::uint8_t(v));
}
void section(bytes& to, std::uint8_t id, const bytes& content) {
  to.push_back(id);
  u32(to, std::uint32_t(content.size()));
  add(to, content);
}

// Functions of type 0, [] -> [], then one of type 1, [] -> [i32 x 1000], and one of type 2, the reverse.
bytes module_of(const std::vector<bytes>& bodies) {
  bytes m = {0, 'a', 's', 'm', 1, 0, 0, 0}, types = {3, 0x60, 0, 0, 0x60, 0}, functions, code;
  const bytes thousand(1000, 0x7f);
  u32(types, 1000), add(types, thousand), add(types, {0x60}), u32(types, 1000), add(types, thousand), add(types, {0});
  u32(functions, std::uint32_t(bodies.size() + 2));
  functions.insert(functions.end(), bodies.size(), 0);
  add(functions, {1, 2});
  u32(code, std::uint32_t(bodies.size() + 2));
  for (const bytes& b : bodies) u32(code, std::uint32_t(b.size())), add(code, b);
  add(code, {3, 0, 0x00, 0x0b, 2, 0, 0x0b});
  section(m, 1, types), section(m, 3, functions), section(m, 10, code);
  return m;
}
std::string verdict(const std::vector<bytes>& bodies) {
  const auto done = validate(module_of(bodies), feature::wasm2);
  return done ? "valid" : done.error().text();
}
std::string verdict(const bytes& body) { return verdict(std::vector<bytes>{body}); }
bytes repeated(int times, std::initializer_list<std::uint8_t> some) {
  bytes b;
  for (int i = 0; i < times; ++i) add(b, some);
  return b;
}

}  // namespace

TEST_CASE("a million nested blocks") {
  bytes b = {0};
  add(b, repeated(1'000'000, {0x02, 0x40})), add(b, repeated(1'000'000, {0x0b})), add(b, {0x0b});
  CHECK(verdict(b) == "valid");
  b = {0};
  add(b, repeated(1'000'000, {0x03, 0x40, 0x0c, 0})), add(b, repeated(1'000'000, {0x0b})), add(b, {0x0b});
  CHECK(verdict(b) == "valid");
}

TEST_CASE("regions of dead code, one after the other") {
  bytes b = {0};
  add(b, repeated(500'000, {0x02, 0x40, 0x0c, 0, 0x01, 0x6a, 0x1a, 0x0b})), add(b, {0x0b});
  CHECK(verdict(b) == "valid");
}

TEST_CASE("a table of two million labels, each with a thousand operands") {
  bytes b = {0, 0x02, 1, 0x02, 1, 0x10, 1, 0x41, 0, 0x0e};
  u32(b, 2'000'000), add(b, repeated(1'000'000, {0, 1})), add(b, {0, 0x0b, 0x0b, 0x00, 0x0b});
  CHECK(verdict(b) == "valid");
  b = {0, 0x02, 1, 0x02, 1, 0x00, 0x41, 0, 0x0e};
  u32(b, 2'000'000), add(b, repeated(1'000'000, {0, 1})), add(b, {0, 0x0b, 0x0b, 0x00, 0x0b});
  CHECK(verdict(b) == "valid");
}

TEST_CASE("operands by the thousand") {
  bytes b = {0};
  add(b, repeated(40, {0x10, 1, 0x10, 2})), add(b, {0x0b});
  CHECK(verdict(b) == "valid");
  b = {0};
  for (int i = 0; i < 1000; ++i) add(b, {0x10, 1, 0x10, 2}), add(b, bytes(2000, 0x01));
  add(b, {0x0b});
  CHECK(verdict(b) == "valid");
}

TEST_CASE("more operands than any program has are a limit") {
  bytes b = {0};
  add(b, repeated(200'000, {0x10, 1, 0x10, 2})), add(b, {0x0b});
  CHECK(verdict(b).starts_with(too_much));
}

TEST_CASE("fifty thousand locals, and as many for each fifty thousand bytes") {
  bytes one = {1};
  u32(one, 50'000), add(one, {0x7f, 0x20}), u32(one, 49'999), add(one, {0x1a, 0x0b});
  CHECK(verdict(one) == "valid");
  CHECK(verdict(std::vector<bytes>(3, one)).starts_with(too_much));
  bytes many;
  u32(many, 50'000), add(many, repeated(25'000, {1, 0x7f, 1, 0x7e}));
  for (int i = 0; i < 500'000; ++i) add(many, {0x20}), u32(many, 49'999), add(many, {0x1a});
  add(many, {0x0b});
  CHECK(verdict(many) == "valid");
  bytes over = {2};
  u32(over, 50'000), add(over, {0x7f, 1, 0x7f, 0x0b});
  CHECK(verdict(over).starts_with("limit: too many locals"));
}
