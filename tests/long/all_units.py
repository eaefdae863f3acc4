#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every unit test that needs no zlib, on the platforms of the suite cross."""

import subprocess
import sys
from pathlib import Path

script = Path(__file__).parents[1] / "cross" / "cross_units.py"
sys.exit(subprocess.run([sys.executable, script, "--all"]).returncode)
