// quickjs POLICY FILE EXPRESSION...: evaluates JavaScript in @jitl/quickjs-wasmfile-release-sync, a line per result.
// Names are those of dist/emscripten-module.mjs of version 0.32.0, which gives one letter to each.

#include "embedding.hpp"
#include <ctime>

namespace {

using u32 = std::uint32_t;
using programs::embedding;

void bind(embedding& e) {
  auto& l = e.linker;
  const auto memory = programs::check(e.store.make_memory({.size = {256, 32768}}, e.memory_kind()), "memory");
  e.use_memory(memory);
  l.define("a", "a", memory);
  const auto refuse = [](const char* what) { return lightbeam::failure(lightbeam::failure_kind::trap, what); };
  l.bind("a", "b", [=](u32, u32, u32, u32) -> lightbeam::result<void> { return refuse("assertion failed"); });
  l.bind("a", "c", [](lightbeam::caller& c, u32, u32 iovs, u32 count, u32 to) -> lightbeam::result<u32> {  // fd_write
    const auto m = *c.memory();
    u32 sum = 0;
    for (u32 i = 0; i < count; ++i) {
      const auto part = m.read<std::array<u32, 2>>(iovs + 8 * i).value();
      const auto text = m.part(part[0], part[1]).value();
      std::fwrite(text.data(), 1, text.size(), stderr);
      sum += part[1];
    }
    return m.write(to, sum).and_then([&]() -> lightbeam::result<u32> { return 0; });
  });
  l.bind("a", "d", [](u32) -> u32 { return 52; });                                                       // fd_close: nosys
  l.bind("a", "e", [](u32, u32) -> u32 { return 0; });                                                   // environ_get
  l.bind("a", "f", [](lightbeam::caller& c, u32 count, u32 bytes) -> u32 {                               // environ_sizes_get
    return c.memory()->write(count, u32{0}) && c.memory()->write(bytes, u32{0}) ? 0 : 21;
  });
  l.bind("a", "g", [](u32, u32, u32, u32) -> u32 { return 0; });                                         // normalizeModule
  l.bind("a", "h", [](u32, u32, u32) -> u32 { return 0; });                                              // loadModuleSource
  l.bind("a", "i", [](u32) -> u32 { return 0; });                                                        // shouldInterrupt
  l.bind("a", "j", [](u32, double) -> u32 { return 0; });                                                // setitimer
  l.bind("a", "k", [](lightbeam::caller& c, u32 size) -> u32 {                                           // resize_heap
    const auto m = *c.memory();
    return size <= m.bytes().size() || bool(m.grow(u32((size - m.bytes().size() + 65535) / 65536)));
  });
  l.bind("a", "l", [] {});                                                                               // runtime_keepalive_clear
  l.bind("a", "m", [](std::int64_t, u32) {});                                                            // localtime: the epoch, UTC
  l.bind("a", "n", [](u32, u32, u32, u32) {});                                                           // tzset
  l.bind("a", "o", [](u32, std::int64_t, u32, u32) -> u32 { return 70; });                               // fd_seek: spipe
  l.bind("a", "p", [] { return double(std::time(nullptr)) * 1000; });                                    // Date.now
  l.bind("a", "q", [=]() -> lightbeam::result<void> { return refuse("abort"); });
  l.bind("a", "r", [](u32 code) -> lightbeam::result<void> { return lightbeam::failure::exit(int(code)); });
  l.bind("a", "s", [](u32, u32, u32, u32, u32) -> u32 { return 0; });                                    // callFunction
  l.bind("a", "t", [](u32, u32) {});                                                                     // freeHostRef
}

u32 copy(embedding& e, std::string_view text) {
  const u32 at = e.call<u32>("v", u32(text.size() + 1));  // malloc
  e.write(at, text);
  e.write(at + u32(text.size()), std::string_view("", 1));
  return at;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs("usage: quickjs POLICY FILE EXPRESSION...\n", stderr), 2;
  embedding e(argv[1], argv[2]);
  bind(e);
  e.instantiate();
  e.call<void>("u");                                       // __wasm_call_ctors
  const u32 runtime = e.call<u32>("K");                    // QTS_NewRuntime
  const u32 context = e.call<u32>("N", runtime, u32{0});   // QTS_NewContext
  const u32 name = copy(e, "test.js");
  for (int i = 3; i < argc; ++i) {
    const std::string_view code = argv[i];
    const u32 source = copy(e, code);
    const u32 value = e.call<u32>("pa", context, source, u32(code.size()), name, u32{0}, u32{0});  // QTS_Eval
    const u32 error = e.call<u32>("na", context, value);   // QTS_ResolveException
    const u32 text = e.call<u32>(error ? "oa" : "$", context, error ? error : value);              // QTS_Dump or QTS_GetString
    std::printf("%s\n", e.read_text(text).c_str());
    e.call<void>("P", context, value);                     // QTS_FreeValuePointer
    e.call<void>("M", source);                             // free
  }
  e.call<void>("O", context);                              // QTS_FreeContext
  e.call<void>("L", runtime);                              // QTS_FreeRuntime
  return 0;
}
