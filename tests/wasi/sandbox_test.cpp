#include <doctest/doctest.h>
#include "sandbox_guest.hpp"

using namespace tests;

// Everything here holds whether paths are resolved by the kernel or by us.
static void both(void (*check)(sandbox_guest&)) {
  for (const bool openat2 : {true, false}) {
    CAPTURE(openat2);
    sandbox_guest g(openat2);
    check(g);
  }
}

TEST_CASE("files below the directory are found") {
  both([](sandbox_guest& g) {
    for (const std::string path : {"hello.txt", "./hello.txt", "sub/../hello.txt", "sub/deep/../../hello.txt", ".//sub//..//hello.txt"}) {
      CAPTURE(path);
      REQUIRE(g.open(path) == error_number::success);
      CHECK(g.read(g.opened()) == "hello, world");
    }
    CHECK(g.open("none.txt") == error_number::noent);
    CHECK(g.open("none/x") == error_number::noent);
    CHECK(g.open("hello.txt/x") == error_number::notdir);
    CHECK(g.open("hello.txt/") == error_number::notdir);
    CHECK(g.open("") == error_number::noent);
    CHECK(g.open(std::string("hello.txt\0x", 11)) == error_number::inval);
    CHECK(g.open(std::string(4096, 'a')) == error_number::nametoolong);
  });
}

TEST_CASE("paths cannot leave the directory") {
  both([](sandbox_guest& g) {
    for (const std::string path : {"../secret", "..", "../given/hello.txt", "sub/../../secret", "/etc/passwd", "/", "sub/deep/../../../secret", "./..", "../"}) {
      CAPTURE(path);
      CHECK(g.open(path) == error_number::notcapable);
      const auto n = g.put(path);
      CHECK(path_filestat_get(g.state, g.memory, g.folder, 1, g.text_at, n, g.data_at) == error_number::notcapable);
      CHECK(path_create_directory(g.state, g.memory, g.folder, g.text_at, n) != error_number::success);
      CHECK(path_unlink_file(g.state, g.memory, g.folder, g.text_at, n) == error_number::notcapable);
      CHECK(path_remove_directory(g.state, g.memory, g.folder, g.text_at, n) != error_number::success);
      CHECK(path_readlink(g.state, g.memory, g.folder, g.text_at, n, g.data_at, 100, g.result) != error_number::success);
    }
    CHECK(g.host.read("secret") == "secret");
  });
}

TEST_CASE("symbolic links that lead out are refused, those that stay are followed") {
  both([](sandbox_guest& g) {
    const auto given = g.host.path / "given";
    fs::create_symlink(g.host.path / "secret", given / "absolute");
    fs::create_symlink("../secret", given / "up");
    fs::create_symlink("../../secret", given / "sub/up");
    fs::create_directory_symlink("..", given / "parent");
    fs::create_directory_symlink("/", given / "root");
    fs::create_directory_symlink("sub", given / "sideways");
    fs::create_symlink("sub/inner.txt", given / "inside");
    fs::create_symlink("../hello.txt", given / "sub/back");
    fs::create_symlink("loop", given / "loop");
    fs::create_symlink("inside", given / "twice");
    for (const std::string path : {"absolute", "up", "sub/up", "parent/secret", "parent", "root/etc/passwd", "root", "parent/given/hello.txt", "sideways/up", "parent/"}) {
      CAPTURE(path);
      CHECK(g.open(path) == error_number::notcapable);
    }
    for (const std::string path : {"inside", "twice", "sideways/inner.txt", "sideways/../sub/inner.txt"}) {
      CAPTURE(path);
      REQUIRE(g.open(path) == error_number::success);
      CHECK(g.read(g.opened()) == "inner");
    }
    REQUIRE(g.open("sub/back") == error_number::success);
    CHECK(g.read(g.opened()) == "hello, world");
    CHECK(g.open("loop") == error_number::loop);
    CHECK(g.open("loop/x") == error_number::loop);
    CHECK(g.open("inside", 0, right::fd_read, 0) == error_number::loop);  // not asked to follow
    CHECK(g.open("absolute", 0, right::fd_read, 0) == error_number::loop);
  });
}

TEST_CASE("links that lead out are not written through") {
  both([](sandbox_guest& g) {
    const auto given = g.host.path / "given";
    fs::create_symlink("../made", given / "dangling");
    fs::create_symlink("sub/made", given / "good");
    CHECK(g.open("dangling", open_flag::create, right::fd_write) == error_number::notcapable);
    CHECK(!fs::exists(g.host.path / "made"));
    CHECK(g.open("good", open_flag::create | open_flag::exclusive, right::fd_write) == error_number::exist);
    REQUIRE(g.open("good", open_flag::create, right::fd_write) == error_number::success);
    CHECK(g.write(g.opened(), "made") == error_number::success);
    CHECK(g.host.read("given/sub/made") == "made");
    const auto n = g.put("/etc");
    const auto name = g.put("link", g.second_text_at);
    CHECK(path_symlink(g.state, g.memory, g.text_at, n, g.folder, g.second_text_at, name) == error_number::notcapable);
  });
}

TEST_CASE("a directory that the guest opened is a root of its own") {
  both([](sandbox_guest& g) {
    REQUIRE(g.open("sub", open_flag::directory, right::path_open | right::fd_readdir) == error_number::success);
    const auto sub = g.opened();
    REQUIRE(g.open("inner.txt", 0, right::fd_read, 1, sub) == error_number::success);
    CHECK(g.read(g.opened()) == "inner");
    CHECK(g.open("../hello.txt", 0, right::fd_read, 1, sub) == error_number::notcapable);
  });
}
