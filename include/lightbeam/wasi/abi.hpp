#pragma once

#include "../core/build.hpp"
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <sys/stat.h>

// The binary interface of WASI preview 1 (wasi_snapshot_preview1.witx): numbers that cross the border.
namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1 {

// Errors as the guest sees them, in the order of witx: their position is their number.
enum class error_number : std::uint16_t {
  success, toobig, acces, addrinuse, addrnotavail, afnosupport, again, already, badf, badmsg, busy, canceled, child, connaborted,
  connrefused, connreset, deadlk, destaddrreq, dom, dquot, exist, fault, fbig, hostunreach, idrm, ilseq, inprogress, intr, inval, io,
  isconn, isdir, loop, mfile, mlink, msgsize, multihop, nametoolong, netdown, netreset, netunreach, nfile, nobufs, nodev, noent, noexec,
  nolck, nolink, nomem, nomsg, noprotoopt, nospc, nosys, notconn, notdir, notempty, notrecoverable, notsock, notsup, notty, nxio,
  overflow, ownerdead, perm, broken_pipe, proto, protonosupport, prototype, range, rofs, spipe, srch, stale, timedout, txtbsy, xdev, notcapable,
};
static_assert(std::uint16_t(error_number::fault) == 21 && std::uint16_t(error_number::notcapable) == 76);

inline error_number from_host(int code) {
  using enum error_number;
  switch (code) {
    case 0: return success;
    case E2BIG: return toobig;
    case EACCES: return acces;
    case EAGAIN: return again;
    case EBADF: return badf;
    case EBUSY: return busy;
    case ECONNRESET: return connreset;
    case EDEADLK: return deadlk;
    case EDQUOT: return dquot;
    case EEXIST: return exist;
    case EFBIG: return fbig;
    case EILSEQ: return ilseq;
    case EINTR: return intr;
    case EINVAL: return inval;
    case EISDIR: return isdir;
    case ELOOP: return loop;
    case EMFILE: return mfile;
    case EMLINK: return mlink;
    case ENAMETOOLONG: return nametoolong;
    case ENFILE: return nfile;
    case ENODEV: return nodev;
    case ENOENT: return noent;
    case ENOLCK: return nolck;
    case ENOMEM: return nomem;
    case ENOSPC: return nospc;
    case ENOSYS: return nosys;
    case ENOTDIR: return notdir;
    case ENOTEMPTY: return notempty;
    case ENOTSUP: return notsup;
    case ENOTTY: return notty;
    case ENXIO: return nxio;
    case EOVERFLOW: return overflow;
    case EPERM: return perm;
    case EPIPE: return broken_pipe;
    case ERANGE: return range;
    case EROFS: return rofs;
    case ESPIPE: return spipe;
    case ESTALE: return stale;
    case ETIMEDOUT: return timedout;
    case ETXTBSY: return txtbsy;
    case EXDEV: return xdev;
    default: return io;
  }
}

// Of a system call: success, or what errno says.
inline error_number checked(long long returned) { return returned < 0 ? from_host(errno) : error_number::success; }

// What a descriptor may be used for; a set is the bitwise or of members.
struct right {
  static constexpr std::uint64_t fd_datasync = 1 << 0;
  static constexpr std::uint64_t fd_read = 1 << 1;
  static constexpr std::uint64_t fd_seek = 1 << 2;
  static constexpr std::uint64_t fd_fdstat_set_flags = 1 << 3;
  static constexpr std::uint64_t fd_sync = 1 << 4;
  static constexpr std::uint64_t fd_tell = 1 << 5;
  static constexpr std::uint64_t fd_write = 1 << 6;
  static constexpr std::uint64_t fd_advise = 1 << 7;
  static constexpr std::uint64_t fd_allocate = 1 << 8;
  static constexpr std::uint64_t path_create_directory = 1 << 9;
  static constexpr std::uint64_t path_create_file = 1 << 10;
  static constexpr std::uint64_t path_link_source = 1 << 11;
  static constexpr std::uint64_t path_link_target = 1 << 12;
  static constexpr std::uint64_t path_open = 1 << 13;
  static constexpr std::uint64_t fd_readdir = 1 << 14;
  static constexpr std::uint64_t path_readlink = 1 << 15;
  static constexpr std::uint64_t path_rename_source = 1 << 16;
  static constexpr std::uint64_t path_rename_target = 1 << 17;
  static constexpr std::uint64_t path_filestat_get = 1 << 18;
  static constexpr std::uint64_t path_filestat_set_size = 1 << 19;
  static constexpr std::uint64_t path_filestat_set_times = 1 << 20;
  static constexpr std::uint64_t fd_filestat_get = 1 << 21;
  static constexpr std::uint64_t fd_filestat_set_size = 1 << 22;
  static constexpr std::uint64_t fd_filestat_set_times = 1 << 23;
  static constexpr std::uint64_t path_symlink = 1 << 24;
  static constexpr std::uint64_t path_remove_directory = 1 << 25;
  static constexpr std::uint64_t path_unlink_file = 1 << 26;
  static constexpr std::uint64_t poll_fd_readwrite = 1 << 27;
  static constexpr std::uint64_t all = (1 << 28) - 1;
  // What makes sense for a kind of file; the others are never granted.
  static constexpr std::uint64_t stream = fd_datasync | fd_read | fd_fdstat_set_flags | fd_sync | fd_write | fd_filestat_get | poll_fd_readwrite;
  static constexpr std::uint64_t file = stream | fd_seek | fd_tell | fd_advise | fd_allocate | fd_filestat_set_size | fd_filestat_set_times;
  static constexpr std::uint64_t directory = fd_fdstat_set_flags | fd_sync | fd_advise | path_create_directory | path_create_file | path_link_source | path_link_target |
                path_open | fd_readdir | path_readlink | path_rename_source | path_rename_target | path_filestat_get |
                path_filestat_set_size | path_filestat_set_times | fd_filestat_get | fd_filestat_set_times | path_symlink |
                path_remove_directory | path_unlink_file | poll_fd_readwrite;
};

enum class file_type : std::uint8_t { unknown, block_device, character_device, directory, regular_file, socket_datagram, socket_stream, symbolic_link };

inline file_type type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFBLK: return file_type::block_device;
    case S_IFCHR: return file_type::character_device;
    case S_IFDIR: return file_type::directory;
    case S_IFREG: return file_type::regular_file;
    case S_IFSOCK: return file_type::socket_stream;
    case S_IFLNK: return file_type::symbolic_link;
    default: return file_type::unknown;
  }
}

struct fd_flag {
  enum : std::uint16_t { append = 1, dsync = 2, nonblock = 4, rsync = 8, sync = 16, all = 31 };
};
struct open_flag {
  enum : std::uint16_t { create = 1, directory = 2, exclusive = 4, truncate = 8, all = 15 };
};
struct time_flag {
  enum : std::uint16_t { access = 1, access_now = 2, modification = 4, modification_now = 8, all = 15 };
};
inline constexpr std::uint32_t lookup_symlink_follow = 1;

// Structures in the guest's memory, laid out as witx says on a little-endian host.
struct guest_iovec {
  std::uint32_t address, length;
};
struct guest_fdstat {
  file_type type;
  std::uint8_t padding = 0;
  std::uint16_t flags;
  std::uint32_t padding2 = 0;
  std::uint64_t base, inheriting;
};
static_assert(sizeof(guest_fdstat) == 24);
struct guest_filestat {
  std::uint64_t device, inode;
  std::uint64_t type;  // 8 bits and padding
  std::uint64_t links, size, access_time, modification_time, change_time;
};
static_assert(sizeof(guest_filestat) == 64);
struct guest_prestat {
  std::uint32_t tag = 0;  // a directory, the only kind
  std::uint32_t name_length;
};
struct guest_dirent {
  std::uint64_t next, inode;
  std::uint32_t name_length;
  std::uint32_t type;  // 8 bits and padding
};
static_assert(sizeof(guest_dirent) == 24);
struct guest_subscription {
  std::uint64_t user_data;
  std::uint64_t tag;          // 8 bits: 0 clock, 1 readable, 2 writable
  std::uint64_t clock_or_fd;  // 32 bits
  std::uint64_t timeout, precision;
  std::uint64_t flags;  // 16 bits; 1: the timeout is a point in time
};
static_assert(sizeof(guest_subscription) == 48);
struct guest_event {
  std::uint64_t user_data;
  error_number error;
  std::uint8_t type;
  std::uint8_t padding[5] = {};
  std::uint64_t bytes = 0;
  std::uint64_t flags = 0;  // 16 bits; 1: the other side has hung up
};
static_assert(sizeof(guest_event) == 32);

constexpr std::uint64_t nanoseconds(timespec t) { return std::uint64_t(t.tv_sec) * 1'000'000'000u + std::uint64_t(t.tv_nsec); }

inline guest_filestat to_guest(const struct stat& s) {
  return {.device = std::uint64_t(s.st_dev),
          .inode = std::uint64_t(s.st_ino),
          .type = std::uint64_t(type_of(s.st_mode)),
          .links = std::uint64_t(s.st_nlink),
          .size = std::uint64_t(s.st_size),
          .access_time = nanoseconds(s.st_atim),
          .modification_time = nanoseconds(s.st_mtim),
          .change_time = nanoseconds(s.st_ctim)};
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1
