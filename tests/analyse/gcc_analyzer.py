#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""gcc -fanalyzer finds nothing in the library, file by file."""

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import Report, run, skip, tls_options, tree  # noqa: E402

if shutil.which("gcc") is None:
    skip("gcc is missing")


def look(path):
    return path, run("gcc", "-std=c99", "-O2", "-Iinclude", "-fanalyzer", *tls_options(path),
                     "-c", path, "-o", "/dev/null")


report = Report()
files = tree("src/*/*.c", "src/*/*/*.c")
with ThreadPoolExecutor(2) as pool:
    for path, output in pool.map(look, files):
        if output:
            report.add(path, 0, output)
report.finish(f"{len(files)} files, nothing found")
