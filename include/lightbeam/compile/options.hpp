#pragma once

#include "../x64/cpu.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

struct engine_options {
  cpu_features cpu = detect_cpu();  // capped by the policy's level
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
