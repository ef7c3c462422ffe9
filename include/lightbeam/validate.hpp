#pragma once

// The validator alone, for programs that check modules without compiling them: validate(bytes, features).
#include "wasm/validator.hpp"
