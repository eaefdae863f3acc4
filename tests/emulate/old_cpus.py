#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The unit tests of the kernels on CPUs that this machine is newer than, emulated by qemu-user.

On each CPU the library must choose the kernels named here: a wrong instruction ends the program.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import SKIPPED, Report, skip  # noqa: E402

PROGRAMS = Path(os.environ["WEIR_BUILD"]) / "tests"
TESTS = ["test_kernels", "test_mask", "test_utf8", "test_sha1", "test_chacha", "test_field"]
CPUS = {"Opteron_G1": "sse2", "core2duo": "ssse3", "Haswell": "avx2"}
EMULATOR = "qemu-x86_64"
SECONDS = 250

if platform.machine() not in ("x86_64", "AMD64"):
    print("skipped, because the machine is no x86")
    sys.exit(SKIPPED)
if shutil.which(EMULATOR) is None:
    skip(f"{EMULATOR} is missing")


def emulate(case):
    """What went wrong, or an empty text."""
    cpu, test = case
    result = subprocess.run([EMULATOR, "-cpu", cpu, PROGRAMS / test], text=True, timeout=SECONDS,
                            env=dict(os.environ, WEIR_EMULATED="1"),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    chosen = re.search(r"^kernels: (\w+)", result.stdout, re.M)
    if result.returncode != 0:
        return f"{test} exits with {result.returncode}:\n{result.stdout}"
    if test == "test_kernels" and (chosen is None or chosen[1] != CPUS[cpu]):
        return f"{chosen and chosen[0]}, but {CPUS[cpu]} is expected"
    return ""


report = Report()
cases = [(cpu, test) for test in TESTS for cpu in CPUS]
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for (cpu, _), wrong in zip(cases, pool.map(emulate, cases)):
        if wrong:
            report.add("tests/emulate/old_cpus.py", 1, f"{cpu}: {wrong}")
report.finish(f"{len(cases)} runs of unit tests on {', '.join(CPUS)}")
