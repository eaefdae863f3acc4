#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library builds without a build system: the plain line of the README, and as one file.

proves: SEC-B1
"""

import platform
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import Report, compile_text, has_mbedtls, one_file, run, skip  # noqa: E402

WARN = ["-Wall", "-Wextra"]
VARIANTS = [["-std=c99", "-pedantic"], ["-std=c11", "-pedantic"], ["-O0"], ["-O3"], ["-Os"],
            ["-funsigned-char"]]
if platform.machine() == "x86_64":
    VARIANTS += [["-O2", "-march=x86-64-v3"], ["-O2", "-m32"]]
VARIANTS += [["-DWEIR_TLS", "-DWEIR_TLS_NO_MBEDTLS"]]  # for an engine of one's own
if has_mbedtls():
    VARIANTS += [["-DWEIR_TLS", "-std=c99", "-pedantic"]]

report = Report()
for program in ("gcc", "clang"):
    if shutil.which(program) is None:
        skip(f"{program} is missing")
    with tempfile.TemporaryDirectory() as folder:
        line = (f"{program} {' '.join(WARN)} -O2 -Iinclude src/*/*.c src/*/*/*.c"
                f" examples/echo_poll.c -o {folder}/echo")
        errors = run("sh", "-c", line)
    if errors:
        report.add("src", 0, f"{line}\n{errors}")

    # As one file: names that a file keeps to itself must not collide with those of another.
    text = one_file() + '#include "tests/compile/abi.c"\n'
    for variant in VARIANTS:
        if "-m32" in variant and compile_text(program, "#include <stdint.h>\n", "-m32"):
            print(f"32 bits with {program} skipped, because its headers are missing")
            continue
        errors = compile_text(program, text, *WARN, "-Werror", *variant)
        if errors:
            report.add("src", 0, f"one file of all with {program} {' '.join(variant)}:\n{errors}")

report.finish(f"the plain line, and all sources as one file in {len(VARIANTS)} ways")
