#include "../runtime/modules.hpp"
#include "policies/policies.hpp"
#include <lightbeam/wasi.hpp>

namespace {

// All calls of preview 1 with the types of witx, and some exports that make calls.
constexpr const char* every_call = R"((module
  (import "wasi_snapshot_preview1" "args_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_res_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_advise" (func (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate" (func (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_datasync" (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights" (func (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_times" (func (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync" (func (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_set_times" (func (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link" (func (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_readlink" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "proc_raise" (func $proc_raise (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_recv" (func $sock_recv (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_send" (func (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_shutdown" (func (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "\10\00\00\00\06\00\00\00hello\n")
  (func (export "arguments") (param i32) (result i32 i32)
    (call $args_sizes_get (local.get 0) (i32.const 0))
    (i32.load (local.get 0)))
  (func (export "hello") (result i32) (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))
  (func (export "exit") (param i32) (call $proc_exit (local.get 0)) (unreachable))
  (func (export "raise") (param i32) (result i32) (call $proc_raise (local.get 0)))
  (func (export "receive") (result i32)
    (call $sock_recv (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))";

struct guest {
  lightbeam::linker linker;
  lightbeam::store store;
  lightbeam::instance instance;

  explicit guest(const lightbeam::wasi& wasi)
      : instance([&] {
          wasi.bind(linker).value();
          return linker.instantiate(store, policies::make_engine()->compile(modules::assemble(every_call)).value()).value();
        }()) {}
  template <class F, class... A>
  auto call(const char* name, A... arguments) const {
    return instance.get<F>(name).value()(arguments...);
  }
};

}  // namespace

TEST_CASE("every call of preview 1 is there with its type, and reaches the guest's memory") {
  const guest g({.arguments = {"prog", "x"}});
  CHECK(g.call<std::tuple<int, int>(int)>("arguments", 64).value() == std::tuple(0, 2));
  const auto outside = g.call<std::tuple<int, int>(int)>("arguments", 65534);
  REQUIRE(!outside);  // errno 21 first, then the guest's own load traps
  CHECK(outside.error().code() == lightbeam::trap_code::memory_out_of_bounds);
  CHECK(g.call<int()>("receive").value() == 52);
}

TEST_CASE("standard streams are what the host says") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const lightbeam::wasi_preview1::host_fd reading(ends[0]), writing(ends[1]);
  const guest g({.output = *writing});
  CHECK(g.call<int()>("hello").value() == 0);
  char text[16] = {};
  CHECK(::read(*reading, text, sizeof text) == 6);
  CHECK(std::string(text) == "hello\n");
}

TEST_CASE("writing to a pipe that nobody reads is an error of the guest, not the end of the host") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  const lightbeam::wasi_preview1::host_fd writing(ends[1]);
  const guest g({.output = *writing});
  CHECK(g.call<int()>("hello").value() == int(lightbeam::wasi_preview1::error_number::broken_pipe));
}

TEST_CASE("the guest ends itself with a code") {
  const guest g({});
  const auto ended = g.call<void(int)>("exit", 7);
  REQUIRE(!ended);
  CHECK(ended.error().kind() == lightbeam::failure_kind::exit);
  CHECK(ended.error().exit_code() == 7);
  CHECK(g.call<int(int)>("raise", 0).value() == 0);
  CHECK(g.call<int(int)>("raise", 99).value() == 28);
  const auto aborted = g.call<int(int)>("raise", 6);
  REQUIRE(!aborted);
  CHECK(aborted.error().exit_code() == 134);
}

TEST_CASE("a directory that is not there is a failure of the binding") {
  lightbeam::linker linker;
  const auto bound = lightbeam::wasi{.directories = {{"/", "/no/such/folder"}}}.bind(linker);
  REQUIRE(!bound);
  CHECK(bound.error().kind() == lightbeam::failure_kind::io);
  const auto streams = lightbeam::wasi{.descriptors = 2}.bind(linker);
  REQUIRE(!streams);
  CHECK(streams.error().kind() == lightbeam::failure_kind::limit);
}
