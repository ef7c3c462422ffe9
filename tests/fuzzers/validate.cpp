// Bytes as a module for the reader and the validator: whole and in chunks they must give the same verdict.

#include "mutator.hpp"
#include "target.hpp"
#include <lightbeam/validate.hpp>

namespace {

using lightbeam::feature;

std::string verdict_in_chunks(std::span<const std::uint8_t> bytes, feature features, std::size_t chunk) {
  const lightbeam::ref<lightbeam::validated_module> of(new lightbeam::validated_module);
  lightbeam::validating_sink sink(features);
  lightbeam::module_reader reader(of->info, features, sink);
  lightbeam::result<void> done;
  for (; done && !bytes.empty(); bytes = bytes.subspan(std::min(chunk, bytes.size()))) done = reader.feed(bytes.first(std::min(chunk, bytes.size())));
  if (done) done = reader.finish();
  return done ? "valid" : lightbeam::failure(done.error()).from(of.get()).text();
}

}  // namespace

// A quarter are bytes turned at random; those hardly ever make a module.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  return fuzzers::mutate(data, size, most, seed, [seed](const auto&) { return seed % 4 != 0; });
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span bytes(data, size);
  for (const feature features : {feature::mvp, feature::wasm2_scalar, feature::wasm2, feature(~0u)})
    fuzzers::require_same("whole", fuzzers::verdict_of(lightbeam::validate(bytes, features)), "in chunks", verdict_in_chunks(bytes, features, 1 + size % 13));
  return 0;
}
