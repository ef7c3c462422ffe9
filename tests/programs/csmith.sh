#!/usr/bin/env bash
# Random C programs: what each prints must be the same natively, for 32 bits as wasm32 is, and compiled by us.
usage() {
  cat <<'TEXT'
usage: bash tests/programs/csmith.sh [COUNT [SEED]]

Has csmith write COUNT programs (20 if not said) from SEED (1 if not said) on, compiles each with clang-14 for i386 and for WASI, and
compares what they print: a checksum behind every global variable. A seed whose program does not end within two seconds
natively is not counted, and the next seed takes its place. POLICIES="NAME..." says under which policies they run.
TEXT
}
case ${1:-} in --help | -h) usage; exit 0 ;; esac
. "$(dirname "$0")/../../.ci/prepare"
count=${1:-20} seed=${2:-1}
policies=${POLICIES:-guard_pages bounds_checks}
. "$top/tests/programs/counts.sh"
replaced=0

need_csmith || { echo "SKIPPED csmith: it cannot be installed"; echo "0 passed, 0 failed, $count skipped"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run=$top/$folder/examples/run
printf 'integer size = 4\npointer size = 4\n' > "$work/platform.info"  # csmith reads it where it runs

# What C leaves open is chosen alike for both: overflow, aliasing, places of 64-bit members, precision of floats.
common=(-w -fwrapv -fno-strict-aliasing -fno-delete-null-pointer-checks -ffp-contract=off -I/usr/include/csmith -include tests/programs/defined_builtins.h)
# csmith converts floats that are out of range, which nothing defines: such a program ends there natively.
native_flags=(-m32 -O1 -malign-double -msse2 -mfpmath=sse -fsanitize=float-cast-overflow -fsanitize-trap=float-cast-overflow)
levels=(-O0 -O1 -O2 -Os)
# Every choice of the generator and of the compiler follows from the seed, so that a seed alone repeats a program.
generator=('' '--float --strict-float' '--builtins --disable-builtin-kinds x86' '--float --strict-float --builtins --disable-builtin-kinds x86 --max-expr-complexity 20')
features=('' '-mbulk-memory -msign-ext -mnontrapping-fptoint -mmultivalue -mmutable-globals')

# make SEED: writes, compiles and runs natively. Prints why not where that fails.
make() {
  local s=$1 f code=0
  (cd "$work" && timeout 30 csmith --seed "$s" ${generator[s / 4 % 4]} --output "$s.c") > /dev/null 2>&1 || { echo "csmith does not end"; return 1; }
  timeout 60 clang-14 "${common[@]}" "${native_flags[@]}" "$work/$s.c" -o "$work/$s.native" -lm 2> /dev/null || { echo "clang for i386 does not compile it"; return 1; }
  { timeout 2 "$work/$s.native" 1 > "$work/$s.expected"; } 2> /dev/null || code=$?
  case $code in
    0) ;;
    124) echo "it does not end natively"; return 1 ;;
    *) echo "it is undefined (exit $code natively)"; return 1 ;;
  esac
  f=${features[s / 16 % 2]}
  timeout 60 clang-14 --target=wasm32-wasi "${common[@]}" "${levels[s % 4]}" $f "$work/$s.c" -o "$work/$s.wasm" 2> /dev/null || { echo "clang for WASI does not compile it"; return 1; }
}

# compare_seed SEED POLICY
compare_seed() {
  local s=$1 policy=$2 code=0
  timeout 60 "$run" --policy "$policy" "$work/$s.wasm" 1 > "$work/$s.actual" 2>&1 || code=$?
  if [ "$code" -eq 0 ] && cmp -s "$work/$s.expected" "$work/$s.actual"; then
    passed=$((passed + 1))
    return
  fi
  failed=$((failed + 1))
  echo "FAILED csmith seed $s (${levels[s % 4]}, $policy, exit $code); again: POLICIES=$policy bash tests/run.sh csmith 1 $s"
  diff "$work/$s.expected" "$work/$s.actual" | head -n 4 || true
}

made=0
for ((s = seed; made < count; s++)); do
  if ! why=$(make "$s"); then
    echo "seed $s is not counted: $why"
    replaced=$((replaced + 1))
    [ $replaced -le $((count + 20)) ] || { echo "FAILED csmith: too many seeds give no program"; failed=$((failed + 1)); break; }
    continue
  fi
  made=$((made + 1))
  for policy in $policies; do compare_seed "$s" "$policy"; done
  if [ -n "${KEEP:-}" ]; then cp "$work/$s".* "$KEEP"; fi
  rm -f "$work/$s".*
done
echo "$made programs, $replaced seeds not counted"
total
