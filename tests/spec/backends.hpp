#pragma once

#include "backend.hpp"
#include <memory>

namespace suite {

// The highest level of instructions that compiled code may use.
enum class cpu_level { v1, detected };

// "interpreter": the interpreter of the examples. "validator": validates only, all of Wasm 2.0. Else a policy's name.
// Null where there is none of that name.
std::unique_ptr<backend> make_backend(std::string_view name, cpu_level cpu);

std::unique_ptr<backend> make_interpreter_backend();
std::unique_ptr<backend> make_validator_backend();
std::unique_ptr<backend> make_engine_backend(std::string_view policy, cpu_level cpu);

}  // namespace suite
