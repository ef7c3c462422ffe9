#pragma once

#include "../wasi/temporary_folder.hpp"
#include <lightbeam/runtime.hpp>
#include <cstdlib>
#include <doctest/doctest.h>
#include <string>
#include <vector>

// The modules of these tests are written as text, which wat2wasm of WABT translates.
namespace modules {

using lightbeam::memory_kind;

// In module_test.cpp, the one file that instantiates engines.
lightbeam::result<lightbeam::module> compile(const std::vector<std::uint8_t>& bytes, memory_kind kind);

inline std::vector<std::uint8_t> assemble(const std::string& text) {
  const tests::empty_folder folder;
  const std::string source = folder.path / "a.wat", binary = folder.path / "a.wasm";
  folder.write("a.wat", text);
  const bool done = std::system(("wat2wasm -o " + binary + " " + source).c_str()) == 0;
  const std::string module = folder.read("a.wasm");
  REQUIRE_MESSAGE(done, text);
  return {module.begin(), module.end()};
}

inline lightbeam::module from_text(const std::string& text, memory_kind kind = memory_kind::bounds_checks) {
  auto m = compile(assemble(text), kind);
  REQUIRE_MESSAGE(m, (m ? std::string() : m.error().text()));
  return *m;
}

// A store with one instance, for tests that need no more.
struct world {
  explicit world(const std::string& text, const lightbeam::linker& linker = {}, memory_kind kind = memory_kind::bounds_checks)
      : code(from_text(text, kind)), instance(made(linker)) {}

  template <class F, class... A>
  auto call(std::string_view name, A... a) const {
    const auto f = instance.get<F>(name);
    REQUIRE_MESSAGE(f, (f ? std::string() : f.error().text()));
    return (*f)(a...);
  }

  lightbeam::module code;
  lightbeam::store store;
  lightbeam::instance instance;

 private:
  lightbeam::instance made(const lightbeam::linker& linker) {
    auto i = linker.instantiate(store, code);
    REQUIRE_MESSAGE(i, (i ? std::string() : i.error().text()));
    return *i;
  }
};

template <class T>
bool traps(const lightbeam::result<T>& r, lightbeam::trap_code code) {
  return !r && r.error().kind() == lightbeam::failure_kind::trap && r.error().code() == code;
}
template <class T>
bool fails(const lightbeam::result<T>& r, lightbeam::failure_kind kind) {
  return !r && r.error().kind() == kind;
}

}  // namespace modules
