#pragma once

// The modules that bad input is made of, most of them valid, in the order of their paths, so that a number means the same everywhere.

#include <lightbeam/core/file.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mutations {

using bytes = std::vector<std::uint8_t>;

struct corpus_module {
  std::string path;
  bytes content;
};

class corpus {
 public:
  // `large`: the file of a real program, or empty.
  corpus(const std::vector<std::string>& folders, const std::string& large) {
    std::vector<std::string> paths;
    for (const auto& folder : folders) collect(folder, paths);
    for (const auto& path : paths) add(path);
    if (large.empty()) return;
    if (auto content = lightbeam::read_file(large.c_str())) large_ = {large, std::move(*content)};
  }

  const std::vector<corpus_module>& all() const { return all_; }
  const std::vector<std::size_t>& up_to_20k() const { return up_to_20k_; }
  const std::vector<std::size_t>& larger() const { return larger_; }
  const std::vector<std::size_t>& up_to_64k() const { return up_to_64k_; }
  const corpus_module* large() const { return large_.content.empty() ? nullptr : &large_; }

  // All prefixes of the modules up to 20 KB, the empty one too, counted through.
  std::uint64_t prefixes() const { return ends_.empty() ? 0 : ends_.back(); }
  bytes prefix(std::uint64_t number) const {
    const auto at = std::upper_bound(ends_.begin(), ends_.end(), number);
    const std::uint64_t first = at == ends_.begin() ? 0 : at[-1];
    const auto& m = all_[up_to_20k_[std::size_t(at - ends_.begin())]].content;
    return {m.begin(), m.begin() + std::ptrdiff_t(number - first)};
  }

 private:
  static void collect(const std::string& folder, std::vector<std::string>& paths) {
    std::error_code none;
    std::vector<std::string> found;
    for (const auto& e : std::filesystem::recursive_directory_iterator(folder, none))
      if (e.path().extension() == ".wasm") found.push_back(e.path().string());
    std::sort(found.begin(), found.end());
    paths.insert(paths.end(), found.begin(), found.end());
  }
  void add(const std::string& path) {
    auto content = lightbeam::read_file(path.c_str());
    if (!content) return;
    const std::size_t index = all_.size(), size = content->size();
    if (size <= 20'000) {
      up_to_20k_.push_back(index);
      ends_.push_back(prefixes() + size);
    } else {
      larger_.push_back(index);
    }
    if (size <= 64 << 10) up_to_64k_.push_back(index);
    all_.push_back({path, std::move(*content)});
  }

  std::vector<corpus_module> all_;
  std::vector<std::size_t> up_to_20k_, larger_, up_to_64k_;
  std::vector<std::uint64_t> ends_;
  corpus_module large_;
};

}  // namespace mutations
