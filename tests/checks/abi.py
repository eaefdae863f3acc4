#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The built library has the binary interface of weir.abi: what abidiff sees in its debug information.

Beside `interface`, which reads the headers, this finds what the compiler made of them. After a
change that is meant: WEIR_LIB=build/libweir.so python3 tests/checks/abi.py --write
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from common import ROOT, skip

DUMP = Path(__file__).with_name("weir.abi")
MOST = 100 * 1024  # bytes that are worth having in the tree
# No paths and lines, no types of ours alone, and names for types that do not depend on their order.
OPTIONS = ["--headers-dir", ROOT / "include", "--drop-private-types", "--no-corpus-path",
           "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed", "--no-parameter-names",
           "--exported-interfaces-only", "--type-id-style", "hash"]

library = Path(os.environ.get("WEIR_LIB", ""))
if platform.machine() != "x86_64":
    skip("the dump is of x86-64")
if not shutil.which("abidw"):
    skip("abigail-tools is missing")
if library.suffix == ".a" or not library.is_file():
    skip("there is no shared library")
with tempfile.TemporaryDirectory() as folder:
    now = Path(folder) / "now.abi"
    subprocess.run(["abidw", *OPTIONS, "--out-file", now, library], check=True)
    if "<function-decl" not in now.read_text():
        skip("the library has no debug information")
    if "--write" in sys.argv[1:]:
        shutil.copyfile(now, DUMP)
    result = subprocess.run(["abidiff", DUMP, now])
if result.returncode == 0 and DUMP.stat().st_size > MOST:
    sys.exit(f"{DUMP.name} has more than {MOST} bytes")
if result.returncode == 0:
    print(f"{DUMP.read_text().count('<elf-symbol')} exported symbols, as in {DUMP.name}")
sys.exit(result.returncode != 0)
