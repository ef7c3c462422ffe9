#pragma once

#include <lightbeam/core/reader.hpp>
#include <string>
#include <vector>

namespace suite {

// The names of the modules that a module imports from, whatever features its other parts need: where a kind of import is not
// known, the rest is not read. Memories of any kind are skipped by their flags.
class import_names {
 public:
  explicit import_names(std::span<const std::uint8_t> module) : in_(module) {
    in_.bytes(8);
    while (in_.left()) {
      const auto id = in_.byte();
      const auto content = in_.bytes(in_.u32());
      if (id == 2) read(lightbeam::reader(content));
    }
  }
  std::vector<std::string> names;

 private:
  void read(lightbeam::reader in) {
    for (auto n = in.u32(); n-- && in;) {
      names.push_back(name(in));
      name(in);
      if (!skip_type(in)) return;
    }
  }
  static std::string name(lightbeam::reader& in) {
    const auto bytes = in.bytes(in.u32());
    return {bytes.begin(), bytes.end()};
  }
  static bool skip_type(lightbeam::reader& in) {
    switch (in.byte()) {
      case 0: in.u32(); return true;
      case 1: return skip_value_type(in), skip_limits(in), true;
      case 2: return skip_limits(in), true;
      case 3: return skip_value_type(in), in.byte(), true;
      case 4: return in.byte(), in.u32(), true;
      default: return false;
    }
  }
  // Typed references are followed by a heap type.
  static void skip_value_type(lightbeam::reader& in) {
    const auto code = in.byte();
    if (code == 0x63 || code == 0x64) in.s33();
  }
  static void skip_limits(lightbeam::reader& in) {
    const auto flags = in.byte();
    in.u64();
    if (flags & 1) in.u64();
    if (flags & 8) in.u32();
  }

  lightbeam::reader in_;
};

}  // namespace suite
