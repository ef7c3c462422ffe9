#include "lightbeam/wasm/validator.hpp"
#include "suite_modules.hpp"
#include <doctest/doctest.h>
#include <algorithm>

using namespace lightbeam;

namespace {

// Everything that a reader says about a module, as a text.
struct recorder {
  std::string& log;
  body_validator bodies{feature::wasm2};
  const module_info* info = nullptr;
  unsigned begun = 0;

  result<void> begin_code(const module_info& i, std::uint32_t bytes, std::uint32_t functions) {
    info = &i;
    ++begun;
    log += "code " + std::to_string(bytes) + " " + std::to_string(functions) + "\n";
    return {};
  }
  result<void> body(std::uint32_t defined, std::span<const std::uint8_t> bytes, std::uint32_t offset) {
    REQUIRE(begun == 1);
    const body_range& range = info->bodies[defined];
    REQUIRE(range.begin == offset);
    REQUIRE(range.size == bytes.size());
    REQUIRE(info->bytes.data() + offset == bytes.data());
    log += "body " + std::to_string(defined) + " " + std::to_string(offset) + "\n";
    return bodies.validate(*info, info->imported_functions + defined, bytes, offset);
  }
};

// 0: all at once, without a copy.
std::string read(const std::vector<std::uint8_t>& module, std::size_t chunk) {
  std::string log;
  module_info info;
  recorder sink{log};
  module_reader reader(info, feature::wasm2, sink);
  result<void> r;
  if (chunk == 0) r = reader.adopt(std::vector(module));
  for (std::size_t i = 0; chunk != 0 && i < module.size() && r; i += chunk)
    r = reader.feed(std::span(module).subspan(i, std::min(chunk, module.size() - i)));
  const auto end = reader.finish();
  if (!r) REQUIRE(end.error().text() == r.error().text());
  if (end) REQUIRE(sink.begun == 1);
  if (end) REQUIRE(info.bodies.size() == info.functions.size() - info.imported_functions);
  if (end) REQUIRE(info.bytes == module);
  return log + (end ? "valid" : end.error().text());
}

void same_in_pieces(const std::vector<std::uint8_t>& module) {
  const std::string whole = read(module, 0);
  for (const std::size_t chunk : {std::size_t(1), std::size_t(7), std::size_t(4096), module.size() + 1}) {
    INFO(chunk);
    REQUIRE(read(module, chunk) == whole);
  }
}

std::vector<std::uint8_t> kernel(const char* name) { return read_file(std::string(LIGHTBEAM_KERNELS_DIR "/") + name).value(); }

}  // namespace

TEST_CASE("modules read the same in pieces of any size") {
  unsigned kernels = 0;
  for (const auto& e : suite_modules::fs::directory_iterator(LIGHTBEAM_KERNELS_DIR)) {
    if (e.path().extension() != ".wasm") continue;
    INFO(e.path().string());
    const auto module = read_file(e.path().string()).value();
    CHECK(read(module, 0).ends_with("valid"));
    same_in_pieces(module);
    ++kernels;
  }
  CHECK(kernels > 5);
}

TEST_CASE("the suite's modules, valid or not, read the same in pieces of any size") {
  for (const char* folder : {"2.0", "core", "threads"})
    suite_modules::for_each(folder, [](const suite_modules::entry& e) {
      INFO(e.place);
      if (e.bytes.size() < 4096) same_in_pieces(e.bytes);
    });
}

TEST_CASE("cut off anywhere, a module is malformed, and at the same place in pieces") {
  const auto module = kernel("fib.wasm");
  unsigned ends = 0;
  for (std::size_t size = 0; size < module.size(); ++size) {
    const std::vector<std::uint8_t> cut(module.begin(), module.begin() + std::ptrdiff_t(size));
    INFO(size);
    const std::string whole = read(cut, 0);
    CHECK(read(cut, 1) == whole);
    ends += whole.find("unexpected end") != std::string::npos;
  }
  CHECK(ends > module.size() / 2);
}

TEST_CASE("changed bytes never read differently in pieces") {
  const auto module = kernel("fib.wasm");
  std::uint32_t random = 7;
  for (int i = 0; i < 3000; ++i) {
    auto changed = module;
    for (int k = 0; k <= i % 3; ++k) {
      random = random * 1664525 + 1013904223;
      changed[(random >> 8) % changed.size()] = std::uint8_t(random >> 24);
    }
    REQUIRE(read(changed, 1) == read(changed, 0));
  }
}

TEST_CASE("after a failure a reader fails likewise for ever") {
  std::string log;
  module_info info;
  recorder sink{log};
  module_reader reader(info, feature::wasm2, sink);
  const std::uint8_t wrong[] = {'w', 'a', 's', 'm'};
  const auto first = reader.feed(wrong);
  REQUIRE_FALSE(first);
  CHECK(first.error().text() == "malformed: magic header not detected, byte 0x0");
  CHECK(reader.feed(wrong).error().text() == first.error().text());
  CHECK(reader.adopt({}).error().text() == first.error().text());
  CHECK(reader.finish().error().text() == first.error().text());
  CHECK(info.bytes.size() == 4);
}

TEST_CASE("memory is not taken for sizes that are only claimed") {
  // A type section of a gigabyte with a million types, of which nothing arrives.
  const std::uint8_t claims[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 0x80, 0x80, 0x80, 0x80, 0x04, 0xc0, 0x84, 0x3d};
  std::string log;
  module_info info;
  recorder sink{log};
  module_reader reader(info, feature::wasm2, sink);
  CHECK(bool(reader.feed(claims)));
  CHECK(info.bytes.capacity() < 1000);
  CHECK(info.types.capacity() == 0);
  CHECK(reader.finish().error().text() == "malformed: unexpected end, in the type section, byte 0x11");
}

TEST_CASE("a module without functions has a code section of nothing") {
  std::string log;
  module_info info;
  recorder sink{log};
  module_reader reader(info, feature::wasm2, sink);
  const std::uint8_t empty[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
  CHECK(bool(reader.feed(empty)));
  CHECK(bool(reader.finish()));
  CHECK(log == "code 0 0\n");
}
