#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The C code of the README compiles, and links when it is a program.

A block that is meant for this stands right after the line <!-- compiled -->.
"""

import os
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import ROOT, Report, line_of, run  # noqa: E402

BLOCK = re.compile(r"^<!-- compiled -->\n+```c\n(.*?)^```$", re.M | re.S)
STRICT = ["-std=gnu99", "-Wall", "-Wextra", "-Werror"]

report = Report()
readme = ROOT / "README.md"
text = readme.read_text() if readme.is_file() else ""
blocks = list(BLOCK.finditer(text))
if not blocks:
    report.add("README.md", 0, "has no block of C after a line <!-- compiled -->")
for block in blocks:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "readme.c"
        source.write_text(block[1])
        rest = [os.environ["WEIR_STATIC"]] if "main(" in block[1] else ["-c"]
        errors = run("cc", *STRICT, "-Iinclude", source, *rest, "-o", Path(folder) / "readme")
        if errors:
            report.add(readme, line_of(text, block.start()) + 2, errors)
report.finish(f"{len(blocks)} blocks compile")
