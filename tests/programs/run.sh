#!/usr/bin/env bash
# Real programs, each compared with what someone else says is right: node, sha256sum, or the same program compiled natively.
. "$(dirname "$0")/../../.ci/prepare"
policies="${*:-guard_pages bounds_checks}"
. "$top/tests/programs/counts.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources=examples/programs
compiled=$folder/examples/programs

# Our own programs, made with wasi-libc.
mkdir -p "$work/data/sub" "$work/native" "$work/explored"
touch "$work/explored/one" "$work/explored/two"
cp README.md "$work/data/a.txt"
cp -r include/lightbeam/. "$work/data/sub"
printf '{"name": "Lightbeam", "list": [1, 2.5, -3e10, true, null, "a\\u00e9\\n"], "nested": {"deep": {"deeper": [[], {}]}, "x": 1e-7}}' > "$work/data/x.json"
${CC:-gcc} -O1 -o "$work/native/words" $sources/words.c
${CC:-gcc} -O1 -o "$work/native/squeeze" $sources/squeeze.c
$CXX -O1 -std=c++20 -o "$work/native/json" $sources/json.cpp
explored='mkdir: ok
open: ok
write: ok
seek: ok
read: ok
read "678"
stat: ok
10 bytes, a file: 1
truncate: ok
close: ok
rename: ok
symlink: ok
readlink: ok
link to "moved"
5 entries
stat of the link: ok
4 bytes
rmdir: ok
unlink: ok
unlink: ok
unlink again: not there
open above: refused
open /etc/passwd: not there
slept: yes
HOME=/home
exit 42'
# own POLICY PROGRAM ARGUMENT...: both in the folder with the data.
own() {
  local policy=$1 program=$2 expected actual
  shift 2
  expected=$(cd "$work/data" && "$work/native/$program" "$@"; echo "exit $?")
  actual=$(cd "$work/data" && "$top/$folder/examples/run" --policy "$policy" --dir . "$top/$compiled/$program.wasm" "$@"; echo "exit $?")
  compare "$program.wasm $* ($policy)" "$expected" "$actual"
}
for policy in $policies; do
  own "$policy" words -n 20 .
  own "$policy" words a.txt none.txt 2> /dev/null
  own "$policy" squeeze a.txt sub/gen/generator.hpp sub/wasm/validator.hpp
  own "$policy" json x.json list nested.deep 'list[5]' none.x
  own "$policy" json a.txt 2> /dev/null
  compare "explore.wasm ($policy)" "$explored" \
    "$("$folder/examples/run" --policy "$policy" --env HOME=/home --dir "$work/explored" "$compiled/explore.wasm" / ; echo "exit $?")"
done

# The README's hello world.
sed -n '/^```wat$/,/^```$/p' README.md | grep -v '^```' > "$work/fib.wat"
wat2wasm -o "$work/fib.wasm" "$work/fib.wat"
compare "hello world of the README" "30
832040" "$("$folder/tests/hello" "$work/fib.wasm")"

# Modules from npm, which nobody here wrote.
if file=$(npm_package @jitl/quickjs-wasmfile-release-sync 0.32.0); then
  scripts=(
    '6 * 7 + 0.5 - 2 ** 10 % 7'
    '1e21 / 3 + -0 + 5e-324'
    '"abc".repeat(3).toUpperCase() + [..."Lightbeam"].reverse().join("") + "\u00e9".normalize("NFD").length'
    '(function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) })(22)'
    'JSON.stringify(JSON.parse("{\"a\":[1,2,{\"b\":null}],\"c\":\"\\u0041\"}")) + JSON.stringify({x: [1.5, "q"], y: undefined}, null, 1)'
    '"2024-11-26, 1999-01-02".replace(/(\d+)-(\d+)-(\d+)/g, "$3.$2.$1") + /^(a+)+$/.test("aaaaaaaaab")'
    'let s = 0; for (let i = 0; i < 1000000; i++) s = (s * 31 + i) % 1000003; s'
    '[3, 1, 2].sort().map(x => x * x).concat(Array.from({length: 5}, (_, i) => i)).join()'
    '[Math.sin(1), Math.pow(2, 0.5), Math.atan2(1, -3), parseFloat("1.7976931348623157e308"), (0.1 + 0.2).toFixed(20), (255).toString(2)].join()'
    'try { null.x } catch (e) { e instanceof TypeError }'
    'new Map([[1, "a"], [2, "b"]]).size + [...new Set([1, 1, 2])].length + typeof Symbol() + (123456789012345678901234567890n * 3n)'
    'class A { #x = 1; get x() { return this.#x } static make() { return new A } } ; A.make().x + [1, [2, [3]]].flat(Infinity).length'
    'new Date(0).toISOString() + new Date(86400000 * 365.25 * 30).getUTCFullYear()'
    'function* g() { let i = 0; while (i < 5) yield i++ } [...g()].reduce((a, b) => a + b)'
  )
  # Scripts are evaluated by node in the same order, each in a scope of its own.
  expected=$(node -e 'for (const s of process.argv.slice(1)) console.log(String(require("vm").runInNewContext(s)))' "${scripts[@]}")
  for policy in $policies; do
    compare "quickjs: ${#scripts[@]} scripts ($policy)" "$expected" "$("$folder/tests/programs/quickjs" "$policy" "$file/dist/emscripten-module.wasm" "${scripts[@]}")"
  done
else
  skip quickjs "no npm, or no network"
fi
if file=$(npm_package @chainsafe/as-sha256 1.2.5); then
  texts=('' abc "$(printf 'a%.0s' {1..1000})" 'The quick brown fox jumps over the lazy dog')
  expected=$(for t in "${texts[@]}"; do printf %s "$t" | sha256sum | cut -d ' ' -f 1; done)
  for policy in $policies; do
    compare "as-sha256 ($policy)" "$expected" "$("$folder/tests/programs/sha256" "$policy" "$file/build/optimized.wasm" "${texts[@]}")"
  done
else
  skip as-sha256 "no npm, or no network"
fi
if file=$(npm_package vscode-oniguruma 2.0.1); then
  for policy in $policies; do
    compare "vscode-oniguruma ($policy)" "pattern 1, 4 to 12, 8 to 12
pattern 0, 0 to 6, 0 to 3, 3 to 6
no match" "$(
      onig() { "$folder/tests/programs/oniguruma" "$policy" "$file/release/onig.wasm" "$@"; }
      onig 'let fourfive = 45' 'five\d' 'four(\w+)' '\d+'
      onig 'foobar' '(?<x>foo)(bar)' 'bar'
      onig 'nothing' 'x+' '^hing')"
  done
else
  skip vscode-oniguruma "no npm, or no network"
fi
if file=$(npm_package web-tree-sitter 0.27.2); then
  for policy in $policies; do
    compare "web-tree-sitter ($policy)" "strlen 4, freed memory is used again: yes
language versions 13 to 15, a parser: yes" "$("$folder/tests/programs/tree_sitter" "$policy" "$file/web-tree-sitter.wasm")"
  done
else
  skip web-tree-sitter "no npm, or no network"
fi
total
