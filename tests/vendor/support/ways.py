# SPDX-License-Identifier: MIT
"""What the tests of this suite share: the generated files, builds, programs that must run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "checks"))
from common import ROOT, skip  # noqa: E402

PROGRAM = ROOT / "tests/vendor/program/vendored.c"
SAYS = "weir echoed: hello\n"
SECONDS = 600


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            skip(f"{program} is missing")


def attempt(*command, **more):
    """What a command printed when it failed, else an empty text."""
    result = subprocess.run(list(map(str, command)), text=True, timeout=SECONDS,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    return f"{' '.join(map(str, command))}\n{result.stdout}" if result.returncode else ""


def amalgamate(folder):
    """The two files and a CMakeLists.txt, in the folder."""
    return attempt(sys.executable, ROOT / "src/amalgamate.py", folder)


def runs(program, **more):
    """Empty when the program echoes, else what it did."""
    result = subprocess.run([program], text=True, timeout=SECONDS, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, **more)
    if result.returncode == 0 and result.stdout == SAYS:
        return ""
    return f"{program}: status {result.returncode}, {result.stdout!r}"


def install(folder):
    """Install the build that is tested below the folder; returns the prefix."""
    errors = attempt("meson", "install", "-C", os.environ["WEIR_BUILD"], "--no-rebuild",
                     "--destdir", folder)
    configs = list(Path(folder).glob("**/weirConfig.cmake"))
    if errors or len(configs) != 1:
        sys.exit(errors or f"{len(configs)} files weirConfig.cmake")
    return next(Path(folder).glob("**/include/weir")).parents[1]
