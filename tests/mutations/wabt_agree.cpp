// The verdicts of wabt's validator beside ours, on modules that `mutations --write /dev/stdout` writes.

#include "../sequences/child.hpp"
#include <charconv>
#include <fstream>
#include <iostream>
#include <string>
#include <wabt/binary-reader-ir.h>
#include <wabt/binary-reader.h>
#include <wabt/ir.h>
#include <wabt/validator.h>

namespace {

constexpr const char* help = R"(wabt_agree FOLDER
Reads from standard input: for each module a line `NAME<tab>SIZE<tab>VERDICT`, and its bytes. Writes into FOLDER the modules about
which the two differ, with `wabt.tsv`. Prints how many agreed.
)";

struct module {
  std::string name, verdict, bytes;
};

// What `wasm-validate --ignore-custom-section-errors` says.
bool is_valid(const std::string& bytes) {
  wabt::Errors errors;
  wabt::Module read;
  const wabt::Features features;
  const wabt::ReadBinaryOptions options(features, nullptr, true, true, false);
  return Succeeded(wabt::ReadBinaryIr("", bytes.data(), bytes.size(), options, &errors, &read)) && Succeeded(wabt::ValidateModule(&read, &errors, wabt::ValidateOptions(features)));
}

// False at the end of the input, or where it is not as it should be.
bool read_module(module& to) {
  std::string size;
  if (!std::getline(std::cin, to.name, '\t') || !std::getline(std::cin, size, '\t') || !std::getline(std::cin, to.verdict)) return false;
  std::size_t n = 0;
  if (std::from_chars(size.data(), size.data() + size.size(), n).ec != std::errc()) return false;
  to.bytes.resize(n);
  return bool(std::cin.read(to.bytes.data(), std::streamsize(n)));
}

// In a child, for a validator may crash on what is tried here: what it was at then counts as a difference.
std::vector<char> verdicts(const std::vector<module>& block) {
  std::vector<char> all;
  while (all.size() < block.size()) {
    const auto some = sequences::run_in_child<char>(60, [&](const auto& give) {
      for (auto i = all.size(); i < block.size(); ++i) give(is_valid(block[i].bytes));
    });
    all.insert(all.end(), some.begin(), some.end());
    if (all.size() < block.size()) all.push_back(2);
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') return std::fputs(help, stderr), 2;
  std::ios::sync_with_stdio(false);
  const std::string folder = std::string(argv[1]) + "/";
  std::ofstream differences(folder + "wabt.tsv");
  std::uint64_t agreed = 0;
  for (bool more = true; more;) {
    std::vector<module> block;
    std::size_t bytes = 0;
    for (module m; bytes < 16 << 20 && (more = read_module(m)); block.push_back(std::move(m))) bytes += m.bytes.size() + 100;
    const auto theirs = verdicts(block);
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (theirs[i] == (block[i].verdict == "valid")) {
        ++agreed;
        continue;
      }
      differences << block[i].name << '\t' << block[i].verdict << '\n';
      std::ofstream(folder + block[i].name, std::ios::binary) << block[i].bytes;
    }
  }
  std::printf("%llu\n", static_cast<unsigned long long>(agreed));
  return std::cin.eof() && differences ? 0 : 1;
}
