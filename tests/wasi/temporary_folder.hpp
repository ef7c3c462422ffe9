#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace tests {

namespace fs = std::filesystem;

// A folder of the host that is there while the test runs, with a secret beside what the guest is given.
struct temporary_folder {
  fs::path path;
  temporary_folder() {
    std::string name = (fs::temp_directory_path() / "lightbeam-wasi-XXXXXX").string();
    path = ::mkdtemp(name.data());
    fs::create_directories(path / "given/sub/deep");
    write("secret", "secret");
    write("given/hello.txt", "hello, world");
    write("given/sub/inner.txt", "inner");
  }
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
  std::string read(const std::string& name) const {
    std::ifstream in(path / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

}  // namespace tests
