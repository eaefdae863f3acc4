#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The C suites under sanitizers that need a build of their own: tests/gates/sanitize.py memory|integer

memory   MemorySanitizer. cmocka and zlib are the system's; what zlib writes, support/msan.c tells.
integer  unsigned overflow and conversions that change a value. The places in the library that mean
         to wrap are listed in integer.txt; tests, whose dice wrap everywhere, are not looked at.

Builds in build-memory or build-integer (SANITIZE_BUILD: elsewhere).
"""

import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "tests" / "gates" / "integer.txt"  # a new one is a new option: all is built anew
WAYS = {
    # mbedTLS is not instrumented: all it writes would count as never written.
    "memory": ["-Dtls=disabled", "-Db_sanitize=memory", "-Doptimization=1", "-Dc_args=-fno-sanitize-recover=all"],
    "integer": [
        "-Doptimization=1",
        "-Dc_args=-fsanitize=unsigned-integer-overflow,implicit-conversion"
        " -fno-sanitize-recover=all"
        f" -fsanitize-ignorelist={LIST} -DINTEGER_LIST={zlib.crc32(LIST.read_bytes())}",
        "-Dc_link_args=-fsanitize=unsigned-integer-overflow,implicit-conversion"]}
SUITES = ["unit", "rfc", "sec"]


def run(*command, **options):
    subprocess.run(list(map(str, command)), check=True, **options)


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in WAYS:
        sys.exit(__doc__)
    way = sys.argv[1]
    build = Path(os.environ.get("SANITIZE_BUILD", ROOT / f"build-{way}")).resolve()
    again = ["--reconfigure"] if (build / "build.ninja").exists() else []
    run("meson", "setup", *again, build, ROOT, "-Dtests=enabled", "-Dbench=false",
        "-Dexamples=false", "-Ddefault_library=static", "-Db_lundef=false", *WAYS[way],
        env={**os.environ, "CC": "clang"}, stdout=subprocess.DEVNULL)
    # Which programs there are depends on the way: no TLS, no library that counts.
    tests = json.loads((build / "meson-info" / "intro-tests.json").read_text())
    programs = {os.path.relpath(word, build) for test in tests for word in test["cmd"]
                if any(f"weir:{suite}" in test["suite"] for suite in SUITES)}
    run("ninja", "-C", build, "--quiet", *sorted(programs))
    suites = [word for suite in SUITES for word in ("--suite", suite)]
    run("meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", "--quiet",
        "--timeout-multiplier", 8, *suites)


try:
    main()
except subprocess.CalledProcessError as error:
    sys.exit(error.returncode)
