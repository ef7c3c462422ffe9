#pragma once

#include "policies/policies.hpp"
#include <cstdlib>
#include <fmt/core.h>
#include <optional>
#include <string>

namespace bench {

struct options {
  std::string policy = "guard_pages";
  std::vector<std::string> files;
};

// Nothing, after a message, where the arguments make no sense.
inline std::optional<options> read_options(int argc, char** argv, const char* what) {
  options o;
  const std::string usage = fmt::format("usage: {} [--policy NAME] FILE.wasm...\n{}\n", argv[0], what);
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    if (a == "--help") fmt::print("{}", usage), std::exit(0);
    else if (a == "--policy" && i + 1 < argc) o.policy = argv[++i];
    else if (a.starts_with("--")) o.files.clear(), i = argc;
    else o.files.emplace_back(a);
  }
  if (o.files.empty()) return fmt::print(stderr, "{}", usage), std::nullopt;
  if (!policies::make_engine(o.policy)) return fmt::print(stderr, "no policy is called {}\n", o.policy), std::nullopt;
  return o;
}

// A text as it stands inside quotes in JSON.
inline std::string quoted(std::string_view text) {
  std::string s = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') s += '\\';
    if (static_cast<unsigned char>(c) < 0x20) s += fmt::format("\\u{:04x}", c);
    else s += c;
  }
  return s + '"';
}

}  // namespace bench
