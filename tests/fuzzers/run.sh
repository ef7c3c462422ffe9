#!/usr/bin/env bash
# Fuzzers: each target looks for inputs that reach new code, and stops at the first that breaks a promise.
usage() {
  cat <<'TEXT'
usage: bash tests/fuzzers/run.sh [MINUTES [TARGET]...]

Builds the targets for libFuzzer with Clang and the sanitizers, and runs each (or those that are named) for MINUTES (15 if not said):

  validate  modules for the reader and the validator: whole and in pieces the same verdict
  compile   modules for the compiler: the validator's verdict, and whole and in pieces the same code
  execute   modules that run: the interpreter's results, traps, memory and globals
  wasi      calls of WASI, at the edges of memory, descriptors and paths

They start from the modules in ../shared and from what they found before, which is kept in .cache/fuzzers.
TEXT
}
case ${1:-} in --help | -h) usage; exit 0 ;; esac
export CXX=clang++-14
. "$(dirname "$0")/../../.ci/prepare"
minutes=${1:-15}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- validate compile execute wasi
passed=0 failed=0
need_toolchain
need_libfuzzer
build build-fuzzers -Dfuzzers=true -Dsanitizers=true -Dexamples=false -Dbenches=false -Doptimization=1 \
  -Dpolicies=guard_pages,bounds_checks_two_registers -- fuzzers

corpus=$top/.cache/fuzzers
# Modules of more than 4 KB would only be slow. What runs starts from valid ones.
if [ ! -d "$corpus/seeds" ]; then
  mkdir -p "$corpus/seeds" "$corpus/seeds-valid"
  for from in spec fuzz; do (cd ../shared/$from && find . -name '*.wasm' -size -9 -exec cp --parents -t "$corpus/seeds" {} +); done
  (cd "$corpus/seeds" && find . -name '*.wasm' | while read -r f; do if wasm-validate --disable-simd "$f" 2> /dev/null; then cp --parents "$f" ../seeds-valid; fi; done)
fi

for target in "$@"; do
  log=$corpus/$target.log code=0
  case $target in
    wasi) options=(-max_len=1024) ;;
    execute) options=(-max_len=4096 -cross_over=0 -entropic=0 "$corpus/seeds-valid") ;;
    *) options=(-max_len=4096 "$corpus/seeds") ;;
  esac
  mkdir -p "$corpus/$target"
  # Files of the guests lie in memory, where that can be had.
  ASAN_OPTIONS=malloc_context_size=4 TMPDIR=$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}") build-fuzzers/tests/fuzzers/fuzz_"$target" -max_total_time=$((minutes * 60)) \
    -timeout=60 -rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$corpus/$target-" "$corpus/$target" "${options[@]}" > "$log" 2>&1 || code=$?
  echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, $(find "$corpus/$target" -type f | wc -l) inputs kept"
  if [ $code -eq 0 ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    grep -vE '^#[0-9]|^"' "$log" | head -n 40
    echo "FAILED $target; again: build-fuzzers/tests/fuzzers/fuzz_$target $(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)"
  fi
done
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
