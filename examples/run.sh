#!/usr/bin/env bash
# Installs what is missing, builds, compiles and runs real programs, and shows what was compiled, how fast, and their output.
. "$(dirname "$0")/../.ci/prepare"
need_toolchain
build "$folder" -- examples/run examples/programs/squeeze.wasm examples/programs/words.wasm

input=$(mktemp -d)
trap 'rm -rf "$input"' EXIT
cp -r README.md include/lightbeam/. "$input"

show() {
  printf '\n$ run %s\n' "$*"
  "$folder/examples/run" --stats "$@"
}
echo "A compressor in C, made with wasi-libc (examples/programs/squeeze.c): restores what it compressed"
show --dir "$input" "$folder/examples/programs/squeeze.wasm" README.md gen/generator.hpp
echo
echo "The most frequent words of the headers (examples/programs/words.c)"
show --dir "$input" "$folder/examples/programs/words.wasm" -n 8 /
kernels=../shared/kernels
if [ -d $kernels ]; then
  echo
  echo "Two kernels, an exported function each"
  show --invoke run $kernels/fib.wasm
  show --invoke run $kernels/sha256.wasm
fi
