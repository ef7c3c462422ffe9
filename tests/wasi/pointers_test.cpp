#include <doctest/doctest.h>
#include "sandbox_guest.hpp"
#include <set>
#include <tuple>
#include <utility>

using namespace tests;

// Every argument of every call that says where something lies in the guest's memory: at each edge, what does not lie inside as a whole is
// refused, and neither the memory nor the host has changed then.
namespace {

constexpr std::uint32_t page = 65536, file = 4, address_list = 512, path_at = sandbox_guest::text_at, second_path_at = sandbox_guest::second_text_at, data_at = sandbox_guest::data_at;
constexpr const char *path = "hello.txt", *new_path = "new", *link_path = "link";
constexpr std::uint32_t path_length = 9, new_length = 3, link_length = 4, buffer_length = 8;

// Descriptor 3 is the folder, 4 an open file; paths, two buffers and a subscription lie in memory.
struct prepared_guest : sandbox_guest {
  prepared_guest() {
    fs::create_symlink("hello.txt", host.path / "given/link");
    REQUIRE(open(path, 0, right::all) == error_number::success);
    REQUIRE(opened() == file);
    put(path, path_at), put(new_path, second_path_at), put(link_path, 8000);
    store_buffers(data_at + 64, buffer_length);
  }
  void store_buffers(std::uint32_t second, std::uint32_t length) {
    for (const auto& [at, v] : {std::pair{address_list, guest_iovec{data_at, buffer_length}}, std::pair{address_list + 8, guest_iovec{second, length}}})
      REQUIRE(memory.store(at, v) == error_number::success);
  }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const auto& e : fs::recursive_directory_iterator(host.path)) all.insert(e.path().string());
    return all;
  }
};

// The argument at `index` is an address of so many bytes.
struct pointer {
  std::size_t index;
  std::uint32_t bytes;
};

template <class... A>
struct checked_call {
  error_number (*call)(wasi_state&, guest_memory, A...);
  std::tuple<A...> valid;

  // What the call says where this argument is another number; where that is a fault, all is as before.
  error_number with(std::size_t index, std::uint32_t number) const {
    prepared_guest g;
    auto arguments = valid;
    [&]<std::size_t... i>(std::index_sequence<i...>) { ((i == index ? void(std::get<i>(arguments) = A(number)) : void()), ...); }(std::index_sequence_for<A...>());
    const auto before = g.bytes;
    const auto names = g.names();
    const auto e = std::apply([&](auto... a) { return call(g.state, g.memory, a...); }, arguments);
    if (e == error_number::fault) {
      CHECK(g.bytes == before);
      CHECK(g.names() == names);
      CHECK(g.host.read("given/hello.txt") == "hello, world");
    }
    return e;
  }
};

// `lengths`: the arguments that say how much lies at an address.
template <class... A>
void check(const char* name, error_number (*call)(wasi_state&, guest_memory, A...), std::initializer_list<pointer> pointers, std::initializer_list<std::size_t> lengths,
           std::type_identity_t<A>... valid) {
  CAPTURE(std::string(name));
  const checked_call<A...> checked{call, {valid...}};
  for (const auto& p : pointers) {
    CAPTURE(p.index);
    CHECK(checked.with(p.index, page - p.bytes) != error_number::fault);
    for (const std::uint32_t bad : {page - p.bytes + 1, page, 0x7fffffffu, 0x80000000u, 0u - p.bytes, 0xfffffff8u, 0xffffffffu}) {
      CAPTURE(bad);
      CHECK(checked.with(p.index, bad) == error_number::fault);
    }
  }
  for (const auto index : lengths) {
    CAPTURE(index);
    for (const std::uint32_t bad : {page, 0x7fffffffu, 0x80000000u, 0xffffffffu}) CHECK(checked.with(index, bad) == error_number::fault);
  }
}

}  // namespace

TEST_CASE("pointers out of bounds: the process") {
  check("args_get", args_get, {{0, 8}, {1, 7}}, {}, data_at, data_at + 64);
  check("args_sizes_get", args_sizes_get, {{0, 4}, {1, 4}}, {}, data_at, data_at + 4);
  check("environ_get", environ_get, {{0, 4}, {1, 7}}, {}, data_at, data_at + 64);
  check("environ_sizes_get", environ_sizes_get, {{0, 4}, {1, 4}}, {}, data_at, data_at + 4);
  check("clock_res_get", clock_res_get, {{1, 8}}, {}, 0, data_at);
  check("clock_time_get", clock_time_get, {{2, 8}}, {}, 0, 0, data_at);
  check("random_get", random_get, {{0, 5}}, {1}, data_at, 5);
  check("poll_oneoff", poll_oneoff, {{0, 48}, {1, 32}, {3, 4}}, {2}, data_at, data_at + 64, 1, data_at + 128);
}

TEST_CASE("pointers out of bounds: open files") {
  check("fd_fdstat_get", fd_fdstat_get, {{1, 24}}, {}, file, data_at);
  check("fd_filestat_get", fd_filestat_get, {{1, 64}}, {}, file, data_at);
  check("fd_prestat_get", fd_prestat_get, {{1, 8}}, {}, 3, data_at);
  check("fd_prestat_dir_name", fd_prestat_dir_name, {{1, 1}}, {}, 3, data_at, 1);
  check("fd_readdir", fd_readdir, {{1, 100}, {4, 4}}, {2}, 3, data_at, 100, 0, data_at + 128);
  check("fd_seek", fd_seek, {{3, 8}}, {}, file, 1, 0, data_at);
  check("fd_tell", fd_tell, {{1, 8}}, {}, file, data_at);
  check("fd_read", fd_read, {{1, 16}, {3, 4}}, {2}, file, address_list, 2, data_at + 128);
  check("fd_write", fd_write, {{1, 16}, {3, 4}}, {2}, file, address_list, 2, data_at + 128);
  check("fd_pread", fd_pread, {{1, 16}, {4, 4}}, {2}, file, address_list, 2, 1, data_at + 128);
  check("fd_pwrite", fd_pwrite, {{1, 16}, {4, 4}}, {2}, file, address_list, 2, 1, data_at + 128);
}

TEST_CASE("pointers out of bounds: paths") {
  check("path_create_directory", path_create_directory, {{1, new_length}}, {2}, 3, second_path_at, new_length);
  check("path_remove_directory", path_remove_directory, {{1, new_length}}, {2}, 3, second_path_at, new_length);
  check("path_unlink_file", path_unlink_file, {{1, path_length}}, {2}, 3, path_at, path_length);
  check("path_filestat_get", path_filestat_get, {{2, path_length}, {4, 64}}, {3}, 3, 0, path_at, path_length, data_at);
  check("path_filestat_set_times", path_filestat_set_times, {{2, path_length}}, {3}, 3, 0, path_at, path_length, 0, 0, time_flag::access);
  check("path_readlink", path_readlink, {{1, link_length}, {3, 100}, {5, 4}}, {2, 4}, 3, 8000, link_length, data_at, 100, data_at + 128);
  check("path_symlink", path_symlink, {{0, path_length}, {3, new_length}}, {1, 4}, path_at, path_length, 3, second_path_at, new_length);
  check("path_link", path_link, {{2, path_length}, {5, new_length}}, {3, 6}, 3, 0, path_at, path_length, 3, second_path_at, new_length);
  check("path_rename", path_rename, {{1, path_length}, {4, new_length}}, {2, 5}, 3, path_at, path_length, 3, second_path_at, new_length);
  check("path_open", path_open, {{2, new_length}, {8, 4}}, {3}, 3, 0, second_path_at, new_length, open_flag::create, right::all, right::all, 0, data_at);
}

TEST_CASE("buffers out of bounds: none is used") {
  for (const std::uint32_t bad : {page - buffer_length + 1, page, 0x80000000u, 0xfffffff8u, 0xffffffffu})
    for (const bool as_length : {false, true})
      for (const bool writes : {false, true}) {
        CAPTURE(bad);
        CAPTURE(as_length);
        CAPTURE(writes);
        prepared_guest g;
        if (as_length) g.store_buffers(data_at + 64, bad);
        else g.store_buffers(bad, buffer_length);
        const auto before = g.bytes;
        CHECK((writes ? fd_write : fd_read)(g.state, g.memory, file, address_list, 2, sandbox_guest::result) == error_number::fault);
        CHECK((writes ? fd_pwrite : fd_pread)(g.state, g.memory, file, address_list, 2, 0, sandbox_guest::result) == error_number::fault);
        CHECK(g.bytes == before);
        CHECK(g.host.read("given/hello.txt") == "hello, world");
      }
}
