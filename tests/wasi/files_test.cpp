#include <doctest/doctest.h>
#include "sandbox_guest.hpp"
#include <algorithm>
#include <sys/resource.h>

using namespace tests;
using enum lightbeam::wasi_preview1::error_number;

TEST_CASE("guest memory refuses what is not inside, without wrapping") {
  std::vector<std::byte> bytes(100);
  guest_memory m{bytes};
  CHECK(m.contains(0, 100));
  CHECK(m.contains(100, 0));
  CHECK(!m.contains(101, 0));
  CHECK(!m.contains(1, 100));
  CHECK(!m.contains(0xffffffff, 2));
  CHECK(!m.contains(~std::uint64_t{0}, 2));
  CHECK(!m.contains(2, ~std::uint64_t{0}));
  CHECK(m.store(96, std::uint32_t{7}) == success);
  CHECK(m.store(97, std::uint32_t{7}) == fault);
  CHECK(m.load<std::uint32_t>(96) == 7);
  CHECK(!m.load<std::uint32_t>(97));
  CHECK(!m.slice(50, 51));
  buffers b;
  CHECK(b.gather(m, 0, 0xffffffff) == fault);
  CHECK(m.store(0, guest_iovec{0xfffffff0, 0x20}) == success);
  CHECK(b.gather(m, 0, 1) == fault);
}

TEST_CASE("read, write, seek and their positioned twins") {
  sandbox_guest g;
  REQUIRE(g.open("new", open_flag::create, right::file) == success);
  const auto fd = g.opened();
  CHECK(fd == 4);
  CHECK(g.write(fd, "0123456789") == success);
  CHECK(g.load(g.result) == 10);
  CHECK(fd_tell(g.state, g.memory, fd, g.result) == success);
  CHECK(g.load<std::uint64_t>(g.result) == 10);
  CHECK(fd_seek(g.state, g.memory, fd, -4, 2, g.result) == success);
  CHECK(g.load<std::uint64_t>(g.result) == 6);
  CHECK(g.read(fd) == "6789");
  CHECK(g.read(fd) == "");
  CHECK(fd_seek(g.state, g.memory, fd, -1, 0, g.result) == inval);
  CHECK(fd_seek(g.state, g.memory, fd, 0, 3, g.result) == inval);
  CHECK(fd_pread(g.state, g.memory, fd, g.one_buffer(g.data_at, 3), 1, 2, g.result) == success);
  CHECK(g.get(g.data_at, 3) == "234");
  g.put("xy", g.data_at);
  CHECK(fd_pwrite(g.state, g.memory, fd, g.one_buffer(g.data_at, 2), 1, 8, g.result) == success);
  CHECK(g.host.read("given/new") == "01234567xy");
  CHECK(fd_pwrite(g.state, g.memory, fd, 512, 1, ~std::uint64_t{0}, g.result) == inval);

  // Two buffers, an empty one between them.
  const guest_iovec parts[] = {{g.data_at, 2}, {g.data_at, 0}, {g.data_at + 2, 4}};
  CHECK(g.memory.store(512, parts) == success);
  CHECK(fd_seek(g.state, g.memory, fd, 0, 0, g.result) == success);
  CHECK(fd_read(g.state, g.memory, fd, 512, 3, g.result) == success);
  CHECK(g.get(g.data_at, 6) == "012345");

  // A fault is found before anything is read.
  CHECK(fd_seek(g.state, g.memory, fd, 0, 0, g.result) == success);
  CHECK(fd_read(g.state, g.memory, fd, 512, 3, 65533) == fault);
  CHECK(fd_read(g.state, g.memory, fd, g.one_buffer(65000, 1000), 1, g.result) == fault);
  CHECK(fd_tell(g.state, g.memory, fd, g.result) == success);
  CHECK(g.load<std::uint64_t>(g.result) == 0);

  CHECK(fd_close(g.state, g.memory, fd) == success);
  CHECK(fd_close(g.state, g.memory, fd) == badf);
  CHECK(g.read(fd) == "(error)");
}

TEST_CASE("sizes, times and flags of files") {
  sandbox_guest g;
  REQUIRE(g.open("hello.txt", 0, right::file) == success);
  const auto fd = g.opened();
  REQUIRE(fd_filestat_get(g.state, g.memory, fd, g.data_at) == success);
  const auto stat = g.load<guest_filestat>(g.data_at);
  CHECK(stat.size == 12);
  CHECK(stat.type == std::uint64_t(file_type::regular_file));
  CHECK(stat.links == 1);
  CHECK(fd_filestat_set_size(g.state, g.memory, fd, 5) == success);
  CHECK(g.host.read("given/hello.txt") == "hello");
  CHECK(fd_filestat_set_size(g.state, g.memory, fd, ~std::uint64_t{0}) == inval);
  CHECK(fd_allocate(g.state, g.memory, fd, 0, 100) == success);
  CHECK(fd_filestat_get(g.state, g.memory, fd, g.data_at) == success);
  CHECK(g.load<guest_filestat>(g.data_at).size == 100);
  CHECK(fd_filestat_set_times(g.state, g.memory, fd, 1'500'000'000, 2'000'000'007, time_flag::access | time_flag::modification) == success);
  CHECK(fd_filestat_get(g.state, g.memory, fd, g.data_at) == success);
  CHECK(g.load<guest_filestat>(g.data_at).access_time == 1'500'000'000);
  CHECK(g.load<guest_filestat>(g.data_at).modification_time == 2'000'000'007);
  CHECK(fd_filestat_set_times(g.state, g.memory, fd, 0, 0, time_flag::access | time_flag::access_now) == inval);
  const auto n = g.put("hello.txt");
  CHECK(path_filestat_set_times(g.state, g.memory, g.folder, 0, g.text_at, n, 0, 9, time_flag::modification) == success);
  CHECK(path_filestat_get(g.state, g.memory, g.folder, 0, g.text_at, n, g.data_at) == success);
  CHECK(g.load<guest_filestat>(g.data_at).modification_time == 9);
  CHECK(fd_advise(g.state, g.memory, fd, 0, 10, 2) == success);
  CHECK(fd_advise(g.state, g.memory, fd, 0, 10, 6) == inval);
  CHECK(fd_sync(g.state, g.memory, fd) == success);
  CHECK(fd_datasync(g.state, g.memory, fd) == success);

  CHECK(fd_fdstat_set_flags(g.state, g.memory, fd, fd_flag::append) == success);
  CHECK(fd_fdstat_get(g.state, g.memory, fd, g.data_at) == success);
  CHECK(g.load<guest_fdstat>(g.data_at).flags == fd_flag::append);
  CHECK(fd_fdstat_set_flags(g.state, g.memory, fd, fd_flag::dsync) == notsup);
  CHECK(fd_fdstat_set_flags(g.state, g.memory, fd, 64) == inval);
  CHECK(fd_filestat_set_size(g.state, g.memory, fd, 2) == success);
  CHECK(fd_seek(g.state, g.memory, fd, 0, 0, g.result) == success);
  CHECK(g.write(fd, "!") == success);
  CHECK(g.host.read("given/hello.txt") == "he!");
}

TEST_CASE("a file larger than the process may make is an error of the guest, not the end of the host") {
  sandbox_guest g;
  REQUIRE(g.open("new", open_flag::create, right::file) == success);
  const auto fd = g.opened();
  constexpr rlim_t most = 1 << 20;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const rlimit small{most, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const auto resized = fd_filestat_set_size(g.state, g.memory, fd, most + 1);
  const auto allocated = fd_allocate(g.state, g.memory, fd, most, 1);
  const auto written_there = fd_pwrite(g.state, g.memory, fd, g.one_buffer(g.data_at, 2), 1, most, g.result);
  const auto sought = fd_seek(g.state, g.memory, fd, most, 0, g.result);
  const auto written = g.write(fd, "x");
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK(resized == fbig);
  CHECK(allocated == fbig);
  CHECK(written_there == fbig);
  CHECK(sought == success);
  CHECK(written == fbig);
}

TEST_CASE("rights are only ever given away") {
  sandbox_guest g;
  REQUIRE(g.open("hello.txt", 0, right::fd_read) == success);
  const auto fd = g.opened();
  CHECK(g.write(fd, "x") == notcapable);
  CHECK(fd_tell(g.state, g.memory, fd, g.result) == notcapable);
  CHECK(fd_seek(g.state, g.memory, fd, 0, 1, g.result) == notcapable);
  for (const auto one : {right::fd_seek, right::fd_tell}) {  // either of them tells where one is
    REQUIRE(g.open("hello.txt", 0, one) == success);
    const auto other = g.opened();
    CHECK(fd_tell(g.state, g.memory, other, g.result) == success);
    CHECK(fd_seek(g.state, g.memory, other, 0, 1, g.result) == success);
    CHECK(fd_seek(g.state, g.memory, other, 1, 1, g.result) == (one == right::fd_seek ? success : notcapable));
  }
  CHECK(fd_fdstat_set_rights(g.state, g.memory, fd, right::fd_read | right::fd_write, 0) == notcapable);
  CHECK(fd_fdstat_set_rights(g.state, g.memory, fd, 0, 0) == success);
  CHECK(g.read(fd) == "(error)");
  CHECK(fd_fdstat_set_rights(g.state, g.memory, g.folder, right::path_open, right::fd_read) == success);
  CHECK(g.open("hello.txt", 0, right::fd_write) == notcapable);
  CHECK(g.open("x", open_flag::create, right::fd_read) == notcapable);
}

TEST_CASE("directories are made, listed, renamed and removed") {
  sandbox_guest g;
  auto n = g.put("made");
  CHECK(path_create_directory(g.state, g.memory, g.folder, g.text_at, n) == success);
  CHECK(path_create_directory(g.state, g.memory, g.folder, g.text_at, n) == exist);
  CHECK(path_unlink_file(g.state, g.memory, g.folder, g.text_at, n) == isdir);
  const auto m = g.put("sub/moved", g.second_text_at);
  CHECK(path_rename(g.state, g.memory, g.folder, g.text_at, n, g.folder, g.second_text_at, m) == success);
  CHECK(fs::is_directory(g.host.path / "given/sub/moved"));
  CHECK(path_remove_directory(g.state, g.memory, g.folder, g.second_text_at, m) == success);
  n = g.put("sub");
  CHECK(path_remove_directory(g.state, g.memory, g.folder, g.text_at, n) == notempty);
  n = g.put("hello.txt");
  const auto l = g.put("linked", g.second_text_at);
  CHECK(path_link(g.state, g.memory, g.folder, 0, g.text_at, n, g.folder, g.second_text_at, l) == success);
  CHECK(g.host.read("given/linked") == "hello, world");
  CHECK(path_unlink_file(g.state, g.memory, g.folder, g.text_at, n) == success);
  CHECK(path_unlink_file(g.state, g.memory, g.folder, g.text_at, n) == noent);
  n = g.put("linked");
  const auto s = g.put("symbolic", g.second_text_at);
  CHECK(path_symlink(g.state, g.memory, g.text_at, n, g.folder, g.second_text_at, s) == success);
  CHECK(path_readlink(g.state, g.memory, g.folder, g.second_text_at, s, g.data_at, 4, g.result) == success);
  CHECK(g.get(g.data_at, g.load(g.result)) == "link");
  CHECK(g.open("symbolic") == success);
  for (const std::uint32_t length : {4095u, 4096u, 30000u}) {
    std::memset(g.bytes.data() + g.data_at, 'a', length);
    g.put("long", g.second_text_at);
    CHECK(path_symlink(g.state, g.memory, g.data_at, length, g.folder, g.second_text_at, 4) == (length < 4096 ? success : nametoolong));
  }
  CHECK(g.open("never", open_flag::create | open_flag::directory) == inval);
  CHECK_FALSE(fs::exists(g.host.path / "given/never"));
}

TEST_CASE("a listing in small pieces gives every name once") {
  sandbox_guest g;
  for (int i = 0; i < 100; ++i) g.host.write("given/sub/file" + std::to_string(i), "");
  REQUIRE(g.open("sub", open_flag::directory, right::fd_readdir) == success);
  const auto fd = g.opened();
  std::vector<std::string> names;
  std::uint64_t cookie = 0;
  for (bool more = true; more;) {
    constexpr std::uint32_t size = 200;
    REQUIRE(fd_readdir(g.state, g.memory, fd, g.data_at, size, cookie, g.result) == success);
    const auto used = g.load(g.result);
    more = used == size;
    for (std::uint32_t at = 0; at + sizeof(guest_dirent) <= used;) {
      const auto e = g.load<guest_dirent>(g.data_at + at);
      at += std::uint32_t(sizeof e) + e.name_length;
      if (at > used) break;
      names.push_back(g.get(g.data_at + at - e.name_length, e.name_length));
      CHECK(e.next == ++cookie);  // fits the 32 bits of wasi-libc's telldir
    }
  }
  // From the middle, once more, and after the entry before was removed.
  for (const bool removed : {false, true}) {
    const std::string middle = names[51], next = names[52];
    if (removed && middle.starts_with("file")) fs::remove(g.host.path / "given/sub" / middle);
    REQUIRE(fd_readdir(g.state, g.memory, fd, g.data_at, 200, 52, g.result) == success);
    CHECK(g.get(g.data_at + sizeof(guest_dirent), std::uint32_t(next.size())) == next);
    CHECK(g.load<guest_dirent>(g.data_at).next == 53);
  }
  std::sort(names.begin(), names.end());
  for (const auto nowhere : {std::uint64_t{105}, std::uint64_t{1} << 63, ~std::uint64_t{0}}) CHECK(fd_readdir(g.state, g.memory, fd, g.data_at, 200, nowhere, g.result) == inval);
  CHECK(names.size() == 104);  // with inner.txt, deep, . and ..
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(std::find(names.begin(), names.end(), "file99") != names.end());
}

TEST_CASE("preopened directories name themselves") {
  sandbox_guest g;
  CHECK(fd_prestat_get(g.state, g.memory, 3, g.data_at) == success);
  CHECK(g.load<guest_prestat>(g.data_at).name_length == 1);
  CHECK(fd_prestat_dir_name(g.state, g.memory, 3, g.data_at, 1) == success);
  CHECK(g.get(g.data_at, 1) == "/");
  CHECK(fd_prestat_dir_name(g.state, g.memory, 3, g.data_at, 0) == nametoolong);
  CHECK(fd_prestat_dir_name(g.state, g.memory, 3, 0xffffffff, 1) == fault);
  CHECK(fd_prestat_get(g.state, g.memory, 4, g.data_at) == badf);
  CHECK(fd_prestat_get(g.state, g.memory, 1, g.data_at) == badf);
}

TEST_CASE("descriptors are renumbered, reused and limited") {
  sandbox_guest g;
  REQUIRE(g.open("hello.txt") == success);
  REQUIRE(g.open("sub/inner.txt") == success);
  CHECK(fd_renumber(g.state, g.memory, 5, 4) == success);
  CHECK(g.read(4) == "inner");
  CHECK(fd_renumber(g.state, g.memory, 5, 4) == badf);
  CHECK(fd_renumber(g.state, g.memory, 4, 99) == badf);
  CHECK(fd_renumber(g.state, g.memory, 4, 4) == success);
  REQUIRE(g.open("hello.txt") == success);
  CHECK(g.opened() == 5);
  error_number e = success;
  for (int i = 0; i < 100 && e == success; ++i) e = g.open("hello.txt");
  CHECK(e == mfile);
  CHECK(g.opened() == 63);
  CHECK(g.open("hello.txt", open_flag::truncate, right::fd_write) == mfile);
  CHECK(g.open("new.txt", open_flag::create, right::fd_write) == mfile);
  CHECK(g.host.read("given/hello.txt") == "hello, world");
  CHECK_FALSE(fs::exists(g.host.path / "given/new.txt"));
}

TEST_CASE("a standard stream is read or written, whatever the host put there") {
  sandbox_guest g;
  const auto given = g.host.path / "given";
  const host_fd folder(::open(given.c_str(), O_RDONLY)), log(::open((given / "hello.txt").c_str(), O_RDWR | O_APPEND));
  const std::uint32_t in = *g.state.descriptors.add(standard_stream(*folder, true)), out = *g.state.descriptors.add(standard_stream(*log, false));
  CHECK(g.open("hello.txt", 0, right::fd_read, 0, in) == notcapable);
  CHECK(path_unlink_file(g.state, g.memory, in, g.text_at, g.put("hello.txt")) == notcapable);
  CHECK(fd_readdir(g.state, g.memory, in, g.data_at, 100, 0, g.result) == notcapable);
  CHECK(g.read(in) == "(error)");
  for (const std::uint32_t fd : {in, out}) {
    CHECK(fd_filestat_set_size(g.state, g.memory, fd, 0) == notcapable);
    CHECK(fd_filestat_set_times(g.state, g.memory, fd, 0, 0, 5) == notcapable);
    CHECK(fd_fdstat_set_flags(g.state, g.memory, fd, 0) == notcapable);
    CHECK(fd_allocate(g.state, g.memory, fd, 0, 100) == notcapable);
    CHECK(fd_seek(g.state, g.memory, fd, 0, 0, g.result) == notcapable);
    CHECK(fd_pwrite(g.state, g.memory, fd, g.one_buffer(g.data_at, 1), 1, 0, g.result) == notcapable);
  }
  CHECK(g.write(out, "!") == success);
  CHECK(g.host.read("given/hello.txt") == "hello, world!");
}

TEST_CASE("a standard stream that the host has closed stays closed, whatever gets its number") {
  sandbox_guest g;
  int closed = -1;
  {
    const host_fd soon(::open("/dev/null", O_RDWR));
    closed = *soon;
  }
  const std::uint32_t in = *g.state.descriptors.add(standard_stream(closed, true)), out = *g.state.descriptors.add(standard_stream(closed, false));
  REQUIRE(g.open("hello.txt", 0, right::fd_read | right::fd_write) == success);
  CHECK(g.read(in) == "(error)");
  CHECK(g.write(out, "x") == badf);
  CHECK(g.host.read("given/hello.txt") == "hello, world");
  for (const std::uint8_t tag : {std::uint8_t{1}, std::uint8_t{2}}) {  // which is known at once, although nothing limits the wait
    CHECK(g.memory.store(0, guest_subscription{.user_data = 5, .tag = tag, .clock_or_fd = tag == 1 ? in : out, .timeout = 0, .precision = 0, .flags = 0}) == success);
    CHECK(poll_oneoff(g.state, g.memory, 0, 1000, 1, 2000) == success);
    CHECK(g.load(2000) == 1);
    CHECK(g.load<guest_event>(1000).error == badf);
  }
}

TEST_CASE("opening a FIFO does not wait for its other end") {
  sandbox_guest g;
  REQUIRE(::mkfifo((g.host.path / "given/fifo").c_str(), 0600) == 0);
  CHECK(g.open("fifo", 0, right::fd_write) == nxio);
  REQUIRE(g.open("fifo", 0, right::fd_read) == success);
  const auto reading = g.opened();
  CHECK(g.read(reading) == "");
  REQUIRE(g.open("fifo", 0, right::fd_write) == success);
  CHECK(g.write(g.opened(), "through") == success);
  CHECK(g.read(reading) == "through");
}

TEST_CASE("what is removed or renamed is the link itself, though a slash follows") {
  sandbox_guest g;
  fs::create_directory(g.host.path / "given/empty");
  fs::create_directory_symlink("empty", g.host.path / "given/link");
  const auto n = g.put("link/"), m = g.put("elsewhere", g.second_text_at);
  CHECK(path_remove_directory(g.state, g.memory, g.folder, g.text_at, n) == notdir);
  CHECK(path_unlink_file(g.state, g.memory, g.folder, g.text_at, n) == notdir);
  CHECK(path_rename(g.state, g.memory, g.folder, g.text_at, n, g.folder, g.second_text_at, m) == notdir);
  CHECK(path_create_directory(g.state, g.memory, g.folder, g.text_at, n) == exist);
  CHECK(fs::is_directory(g.host.path / "given/empty"));
  CHECK(fs::is_symlink(g.host.path / "given/link"));
  CHECK(path_filestat_get(g.state, g.memory, g.folder, 0, g.text_at, n, g.data_at) == success);
  CHECK(g.load<guest_filestat>(g.data_at).type == std::uint8_t(file_type::directory));
}

TEST_CASE("a link is read whole or not at all") {
  sandbox_guest g;
  fs::create_symlink("hello.txt", g.host.path / "given/link");
  const auto n = g.put("link");
  const auto before = g.bytes;
  CHECK(path_readlink(g.state, g.memory, g.folder, g.text_at, n, g.data_at, 100, 65533) == fault);
  CHECK(g.bytes == before);
}
