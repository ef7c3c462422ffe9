#pragma once

#include "temporary_folder.hpp"
#include <lightbeam/wasi/paths.hpp>
#include <lightbeam/wasi/poll.hpp>
#include <vector>

namespace tests {

using namespace lightbeam::wasi_preview1;

// A guest without code: a memory of one page, and the descriptors 0 to 2 and 3, the given folder.
struct sandbox_guest {
  static constexpr std::uint32_t folder = 3, result = 8, text_at = 1024, second_text_at = 6000, data_at = 16384;
  temporary_folder host;
  std::vector<std::byte> bytes = std::vector<std::byte>(65536);
  guest_memory memory{bytes};
  wasi_state state;

  explicit sandbox_guest(bool openat2 = true)
      : state{.arguments = {"prog", "x"}, .environment = {"HOME=/"}, .descriptors = descriptor_table(64), .files = sandbox(openat2)} {
    for (int fd = 0; fd < 3; ++fd) state.descriptors.add(standard_stream(fd, fd == 0));
    state.descriptors.add(*open_preopened("/", (host.path / "given").string()));
  }

  std::uint32_t put(const std::string& text, std::uint32_t at = text_at) {
    std::memcpy(bytes.data() + at, text.data(), text.size());
    return std::uint32_t(text.size());
  }
  std::string get(std::uint32_t at, std::uint32_t length) const { return {reinterpret_cast<const char*>(bytes.data()) + at, length}; }
  template <class T = std::uint32_t>
  T load(std::uint32_t at) const {
    return *memory.load<T>(at);
  }
  std::uint32_t one_buffer(std::uint32_t address, std::uint32_t length) {
    CHECK(memory.store(512, guest_iovec{address, length}) == error_number::success);
    return 512;
  }

  error_number open(const std::string& path, std::uint32_t flags = 0, std::uint64_t base = right::fd_read | right::fd_seek | right::fd_tell, std::uint32_t lookup = lookup_symlink_follow,
                    std::uint32_t directory = folder, std::uint32_t fd_flags = 0) {
    const auto n = put(path);
    return path_open(state, memory, directory, lookup, text_at, n, flags, base, right::all, fd_flags, result);
  }
  std::uint32_t opened() const { return load(result); }
  std::string read(std::uint32_t fd, std::uint32_t most = 4096) {
    if (fd_read(state, memory, fd, one_buffer(data_at, most), 1, result) != error_number::success) return "(error)";
    return get(data_at, load(result));
  }
  error_number write(std::uint32_t fd, const std::string& text) {
    const auto n = put(text, data_at);
    return fd_write(state, memory, fd, one_buffer(data_at, n), 1, result);
  }
};

}  // namespace tests
