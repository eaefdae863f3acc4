#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""clang-format 14 would change nothing."""

import shutil
import subprocess
import sys

from common import skip, tree

VERSION = "version 14."

program = shutil.which("clang-format-14") or shutil.which("clang-format")
if program is None:
    skip("clang-format is missing")
if VERSION not in subprocess.run([program, "--version"], capture_output=True, text=True).stdout:
    skip("clang-format is not 14; versions differ in what they do")

files = [path for folder in ("include", "src", "examples", "tests", "fuzz")
         for path in tree(f"{folder}/**/*.[ch]", f"{folder}/**/*.cpp")]
result = subprocess.run([program, "--dry-run", "-Werror", "--style=file", *map(str, files)])
print(f"{len(files)} files looked at; put right by: clang-format -i FILE")
sys.exit(result.returncode)
