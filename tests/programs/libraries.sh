#!/usr/bin/env bash
# Libraries that others wrote, with a small program of ours around each: it must print the same natively and under us.
usage() {
  cat <<'TEXT'
usage: bash tests/programs/libraries.sh [LIBRARY]...

Fetches zlib, lua and sqlite once, compiles each, and marks (or those that are named), for this machine and for WASI with and without
optimisation, and compares what the programs in tests/programs/libraries print. POLICIES="NAME..." says under which policies.
TEXT
}
case ${1:-} in --help | -h) usage; exit 0 ;; esac
. "$(dirname "$0")/../../.ci/prepare"
policies=${POLICIES:-guard_pages bounds_checks}
sources=tests/programs/libraries
cache=$top/.cache/libraries
. "$top/tests/programs/counts.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache/headers"
: > "$cache/headers/setjmp.h"  # wasi-libc has none, and what Lua would do with it is replaced below

# Each sets `files`, `flags`, `wasi_flags` and the `arguments` of the program, which runs in a folder with the scripts.
zlib() {
  local folder
  folder=$(debian_source zlib) || return 1
  files=("$folder"/*.c) flags=(-I"$folder" -DHAVE_UNISTD_H) wasi_flags=() arguments=(file.gz)
}
lua() {
  local folder
  folder=$(debian_source lua5.4) || return 1
  folder+=/src
  mapfile -t files < <(ls "$folder"/*.c | grep -vE '/(lua|luac|linit|liolib|loslib|ldblib|loadlib|lcorolib)\.c$')
  flags=(-I"$folder" -I"$cache/headers" '-DLUAI_THROW(L,c)=abort()' '-DLUAI_TRY(L,c,a)={a}' -Dluai_jmpbuf=int '-Dluai_makeseed(L)=1' '-Dl_randomizePivot()=0u')
  wasi_flags=(-D_WASI_EMULATED_SIGNAL -lwasi-emulated-signal) arguments=(script.lua)
}
sqlite() {
  local folder
  folder=$(npm_package better-sqlite3 12.11.1) || return 1
  folder+=/deps/sqlite3
  files=("$folder/sqlite3.c") flags=(-I"$folder" -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL -DSQLITE_DQS=0)
  wasi_flags=(-D_WASI_EMULATED_GETPID -D_WASI_EMULATED_MMAN -lwasi-emulated-getpid -lwasi-emulated-mman) arguments=(file.db script.sql)
}

# No library, but what suites for small processors measure.
marks() { files=() flags=() wasi_flags=() arguments=(); }

# compile OUTPUT FLAG...: once, and again when the program changes.
compile() {
  local output=$1
  shift
  [ "$output" -nt "$sources/$library.c" ] || clang-14 -w "${flags[@]}" "$sources/$library.c" "${files[@]}" -o "$output" "$@"
}

# output COMMAND...: what it prints in a folder of its own.
output() {
  rm -rf "$work/run" && mkdir "$work/run" && cp "$sources"/script.* "$work/run"
  (cd "$work/run" && timeout 300 "$@"; echo "exit $?") 2>&1
}

[ $# -gt 0 ] || set -- zlib lua sqlite marks
for library in "$@"; do
  if ! "$library"; then
    skip "$library" "it cannot be fetched"
    continue
  fi
  compile "$cache/$library" -O1 -lm
  compile "$cache/$library.0.wasm" --target=wasm32-wasi -O0 "${wasi_flags[@]}"
  compile "$cache/$library.2.wasm" --target=wasm32-wasi -O2 -mbulk-memory -msign-ext -mnontrapping-fptoint -ftls-model=local-exec "${wasi_flags[@]}"
  expected=$(output "$cache/$library" "${arguments[@]}")
  for level in 0 2; do for policy in $policies; do
    compare "$library -O$level ($policy), $(wc -l <<< "$expected") lines" "$expected" \
      "$(output "$top/$folder/examples/run" --policy "$policy" --dir . "$cache/$library.$level.wasm" "${arguments[@]}")" \
      "POLICIES=$policy bash tests/run.sh libraries $library"
  done; done
done
total
