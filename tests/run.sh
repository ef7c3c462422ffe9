#!/usr/bin/env bash
. "$(dirname "$0")/../.ci/prepare"

usage() {
  cat <<'END'
usage: bash tests/run.sh [SUITE [ARGUMENT]...]

Installs what is missing, builds, runs every test, and ends with `N passed, N failed, N skipped`. With a SUITE, only that one:

  unit               the unit tests, an executable per folder
  sanitized          the same under the address and undefined behaviour sanitizers
  structure          the layers, every header alone, two units together, sizes and compile times
  fail               mistakes that must not compile, and what the compiler says
  spec [FOLDER]      the official test suite; arguments of build/tests/spec_suite are passed on (--help)
  fuzz [FOLDER]      random modules with known results; likewise
  matrix [FOLDER]    both under all policies and CPU levels
  sequences          two and three operators after one another against the interpreter
  mutations          prefixes and mutations of modules through validator and engine (--help)
  agree              the verdicts of our validator beside those of wabt and wasm-tools
  bombs              time and memory of generated modules, of n parts and of 2 n (--help)
  programs           real programs from npm, and programs of our own made with wasi-libc
  long               what takes too long for every change: the whole matrix, and more sequences
CXX=clang++-14 tests with Clang.
END
}

passed=0 failed=0 skipped=0
count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

# run NAME COMMAND...: shows a program's output and counts what its last line says.
run() {
  local name=$1 log code=0 line
  shift
  echo "== $name"
  log=$(mktemp)
  "$@" 2>&1 | tee "$log" || code=$?
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?' "$log" | tail -n 1 | tr -dc '0-9,' || true)
  [ -n "$line" ] || line=$(sed -nE 's/^\[doctest\] test cases: *[0-9]+ *\| *([0-9]+) passed *\| *([0-9]+) failed *\| *([0-9]+) skipped.*/\1,\2,\3/p' "$log" | tail -n 1)
  rm -f "$log"
  local counts=()
  IFS=, read -ra counts <<< "$line"
  if [ ${#counts[@]} -lt 2 ]; then counts=(0 1 0); fi  # it crashed, or ran nothing
  if [ "$code" -ne 0 ] && [ "${counts[1]}" -eq 0 ]; then counts[1]=1; fi
  count "${counts[0]}" "${counts[1]}" "${counts[2]:-0}"
}

unit() {
  local t
  for t in "$1"/tests/*_test; do run "unit $(basename "$t")" "$t" --no-version; done
}
# Without optimisation: with it GCC takes minutes for one flattened validator under the sanitizers.
sanitized() {
  # One policy, because each takes a minute.
  build "$folder-sanitized" -Dsanitizers=true -Dexamples=false -Dbenches=false -Doptimization=0 -Dpolicies=bounds_checks -- unit_tests tests/mutations
  unit "$folder-sanitized"
  run 'mutations under the sanitizers' "$folder-sanitized/tests/mutations" --scale "${1:-1}" --part mutations
}
structure() { run structure python3 tests/structure/check.py; }
fail() { run fail python3 tests/fail/check.py; }
spec() { run spec "$folder/tests/spec_suite" --policy guard_pages "$@"; }
fuzz() { run fuzz "$folder/tests/fuzz_suite" --policy guard_pages "$@"; }
sequences() { run sequences "$folder/tests/sequences" "$@"; }
# A real module of half a megabyte, where npm or the network is there.
quickjs() { local at; at=$(npm_package @jitl/quickjs-wasmfile-release-sync 0.32.0) && echo "$at/dist/emscripten-module.wasm"; }
mutations() {
  local file large=()
  if file=$(quickjs); then large=(--large "$file"); fi
  run "mutations $*" "$folder/tests/mutations" "${large[@]}" "$@"
}
agree() {
  local inputs
  inputs=$(mktemp -d)
  "$folder/tests/mutations" --part mutations --scale "${1:-2}" --write "$inputs"
  run agree python3 tests/mutations/agree.py "$inputs"
  rm -rf "$inputs"
}
bombs() {
  local file reference=()
  if file=$(quickjs); then reference=(--reference "$file"); fi
  run "bombs $*" "$folder/tests/bombs" "${reference[@]}" "$@"
}
programs() { run programs bash tests/programs/run.sh; }

# cell POLICY CPU [FOLDER]...: both suites under one policy.
cell() {
  local policy=$1 cpu=$2
  shift 2
  run "spec $policy $cpu" "$folder/tests/spec_suite" --quiet --policy "$policy" --cpu "$cpu" "$@"
  [ $# -gt 0 ] || run "fuzz $policy $cpu" "$folder/tests/fuzz_suite" --quiet --policy "$policy" --cpu "$cpu"
}
matrix() {
  local memory registers assembler cpu
  for memory in guard_pages bounds_checks; do for registers in '' _two_registers; do for assembler in '' _reference; do for cpu in detected v1; do
    cell "$memory$registers$assembler" "$cpu" "$@"
  done; done; done; done
}
# Four of the sixteen, in which every two choices meet.
slice() {
  cell bounds_checks detected
  cell guard_pages_two_registers v1
  cell bounds_checks_two_registers_reference detected
  cell guard_pages_reference v1
}
all() {
  unit "$folder"
  sanitized
  structure
  fail
  spec
  fuzz
  slice
  sequences
  sequences --policy bounds_checks_two_registers --cpu v1 --seed 2
  mutations --scale 2
  bombs --scale 2
  programs
}
long() {
  matrix
  sequences --count 300000 --policy guard_pages
  sequences --count 300000 --policy bounds_checks_two_registers --cpu v1 --seed 2
  mutations
  mutations --scale 20 --policy bounds_checks_two_registers --seed 2
  agree 4
  bombs
}

suite=${1:-all}
[ $# -eq 0 ] || shift
case $suite in
  --help | -h) usage; exit 0 ;;
  unit) set -- "$folder" ;;
  all | sanitized | structure | fail | spec | fuzz | matrix | sequences | mutations | agree | bombs | programs | long) ;;
  *) usage >&2; exit 2 ;;
esac
need_toolchain
case $suite in  # only what the suite runs
  sanitized | structure | fail) ;;
  unit) build "$folder" -- unit_tests ;;
  spec | fuzz) build "$folder" -- "tests/${suite}_suite" ;;
  sequences | mutations | bombs) build "$folder" -- "tests/$suite" ;;
  agree) build "$folder" -- tests/mutations ;;
  *) build "$folder" -- ;;
esac
"$suite" "$@"
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
