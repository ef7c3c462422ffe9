// tree_sitter POLICY FILE: instantiates web-tree-sitter, runs its constructors, allocates and frees, and makes a parser.

#include "embedding.hpp"

namespace {

using u32 = std::uint32_t;
using programs::embedding;

constexpr u32 stack_bytes = 5 << 20, data_at = 1024, table_at = 1;

void bind(embedding& e) {
  auto& l = e.linker;
  const auto memory = programs::check(e.store.make_memory({.size = {512, 32768}}, e.memory_kind()), "memory");
  e.use_memory(memory);
  l.define("env", "memory", memory);
  l.define("env", "__indirect_function_table", programs::check(e.store.make_table({.size = {64, {}}}), "table"));
  // Data, then the stack, then the heap.
  const auto stack_low = data_at + (1u << 20), stack_high = stack_low + stack_bytes;
  l.define("env", "__stack_pointer", e.store.make_global(std::int32_t(stack_high), true));
  l.define("env", "__memory_base", e.store.make_global(std::int32_t(data_at)));
  l.define("env", "__table_base", e.store.make_global(std::int32_t(table_at)));
  l.define("GOT.mem", "__stack_low", e.store.make_global(std::int32_t(stack_low), true));
  l.define("GOT.mem", "__stack_high", e.store.make_global(std::int32_t(stack_high), true));
  l.define("GOT.mem", "__heap_base", e.store.make_global(std::int32_t(stack_high), true));
  l.bind("wasi_snapshot_preview1", "fd_write", [](u32, u32, u32, u32) -> u32 { return 52; });
  l.bind("wasi_snapshot_preview1", "fd_seek", [](u32, std::int64_t, u32, u32) -> u32 { return 52; });
  l.bind("wasi_snapshot_preview1", "fd_close", [](u32) -> u32 { return 52; });
  l.bind("env", "emscripten_resize_heap", [](u32) -> u32 { return 0; });
  l.bind("env", "_abort_js", []() -> lightbeam::result<void> { return lightbeam::failure(lightbeam::failure_kind::trap, "abort"); });
  l.bind("env", "tree_sitter_query_progress_callback", [](u32) -> u32 { return 0; });
  l.bind("env", "tree_sitter_progress_callback", [](u32, u32) -> u32 { return 0; });
  l.bind("env", "tree_sitter_parse_callback", [](u32, u32, u32, u32, u32) {});
  l.bind("env", "tree_sitter_log_callback", [](u32, u32) {});
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: tree_sitter POLICY FILE\n", stderr), 2;
  embedding e(argv[1], argv[2]);
  bind(e);
  e.instantiate();
  if (e.instance().func("__wasm_apply_data_relocs")) e.call<void>("__wasm_apply_data_relocs");
  e.call<void>("__wasm_call_ctors");
  u32 last = 0;
  for (u32 size = 1; size < (1u << 20); size *= 3) {
    const u32 at = e.call<u32>("malloc", size);
    if (at == 0 || at % 8 != 0) programs::give_up("malloc gave " + std::to_string(at));
    e.write(at, std::string(size, 'x'));
    e.call<void>("free", at);
    last = at;
  }
  const u32 again = e.call<u32>("malloc", u32{100});
  e.write(again, std::string_view("text\0", 5));
  std::printf("strlen %u, freed memory is used again: %s\n", e.call<u32>("strlen", again), again <= last ? "yes" : "no");
  const u32 buffer = e.call<u32>("ts_init");
  const auto version = programs::check(e.memory().read<std::array<u32, 2>>(buffer), "versions");
  e.call<void>("ts_parser_new_wasm");
  const u32 parser = programs::check(e.memory().read<u32>(buffer), "parser");
  std::printf("language versions %u to %u, a parser: %s\n", version[1], version[0], parser ? "yes" : "no");
  e.call<void>("ts_parser_delete", parser);
  return 0;
}
