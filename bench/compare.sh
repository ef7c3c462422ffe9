#!/usr/bin/env bash
# How fast compiled code runs, beside clang -O2, gcc -O2, V8 (Liftoff and TurboFan) and Wasmtime (Winch and Cranelift):
#   bash bench/compare.sh [ROUNDS [KERNELS-FOLDER]]
# The kernels run in interleaved rounds, and the minimum counts.
. "$(dirname "$0")/../.ci/prepare"
need_toolchain
need node nodejs
build "$folder" -- bench/code_speed
packages=$top/.cache/python
if ! PYTHONPATH=$packages python3 -c 'import wasmtime' 2> /dev/null; then
  python3 -m pip install --quiet --disable-pip-version-check --target "$packages" wasmtime 2> /dev/null || echo "SKIPPED wasmtime: not to be had from PyPI" >&2
fi
PYTHONPATH=$packages python3 bench/compare.py --code-speed "$folder/bench/code_speed" --rounds "${1:-3}" --kernels "${2:-../shared/kernels}"
