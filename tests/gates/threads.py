#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Contexts of several threads share nothing: sec_threads under ThreadSanitizer.

TLS is left out, as mbedTLS was not built for it. Builds in build-threads (THREADS_BUILD:
elsewhere).
"""

import os
import subprocess
import sys
from pathlib import Path

import suites

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("THREADS_BUILD", ROOT / "build-threads")).resolve()
OPTIONS = ["-Dtests=enabled", "-Dtls=disabled", "-Dbench=false", "-Dexamples=false",
           "-Ddefault_library=static", "-Db_lundef=false", "-Db_sanitize=thread",
           "-Doptimization=1"]

try:
    suites.setup(BUILD, ROOT, OPTIONS, CC="clang")
    programs = {name: path for name, path in suites.programs(BUILD, ["sec"]).items()
                if name == "sec_threads"}
    assert programs, "the program is gone"
    suites.build_programs(BUILD, programs.values())
    suites.test(BUILD, programs, 8)
except subprocess.CalledProcessError as error:
    sys.exit(error.returncode)
