# SPDX-License-Identifier: MIT
"""What the checks share: the tree, code without its comments, and how a check ends."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ["base", "kernels", "deflate", "protocol", "conn"]  # each includes only those before it
TLS = "tls"  # on public headers alone; nothing without WEIR_TLS
SKIPPED = 77  # the exit status that meson takes for "skipped"

_TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def tree(*patterns):
    """The files of the tree that match, sorted."""
    return sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()})


def code_of(path):
    """A C file with comments and the insides of literals blanked; lines keep their place."""

    def blank(match):
        text = match.group()
        if text[0] == "/":
            return re.sub(r"[^\n]", " ", text)
        return text[0] + " " * (len(text) - 2) + text[0]

    return _TOKEN.sub(blank, path.read_text())


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def tags(paths, kinds):
    """What universal-ctags finds: dicts with path, name, line, end, kind, file (when local)."""
    command = ["ctags", "--output-format=json", "--languages=C", "--langmap=C:.c.h",
               f"--kinds-C={kinds}", "--fields=+neKf", "-o", "-", *map(str, paths)]
    try:
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        skip("universal-ctags with JSON output is missing")
    return [json.loads(line) for line in output.splitlines()]


def run(*command):
    """What a compiler wrote when it warned or failed, else an empty text."""
    result = subprocess.run(list(map(str, command)), cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return result.stdout or (f"exit status {result.returncode}" if result.returncode else "")


def compile_text(program, text, *arguments, output=None):
    """Compile a text that includes from the tree, into nowhere when no output is named."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "unit.c"
        source.write_text(text)
        output = output or Path(folder) / "unit.o"
        return run(program, *arguments, "-Iinclude", "-I.", "-c", source, "-o", output)


def one_file():
    """The text of one file of all sources."""
    sources = [path for layer in [*LAYERS, TLS]
               for path in tree(f"src/{layer}/*.c", f"src/{layer}/*/*.c")]
    return "".join(f'#include "{path.relative_to(ROOT)}"\n' for path in sources)


def has_mbedtls():
    return not compile_text("cc", "#include <mbedtls/ssl.h>\n")


def tls_options(path):
    """What the compiler is to be told for this file to be more than nothing."""
    return ["-DWEIR_TLS"] if path.parent.name == TLS and has_mbedtls() else []


def skip(reason):
    """End the check without a verdict; where the tests must be complete that is a failure."""
    print(f"skipped, because {reason}")
    sys.exit(1 if os.environ.get("CI") == "true" else SKIPPED)


class Report:
    """Collects what is wrong, each with its file and line, and ends the check."""

    def __init__(self):
        self.count = 0

    def add(self, path, line, message):
        self.count += 1
        path = Path(path)
        shown = path.relative_to(ROOT) if path.is_absolute() and ROOT in path.parents else path
        print(f"{shown}:{line}: {message}")

    def finish(self, summary):
        print(summary if self.count == 0 else f"{self.count} wrong")
        sys.exit(1 if self.count else 0)
