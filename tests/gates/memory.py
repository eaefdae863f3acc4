#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The C suites under MemorySanitizer: nothing is read that was never written.

cmocka and zlib are the system's; what zlib writes, support/msan.c tells. mbedTLS has no such help:
all it writes would count as never written, so TLS is left out. Builds in build-memory
(MEMORY_BUILD: elsewhere).
"""

import os
import subprocess
import sys
from pathlib import Path

import suites

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MEMORY_BUILD", ROOT / "build-memory")).resolve()
OPTIONS = ["-Dtests=enabled", "-Dtls=disabled", "-Dbench=false", "-Dexamples=false",
           "-Ddefault_library=static", "-Db_lundef=false", "-Db_sanitize=memory",
           "-Doptimization=1", "-Dc_args=-fno-sanitize-recover=all"]

try:
    suites.setup(BUILD, ROOT, OPTIONS, CC="clang")
    programs = suites.programs(BUILD, ["unit", "rfc", "sec"])
    suites.build_programs(BUILD, programs.values())
    suites.test(BUILD, programs, 8)
except subprocess.CalledProcessError as error:
    sys.exit(error.returncode)
