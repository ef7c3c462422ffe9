#pragma once

#include "descriptors.hpp"
#include "guest.hpp"
#include <string>
#include <vector>

namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1 {

// What the calls of one guest share.
struct wasi_state {
  std::vector<std::string> arguments, environment;  // environment as NAME=VALUE
  descriptor_table descriptors;
  sandbox files;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI::wasi_preview1
