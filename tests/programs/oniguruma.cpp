// oniguruma POLICY FILE TEXT PATTERN...: the first match of any pattern by vscode-oniguruma: its number, and begin and end of each group.

#include "embedding.hpp"
#include <map>

namespace {

using u32 = std::uint32_t;
using programs::embedding;

// Constants that the module tells JavaScript about, by name.
using constants = std::map<std::string, u32, std::less<>>;

void bind(embedding& e, constants& known) {
  auto& l = e.linker;
  l.bind("env", "emscripten_memcpy_big", [](lightbeam::caller& c, u32 to, u32 from, u32 size) -> lightbeam::result<void> {
    const auto target = c.memory()->part(to, size), source = c.memory()->part(from, size);
    if (!target || !source) return (target ? source : target).error();
    std::memmove(target->data(), source->data(), size);
    return {};
  });
  l.bind("env", "emscripten_get_now", [] { return 0.0; });
  l.bind("wasi_snapshot_preview1", "fd_write", [](u32, u32, u32, u32) -> u32 { return 52; });
  l.bind("env", "emscripten_resize_heap", [](u32) -> u32 { return 0; });
  // What C++ tells JavaScript about its types does not matter here; a few constants do.
  l.bind("env", "_embind_register_constant", [&](lightbeam::cstr name, u32, double value) { known[std::string(name.view())] = u32(value); });
  l.bind("env", "_embind_register_void", [](u32, u32) {});
  l.bind("env", "_embind_register_bool", [](u32, u32, u32, u32) {});
  l.bind("env", "_embind_register_integer", [](u32, u32, u32, u32, u32) {});
  l.bind("env", "_embind_register_float", [](u32, u32, u32) {});
  l.bind("env", "_embind_register_std_string", [](u32, u32) {});
  l.bind("env", "_embind_register_std_wstring", [](u32, u32, u32) {});
  l.bind("env", "_embind_register_emval", [](u32, u32) {});
  l.bind("env", "_embind_register_memory_view", [](u32, u32, u32) {});
  l.bind("env", "_embind_register_bigint", [](u32, u32, u32, u32, u32, u32, u32) {});
}

u32 copy(embedding& e, std::string_view text) {
  const u32 at = e.call<u32>("omalloc", u32(text.size() + 1));
  e.write(at, text);
  return at;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return std::fputs("usage: oniguruma POLICY FILE TEXT PATTERN...\n", stderr), 2;
  embedding e(argv[1], argv[2]);
  constants known;
  bind(e, known);
  e.instantiate();
  e.call<void>("__wasm_call_ctors");
  e.call<void>("_embind_initialize_bindings");
  const std::string_view text = argv[3];
  const u32 count = u32(argc - 4), pointers = e.call<u32>("omalloc", 4 * count), lengths = e.call<u32>("omalloc", 4 * count);
  for (u32 i = 0; i < count; ++i) {
    const std::string_view pattern = argv[4 + i];
    programs::check(e.memory().write(pointers + 4 * i, copy(e, pattern)), "pointer");
    programs::check(e.memory().write(lengths + 4 * i, u32(pattern.size())), "length");
  }
  const u32 scanner = e.call<u32>("createOnigScanner", pointers, lengths, count, known["ONIG_OPTION_CAPTURE_GROUP"], known["ONIG_SYNTAX_DEFAULT"]);
  if (scanner == 0) programs::give_up("no scanner: " + e.read_text(e.call<u32>("getLastOnigError")));
  const u32 match = e.call<u32>("findNextOnigScannerMatch", scanner, u32{1}, copy(e, text), u32(text.size()), u32{0}, u32{0});
  if (match == 0) return std::puts("no match"), 0;
  const auto word = [&](u32 i) { return programs::check(e.memory().read<u32>(match + 4 * i), "match"); };
  std::printf("pattern %u", word(0));
  for (u32 i = 0; i < word(1); ++i) std::printf(", %u to %u", word(2 + 2 * i), word(3 + 2 * i));
  std::printf("\n");
  e.call<u32>("freeOnigScanner", scanner);
  return 0;
}
