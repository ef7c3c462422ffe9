#pragma once

// What spec_suite and fuzz_suite share: arguments, files in order, one policy after the other.

#include "backends.hpp"
#include "script.hpp"
#include <algorithm>
#include <cstring>

namespace suite {

struct suite_options {
  std::vector<std::string> policies;
  std::vector<fs::path> folders;
  cpu_level cpu = cpu_level::detected;
  expected_failures expected;
  bool help = false, quiet = false;
};

constexpr const char* options_help = R"( [--policy NAME]... [--cpu v1|detected] [--expected FILE] [--quiet] [FOLDER]...
  --policy NAME    interpreter (if not said), validator, or a policy of examples/policies
  --cpu LEVEL      the highest instructions that compiled code may use: v1 or detected (if not said)
  --expected FILE  places of assertions that are known to fail; it is an error if one of them passes
  --quiet          print no line for files without failures
  FOLDER           as it is, or below the whole suite's
)";

// Nothing, after a message, where the arguments make no sense.
inline std::optional<suite_options> read_options(int argc, char** argv) {
  suite_options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    const bool more = i + 1 < argc;
    if (a == "--help") o.help = true;
    else if (a == "--quiet") o.quiet = true;
    else if (a == "--policy" && more) o.policies.emplace_back(argv[++i]);
    else if (a == "--expected" && more) o.expected = expected_failures(argv[++i]);
    else if (a == "--cpu" && more && std::strcmp(argv[i + 1], "v1") == 0) o.cpu = cpu_level::v1, ++i;
    else if (a == "--cpu" && more && std::strcmp(argv[i + 1], "detected") == 0) ++i;
    else if (!a.starts_with("--")) o.folders.emplace_back(a);
    else return std::fprintf(stderr, "unknown argument %s\n", argv[i]), std::nullopt;
  }
  if (o.policies.empty()) o.policies.emplace_back("interpreter");
  return o;
}

// The JSON files below a folder, in alphabetical order.
inline std::vector<fs::path> json_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

using script_options_of = std::function<script_options(const backend&, const fs::path& file)>;

inline tally run_policy(const std::string& policy, const suite_options& options, const script_options_of& options_of) {
  tally all;
  std::printf("policy %s%s\n", policy.c_str(), options.cpu == cpu_level::v1 ? ", x86-64-v1" : "");
  for (const auto& folder : options.folders)
    for (const auto& file : json_files(folder)) {
      const auto b = make_backend(policy, options.cpu);
      if (!b) {
        std::printf("FAILED: no policy is called %s\n", policy.c_str());
        ++all.failed;
        return all;
      }
      auto how = options_of(*b, file);
      how.expected = &options.expected;
      script s(*b, file, how);
      const auto counts = s.run();
      if (!options.quiet || counts.failed) print_line(s.name(), counts);
      std::fflush(stdout);
      all += counts;
    }
  return all;
}

inline int run_suite(int argc, char** argv, const fs::path& whole, const script_options_of& options_of) {
  auto options = read_options(argc, argv);
  if (!options) return 2;
  if (options->help) return std::printf("%s%s", fs::path(argv[0]).filename().c_str(), options_help), 0;
  if (options->folders.empty()) options->folders.push_back(whole);
  for (auto& folder : options->folders) {
    if (fs::exists(folder)) continue;
    folder = whole / folder;
    if (fs::exists(folder)) continue;
    if (fs::exists(whole)) return std::printf("there is no folder %s\n0 passed, 1 failed, 0 skipped\n", folder.c_str()), 1;
    return std::printf("SKIPPED: there is no folder %s\n0 passed, 0 failed, 1 skipped\n", folder.c_str()), 0;
  }
  tally all;
  for (const auto& policy : options->policies) all += run_policy(policy, *options, options_of);
  return print_total(all);
}

}  // namespace suite
