#pragma once

#include "module.hpp"
#include "../core/reader.hpp"
#include "../core/utf8.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {
LIGHTBEAM_SMALL

// The function names of the custom section "name", which lies in the module's bytes. Nothing in it can make a module malformed: what
// makes no sense is skipped, and what is not in the order of the functions (appendix 7.4.1), so that it takes no more memory than they.
inline void read_function_names(std::span<const std::uint8_t> section, module_info& info) {
  reader in(section);
  while (in && in.left() != 0) {
    const std::uint8_t id = in.byte();
    const std::uint32_t size = in.u32();
    reader names(in.bytes(size));
    if (id != 1) continue;
    for (std::uint32_t n = names.u32(); n-- && names;) {
      const std::uint32_t index = names.u32();
      const auto text = names.bytes(names.u32());
      if (!names || index >= info.functions.size() || text.empty() || !is_utf8(text)) continue;
      if (!info.function_names.empty() && index <= info.function_names.back().function) continue;
      info.function_names.push_back({index, std::uint32_t(text.data() - info.bytes.data()), std::uint32_t(text.size())});
    }
  }
}

LIGHTBEAM_SMALL_END
}  // namespace lightbeam::inline LIGHTBEAM_ABI
