#pragma once

#include "abi.hpp"
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>
#if defined(__linux__) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1 {

// A descriptor of the host, closed with its owner.
class host_fd {
 public:
  host_fd() = default;
  explicit host_fd(int fd) : fd_(fd) {}
  host_fd(host_fd&& other) noexcept : fd_(other.release()) {}
  host_fd& operator=(host_fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~host_fd() { reset(-1); }

  explicit operator bool() const { return fd_ >= 0; }
  int operator*() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

#if defined(O_PATH)
inline constexpr int directory_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
#else
inline constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
#endif

// Limits of Linux for the way to one file.
inline constexpr int most_symbolic_links = 40;
inline constexpr std::size_t longest_path = 4096;

inline error_number read_link(int directory, const std::string& name, std::string& target) {
  target.resize(256);
  for (;;) {
    const auto n = ::readlinkat(directory, name.c_str(), target.data(), target.size());
    if (n < 0) return from_host(errno);
    if (std::size_t(n) < target.size()) return target.resize(std::size_t(n)), error_number::success;
    target.resize(target.size() * 2);
  }
}

// Walks below a directory one component at a time. Every step opens one name without following it; a symbolic link is read
// and its target walked in its place; `..` goes back to a descriptor that was open before. So nothing that others rename
// meanwhile leads out.
class path_walk {
 public:
  explicit path_walk(int root) : root_(root) {}

  error_number into(std::string_view path) {
    push(path);
    while (!todo_.empty()) {
      const auto name = std::move(todo_.back());
      todo_.pop_back();
      if (const auto e = step(name); e != error_number::success) return e;
    }
    return error_number::success;
  }
  // The directory that was reached.
  host_fd take() { return open_.empty() ? host_fd(::openat(root_, ".", directory_flags)) : std::move(open_.back()); }

 private:
  int current() const { return open_.empty() ? root_ : *open_.back(); }

  void push(std::string_view path) {  // the first component ends on top
    while (!path.empty()) {
      const auto slash = path.rfind('/');
      const auto name = path.substr(slash == path.npos ? 0 : slash + 1);
      if (!name.empty() && name != ".") todo_.emplace_back(name);
      path = path.substr(0, slash == path.npos ? 0 : slash);
    }
  }
  error_number step(const std::string& name) {
    if (name == "..") {
      if (open_.empty()) return error_number::notcapable;
      open_.pop_back();
      return error_number::success;
    }
    host_fd next(::openat(current(), name.c_str(), directory_flags | O_NOFOLLOW));
    if (next) {
      open_.push_back(std::move(next));
      return error_number::success;
    }
    if (errno != ENOTDIR && errno != ELOOP) return from_host(errno);
    std::string target;
    if (read_link(current(), name, target) != error_number::success) return error_number::notdir;
    if (target.starts_with('/')) return error_number::notcapable;
    if (++links_ > most_symbolic_links) return error_number::loop;
    push(target);
    return error_number::success;
  }

  int root_;
  int links_ = 0;
  std::vector<host_fd> open_;
  std::vector<std::string> todo_;
};

// A file named by the guest: the open directory it is in, and its name there, which holds no slash.
struct located {
  host_fd parent;
  std::string name;
  bool must_be_directory = false;  // the path ended with a slash
};

// Whether a symbolic link at the end of a path stands for what it names: always, where a slash follows it, or, as for what is
// made, removed or renamed, never.
enum class last_link { followed, before_slash, kept };

// Finds files below a directory; what leads out of it is refused (notcapable): `..`, absolute paths, symbolic links.
class sandbox {
 public:
  explicit sandbox(bool use_openat2 = true) : openat2_(use_openat2) {}

  error_number locate(int root, std::string_view guest_path, last_link last, located& to) {
    if (guest_path.empty()) return error_number::noent;
    if (guest_path.find('\0') != guest_path.npos) return error_number::inval;
    if (guest_path.size() >= longest_path) return error_number::nametoolong;
    std::string path(guest_path);
    for (int links = 0;; ++links) {
      if (links > most_symbolic_links) return error_number::loop;
      if (path.starts_with('/')) return error_number::notcapable;
      while (path.size() > 1 && path.ends_with('/')) path.pop_back(), to.must_be_directory = true;
      const auto slash = path.rfind('/');
      to.name = path.substr(slash == path.npos ? 0 : slash + 1);
      const bool dots = to.name == "." || to.name == "..";
      const std::string parent = dots ? path : slash == path.npos ? "." : path.substr(0, slash);
      if (const auto e = open_directory(root, parent, to.parent); e != error_number::success) return e;
      if (dots) {
        to.name.assign(1, '.');
        return error_number::success;
      }
      std::string target;
      const bool follows = last == last_link::followed || (last == last_link::before_slash && to.must_be_directory);
      if (!follows || read_link(*to.parent, to.name, target) != error_number::success) return error_number::success;
      if (target.starts_with('/')) return error_number::notcapable;
      path = parent + '/' + target;
    }
  }

  // A directory below `root`, by a path that is not absolute.
  error_number open_directory(int root, const std::string& path, host_fd& to) {
#if defined(RESOLVE_BENEATH)
    for (int tries = 0; openat2_ && tries < 8; ++tries) {
      open_how how{};
      how.flags = std::uint64_t(directory_flags);
      how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
      to.reset(int(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
      if (to) return error_number::success;
      if (errno == ENOSYS || errno == EPERM) {  // an old kernel, or a filter of system calls
        openat2_ = false;
      } else if (errno != EAGAIN) {  // EAGAIN: someone renamed while `..` was followed
        return errno == EXDEV ? error_number::notcapable : from_host(errno);
      }
    }
#endif
    path_walk walk(root);
    if (const auto e = walk.into(path); e != error_number::success) return e;
    to = walk.take();
    return to ? error_number::success : from_host(errno);
  }

 private:
  bool openat2_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1
