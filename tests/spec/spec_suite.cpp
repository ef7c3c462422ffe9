// Runs the official test suite, converted to JSON (see the README of its folder).

#include "suite.hpp"

#ifndef LIGHTBEAM_SPEC_DIR
#define LIGHTBEAM_SPEC_DIR "/work/shared/spec"
#endif

namespace {

using lightbeam::feature;

// The features that the modules of a file may use, all together.
feature features_of(const suite::fs::path& file) {
  const auto directory = file.parent_path().parent_path().filename();
  if (directory == "2.0") return file.stem().string().starts_with("simd_") ? feature::wasm2 : feature::wasm2_scalar;
  if (directory == "threads") return feature::mvp | feature::mutable_global | feature::threads;
  return feature(0xffffffff);
}

}  // namespace

int main(int argc, char** argv) {
  return suite::run_suite(argc, argv, LIGHTBEAM_SPEC_DIR, [](const suite::backend& b, const suite::fs::path& file) {
    suite::script_options o;
    o.kinds_agree = contains(b.features(), features_of(file));
    return o;
  });
}
