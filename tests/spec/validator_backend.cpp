#include "validator_backend.hpp"

#include "backends.hpp"

namespace suite {

std::unique_ptr<backend> make_validator_backend() { return std::make_unique<validator_backend>(lightbeam::feature::wasm2); }

}  // namespace suite
