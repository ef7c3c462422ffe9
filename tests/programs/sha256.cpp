// sha256 POLICY FILE TEXT...: digests by @chainsafe/as-sha256, a line each.

#include "embedding.hpp"

int main(int argc, char** argv) {
  using u32 = std::uint32_t;
  if (argc < 3) return std::fputs("usage: sha256 POLICY FILE TEXT...\n", stderr), 2;
  programs::embedding e(argv[1], argv[2]);
  e.linker.bind("env", "abort", [](u32, u32, u32, u32) -> lightbeam::result<void> { return lightbeam::failure(lightbeam::failure_kind::trap, "abort"); });
  e.instantiate();
  const auto constant = [&](const char* name) { return u32(programs::check(e.instance().global<std::int32_t>(name), name).get()); };
  const u32 input = constant("input"), output = constant("output"), room = constant("INPUT_LENGTH");
  for (int i = 3; i < argc; ++i) {
    const std::string_view text = argv[i];
    e.call<void>("init");
    for (std::size_t at = 0; at < text.size(); at += room) {
      const auto part = text.substr(at, room);
      e.write(input, part);
      e.call<void>("update", input, u32(part.size()));
    }
    e.call<void>("final", output);
    for (const char c : e.read(output, 32)) std::printf("%02x", static_cast<unsigned char>(c));
    std::printf("\n");
  }
  return 0;
}
