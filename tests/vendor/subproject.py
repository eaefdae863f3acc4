#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A meson project takes weir as a subproject, whole and with parts left out."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from ways import PROGRAM, ROOT, attempt, need, runs  # noqa: E402
from common import Report  # noqa: E402

PROJECT = """
project('taker', 'c', default_options: ['default_library=static', 'buildtype=plain'])
weir_dep = dependency('weir', fallback: 'weir')
executable('vendored', 'vendored.c', dependencies: weir_dep)
"""

report = Report()
need("meson", "ninja")
with tempfile.TemporaryDirectory() as place:
    folder = Path(place)
    (folder / "meson.build").write_text(PROJECT)
    (folder / "vendored.c").write_text(PROGRAM.read_text())
    (folder / "subprojects").mkdir()
    (folder / "subprojects/weir").symlink_to(ROOT)
    for title, options in (("whole", []), ("small", ["vectors=false", "tiny=true"])):
        build = folder / title
        errors = (attempt("meson", "setup", build, folder,
                          *(f"-Dweir:{option}" for option in options))
                  or attempt("ninja", "-C", build) or runs(build / "vendored"))
        if errors:
            report.add("meson.build", 0, f"{title}: {errors}")
report.finish("weir as a subproject of a meson project, whole and with parts left out")
