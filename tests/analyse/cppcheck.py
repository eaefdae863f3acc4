#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""cppcheck finds nothing in the library, for the configurations of this CPU and of none."""

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import ROOT, skip  # noqa: E402

if shutil.which("cppcheck") is None:
    skip("cppcheck is missing")

# Where it is wrong, and why.
WRONG = [
    # sizeof of a pointer: the links of free blocks are pointers in memory of any type.
    "pointerSize:src/base/*",
    # The address of a byte that nothing reads, where C wants some address.
    "uninitvar:src/conn/receive.c",
    # One block through a pointer to an array of 16.
    "bufferAccessOutOfBounds:src/kernels/chacha.c",
    # The length is that of the literal beside it: the macro takes its sizeof.
    "pointerOutOfBoundsCond:src/protocol/http_name.c",
]
CONFIGURATIONS = [["-D__GNUC__=12", "-D__x86_64__=1", "-D__SSE2__=1", "-DWEIR_TLS=1"],
                  ["-U__GNUC__", "-U__x86_64__"]]

status = 0
for defines in CONFIGURATIONS:
    status |= subprocess.run(
        ["cppcheck", "--std=c99", "--enable=warning,performance,portability", "--inconclusive",
         "--quiet", "--error-exitcode=1", "-j2", "--template={file}:{line}: {id}: {message}",
         "-Iinclude", *defines, *(f"--suppress={row}" for row in WRONG), "src"],
        cwd=ROOT).returncode
print("nothing found" if status == 0 else "put it right, or name it in this file with the reason")
sys.exit(status)
