#pragma once

#include "result.hpp"
#include <cstdio>
#include <vector>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Fails with kind io where it cannot be read, and with kind limit beyond `most` bytes: modules are never larger than 1 GiB.
inline result<std::vector<std::uint8_t>> read_file(const std::string& path, std::size_t most = std::size_t{1} << 30) {
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
    if (filled > most) return failure(failure_kind::limit, "the file is too large");
    if (filled < bytes.size()) {
      if (std::ferror(file.f)) return failure(failure_kind::io, "the file cannot be read");
      bytes.resize(filled);
      return bytes;
    }
  }
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
