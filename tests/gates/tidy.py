#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""clang-tidy 14 finds nothing in the library by the checks of .clang-tidy."""

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import ROOT, skip, tls_options, tree  # noqa: E402

VERSION = "version 14."

program = shutil.which("clang-tidy-14") or shutil.which("clang-tidy")
if program is None:
    skip("clang-tidy is missing")
if VERSION not in subprocess.run([program, "--version"], capture_output=True, text=True).stdout:
    skip("clang-tidy is not 14; versions differ in what they find")


def look(path):
    result = subprocess.run([program, "--quiet", str(path), "--", "-std=c99", "-Iinclude",
                             *tls_options(path)], cwd=ROOT,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return result.returncode, result.stdout


files = tree("src/*/*.c", "src/*/*/*.c")
failed = 0
with ThreadPoolExecutor(2) as pool:
    for status, output in pool.map(look, files):
        failed += status != 0
        print(output, end="")
print(f"{len(files)} files looked at, {failed} with findings")
sys.exit(failed != 0)
