#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each public header compiles alone, as C99, C11 and C++17, without a warning."""

import itertools
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import Report, compile_text, skip, tree  # noqa: E402

STRICT = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
MORE = {"c": ["-Wstrict-prototypes"], "c++": ["-Wold-style-cast", "-Wextra-semi"]}
LANGUAGES = [("gcc", "c", ["c99", "c11"]), ("clang", "c", ["c99", "c11"]),
             ("g++", "c++", ["c++17"]), ("clang++", "c++", ["c++17"])]

report = Report()
count = 0
for program, language, standards in LANGUAGES:
    if shutil.which(program) is None:
        skip(f"{program} is missing")
    for standard, header in itertools.product(standards, tree("include/weir/*.h")):
        # Twice: the guard holds.
        text = f"#include <weir/{header.name}>\n" * 2 + "int unit;\n"
        options = [f"-x{language}", f"-std={standard}", *STRICT, *MORE[language]]
        errors = compile_text(program, text, *options)
        count += 1
        if errors:
            report.add(header, 1, f"{program} -std={standard}:\n{errors}")
report.finish(f"{count} compilations of public headers without a warning")
