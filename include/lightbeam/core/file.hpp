#pragma once

#include "result.hpp"
#include <cstdio>
#include <vector>

namespace lightbeam::inline LIGHTBEAM_ABI {

inline result<std::vector<std::uint8_t>> read_file(const std::string& path) {
  struct stream {
    std::FILE* f;
    ~stream() {
      if (f) std::fclose(f);
    }
  };
  const stream file{std::fopen(path.c_str(), "rb")};
  if (!file.f) return failure(failure_kind::io, "the file cannot be opened");
  std::vector<std::uint8_t> bytes;
  for (std::size_t filled = 0;;) {
    bytes.resize(filled < 65536 ? 65536 : 2 * filled);
    const std::size_t got = std::fread(bytes.data() + filled, 1, bytes.size() - filled, file.f);
    filled += got;
    if (filled < bytes.size()) {
      if (std::ferror(file.f)) return failure(failure_kind::io, "the file cannot be read");
      bytes.resize(filled);
      return bytes;
    }
  }
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
