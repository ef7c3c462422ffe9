#pragma once

// Modules that cannot take much memory: what theirs ask for is cut to what a fuzzer can spare.

#include "module_parts.hpp"
#include <algorithm>

namespace fuzzers {

// Limits of section 5.3.5 with both bounds cut.
inline void copy_limits(lightbeam::reader& in, byte_writer& out, std::uint32_t most_at_first, std::uint32_t most) {
  const std::uint8_t flags = in.byte();
  const std::uint32_t minimum = in.u32();
  const std::uint32_t maximum = flags & 1 ? in.u32() : most;
  out.byte(flags | 1).u32(std::min(minimum, most_at_first)).u32(std::min(maximum, most));
}

// The module with small tables and memories; nothing where it is not built as a module is.
inline std::optional<bytes> bounded(std::span<const std::uint8_t> module) {
  auto parts = module_parts::read(module);
  if (!parts) return {};
  for (auto& s : parts->sections) {
    const bool tables = s.id == std::uint8_t(lightbeam::section::table);
    if (!tables && s.id != std::uint8_t(lightbeam::section::memory)) continue;
    lightbeam::reader in(s.content);
    byte_writer out;
    const std::uint32_t count = in.u32();
    out.u32(count);
    for (std::uint32_t n = count; n-- && in;) {
      if (tables) out.byte(in.byte());
      copy_limits(in, out, tables ? 200 : 2, tables ? 1000 : 4);
    }
    if (!in || in.left() > 0) return {};
    s.content = out.bytes();
  }
  return parts->write();
}

}  // namespace fuzzers
