# SPDX-License-Identifier: MIT
"""Building the traces with a compiler, and comparing what they print with this machine's."""

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "checks"))
from common import ROOT, compile_text, one_file, run, tree  # noqa: E402

WARN = ["-std=gnu99", "-Wall", "-Wextra", "-Werror"]
SECONDS = 280


class Build:
    """One way to build the traces and to run them; what is missing for that, or None."""

    def __init__(self, name, compiler, *options, runner=(), warn=True):
        self.name = name
        self.compiler = compiler
        self.options = [*(WARN if warn else []), *options]
        self.runner = list(runner)

    def missing(self):
        needed = [self.compiler, *self.runner[:1]]
        absent = [program for program in needed if shutil.which(program) is None]
        return f"{absent[0]} is missing" if absent else None

    def trace(self, folder):
        """(what the traces print, what went wrong)"""
        folder = Path(folder) / self.name.replace(" ", "-")
        folder.mkdir()
        program = folder / "trace.exe"
        sources = "".join(f'#include "{path}"\n' for path in tree("tests/cross/trace/*.c"))
        errors = (compile_text(self.compiler, one_file(), *self.options, output=folder / "weir.o")
                  + compile_text(self.compiler, sources, *self.options, output=folder / "trace.o"))
        errors = errors or run(self.compiler, *self.options, folder / "trace.o", folder / "weir.o",
                               "-o", program)
        return ("", errors) if errors else printed(*self.runner, program)


def printed(*command, env=None, seconds=SECONDS):
    """(what a program prints, what went wrong)"""
    try:
        result = subprocess.run(list(map(str, command)), cwd=ROOT, text=True, env=env,
                                timeout=seconds, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return "", f"still runs after {seconds} s"
    text = result.stdout.replace("\r", "")
    return text, "" if result.returncode == 0 else f"exit status {result.returncode}:\n{text}"


def differences(expected, text):
    """The lines that are not this machine's, or an empty text."""
    own = dict(line.split(" ", 1) for line in expected.splitlines())
    other = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
    return "".join(f"{name}: {other.get(name)}, but {own.get(name)} on this machine\n"
                   for name in sorted(own.keys() | other.keys()) if own.get(name) != other.get(name))
