#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library as one file, made twice alike, compiles with no flags and no warnings anywhere."""

import filecmp
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from ways import PROGRAM, ROOT, amalgamate, attempt, need, runs  # noqa: E402
from common import Report  # noqa: E402

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
COMPILERS = {"gcc": ["-O2"], "clang": ["-O2"], "tcc": ["-O0"]}
# Those that other suites install; what they make is only compiled here.
OTHERS = ["musl-gcc", "aarch64-linux-gnu-gcc", "arm-none-eabi-gcc", "x86_64-w64-mingw32-gcc"]

report = Report()
need(*COMPILERS)
ways = COMPILERS | {name: [] for name in OTHERS if shutil.which(name)}
with tempfile.TemporaryDirectory() as folder:
    here, again = Path(folder) / "here", Path(folder) / "again"
    errors = amalgamate(here) + amalgamate(again)
    if errors:
        report.add("src/amalgamate.py", 0, errors)
        report.finish("")
    names = sorted(path.name for path in here.iterdir())
    if filecmp.cmpfiles(here, again, names, shallow=False)[0] != names:
        report.add("src/amalgamate.py", 0, "another run gave other bytes")
    licence = (ROOT / "LICENSE").read_text().split()
    for name in ("weir.c", "weir.h"):
        top = (here / name).read_text()[:2000]
        if " ".join(licence) not in " ".join(top.replace(" *", "").split()):
            report.add("src/amalgamate.py", 0, f"{name} does not start with the licence")
    for program, options in ways.items():
        errors = attempt(program, *STRICT, *options, "-c", "weir.c", cwd=here)
        if errors:
            report.add("src", 0, errors)
    for program in COMPILERS:
        errors = (attempt(program, "-c", "weir.c", cwd=here)
                  or attempt(program, "-DVENDORED", "-I.", PROGRAM, "weir.o", "-o", "vendored",
                             cwd=here)
                  or runs(here / "vendored"))
        if errors:
            report.add("src", 0, errors)
missing = ", ".join(name for name in OTHERS if name not in ways)
report.finish(f"one file with {', '.join(ways)}"
              + (f"; not tried, because they are missing: {missing}" if missing else ""))
