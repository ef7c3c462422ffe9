#!/usr/bin/env python3
"""Every *.cpp here holds a mistake. It must not compile, and the compiler's output must hold the text after `// expect: ` (or one
of several, between bars)."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[1]
CXX = os.environ.get("CXX", "g++")



def compiled(source):
    return subprocess.run([CXX, "-std=c++20", f"-I{TOP / 'include'}", "-fsyntax-only", str(source)], capture_output=True, text=True)


passed = failed = 0
sources = sorted(HERE.glob("*.cpp"))
with ThreadPoolExecutor(os.cpu_count()) as pool:
    outcomes = list(pool.map(compiled, sources))
for source, done in zip(sources, outcomes):
    expected = re.findall(r"// expect: (.*)", source.read_text())
    missing = [text for text in expected if not any(one in done.stderr for one in text.split(" | "))]
    if expected and done.returncode and not missing:
        passed += 1
        print(f"ok     {source.name}")
        continue
    failed += 1
    print(f"FAILED {source.name}: " + ("it compiles" if not done.returncode else f"not in the output: {missing}"))
    print("\n".join(done.stderr.splitlines()[:8]))
print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(1 if failed else 0)
