#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""clang's analyzer finds nothing in the library, looking across the files of a layer and of base.

clang-tidy runs the same checkers file by file (tests/gates/tidy.py); here calls are followed into
other files. What it says of the compiler's own headers does not count.
"""

import re
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import ROOT, Report, run, skip, tls_options, tree  # noqa: E402

if shutil.which("clang") is None:
    skip("clang is missing")

# The longest first; base is part of each but the TLS pump, which stands on public headers alone.
UNITS = [["base", "conn"], ["base", "protocol"], ["base", "kernels", "deflate"], ["tls"]]
ANALYZER = ["-analyzer-checker=core,unix,security,nullability", "-analyzer-opt-analyze-headers",
            "-analyzer-output=text",
            "-analyzer-config", "max-nodes=75000"]  # a third of the default, in half the time
OPTIONS = ["-std=c99", "-Iinclude", "-I.", "--analyze",
           *(word for option in ANALYZER for word in ("-Xclang", option))]
FINDING = re.compile(r"(?m)^(?:\./)?((?:src|include)/[^:]+):(\d+):\d+: (?:warning|error): (.*)$")


def look(layers):
    """(files, what was written)"""
    files = [path for layer in layers for path in tree(f"src/{layer}/*.c", f"src/{layer}/*/*.c")]
    with tempfile.TemporaryDirectory() as folder:
        unit = Path(folder) / "unit.c"
        unit.write_text("".join(f'#include "{path.relative_to(ROOT)}"\n' for path in files))
        output = run("clang", *OPTIONS, *tls_options(files[-1]), unit, "-o", "/dev/null")
    return files, output


report = Report()
seen = set()
found = set()
with ThreadPoolExecutor(2) as pool:
    for files, output in pool.map(look, UNITS):
        seen.update(files)
        found.update(FINDING.findall(output))
        if re.search(r"(?m)\berror: |^exit status", output):
            report.add(files[-1], 0, output)
for path, line, message in sorted(found):
    report.add(path, line, message)
report.finish(f"{len(seen)} files, nothing found")
