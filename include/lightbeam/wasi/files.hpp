#pragma once

#include "state.hpp"
#include <algorithm>
#include <csignal>
#include <dirent.h>
#include <limits>
#include <memory>
#include <pthread.h>

// Calls that take a descriptor.
namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1 {

// Runs `then(descriptor&)` where the descriptor exists and has the rights.
template <class F>
error_number with(wasi_state& s, std::uint32_t fd, std::uint64_t needed, F then) {
  descriptor* d = nullptr;
  if (const auto e = s.descriptors.find(fd, needed, d); e != error_number::success) return e;
  return then(*d);
}

// A number of bytes that a system call gave back, or its error.
inline error_number store_count(guest_memory m, std::uint32_t to, long long returned) {
  if (returned < 0) return from_host(errno);
  return m.store(to, std::uint32_t(returned));
}

// Offsets and sizes are unsigned for the guest and signed for the host.
constexpr bool fits_offset(std::uint64_t offset) { return offset <= std::uint64_t(std::numeric_limits<off_t>::max()); }

// The result is stored after the call, so its place is checked before: a fault must not consume input.
template <class F>
error_number transfer(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint64_t needed, std::uint32_t iovs, std::uint32_t count, std::uint32_t to, F call) {
  return with(s, fd, needed, [&](descriptor& d) {
    buffers b;
    if (!m.contains(to, 4)) return error_number::fault;
    if (const auto e = b.gather(m, iovs, count); e != error_number::success) return e;
    return store_count(m, to, call(d.host(), b));
  });
}
inline error_number fd_read(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t iovs, std::uint32_t count, std::uint32_t to) {
  return transfer(s, m, fd, right::fd_read, iovs, count, to, [](int h, const buffers& b) { return ::readv(h, b.data(), b.size()); });
}
// Nobody reads any more, or a file would become larger than the process may make one: the guest's error, not a signal that ends the host.
// `f` returns a negative number and sets errno where it fails.
template <class F>
auto without_signals(F f) {
  sigset_t both, before, pending;
  sigemptyset(&both), sigaddset(&both, SIGPIPE), sigaddset(&both, SIGXFSZ);
  sigpending(&pending);
  pthread_sigmask(SIG_BLOCK, &both, &before);
  const auto done = f();
  const int error = errno;
  if (done < 0 && (error == EPIPE || error == EFBIG)) {
    constexpr timespec at_once{};
    for (const int signal : {SIGPIPE, SIGXFSZ})
      if (sigismember(&pending, signal)) sigdelset(&both, signal);
    sigtimedwait(&both, nullptr, &at_once);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return done;
}
inline error_number fd_write(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t iovs, std::uint32_t count, std::uint32_t to) {
  return transfer(s, m, fd, right::fd_write, iovs, count, to, [](int h, const buffers& b) { return without_signals([&] { return ::writev(h, b.data(), b.size()); }); });
}
inline error_number fd_pread(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t iovs, std::uint32_t count, std::uint64_t at, std::uint32_t to) {
  if (!fits_offset(at)) return error_number::inval;
  return transfer(s, m, fd, right::fd_read | right::fd_seek, iovs, count, to, [at](int h, const buffers& b) { return ::preadv(h, b.data(), b.size(), off_t(at)); });
}
inline error_number fd_pwrite(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t iovs, std::uint32_t count, std::uint64_t at, std::uint32_t to) {
  if (!fits_offset(at)) return error_number::inval;
  return transfer(s, m, fd, right::fd_write | right::fd_seek, iovs, count, to,
                  [at](int h, const buffers& b) { return without_signals([&] { return ::pwritev(h, b.data(), b.size(), off_t(at)); }); });
}

inline error_number seek(guest_memory m, const descriptor& d, std::int64_t offset, int whence, std::uint32_t to) {
  if (!m.contains(to, 8)) return error_number::fault;
  const auto at = ::lseek(d.host(), off_t(offset), whence);
  if (at < 0) return from_host(errno);
  return m.store(to, std::uint64_t(at));
}
inline error_number fd_seek(wasi_state& s, guest_memory m, std::uint32_t fd, std::int64_t offset, std::uint32_t whence, std::uint32_t to) {
  constexpr int hosts[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  if (whence >= 3) return error_number::inval;
  const auto call = [&](descriptor& d) { return seek(m, d, offset, hosts[whence], to); };
  // Whoever may tell may ask this way, too, and whoever may seek may tell.
  const bool tells = offset == 0 && hosts[whence] == SEEK_CUR;
  const auto e = tells ? with(s, fd, right::fd_tell, call) : error_number::notcapable;
  return e == error_number::notcapable ? with(s, fd, right::fd_seek, call) : e;
}
inline error_number fd_tell(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t to) { return fd_seek(s, m, fd, 0, 1, to); }

inline error_number fd_close(wasi_state& s, guest_memory, std::uint32_t fd) { return s.descriptors.close(fd); }
inline error_number fd_renumber(wasi_state& s, guest_memory, std::uint32_t from, std::uint32_t to) { return s.descriptors.renumber(from, to); }
inline error_number fd_sync(wasi_state& s, guest_memory, std::uint32_t fd) {
  return with(s, fd, right::fd_sync, [](descriptor& d) { return checked(::fsync(d.host())); });
}
inline error_number fd_datasync(wasi_state& s, guest_memory, std::uint32_t fd) {
  return with(s, fd, right::fd_datasync, [](descriptor& d) { return checked(::fdatasync(d.host())); });
}

inline error_number fd_fdstat_get(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t to) {
  return with(s, fd, 0, [&](descriptor& d) {
    return m.store(to, guest_fdstat{.type = d.type, .flags = d.flags, .base = d.base, .inheriting = d.inheriting});
  });
}
// Flags that O_... of an open file can still change. The standard streams share theirs with the host, so they keep them.
inline error_number fd_fdstat_set_flags(wasi_state& s, guest_memory, std::uint32_t fd, std::uint32_t flags) {
  return with(s, fd, right::fd_fdstat_set_flags, [&](descriptor& d) {
    if (flags & ~std::uint32_t(fd_flag::all)) return error_number::inval;
    if (flags == d.flags) return error_number::success;
    const std::uint32_t changed = flags ^ d.flags;
    if (!d.owned || (changed & ~std::uint32_t(fd_flag::append | fd_flag::nonblock))) return error_number::notsup;
    const int now = ::fcntl(d.host(), F_GETFL);
    if (now < 0) return from_host(errno);
    const int wanted = (now & ~(O_APPEND | O_NONBLOCK)) | (flags & fd_flag::append ? O_APPEND : 0) | (flags & fd_flag::nonblock ? O_NONBLOCK : 0);
    const auto e = checked(::fcntl(d.host(), F_SETFL, wanted));
    if (e == error_number::success) d.flags = std::uint16_t(flags);
    return e;
  });
}
inline error_number fd_fdstat_set_rights(wasi_state& s, guest_memory, std::uint32_t fd, std::uint64_t base, std::uint64_t inheriting) {
  return with(s, fd, 0, [&](descriptor& d) {
    if ((base & ~d.base) || (inheriting & ~d.inheriting)) return error_number::notcapable;
    d.base = base, d.inheriting = inheriting;
    return error_number::success;
  });
}

inline error_number fd_filestat_get(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t to) {
  return with(s, fd, right::fd_filestat_get, [&](descriptor& d) {
    struct stat st {};
    if (const auto e = stat_of(d.host(), st); e != error_number::success) return e;
    return m.store(to, to_guest(st));
  });
}
inline error_number fd_filestat_set_size(wasi_state& s, guest_memory, std::uint32_t fd, std::uint64_t size) {
  return with(s, fd, right::fd_filestat_set_size, [&](descriptor& d) {
    if (!fits_offset(size)) return error_number::inval;
    return checked(without_signals([&] { return ::ftruncate(d.host(), off_t(size)); }));
  });
}

// The two times that utimensat and futimens take.
struct file_times {
  timespec times[2];
  error_number set(std::uint64_t access, std::uint64_t modification, std::uint32_t flags) {
    if (flags & ~std::uint32_t(time_flag::all)) return error_number::inval;
    if ((flags & time_flag::access && flags & time_flag::access_now) || (flags & time_flag::modification && flags & time_flag::modification_now))
      return error_number::inval;
    times[0] = one(access, flags & time_flag::access, flags & time_flag::access_now);
    times[1] = one(modification, flags & time_flag::modification, flags & time_flag::modification_now);
    return error_number::success;
  }

 private:
  static timespec one(std::uint64_t at, bool given, bool now) {
    if (now) return {0, UTIME_NOW};
    if (!given) return {0, UTIME_OMIT};
    return {time_t(at / 1'000'000'000u), long(at % 1'000'000'000u)};
  }
};
inline error_number fd_filestat_set_times(wasi_state& s, guest_memory, std::uint32_t fd, std::uint64_t access, std::uint64_t modification, std::uint32_t flags) {
  return with(s, fd, right::fd_filestat_set_times, [&](descriptor& d) {
    file_times t;
    if (const auto e = t.set(access, modification, flags); e != error_number::success) return e;
    return checked(d.type == file_type::directory ? ::utimensat(d.host(), ".", t.times, 0) : ::futimens(d.host(), t.times));
  });
}

inline error_number fd_advise(wasi_state& s, guest_memory, std::uint32_t fd, std::uint64_t offset, std::uint64_t length, std::uint32_t advice) {
  return with(s, fd, right::fd_advise, [&](descriptor& d) {
    constexpr int hosts[] = {POSIX_FADV_NORMAL, POSIX_FADV_SEQUENTIAL, POSIX_FADV_RANDOM, POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE};
    if (advice >= std::size(hosts) || !fits_offset(offset) || !fits_offset(length)) return error_number::inval;
    if (d.type == file_type::directory) return error_number::badf;
    return from_host(::posix_fadvise(d.host(), off_t(offset), off_t(length), hosts[advice]));
  });
}
inline error_number fd_allocate(wasi_state& s, guest_memory, std::uint32_t fd, std::uint64_t offset, std::uint64_t length) {
  return with(s, fd, right::fd_allocate, [&](descriptor& d) {
    if (!fits_offset(offset) || !fits_offset(length)) return error_number::inval;
    return checked(without_signals([&] { return ::fallocate(d.host(), 0, off_t(offset), off_t(length)); }));
  });
}

inline error_number fd_prestat_get(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t to) {
  return with(s, fd, 0, [&](descriptor& d) {
    if (d.preopened.empty()) return error_number::badf;
    return m.store(to, guest_prestat{.name_length = std::uint32_t(d.preopened.size())});
  });
}
inline error_number fd_prestat_dir_name(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t address, std::uint32_t length) {
  return with(s, fd, 0, [&](descriptor& d) {
    if (d.preopened.empty()) return error_number::badf;
    if (length < d.preopened.size()) return error_number::nametoolong;
    const auto to = m.slice(address, d.preopened.size());
    if (!to) return error_number::fault;
    std::memcpy(to->data(), d.preopened.data(), to->size());
    return error_number::success;
  });
}

// Fills a buffer with entries of a directory; the last one may be cut, which tells the guest that there are more.
class entry_writer {
 public:
  explicit entry_writer(std::span<std::byte> to) : to_(to) {}
  bool full() const { return used_ == to_.size(); }
  std::uint32_t used() const { return std::uint32_t(used_); }
  void put(const dirent& e, std::uint64_t next) {
    const std::string_view name = e.d_name;
    const guest_dirent head{next, std::uint64_t(e.d_ino), std::uint32_t(name.size()), std::uint32_t(type_of(mode_t(DTTOIF(e.d_type))))};
    append(&head, sizeof head);
    append(name.data(), name.size());
  }

 private:
  void append(const void* from, std::size_t size) {
    const auto n = std::min(size, to_.size() - used_);
    if (n > 0) std::memcpy(to_.data() + used_, from, n);
    used_ += n;
  }
  std::span<std::byte> to_;
  std::size_t used_ = 0;
};
// Cookies count entries, for those who keep them in 32 bits (telldir of wasi-libc): the kernel's own positions may have 64. Each call
// opens the directory anew, at such a position, so that it does not matter what was removed since.
inline error_number fd_readdir(wasi_state& s, guest_memory m, std::uint32_t fd, std::uint32_t address, std::uint32_t length, std::uint64_t cookie, std::uint32_t to) {
  return with(s, fd, right::fd_readdir, [&](descriptor& d) {
    const auto buffer = m.slice(address, length);
    if (!buffer || !m.contains(to, 4)) return error_number::fault;
    if (cookie > d.positions.size()) return error_number::inval;
    host_fd again(::openat(d.host(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!again) return from_host(errno);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(*again), ::closedir);
    if (!stream) return from_host(errno);
    again.release();  // the stream owns it now
    if (cookie != 0) ::seekdir(stream.get(), d.positions[std::size_t(cookie - 1)]);
    entry_writer writer(*buffer);
    while (!writer.full()) {
      errno = 0;
      const dirent* e = ::readdir(stream.get());
      if (!e && errno != 0) return from_host(errno);
      if (!e) break;
      if (cookie == d.positions.size()) d.positions.emplace_back();
      d.positions[std::size_t(cookie)] = e->d_off;
      writer.put(*e, ++cookie);
    }
    return m.store(to, writer.used());
  });
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1
