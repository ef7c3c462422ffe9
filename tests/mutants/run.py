#!/usr/bin/env python3
"""Mutation testing of the tests: each seeded bug of mutants.py is put into a copy of the tree, which is built and runs the quick
suite. A bug that no suite finds is a failure of the tests. Arguments: names or numbers of mutants; all without."""

import pathlib
import shutil
import subprocess
import sys
import time

from mutants import MUTANTS, misplaced

TOP = pathlib.Path(__file__).resolve().parents[2]
TREE = TOP / "build-mutants"
BUILD = TREE / "build"
POLICIES = ["guard_pages", "bounds_checks_two_registers"]
TARGETS = ["tests/compile_test", "tests/sequences", "tests/structured", "tests/edges", "tests/fuzz_suite", "tests/spec_suite"]


def quick_suite():
    """The cheapest finders first."""
    yield ["tests/compile_test"]
    for policy in POLICIES:
        yield ["tests/sequences", "--stop", "--policy", policy, "--count", "4000"]
    for policy in POLICIES:
        yield ["tests/edges", "--policy", policy]
    for program in ["tests/fuzz_suite", "tests/spec_suite"]:
        for policy in POLICIES:
            yield [program, "--quiet", "--policy", policy]
    for policy in POLICIES:
        yield ["tests/sequences", "--stop", "--policy", policy, "--count", "20000", "--seed", "5", "--cpu", "v1"]
        yield ["tests/structured", "--policy", policy, "--count", "3000", "--seed", "5"]


def prepare():
    """Copies are new files: what a run that was killed left behind must not count as built."""
    TREE.mkdir(exist_ok=True)
    for part in ["include", "examples", "tests", "bench", "meson.build", "meson_options.txt", "README.md"]:
        source, copy = TOP / part, TREE / part
        if source.is_dir():
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(source, copy, copy_function=shutil.copy)
        else:
            shutil.copy(source, copy)
    if not BUILD.exists():
        folders = [f"-D{name}_dir={TOP.parent}/shared/{name}" for name in ["spec", "fuzz", "kernels"]]
        subprocess.run(["meson", "setup", BUILD, TREE, "-Doptimization=0", f"-Dpolicies={','.join(POLICIES)}", *folders], check=True, stdout=subprocess.DEVNULL)


def build():
    return subprocess.run(["ninja", "-C", BUILD, *TARGETS], capture_output=True, text=True)


def finder(limits):
    """The first command of the quick suite that fails, or takes longer than its limit in seconds; or None."""
    for number, command in enumerate(quick_suite()):
        try:
            done = subprocess.run([BUILD / command[0], *command[1:]], cwd=BUILD, capture_output=True, timeout=limits[number])
        except subprocess.TimeoutExpired:
            return command + ["(too slow)"]
        if done.returncode != 0:
            return command
    return None


def time_limits():
    """What the quick suite may take: three times what it takes without a mutant, and a minute. None if it fails by itself."""
    limits = []
    for command in quick_suite():
        begin = time.monotonic()
        if subprocess.run([BUILD / command[0], *command[1:]], cwd=BUILD, capture_output=True).returncode != 0:
            return None
        limits.append(60 + 3 * (time.monotonic() - begin))
    return limits


def check(limits, name, header, old, new):
    if why := misplaced(TREE / "include", name, header, old, new):
        return f"FAILED {why}"
    path = TREE / "include/lightbeam" / header
    text = path.read_text()
    path.write_text(text.replace(old, new))
    begin = time.monotonic()
    try:
        built = build()
        found = built.returncode == 0 and finder(limits)
    finally:
        path.write_text(text)
    if built.returncode != 0:
        return f"FAILED {name}: it does not compile\n{built.stdout[-2000:]}"
    if not found:
        return f"FAILED {name}: nothing finds it"
    return f"ok     {name}: {' '.join(found)} ({time.monotonic() - begin:.0f} s)"


def main():
    known = {key: mutant for i, mutant in enumerate(MUTANTS, 1) for key in (str(i), mutant[0])}
    if unknown := [key for key in sys.argv[1:] if key not in known]:
        print(f"no mutant is called {', '.join(unknown)}: say its name in mutants.py, or its number", file=sys.stderr)
        return 2
    chosen = [known[key] for key in sys.argv[1:]] or MUTANTS
    wanted = [m for m in MUTANTS if m in chosen]
    prepare()
    limits = time_limits() if build().returncode == 0 else None
    if not limits:
        print("FAILED the tree without any mutant\n0 passed, 1 failed, 0 skipped")
        return 1
    failed = 0
    for mutant in wanted:
        line = check(limits, *mutant)
        failed += line.startswith("FAILED")
        print(line, flush=True)
    print(f"{len(wanted) - failed} passed, {failed} failed, 0 skipped")
    return failed != 0


sys.exit(main())
