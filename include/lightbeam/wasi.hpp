#pragma once

#include "runtime.hpp"
#include "wasi/paths.hpp"
#include "wasi/poll.hpp"
#include <memory>

// WASI preview 1: a small operating system for modules that import "wasi_snapshot_preview1", such as what wasi-libc makes.
namespace lightbeam::inline LIGHTBEAM_ABI {

// A folder of the host and the name that the guest knows it by. Paths cannot leave it: neither by `..`, nor absolute ones,
// nor by symbolic links.
struct wasi_directory {
  std::string guest, host;
};

// What one guest may see of the host. Nothing else reaches it: without directories there are no files.
struct wasi {
  std::vector<std::string> arguments = {};    // the program's name first
  std::vector<std::string> environment = {};  // NAME=VALUE
  std::vector<wasi_directory> directories = {};
  int input = 0, output = 1, error = 2;  // descriptors of the host, which stay the host's
  std::uint32_t descriptors = 1024;      // that the guest may have open at a time

  // Binds all calls; every binding is a guest of its own, with descriptors of its own, which the linker and the stores keep.
  // Fails with kind io where a directory cannot be opened. A guest that calls proc_exit ends with a failure of kind exit.
  result<void> bind(linker& to) const {
    return unless_out_of_memory([&] { return bind_all(to); });
  }

 private:
  result<void> bind_all(linker& to) const {
    using namespace wasi_preview1;
    auto state = std::make_shared<wasi_state>(wasi_state{arguments, environment, descriptor_table(descriptors), sandbox()});
    for (const auto& [fd, reads] : {std::pair(input, true), std::pair(output, false), std::pair(error, false)})
      if (!state->descriptors.add(standard_stream(fd, reads))) return failure(failure_kind::limit, "fewer descriptors than standard streams");
    for (const auto& d : directories) {
      auto opened = open_preopened(d.guest, d.host);
      if (!opened) return failure(failure_kind::io, "a directory for the guest cannot be opened");
      if (!state->descriptors.add(std::move(*opened))) return failure(failure_kind::limit, "more directories than descriptors");
    }
    bind_process(to, state);
    bind_files(to, state);
    bind_paths(to, state);
    bind_sockets(to);
    return {};
  }

  using shared_state = std::shared_ptr<wasi_preview1::wasi_state>;
  using error_number = wasi_preview1::error_number;
  static constexpr std::string_view module_name = "wasi_snapshot_preview1";

  template <class... A>
  static void bind_call(linker& to, const shared_state& state, std::string_view name, error_number (*call)(wasi_preview1::wasi_state&, wasi_preview1::guest_memory, A...)) {
    to.bind(module_name, name, [state, call](caller& who, A... a) {
      const auto memory = who.memory();
      return call(*state, wasi_preview1::guest_memory(memory ? memory->bytes() : std::span<std::byte>()), a...);
    });
  }
  static void bind_process(linker& to, const shared_state& s) {
    namespace w = wasi_preview1;
    bind_call(to, s, "args_get", w::args_get);
    bind_call(to, s, "args_sizes_get", w::args_sizes_get);
    bind_call(to, s, "environ_get", w::environ_get);
    bind_call(to, s, "environ_sizes_get", w::environ_sizes_get);
    bind_call(to, s, "clock_res_get", w::clock_res_get);
    bind_call(to, s, "clock_time_get", w::clock_time_get);
    bind_call(to, s, "random_get", w::random_get);
    bind_call(to, s, "sched_yield", w::sched_yield);
    bind_call(to, s, "poll_oneoff", w::poll_oneoff);
    to.bind(module_name, "proc_exit", [](std::uint32_t code) -> result<void> { return failure::exit(int(code)); });
    to.bind(module_name, "proc_raise", [](std::uint32_t signal) -> result<error_number> {
      if (signal > w::last_signal) return error_number::inval;
      if (!w::ends_process(signal)) return error_number::success;
      return failure::exit(128 + int(signal));  // as a shell reports it
    });
  }
  static void bind_files(linker& to, const shared_state& s) {
    namespace w = wasi_preview1;
    bind_call(to, s, "fd_advise", w::fd_advise);
    bind_call(to, s, "fd_allocate", w::fd_allocate);
    bind_call(to, s, "fd_close", w::fd_close);
    bind_call(to, s, "fd_datasync", w::fd_datasync);
    bind_call(to, s, "fd_fdstat_get", w::fd_fdstat_get);
    bind_call(to, s, "fd_fdstat_set_flags", w::fd_fdstat_set_flags);
    bind_call(to, s, "fd_fdstat_set_rights", w::fd_fdstat_set_rights);
    bind_call(to, s, "fd_filestat_get", w::fd_filestat_get);
    bind_call(to, s, "fd_filestat_set_size", w::fd_filestat_set_size);
    bind_call(to, s, "fd_filestat_set_times", w::fd_filestat_set_times);
    bind_call(to, s, "fd_pread", w::fd_pread);
    bind_call(to, s, "fd_prestat_get", w::fd_prestat_get);
    bind_call(to, s, "fd_prestat_dir_name", w::fd_prestat_dir_name);
    bind_call(to, s, "fd_pwrite", w::fd_pwrite);
    bind_call(to, s, "fd_read", w::fd_read);
    bind_call(to, s, "fd_readdir", w::fd_readdir);
    bind_call(to, s, "fd_renumber", w::fd_renumber);
    bind_call(to, s, "fd_seek", w::fd_seek);
    bind_call(to, s, "fd_sync", w::fd_sync);
    bind_call(to, s, "fd_tell", w::fd_tell);
    bind_call(to, s, "fd_write", w::fd_write);
  }
  static void bind_paths(linker& to, const shared_state& s) {
    namespace w = wasi_preview1;
    bind_call(to, s, "path_create_directory", w::path_create_directory);
    bind_call(to, s, "path_filestat_get", w::path_filestat_get);
    bind_call(to, s, "path_filestat_set_times", w::path_filestat_set_times);
    bind_call(to, s, "path_link", w::path_link);
    bind_call(to, s, "path_open", w::path_open);
    bind_call(to, s, "path_readlink", w::path_readlink);
    bind_call(to, s, "path_remove_directory", w::path_remove_directory);
    bind_call(to, s, "path_rename", w::path_rename);
    bind_call(to, s, "path_symlink", w::path_symlink);
    bind_call(to, s, "path_unlink_file", w::path_unlink_file);
  }
  // No sockets are ever given to a guest.
  static void bind_sockets(linker& to) {
    using u32 = std::uint32_t;
    to.bind(module_name, "sock_accept", [](u32, u32, u32) { return error_number::nosys; });
    to.bind(module_name, "sock_recv", [](u32, u32, u32, u32, u32, u32) { return error_number::nosys; });
    to.bind(module_name, "sock_send", [](u32, u32, u32, u32, u32) { return error_number::nosys; });
    to.bind(module_name, "sock_shutdown", [](u32, u32) { return error_number::nosys; });
  }
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
