#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace tests {

namespace fs = std::filesystem;

// A folder of the host that is there while the test runs.
struct empty_folder {
  fs::path path;
  empty_folder() {
    std::string name = (fs::temp_directory_path() / "lightbeam-").string() + std::string(6, 'X');  // what mkdtemp replaces
    path = ::mkdtemp(name.data());
  }
  empty_folder(const empty_folder&) = delete;
  ~empty_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
  std::string read(const std::string& name) const {
    std::ifstream in(path / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

// With a secret beside what the guest is given.
struct temporary_folder : empty_folder {
  temporary_folder() {
    fs::create_directories(path / "given/sub/deep");
    write("secret", "secret");
    write("given/hello.txt", "hello, world");
    write("given/sub/inner.txt", "inner");
  }
};

}  // namespace tests
