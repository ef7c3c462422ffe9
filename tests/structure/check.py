#!/usr/bin/env python3
"""Checks of the tree against its design: layers, headers alone and together, sizes, compile times."""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/mutants"))
from mutants import MUTANTS, misplaced

INCLUDE = TOP / "include"
HEADERS = sorted((INCLUDE / "lightbeam").rglob("*.hpp"))
TOP_HEADERS = [path for path in HEADERS if path.parent == INCLUDE / "lightbeam"]
LAYERS = ["core", "wasm", "runtime", "x64", "gen", "lower", "policy", "compile"]  # a header looks to the left only
OPTIONAL = ["wasi"]  # folders of optional top headers: may use any layer, and no layer uses them
FORBIDDEN_NAMES = {"util", "utils", "misc", "common", "helper", "helpers", "detail"}
CXX = os.environ.get("CXX", "g++")
FLAGS = ["-std=c++20", f"-I{INCLUDE}", f"-I{TOP / 'examples'}"]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
LONGEST_FILE = 600
# The aims, on a quiet machine (README, Figures). Machines differ, and what else they do slows them: what fails is a unit that takes half as
# long again as its aim would be here, going by a unit of the standard library's alone, which takes so many seconds where the aims hold.
RUNTIME_AIM, ENGINE_AIM, YARDSTICK = 1.0, 10.0, 3.7
YARDSTICK_UNIT = """#include <algorithm>
#include <map>
#include <regex>
bool matches(const std::string& s) { return std::regex_match(s, std::regex("(a|b)+[0-9]*")); }
"""

passed, failures, skipped = 0, [], 0


def check(name, problems):
    global passed
    problems = list(problems)
    if problems:
        failures.append(name)
        print(f"FAILED {name}")
        for p in problems:
            print(f"  {p}")
    else:
        passed += 1
        print(f"ok     {name}")


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if found:
            yield number, found[1] == "<", found[2]


def layer(path):
    """The folder of a header; None for those at the top."""
    parts = path.relative_to(INCLUDE / "lightbeam").parts
    return parts[0] if len(parts) > 1 else None


def included_headers(path):
    for number, system, name in includes(path):
        target = INCLUDE / name if system else (path.parent / name).resolve()
        if (INCLUDE / "lightbeam") in target.parents:
            yield number, target


def wrong_includes():
    for path in HEADERS:
        here = layer(path)
        if here is not None and here not in LAYERS + OPTIONAL:
            yield f"{path}: the folder {here} is not in the design"
        for number, target in included_headers(path):
            where = f"{path.relative_to(INCLUDE)}:{number}"
            there = layer(target)
            if not target.exists():
                yield f"{where}: {target.name} does not exist"
            elif here in LAYERS and (there not in LAYERS or LAYERS.index(there) > LAYERS.index(here)):
                yield f"{where}: {here} must not include {there or 'a header at the top'}"


def reaches(path, seen):
    for _, target in included_headers(path):
        if target not in seen and target.exists():
            seen.add(target)
            reaches(target, seen)
    return seen


def assembler_in_top_headers():
    """Only who asks for xbyak by another header compiles it."""
    for path in set().union(*(reaches(top, set()) for top in TOP_HEADERS)):
        for number, _, name in includes(path):
            if name.startswith("xbyak"):
                yield f"{path.relative_to(INCLUDE)}:{number} includes {name}"


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns], cwd=TOP, capture_output=True, text=True)
    return [TOP / line for line in listed.stdout.split() if (TOP / line).is_file()]


def long_files():
    for path in tracked("*.hpp", "*.cpp", "*.py", "*.sh", "*.c"):
        lines = path.read_text().count("\n")
        if lines > LONGEST_FILE:
            yield f"{path.relative_to(TOP)} has {lines} lines"


def bad_names():
    for path in tracked():
        for part in path.relative_to(TOP).parts:
            if part.split(".")[0].lower() in FORBIDDEN_NAMES:
                yield f"{path.relative_to(TOP)} says nothing by its name"


def unlisted_tests():
    """meson.build lists unit tests by name, so that none is forgotten when one is renamed."""
    units = (TOP / "tests/meson.build").read_text()
    for path in sorted((TOP / "tests").rglob("*_test.cpp")):
        folder, name = path.parent.name, path.name[: -len("_test.cpp")]
        line = re.search(rf"'{folder}': \[([^\]]*)\]", units)
        if not line or f"'{name}'" not in line[1]:
            yield f"tests/meson.build does not name {folder}/{name}"


def unmapped_headers():
    """The README has a line for every header."""
    folder, mapped = None, set()
    for line in (TOP / "README.md").read_text().splitlines():
        if not line.startswith("|"):
            folder = None
            continue
        title = re.match(r"\| \*\*(\w+)\*\*", line)
        folder = title[1] if title else folder
        mapped |= {(folder, name) for name in re.findall(r"`(\w+\.hpp)`", line)}
    for path in HEADERS:
        if (layer(path), path.name) not in mapped:
            yield f"README.md has no line for {path.relative_to(INCLUDE)}"


def misplaced_mutants():
    """`mutants` takes hours, so its seeded bugs are not all tried when the code they go into changes."""
    return filter(None, (misplaced(INCLUDE, *mutant) for mutant in MUTANTS))


def compile_unit(text, *flags, output=None):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "unit.cpp"
        source.write_text(text)
        into = ["-c", str(source), "-o", output] if output else ["-fsyntax-only", str(source)]
        return subprocess.run([CXX, *FLAGS, *flags, *into], capture_output=True, text=True)


def at_once(function, *arguments):
    """The function's results for all arguments, one process per processor at a time: each waits for a compiler."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, *arguments))


def headers_that_do_not_stand_alone(headers, *flags):
    texts = [f"#include <{path.relative_to(INCLUDE)}>\n" for path in headers]
    for path, done in zip(headers, at_once(lambda text: compile_unit(text, *WARNINGS, *flags), texts)):
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if "error" in line]
            yield f"{path.relative_to(INCLUDE)}: {lines[0] if lines else done.stderr[:300]}"


def headers_that_need_exceptions_or_rtti():
    """The headers at the top bring nearly all others, so that these few units are enough."""
    brought = set().union(*(reaches(path, set()) for path in TOP_HEADERS))
    yield from headers_that_do_not_stand_alone([path for path in HEADERS if path not in brought], "-fno-exceptions", "-fno-rtti")


def two_units_that_do_not_link():
    everything = "".join(f"#include <{p.relative_to(INCLUDE)}>\n" for p in HEADERS)
    uses = "{ lightbeam::linker l; lightbeam::wasi w; (void)w.bind(l); lightbeam::engine<> e; (void)e.compile(std::vector<std::uint8_t>{}); }\n"
    texts = ["void other();\nint main() { other(); " + uses[1:], "void other() " + uses]
    with tempfile.TemporaryDirectory() as folder:
        objects = [f"{folder}/one.o", f"{folder}/two.o"]
        for done in at_once(lambda text, output: compile_unit(everything + text, "-O0", output=output), texts, objects):
            if done.returncode:
                yield done.stderr[:500]
                return
        done = subprocess.run([CXX, *objects, "-o", f"{folder}/both", "-pthread"], capture_output=True, text=True)
        if done.returncode:
            yield done.stderr[:500]


def seconds(sources, order):
    """Processor time of each source's fastest compilation, in this order, so that a slow moment of the machine meets all of them."""
    best = dict.fromkeys(sources, float("inf"))
    for source in order:
        before = os.times()
        if subprocess.run([CXX, *FLAGS, "-O2", "-c", str(source), "-o", f"{source}.o"], capture_output=True).returncode:
            return dict.fromkeys(sources, float("nan"))
        after = os.times()
        best[source] = min(best[source], after.children_user + after.children_system - before.children_user - before.children_system)
    return best


def slow_units():
    with tempfile.TemporaryDirectory() as folder:
        yardstick, runtime, engine = Path(folder) / "yardstick.cpp", Path(folder) / "runtime.cpp", Path(folder) / "engine.cpp"
        yardstick.write_text(YARDSTICK_UNIT)
        runtime.write_text("#include <lightbeam/runtime.hpp>\n")
        engine.write_text("#include <lightbeam/lightbeam.hpp>\nstruct policy : lightbeam::default_policy {};\ntemplate class lightbeam::engine<policy>;\n")
        took = seconds((yardstick, runtime, engine), (runtime, yardstick, runtime, engine) * 2 + (yardstick, runtime))
        slower = took[yardstick] / YARDSTICK
        print(f"       a unit of <regex> alone compiles in {took[yardstick]:.2f} s with {CXX} -O2: {slower:.2f} times what a quiet machine takes")
        for name, source, aim in [("runtime.hpp alone", runtime, RUNTIME_AIM), ("an engine", engine, ENGINE_AIM)]:
            verdict = "" if took[source] < aim else f", {took[source] / slower:.2f} s of a quiet machine"
            print(f"       {name} compiles in {took[source]:.2f} s{verdict}; the aim is {aim:.0f} s")
            limit = 1.5 * aim * slower
            if not took[source] < limit:
                yield f"{name} takes {took[source]:.2f} s, more than {limit:.2f} s"


if __name__ == "__main__":
    check("layers look to the left", wrong_includes())
    check("no header at the top brings xbyak", assembler_in_top_headers())
    check(f"no file has more than {LONGEST_FILE} lines", long_files())
    check("every name says something", bad_names())
    check("every unit test is in the build", unlisted_tests())
    check("every header is in the README's map", unmapped_headers())
    check("every seeded bug has its place", misplaced_mutants())
    check("every header compiles alone, without warnings", headers_that_do_not_stand_alone(HEADERS))
    check("every header compiles without exceptions and RTTI", headers_that_need_exceptions_or_rtti())
    check("two units with everything link", two_units_that_do_not_link())
    check("units compile quickly", slow_units())
    print(f"{passed} passed, {len(failures)} failed, {skipped} skipped")
    sys.exit(1 if failures else 0)
