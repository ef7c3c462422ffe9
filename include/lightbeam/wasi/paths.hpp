#pragma once

#include "files.hpp"
#include <algorithm>

// Calls that take a path below a directory.
namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1 {

// Runs `then(descriptor&, located&)` where the directory has the rights and the path stays below it.
template <class F>
error_number with_path(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint64_t needed, std::uint32_t address, std::uint32_t length, last_link last, F then) {
  return with(s, fd, needed, [&](descriptor& d) {
    const auto path = m.text(address, length);
    if (!path) return error_number::fault;
    if (d.type != file_type::directory) return error_number::notdir;
    located at;
    if (const auto e = s.files.locate(d.host(), *path, last, at); e != error_number::success) return e;
    return then(d, at);
  });
}
inline last_link last_link_of(std::uint32_t lookup) { return lookup & lookup_symlink_follow ? last_link::followed : last_link::before_slash; }
// A path that ends with a slash names a directory or nothing.
inline error_number stat_of(const located& at, struct stat& s) {
  if (const auto e = checked(::fstatat(*at.parent, at.name.c_str(), &s, AT_SYMLINK_NOFOLLOW)); e != error_number::success) return e;
  return at.must_be_directory && !S_ISDIR(s.st_mode) ? error_number::notdir : error_number::success;
}
inline error_number check_slash(const located& at) {
  struct stat s {};
  return at.must_be_directory ? stat_of(at, s) : error_number::success;
}

inline error_number path_create_directory(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t path, std::uint32_t length) {
  return with_path(s, m, fd, right::path_create_directory, path, length, last_link::kept,
                   [](descriptor&, located& at) { return checked(::mkdirat(*at.parent, at.name.c_str(), 0777)); });
}
inline error_number path_remove_directory(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t path, std::uint32_t length) {
  return with_path(s, m, fd, right::path_remove_directory, path, length, last_link::kept,
                   [](descriptor&, located& at) { return checked(::unlinkat(*at.parent, at.name.c_str(), AT_REMOVEDIR)); });
}
inline error_number path_unlink_file(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t path, std::uint32_t length) {
  return with_path(s, m, fd, right::path_unlink_file, path, length, last_link::kept, [](descriptor&, located& at) {
    if (const auto e = check_slash(at); e != error_number::success) return e;
    return checked(::unlinkat(*at.parent, at.name.c_str(), 0));
  });
}

inline error_number path_filestat_get(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t lookup, std::uint32_t path, std::uint32_t length, std::uint32_t to) {
  return with_path(s, m, fd, right::path_filestat_get, path, length, last_link_of(lookup), [&](descriptor&, located& at) {
    struct stat st {};
    if (const auto e = stat_of(at, st); e != error_number::success) return e;
    return m.store(to, to_guest(st));
  });
}
inline error_number path_filestat_set_times(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t lookup, std::uint32_t path, std::uint32_t length,
                                            std::uint64_t access, std::uint64_t modification, std::uint32_t flags) {
  return with_path(s, m, fd, right::path_filestat_set_times, path, length, last_link_of(lookup), [&](descriptor&, located& at) {
    file_times t;
    if (const auto e = t.set(access, modification, flags); e != error_number::success) return e;
    if (const auto e = check_slash(at); e != error_number::success) return e;
    return checked(::utimensat(*at.parent, at.name.c_str(), t.times, AT_SYMLINK_NOFOLLOW));
  });
}

inline error_number path_readlink(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t path, std::uint32_t length, std::uint32_t address,
                                  std::uint32_t size, std::uint32_t to) {
  return with_path(s, m, fd, right::path_readlink, path, length, last_link::before_slash, [&](descriptor&, located& at) {
    const auto buffer = m.slice(address, size);
    std::string target;
    if (!buffer || !m.contains(to, 4)) return error_number::fault;
    if (const auto e = read_link(*at.parent, at.name, target); e != error_number::success) return e;
    const auto n = std::min(target.size(), buffer->size());
    if (n > 0) std::memcpy(buffer->data(), target.data(), n);
    return m.store(to, std::uint32_t(n));
  });
}
// A link out of the directory would be refused when it is followed; one to an absolute path is refused at once.
inline error_number path_symlink(wasi_state& s, guest_memory m, std::uint32_t target, std::uint32_t target_length, std::uint32_t fd, std::uint32_t path, std::uint32_t length) {
  return with_path(s, m, fd, right::path_symlink, path, length, last_link::kept, [&](descriptor&, located& at) {
    const auto to = m.text(target, target_length);
    if (!to) return error_number::fault;
    if (to->size() >= longest_path) return error_number::nametoolong;
    if (to->starts_with('/')) return error_number::notcapable;
    if (to->find('\0') != to->npos) return error_number::inval;
    if (at.must_be_directory) return error_number::noent;
    return checked(::symlinkat(std::string(*to).c_str(), *at.parent, at.name.c_str()));
  });
}

inline error_number path_link(wasi_state& s, guest_memory m, std::uint32_t from_fd, std::uint32_t lookup, std::uint32_t from, std::uint32_t from_length,
                              std::uint32_t to_fd, std::uint32_t to, std::uint32_t to_length) {
  return with_path(s, m, from_fd, right::path_link_source, from, from_length, last_link_of(lookup), [&](descriptor&, located& source) {
    if (const auto e = check_slash(source); e != error_number::success) return e;
    return with_path(s, m, to_fd, right::path_link_target, to, to_length, last_link::kept, [&](descriptor&, located& at) {
      if (at.must_be_directory) return error_number::noent;
      return checked(::linkat(*source.parent, source.name.c_str(), *at.parent, at.name.c_str(), 0));
    });
  });
}
inline error_number path_rename(wasi_state& s, guest_memory m, std::uint32_t from_fd, std::uint32_t from, std::uint32_t from_length, std::uint32_t to_fd,
                                std::uint32_t to, std::uint32_t to_length) {
  return with_path(s, m, from_fd, right::path_rename_source, from, from_length, last_link::kept, [&](descriptor&, located& source) {
    struct stat st {};
    if (const auto e = stat_of(source, st); e != error_number::success) return e;
    return with_path(s, m, to_fd, right::path_rename_target, to, to_length, last_link::kept, [&](descriptor&, located& at) {
      if (at.must_be_directory && !S_ISDIR(st.st_mode)) return error_number::notdir;
      return checked(::renameat(*source.parent, source.name.c_str(), *at.parent, at.name.c_str()));
    });
  });
}

// Flags of open(2) for what the guest asks. Whether it reads or writes follows from the rights that it wants.
inline int host_open_flags(std::uint64_t base, std::uint32_t open_flags, std::uint32_t flags) {
  constexpr std::uint64_t reading = right::fd_read | right::fd_readdir;
  constexpr std::uint64_t writing = right::fd_write | right::fd_datasync | right::fd_allocate | right::fd_filestat_set_size;
  const bool reads = base & reading, writes = base & writing && !(open_flags & open_flag::directory);
  int host = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | (writes ? reads ? O_RDWR : O_WRONLY : O_RDONLY);
  if (open_flags & open_flag::create) host |= O_CREAT;
  if (open_flags & open_flag::directory) host |= O_DIRECTORY;
  if (open_flags & open_flag::exclusive) host |= O_EXCL;
  if (open_flags & open_flag::truncate) host |= O_TRUNC;
  if (flags & fd_flag::append) host |= O_APPEND;
  if (flags & fd_flag::dsync) host |= O_DSYNC;
  if (flags & (fd_flag::sync | fd_flag::rsync)) host |= O_SYNC;
  return host;
}
// What is opened never waits, as a FIFO would for its other end; what is read or written does, unless the guest says otherwise.
inline error_number make_blocking(int fd, mode_t mode, std::uint32_t flags) {
  if ((flags & fd_flag::nonblock) || S_ISREG(mode) || S_ISDIR(mode)) return error_number::success;
  const int now = ::fcntl(fd, F_GETFL);
  return checked(now < 0 ? now : ::fcntl(fd, F_SETFL, now & ~O_NONBLOCK));
}
inline error_number path_open(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t lookup, std::uint32_t path, std::uint32_t length,
                              std::uint32_t open_flags, std::uint64_t base, std::uint64_t inheriting, std::uint32_t flags, std::uint32_t to) {
  if ((open_flags & ~std::uint32_t(open_flag::all)) || (flags & ~std::uint32_t(fd_flag::all))) return error_number::inval;
  if (!m.contains(to, 4)) return error_number::fault;
  const bool creates = open_flags & open_flag::create, truncates = open_flags & open_flag::truncate;
  if (creates && open_flags & open_flag::directory) return error_number::inval;  // old kernels make a file first
  const std::uint64_t needed = right::path_open | (creates ? right::path_create_file : 0) | (truncates ? right::path_filestat_set_size : 0);
  const last_link last = creates && open_flags & open_flag::exclusive ? last_link::before_slash : last_link_of(lookup);
  return with_path(s, m, fd, needed, path, length, last, [&](descriptor& d, located& at) {
    if ((base & ~d.inheriting) || (inheriting & ~d.inheriting)) return error_number::notcapable;
    if (creates && at.must_be_directory) return error_number::isdir;
    if (s.descriptors.full()) return error_number::mfile;  // before anything is created or truncated
    const int host = host_open_flags(base, open_flags, flags) | (at.must_be_directory ? O_DIRECTORY : 0);
    descriptor opened;
    opened.owned.reset(::openat(*at.parent, at.name.c_str(), host, 0666));
    if (!opened.owned) return from_host(errno);
    struct stat st {};
    if (const auto e = stat_of(*opened.owned, st); e != error_number::success) return e;
    if (const auto e = make_blocking(*opened.owned, st.st_mode, flags); e != error_number::success) return e;
    opened.type = type_of(st.st_mode), opened.flags = std::uint16_t(flags);
    opened.base = base & rights_of(opened.type);
    opened.inheriting = opened.type == file_type::directory ? inheriting : 0;
    const auto number = s.descriptors.add(std::move(opened));
    return number ? m.store(to, *number) : error_number::mfile;
  });
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1
