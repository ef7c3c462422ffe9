#pragma once

// The modules of the specification's suite, with what is known about them.

#include "lightbeam/core/file.hpp"
#include "lightbeam/wasm/types.hpp"
#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#ifndef LIGHTBEAM_SPEC_DIR
#define LIGHTBEAM_SPEC_DIR "/work/shared/spec"
#endif
#ifndef LIGHTBEAM_KERNELS_DIR
#define LIGHTBEAM_KERNELS_DIR "/work/shared/kernels"
#endif

namespace suite_modules {

namespace fs = std::filesystem;
using lightbeam::feature;

// None where it is not one of ours (custom-descriptors).
inline std::optional<feature> feature_named(const std::string& name) {
  for (std::uint32_t bit = 1; bit <= std::uint32_t(feature::legacy_exceptions); bit <<= 1)
    if (text(feature(bit)) == name) return feature(bit);
  return {};
}

struct entry {
  std::string place;  // "2.0/align:28"
  std::string type;   // of the command
  std::vector<std::uint8_t> bytes;
  std::optional<feature> needs;       // of a valid module
  std::vector<std::string> valid_with;  // of an invalid one
};

inline feature all_of(const nlohmann::json& names) {
  feature set = feature::mvp;
  for (const std::string name : names) set = set | feature_named(name).value();
  return set;
}

// Calls f(entry) for every binary module in a folder of the suite.
template <class F>
void for_each(const std::string& folder, F&& f) {
  std::vector<fs::path> files;
  for (const auto& e : fs::recursive_directory_iterator(fs::path(LIGHTBEAM_SPEC_DIR) / folder))
    if (e.path().extension() == ".json") files.push_back(e.path());
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const auto script = nlohmann::json::parse(std::ifstream(file));
    for (const auto& c : script["commands"]) {
      if (!c.contains("filename") || c.value("module_type", "binary") != "binary") continue;
      entry e;
      e.place = folder + "/" + file.stem().string() + ":" + std::to_string(int(c["line"]));
      e.type = c["type"];
      e.bytes = lightbeam::read_file((file.parent_path() / std::string(c["filename"])).string()).value();
      if (c.contains("needs")) e.needs = all_of(c["needs"]);
      if (c.contains("valid_with")) e.valid_with = c["valid_with"].template get<std::vector<std::string>>();
      f(e);
    }
  }
}

}  // namespace suite_modules
