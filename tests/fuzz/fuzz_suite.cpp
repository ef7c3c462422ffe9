// Runs random modules with known results (see the README of their folder). Every module starts in a store of its own.

#include "../spec/suite.hpp"

#ifndef LIGHTBEAM_FUZZ_DIR
#define LIGHTBEAM_FUZZ_DIR "/work/shared/fuzz"
#endif

int main(int argc, char** argv) {
  return suite::run_suite(argc, argv, LIGHTBEAM_FUZZ_DIR, [](const suite::backend&, const suite::fs::path&) {
    suite::script_options o;
    o.fresh_stores = true;
    return o;
  });
}
