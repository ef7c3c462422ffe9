// Bytes as a module for the compiler: verdict and text are the validator's, whole and in chunks, and so is the machine code.

#include "../../examples/policies/policies.hpp"
#include "mutator.hpp"
#include "target.hpp"
#include <lightbeam/validate.hpp>

namespace {

using compiled = lightbeam::result<lightbeam::module>;

std::string code_of(const compiled& m) { return m ? std::string(reinterpret_cast<const char*>(m->image().code), m->image().code_size) : std::string(); }

}  // namespace

// A quarter are bytes turned at random; those hardly ever make a module.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  return fuzzers::mutate(data, size, most, seed, [seed](const auto&) { return seed % 4 != 0; });
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto engines = [] {
    std::vector<std::unique_ptr<policies::any_engine>> all;
    for (const auto name : policies::names()) all.push_back(policies::make_engine(name));
    return all;
  }();
  const std::span bytes(data, size);
  const auto& engine = *engines[size % engines.size()];
  const auto whole = engine.compile(bytes), chunks = engine.compile_in_chunks(bytes, 1 + size % 13);
  fuzzers::require_same("whole", fuzzers::verdict_of(whole), "in chunks", fuzzers::verdict_of(chunks));
  if (code_of(whole) != code_of(chunks)) fuzzers::require_same("code", "of the whole", "code", "of the chunks");
  // The compiler has limits of its own, on the size of functions.
  if (!whole && whole.error().kind() == lightbeam::failure_kind::limit) return 0;
  fuzzers::require_same("compiler", fuzzers::verdict_of(whole), "validator", fuzzers::verdict_of(lightbeam::validate(bytes, lightbeam::feature::wasm2_scalar)));
  return 0;
}
