#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What pkg-config says of the installed weir links a program, dynamic and wholly static."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from ways import PROGRAM, attempt, install, need, runs  # noqa: E402
from common import Report  # noqa: E402

report = Report()
need("pkg-config", "cc")
with tempfile.TemporaryDirectory() as place:
    folder = Path(place)
    prefix = install(folder / "root")
    libdir = next(prefix.glob("**/weir.pc")).parent
    env = dict(os.environ, PKG_CONFIG_LIBDIR=str(libdir),
               PKG_CONFIG_SYSROOT_DIR=str(folder / "root"))

    def flags(*arguments):
        return subprocess.run(["pkg-config", *arguments, "weir"], env=env, text=True, check=True,
                              capture_output=True).stdout.split()

    env_run = dict(os.environ, LD_LIBRARY_PATH=str(libdir.parent))
    for title, before, arguments in (("shared", [], []), ("static", ["-static"], ["--static"])):
        program = folder / title
        errors = (attempt("cc", *before, *flags("--cflags", *arguments), PROGRAM,
                          *flags("--libs", *arguments), "-o", program)
                  or runs(program, env=env_run if title == "shared" else None))
        if errors:
            report.add("meson.build", 0, f"{title}: {errors}")
report.finish("pkg-config's flags link a dynamic and a static program")
