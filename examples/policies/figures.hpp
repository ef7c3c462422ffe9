#pragma once

#include <lightbeam/runtime.hpp>

namespace policies {

// What a compiled module consists of, for programs that report it.
struct figures {
  std::size_t functions = 0;      // defined in the module, without imports
  std::size_t module_bytes = 0;
  std::size_t code_bytes = 0;     // of the contents of the code section
  std::size_t machine_bytes = 0;  // of all machine code, thunks included
};

inline std::size_t code_section_bytes(std::span<const std::uint8_t> module) {
  constexpr std::uint8_t code_section = 10;
  for (std::size_t at = 8; at < module.size();) {
    const std::uint8_t id = module[at++];
    std::size_t size = 0;
    for (int shift = 0; at < module.size(); shift += 7) {
      const std::uint8_t byte = module[at++];
      size |= std::size_t(byte & 0x7f) << shift;
      if (!(byte & 0x80)) break;
    }
    if (id == code_section) return size;
    at += size;
  }
  return 0;
}

inline figures figures_of(const lightbeam::module& m) {
  const auto& info = m.info();
  return {info.bodies.size(), info.bytes.size(), code_section_bytes(info.bytes), m.image().code_size};
}

}  // namespace policies
