#pragma once

#include "path.hpp"
#include <algorithm>
#include <cstdint>
#include <optional>

namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1 {

// What a number of the guest stands for.
struct descriptor {
  host_fd owned;        // of files that the guest opened, and of directories given to it
  int borrowed = -1;    // of the standard streams, which are the host's
  file_type type = file_type::unknown;
  std::uint16_t flags = 0;  // fd_flag
  std::uint64_t base = 0, inheriting = 0;
  std::string preopened;  // the guest's name of a directory given to it
  std::vector<long> positions;  // behind the entries of a directory that were read, in the order of their cookies

  int host() const { return owned ? *owned : borrowed; }
};

class descriptor_table {
 public:
  explicit descriptor_table(std::uint32_t limit) : limit_(limit) {}

  bool full() const { return lowest_free() >= limit_; }
  // The lowest free number, or nothing at the limit.
  std::optional<std::uint32_t> add(descriptor d) {
    const std::uint32_t number = lowest_free();
    if (number >= limit_) return {};
    if (number == entries_.size()) entries_.emplace_back();
    entries_[number] = std::move(d);
    return number;
  }
  // Sets `to` where the descriptor exists and has all of the rights.
  error_number find(std::uint32_t fd, std::uint64_t needed, descriptor*& to) {
    if (fd >= entries_.size() || !entries_[fd]) return error_number::badf;
    if ((entries_[fd]->base & needed) != needed) return error_number::notcapable;
    to = &*entries_[fd];
    return error_number::success;
  }
  error_number close(std::uint32_t fd) {
    if (fd >= entries_.size() || !entries_[fd]) return error_number::badf;
    entries_[fd].reset();
    return error_number::success;
  }
  error_number renumber(std::uint32_t from, std::uint32_t to) {
    if (from >= entries_.size() || !entries_[from] || to >= entries_.size() || !entries_[to]) return error_number::badf;
    if (from == to) return error_number::success;
    entries_[to] = std::move(entries_[from]);
    entries_[from].reset();
    return error_number::success;
  }

 private:
  std::uint32_t lowest_free() const {
    return std::uint32_t(std::find_if(entries_.begin(), entries_.end(), [](const auto& e) { return !e; }) - entries_.begin());
  }

  std::uint32_t limit_;
  std::vector<std::optional<descriptor>> entries_;
};

inline error_number stat_of(int fd, struct stat& s) { return checked(::fstat(fd, &s)); }

// The rights that make sense for a kind of file. A terminal or pipe cannot seek, which is how wasi-libc knows one.
constexpr std::uint64_t rights_of(file_type type) {
  if (type == file_type::directory) return right::directory;
  return type == file_type::regular_file || type == file_type::block_device ? right::file : right::stream;
}

// Read or written, and no more: whatever the host's descriptor stands for, a directory or a file that it appends to, is not the guest's.
// Nor is what gets its number later, where the host has closed it.
inline descriptor standard_stream(int fd, bool input) {
  descriptor d;
  struct stat s {};
  if (stat_of(fd, s) == error_number::success) d.borrowed = fd, d.type = type_of(s.st_mode);
  d.base = right::fd_filestat_get | right::poll_fd_readwrite | (input ? right::fd_read : right::fd_write | right::fd_sync | right::fd_datasync);
  return d;
}

// A directory of the host given to the guest under a name; nothing where it cannot be opened (errno says why).
inline std::optional<descriptor> open_preopened(std::string guest_name, const std::string& host_path) {
  descriptor d;
  d.owned.reset(::open(host_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!d.owned) return {};
  d.type = file_type::directory;
  d.base = rights_of(d.type), d.inheriting = right::all;
  d.preopened = std::move(guest_name);
  return d;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1
