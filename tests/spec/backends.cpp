#include "backends.hpp"

namespace suite {

std::unique_ptr<backend> make_backend(std::string_view name, cpu_level cpu) {
  if (name == "interpreter") return make_interpreter_backend();
  if (name == "validator") return make_validator_backend();
  return make_engine_backend(name, cpu);
}

}  // namespace suite
