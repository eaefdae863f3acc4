#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Unit tests of what depends on the CPU pass on other CPUs: other vectors, byte orders, word sizes.

Built with Debian's cross compilers and run under qemu, which run.sh installs. With --all every
unit test that needs no zlib and no TLS.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import ROOT, Report, compile_text, one_file, run, skip, tree  # noqa: E402

# Debian's name, the compiler's, qemu's
PLATFORMS = [("arm64", "aarch64-linux-gnu", "qemu-aarch64"),
             ("armhf", "arm-linux-gnueabihf", "qemu-arm"),
             ("s390x", "s390x-linux-gnu", "qemu-s390x"),
             ("i386", "i686-linux-gnu", "qemu-i386")]
TESTS = ["test_mask", "test_utf8", "test_kernels", "test_sha1", "test_base64", "test_chacha",
         "test_field", "test_frame", "test_whole", "test_inflate"]
if "--all" in sys.argv:
    TESTS = [path.stem for path in tree("tests/unit/test_*.c")
             if not re.search(r'#include "(support/zip|deflate/codec_zlib)\.h"', path.read_text())
             and not path.stem.startswith("test_tls_")]
# What these tests use; zlib for each platform would be one more thing to install.
SUPPORT = ["alloc", "guard", "pair", "peer", "shake", "tables", "wire"]
OPTIONS = ["-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror"]


class Platform:
    def __init__(self, name, triple, emulator):
        self.name = name
        self.compiler = f"{triple}-gcc"
        self.cmocka = Path(os.environ["WEIR_BUILD"]) / "cross" / name / "usr"
        self.library = next(self.cmocka.glob("lib/*/libcmocka.so.0"), None)
        self.runner = [emulator, "-L", f"/usr/{triple}"]
        if name == "i386" and platform.machine() == "x86_64":
            self.runner = [f"/usr/{triple}/lib/ld-linux.so.2"]  # the CPU itself knows its vectors

    def missing(self):
        if self.library is None:
            return f"cmocka for {self.name} is missing"
        absent = [p for p in (self.compiler, self.runner[0]) if shutil.which(p) is None]
        return f"{absent[0]} is missing" if absent else None

    def build(self, folder):
        """Compile what all tests share; returns the compiler's complaints."""
        self.folder = Path(folder) / self.name
        self.folder.mkdir()
        support = [ROOT / f"tests/support/{name}.c" for name in SUPPORT]
        text = "".join(f'#include "{path}"\n' for path in support)
        include = [f"-I{self.cmocka}/include", "-Itests"]
        return (compile_text(self.compiler, one_file(), *OPTIONS, output=self.folder / "weir.o")
                + compile_text(self.compiler, text, *OPTIONS, *include,
                               output=self.folder / "support.o"))

    def test(self, name):
        """Build one test and run it; returns what went wrong, else an empty text."""
        program = self.folder / name
        errors = run(self.compiler, *OPTIONS, "-Iinclude", "-Itests", f"-I{self.cmocka}/include",
                     f"tests/unit/{name}.c", self.folder / "weir.o", self.folder / "support.o",
                     self.library, f"-Wl,-rpath,{self.library.parent}", "-o", program)
        if errors:
            return errors
        result = subprocess.run([*self.runner, program], cwd=ROOT, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return result.stdout if result.returncode != 0 else ""


report = Report()
platforms = [Platform(*row) for row in PLATFORMS]
missing = [platform.missing() for platform in platforms if platform.missing()]
platforms = [platform for platform in platforms if not platform.missing()]
with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
    for platform, errors in zip(platforms, pool.map(lambda one: one.build(folder), platforms)):
        if errors:
            report.add("src", 0, f"with {platform.compiler}:\n{errors}")
    if report.count == 0:
        pairs = [(one, name) for one in platforms for name in TESTS]
        for (one, name), errors in zip(pairs, pool.map(lambda pair: pair[0].test(pair[1]), pairs)):
            if errors:
                report.add(f"tests/unit/{name}.c", 0, f"on {one.name}:\n{errors}")
if missing and report.count == 0:
    skip(", ".join(missing))
report.finish(f"{len(TESTS)} programs pass on {', '.join(one.name for one in platforms)}")
