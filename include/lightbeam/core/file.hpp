#pragma once

#include "result.hpp"
#include <memory>
#include <vector>

namespace lightbeam::inline LIGHTBEAM_ABI {

inline result<std::vector<std::uint8_t>> read_file(const std::string& path) {
  struct closer {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, closer> file(std::fopen(path.c_str(), "rb"));
  if (!file) return failure(failure_kind::io, "the file cannot be opened");
  std::vector<std::uint8_t> bytes;
  for (std::size_t filled = 0;;) {
    bytes.resize(filled < 65536 ? 65536 : 2 * filled);
    const std::size_t got = std::fread(bytes.data() + filled, 1, bytes.size() - filled, file.get());
    filled += got;
    if (filled < bytes.size()) {
      if (std::ferror(file.get())) return failure(failure_kind::io, "the file cannot be read");
      bytes.resize(filled);
      return bytes;
    }
  }
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
