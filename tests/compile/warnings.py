#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library compiles without a warning, whatever gcc and clang can be asked to warn of.

All sources as one file; what the compilers' own headers bring is
not looked at.
"""

import itertools
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import ROOT, Report, one_file, run, skip  # noqa: E402

BOTH = """-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Warith-conversion -Wshadow -Wvla -Walloca
    -Wcast-align -Wcast-qual -Wbad-function-cast -Wpointer-arith -Wwrite-strings -Wstrict-aliasing
    -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition
    -Wnested-externs -Wredundant-decls -Wundef -Wunused -Wdouble-promotion -Wfloat-equal -Wformat=2
    -Wnull-dereference -Wswitch-enum -Wimplicit-fallthrough -Winit-self -Wstack-protector
    -Wmissing-field-initializers""".split()
OWN = {
    "gcc": """-Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init
        -Wcast-align=strict -Wstrict-overflow=2 -Wshift-overflow=2 -Warray-bounds=2
        -Wstringop-overflow=4 -Wtrampolines""".split(),
    "clang": """-Wno-unknown-warning-option -Wconditional-uninitialized -Wassign-enum -Wloop-analysis
        -Wextra-semi-stmt -Wunreachable-code-aggressive -Wmissing-variable-declarations
        -Wcomma -Wimplicit-int-conversion""".split()}
OURS = re.compile(rf"^(?:{re.escape(str(ROOT))}/)?(?:src|include)/\S+: (?:warning|error):")

report = Report()
text = one_file()
count = 0
for program, level in itertools.product(OWN, ("-O2", "-O3")):
    if shutil.which(program) is None:
        skip(f"{program} is missing")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "all.c"
        source.write_text(text)
        output = run(program, "-std=c99", level, *BOTH, *OWN[program], "-Iinclude", f"-I{ROOT}", "-c",
                     source, "-o", Path(folder) / "all.o")
    for line in dict.fromkeys(line for line in output.splitlines() if OURS.match(line)):
        report.add("src", 0, f"{program} {level}: {line}")
    if " error: " in output and report.count == 0:
        report.add("src", 0, output)
    count += 1
report.finish(f"all sources in {count} ways with {len(BOTH)} and more warnings asked for")
