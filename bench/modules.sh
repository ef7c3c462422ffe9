#!/usr/bin/env bash
# How fast four real modules from npm compile, beside V8's Liftoff: bash bench/modules.sh [--policy NAME]
. "$(dirname "$0")/../.ci/prepare"
need_toolchain
need node nodejs npm npm
build "$folder" -- bench/compile_speed

files=()
add() {  # PACKAGE VERSION FILE
  local into
  into=$(npm_package "$1" "$2") && files+=("$into/$3") || echo "SKIPPED $1: no npm, or no network" >&2
}
add @jitl/quickjs-wasmfile-release-sync 0.32.0 dist/emscripten-module.wasm
add sql.js 1.16.0 dist/sql-wasm.wasm
add esbuild-wasm 0.28.2 esbuild.wasm
add opencascade.js 1.1.4 dist/opencascade.wasm.wasm
[ ${#files[@]} -gt 0 ] || exit 0

liftoff=$(mktemp --suffix=.js)
trap 'rm -f "$liftoff" "$liftoff.seconds"' EXIT
cat > "$liftoff" <<'END'
// Seconds of `new WebAssembly.Module`, on one thread, functions compiled at once; the least of three.
const bytes = require('fs').readFileSync(process.argv[2]);
let least = Infinity;
for (let i = 0; i < 3; ++i) {
  const copy = new Uint8Array(bytes);
  const start = process.hrtime.bigint();
  new WebAssembly.Module(copy);
  least = Math.min(least, Number(process.hrtime.bigint() - start) / 1e9);
}
console.log(least);
END
lines=$("$folder/bench/compile_speed" "$@" "${files[@]}")
echo "$lines"
for f in "${files[@]}"; do
  node --liftoff-only --no-wasm-lazy-compilation --wasm-num-compilation-tasks=0 --no-wasm-native-module-cache-enabled "$liftoff" "$f"
done > "$liftoff.seconds"
python3 - "$liftoff.seconds" <<END
import json, math, sys
lines = [json.loads(line) for line in r'''$lines'''.splitlines()]
liftoff = [float(line) for line in open(sys.argv[1])]
print()
print(f"{'module':<44}{'code MB':>9}{'MB/s':>9}{'Liftoff':>9}{'ratio':>8}{'bytes/byte':>12}")
ours, theirs, density = [], [], []
for line, seconds in zip(lines, liftoff):
    name = "/".join(line["file"].split("/npm/")[-1].split("/")[:2] if "@jitl" in line["file"] else line["file"].split("/npm/")[-1].split("/")[:1])
    if "mb_per_s" not in line:
        print(f"{name:<44}{line.get('unsupported', line.get('error'))}")
        continue
    speed = line["code_bytes"] / seconds / 1e6
    ours.append(line["mb_per_s"]), theirs.append(speed), density.append(line["machine_bytes"] / line["code_bytes"])
    print(f"{name:<44}{line['code_bytes'] / 1e6:>9.2f}{ours[-1]:>9.1f}{speed:>9.1f}{ours[-1] / speed:>8.1f}{density[-1]:>12.2f}")
mean = lambda xs: math.exp(sum(map(math.log, xs)) / len(xs))
if ours:
    print(f"{'geometric mean':<44}{'':>9}{mean(ours):>9.1f}{mean(theirs):>9.1f}{mean(ours) / mean(theirs):>8.1f}{mean(density):>12.2f}")
    wasm, machine = sum(l.get("code_bytes", 0) for l in lines), sum(l.get("machine_bytes", 0) for l in lines)
    print(f"all together: {machine / wasm:.2f} bytes of machine code per byte of wasm code; slowest {min(ours):.1f} MB/s")
END
