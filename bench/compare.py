#!/usr/bin/env python3
"""Runs the kernels under several compilers in interleaved rounds and prints times relative to clang -O2. See compare.sh."""

import argparse
import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Both call `run` until 0.5 s or 5 calls have passed, at least twice, and print the least time in milliseconds and the result.
NATIVE_MAIN = r"""
#include <stdio.h>
#include <time.h>
int run(void);
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
int main(void) {
  double least = 1e9, sum = 0;
  int result = 0;
  for (int i = 0; i < 2 || (i < 5 && sum < 0.5); ++i) {
    const double start = now();
    result = run();
    const double took = now() - start;
    sum += took;
    if (took < least) least = took;
  }
  printf("{\"ms\":%.3f,\"result\":%d}\n", least * 1e3, result);
}
"""
NODE_MAIN = r"""
const instance = new WebAssembly.Instance(new WebAssembly.Module(require('fs').readFileSync(process.argv[2])), {});
let least = Infinity, sum = 0, result;
for (let i = 0; i < 2 || (i < 5 && sum < 0.5); ++i) {
  const start = process.hrtime.bigint();
  result = instance.exports.run();
  const took = Number(process.hrtime.bigint() - start) / 1e9;
  sum += took;
  least = Math.min(least, took);
}
console.log(JSON.stringify({ms: least * 1e3, result}));
"""
# Strategy 2 of the C interface is Winch; the Python package has no name for it.
WASMTIME_MAIN = r"""
import json, sys, time
import wasmtime
from wasmtime import _ffi
config = wasmtime.Config()
_ffi.wasmtime_config_strategy_set(config.ptr(), 2 if sys.argv[1] == "winch" else 1)
store = wasmtime.Store(wasmtime.Engine(config))
run = wasmtime.Instance(store, wasmtime.Module.from_file(store.engine, sys.argv[2]), []).exports(store)["run"]
least, total, n, result = 1e9, 0, 0, None
while n < 2 or (n < 5 and total < 0.5):
    start = time.perf_counter()
    result = run(store)
    took = time.perf_counter() - start
    least, total, n = min(least, took), total + took, n + 1
print(json.dumps({"ms": least * 1e3, "result": result}))
"""


class Contender:
    def __init__(self, name, command):
        self.name, self.command, self.ms = name, command, {}

    def run(self, kernel):
        done = subprocess.run(self.command(kernel), capture_output=True, text=True)
        line = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 and done.stdout else {}
        if "ms" not in line:
            print(f"{self.name} failed on {kernel.stem}: {done.stderr.strip()[-200:]} {line.get('error', '')}", file=sys.stderr)
            return None
        self.ms[kernel.stem] = min(self.ms.get(kernel.stem, math.inf), line["ms"])
        return line["result"]


def native(folder, compiler, kernels):
    main = folder / "main.c"
    main.write_text(NATIVE_MAIN)
    for kernel in kernels:
        subprocess.run([compiler, "-O2", "-w", "-o", folder / f"{kernel.stem}-{compiler}", main, kernel.with_suffix(".c"), "-lm"], check=True)
    return Contender(f"{compiler} -O2", lambda kernel: [folder / f"{kernel.stem}-{compiler}"])


def contenders(folder, kernels, code_speed):
    all_of_them = [native(folder, compiler, kernels) for compiler in ("clang-14", "gcc")]
    for policy in ("guard_pages", "bounds_checks"):
        all_of_them.append(Contender(policy, lambda kernel, policy=policy: [code_speed, "--policy", policy, kernel]))
    script = folder / "node.js"
    script.write_text(NODE_MAIN)
    if shutil.which("node"):
        all_of_them.append(Contender("Liftoff", lambda kernel: ["node", "--liftoff-only", script, kernel]))
        all_of_them.append(Contender("TurboFan", lambda kernel: ["node", "--no-liftoff", "--no-wasm-tier-up", script, kernel]))
    program = folder / "wasmtime_main.py"
    program.write_text(WASMTIME_MAIN)
    if subprocess.run([sys.executable, "-c", "import wasmtime"], capture_output=True).returncode == 0:
        for strategy in ("Cranelift", "Winch"):
            all_of_them.append(Contender(strategy, lambda kernel, strategy=strategy: [sys.executable, program, strategy.lower(), kernel]))
    return all_of_them


def print_table(kernels, all_of_them):
    base = all_of_them[0].ms
    print(f"\n{'kernel':<12}{'clang ms':>10}" + "".join(f"{c.name:>15}" for c in all_of_them[1:]))
    for kernel in (k.stem for k in kernels):
        print(f"{kernel:<12}{base[kernel]:>10.1f}" + "".join(f"{c.ms[kernel] / base[kernel]:>15.2f}" if kernel in c.ms else f"{'-':>15}" for c in all_of_them[1:]))
    mean = lambda xs: math.exp(sum(map(math.log, xs)) / len(xs)) if xs else math.nan
    print(f"{'mean':<12}{'':>10}" + "".join(f"{mean([c.ms[k] / base[k] for k in c.ms]):>15.3f}" for c in all_of_them[1:]))
    print("Times relative to clang-14 -O2; the last line is the geometric mean.")
    ours, liftoff = all_of_them[2], next((c for c in all_of_them if c.name == "Liftoff"), None)
    if liftoff:
        above = [f"{k} {ours.ms[k] / liftoff.ms[k]:.2f}" for k in ours.ms if k in liftoff.ms and ours.ms[k] > 1.05 * liftoff.ms[k]]
        print("More than 5 % above Liftoff with guard pages: " + (", ".join(above) or "none"))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--code-speed", required=True)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--kernels", type=Path, required=True)
    options = arguments.parse_args()
    kernels = sorted(options.kernels.glob("*.wasm"))
    with tempfile.TemporaryDirectory() as folder:
        all_of_them = contenders(Path(folder), kernels, options.code_speed)
        for _ in range(options.rounds):
            for kernel in kernels:
                results = {c.name: c.run(kernel) for c in all_of_them}
                if len({r for r in results.values() if r is not None}) > 1:
                    print(f"{kernel.stem}: the results differ: {results}", file=sys.stderr)
        print_table(kernels, all_of_them)


if __name__ == "__main__":
    main()
