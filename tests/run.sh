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
  edges              loads, stores, bulk and table operators at the edges of memories and tables
  mutants [NUMBER]... seeded bugs, which the tests must find: takes an hour
  sequences          two and three operators after one another against the interpreter
  system             memory refused at every call, short address space, small stacks, forks, threads
  structured         random structured programs against the interpreter; what fails is cut down to a few operators
  programs           real programs from npm, and programs of our own made with wasi-libc
  csmith [COUNT [SEED]]
                     random C programs, compiled natively and by us; 20 if not said
  libraries [NAME]   zlib, lua, sqlite, and marks (what small processors are measured with), likewise
  fuzzers [MINUTES [TARGET]...]
                     targets for libFuzzer, 15 minutes each if not said; not part of everything
  mutations          prefixes and mutations of modules, through validator and engine
  agree [PERCENT]    the verdicts of our validator beside those of wasm-tools and wabt, on so much of what mutations tries (2 if not said)
  bombs              modules made to take long
  long               what takes too long for every change: the whole matrix, and all of these at full size
CXX=clang++-14 tests with Clang.
END
}

passed=0 failed=0 skipped=0
count() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }
skip() { echo "skipped: $1"; count 0 0 1; }

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

# together COMMAND...: at the same time, programs (of the build's tests, where no folder is said), Python's, or scripts of tests/programs.
together() {
  local work command i=0
  work=$(mktemp -d)
  for command in "$@"; do
    i=$((i + 1))
    { start "$command" > "$work/$i" 2>&1 && code=0 || code=$?; echo "$code" > "$work/$i.code"; } &
  done
  wait
  i=0
  for command in "$@"; do
    i=$((i + 1))
    run "$command" replay "$work/$i"
  done
  rm -rf "$work"
}
start() {
  # shellcheck disable=SC2086
  case ${1%% *} in
    *.py) python3 $1 ;;
    *.sh) bash tests/programs/$1 ;;
    */*) $1 ;;
    *) "$folder/tests/"$1 ;;
  esac
}
replay() { cat "$1"; return "$(cat "$1.code")"; }

# unit FOLDER...: the unit tests in these builds.
unit() {
  local all=() t
  for t in $(printf '%s/tests/*_test ' "$@"); do all+=("$t --no-version"); done
  together "${all[@]}"
}
# Without optimisation: with it GCC takes minutes for one flattened validator under the sanitizers.
build_sanitized() { build "$folder-sanitized" -Dsanitizers=true -Dpolicies=bounds_checks,mvp -Dexamples=false -Dbenches=false -Doptimization=0 -- unit_tests; }
sanitized() {
  build_sanitized
  unit "$folder-sanitized"
}
structure() { run structure python3 tests/structure/check.py; }
fail() { run fail python3 tests/fail/check.py; }
spec() { run spec "$folder/tests/spec_suite" --policy guard_pages "$@"; }
fuzz() { run fuzz "$folder/tests/fuzz_suite" --policy guard_pages "$@"; }
system() { run system "$folder/tests/system"; }
# The same where every access of memory is watched, threads by ThreadSanitizer. GCC at -O1, as a single unit takes it well.
system_watched() {
  local sanitizer
  for sanitizer in address,undefined thread; do
    local program="$folder/tests/system-$sanitizer"
    g++ -std=c++20 -O1 -fsanitize="$sanitizer" -fno-sanitize-recover=all -Iinclude tests/system/system.cpp -o "$program" -pthread
    run "system under $sanitizer" "$program" "$([ "$sanitizer" = thread ] && echo threads || echo all)"
  done
}
mutants() { run mutants python3 tests/mutants/run.py "$@"; }
# with_quickjs OPTION COMMAND...: with a real module of half a megabyte as that option, where npm or the network is there.
with_quickjs() {
  local option=$1 at
  shift
  if at=$(npm_package @jitl/quickjs-wasmfile-release-sync 0.32.0); then set -- "$@" "$option" "$at/dist/emscripten-module.wasm"; fi
  "$@"
}
mutations() { run mutations "$folder/tests/mutations" "$@"; }
# All of them, and the edges, where every access of memory is watched, beside programs of csmith. Clang, for GCC takes minutes for one flattened validator
# under the sanitizers. The two halves of the prefixes are the even and the odd ones; what is freed is soon used again.
watched() {
  local mutations="$folder-watched/tests/mutations"
  CXX=clang++-14 build "$folder-watched" -Dsanitizers=true -Doptimization=1 -Dpolicies=guard_pages -Dexamples=false -Dbenches=false -- tests/mutations tests/edges
  export ASAN_OPTIONS=malloc_context_size=4:quarantine_size_mb=2
  together "$mutations --part prefixes --scale 50 --seed 1" "$mutations --part prefixes --scale 50 --seed 2" "$mutations --part mutations" \
    "$(with_quickjs --large echo "$mutations --part larger")" "$(with_quickjs --large echo "$mutations --part large")" "csmith.sh 500 1000" "$folder-watched/tests/edges"
  unset ASAN_OPTIONS
}
# agree_on PART PERCENT: with wasm-tools' validator, and wabt's beside it.
agree_on() {
  local work before=$failed
  work=$(mktemp -d)
  mkfifo "$work/modules"
  .cache/agree/wabt_agree "$work" < "$work/modules" > "$work/wabt_agree.agreed" 2> "$work/assertions" &
  with_quickjs --large "$folder/tests/mutations" --part "$1" --scale "$2" --write /dev/stdout | tee "$work/modules" | .cache/agree/release/agree "$work" > "$work/agree.agreed" || rm "$work/agree.agreed"  # it ended early
  wait $! || rm "$work/wabt_agree.agreed"
  run "agree on $1" python3 tests/mutations/agree.py "$work"
  [ "$failed" -gt "$before" ] || rm -rf "$work"
}
agree() {
  local percent=${1:-2} cargo=(cargo --quiet) at=(--manifest-path tests/mutations/agree/Cargo.toml)
  # A lock file of version 4 needs cargo 1.78.
  if ! "${cargo[@]}" fetch --locked "${at[@]}" 2> /dev/null && ! "${cargo[@]}" fetch --locked --offline "${at[@]}"; then
    skip "there is no cargo of 1.78 or later, or no network for wasm-tools' validator"
    return
  fi
  "${cargo[@]}" build --offline --release "${at[@]}" --target-dir .cache/agree || { count 0 1 0; return; }
  [ -f /usr/include/wabt/validator.h ] || { skip "there is no wabt as a library, as Debian's package has it"; return; }
  g++ -std=c++20 -O2 tests/mutations/wabt_agree.cpp -o .cache/agree/wabt_agree -lwabt || { count 0 1 0; return; }
  agree_on prefixes "$percent"
  agree_on larger "$percent"
  agree_on mutations "$percent"
  if npm_package @jitl/quickjs-wasmfile-release-sync 0.32.0 > /dev/null; then agree_on large "$percent"; else count 0 0 1; fi
}
bombs() { with_quickjs --reference run bombs "$folder/tests/bombs" "$@"; }
edges() { run edges "$folder/tests/edges" "$@"; }
sequences() { run sequences "$folder/tests/sequences" "$@"; }
structured() { run structured "$folder/tests/structured" "$@"; }
programs() { run programs bash tests/programs/run.sh; }
libraries() { run libraries bash tests/programs/libraries.sh "$@"; }
fuzzers() { run fuzzers bash tests/fuzzers/run.sh "$@"; }
csmith() { run csmith bash tests/programs/csmith.sh "$@"; }

# cell POLICY CPU [FOLDER]...: the suites under one policy.
cell() {
  local under="--policy $1 --cpu $2"
  shift 2
  if [ $# -gt 0 ]; then together "spec_suite --quiet $under $*"; return; fi
  together "spec_suite --quiet $under" "fuzz_suite --quiet $under" "edges $under"
}
# What the other suites do without is added to their build.
build_with_every_policy() {
  local all=guard_pages,bounds_checks,verified,verified_guard_pages,mvp variant
  for variant in two_registers reference two_registers_reference; do all+=,guard_pages_$variant,bounds_checks_$variant; done
  [ ! -f "$folder/build.ninja" ] || meson configure "$folder" -Dpolicies=$all
  build "$folder" -Dpolicies=$all --
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
  build_sanitized
  unit "$folder" "$folder-sanitized"
  together tests/structure/check.py tests/fail/check.py
  cell guard_pages detected
  system
  slice
  cell verified detected
  together "mutations --scale 5" "mutations --policy mvp --scale 5 --seed 2" "sequences --count 90000" "sequences --count 60000 --policy bounds_checks_two_registers_reference --cpu v1 --seed 2" \
    "sequences --count 60000 --policy verified --seed 3" structured "structured --policy bounds_checks_two_registers_reference --cpu v1 --seed 2"
  together run.sh csmith.sh
}
long() {
  unit "$folder"
  matrix
  system
  system_watched
  watched
  with_quickjs --large mutations --scale 20
  mutations --policy mvp --scale 20 --seed 2
  agree 100
  bombs
  bombs --policy bounds_checks_two_registers --scale 50
  together "sequences --count 7000000 --seed 4" "sequences --count 7000000 --policy bounds_checks_two_registers --cpu v1 --seed 5"
  together "sequences --count 3000000 --policy guard_pages_two_registers --seed 6" "sequences --count 3000000 --policy verified --seed 7"
  cell verified_guard_pages detected
  together "structured --count 200000 --seed 3" "structured --count 200000 --policy bounds_checks_two_registers --cpu v1 --seed 4"
  programs
  libraries
}

suite=${1:-all}
[ $# -eq 0 ] || shift
case $suite in
  --help | -h) usage; exit 0 ;;
  unit) set -- "$folder" ;;
  all | sanitized | structure | fail | spec | fuzz | matrix | mutants | edges | system | sequences | structured | mutations | agree | bombs | programs | libraries | csmith | fuzzers | long) ;;
  *) usage >&2; exit 2 ;;
esac
need_toolchain
case $suite in  # only what the suite runs
  sanitized | structure | fail | mutants | fuzzers) ;;
  unit) build "$folder" -- unit_tests ;;
  spec | fuzz) build "$folder" -- "tests/${suite}_suite" ;;
  agree) build "$folder" -- tests/mutations ;;
  csmith | libraries) build "$folder" -- examples/run ;;
  edges | system | sequences | structured | mutations | bombs) build "$folder" -- "tests/$suite" ;;
  matrix | long) build_with_every_policy ;;
  *) build "$folder" -- ;;
esac
"$suite" "$@"
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
