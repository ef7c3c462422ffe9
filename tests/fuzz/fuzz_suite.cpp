// Runs random modules with known results (see the README of their folder). Every module starts in a store of its own.
// The results were recorded by a host whose f32 quietens signalling NaNs on their way (scalar-1665 exports a constant global
// that holds one), so there the quiet NaN of the same payload agrees.

#include "../spec/suite.hpp"

#ifndef LIGHTBEAM_FUZZ_DIR
#define LIGHTBEAM_FUZZ_DIR "/work/shared/fuzz"
#endif

int main(int argc, char** argv) {
  return suite::run_suite(argc, argv, LIGHTBEAM_FUZZ_DIR, [](const suite::backend&, const suite::fs::path&) {
    suite::script_options o;
    o.fresh_stores = o.quietened = true;
    return o;
  });
}
