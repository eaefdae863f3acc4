#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What connections do is the same on every platform: events, statuses and each byte of output.

The traces (trace/) print a hash each. They are compared with those of this machine in the same
run; no list of them is kept, for a wanted change of any byte sent would change it, and what is
wrong a hash does not say: the unit tests do. With --list they are printed, to compare two
versions of the library.
"""

import os
import platform
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "trace"))
sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import Report, skip  # noqa: E402
from traces import Build, differences  # noqa: E402


def cross(name, triple, emulator):
    if triple == "i686-linux-gnu" and platform.machine() == "x86_64":
        return Build(name, f"{triple}-gcc", "-O2", "-static")
    return Build(name, f"{triple}-gcc", "-O2", "-static", runner=[emulator])


OWN = Build("this machine", "gcc", "-O2")
OTHERS = [cross("s390x", "s390x-linux-gnu", "qemu-s390x"),
          cross("aarch64", "aarch64-linux-gnu", "qemu-aarch64"),
          cross("armhf", "arm-linux-gnueabihf", "qemu-arm"),
          cross("i386", "i686-linux-gnu", "qemu-i386"),
          Build("musl", "musl-gcc", "-Os", "-static"),
          Build("tcc", "tcc", warn=False),
          Build("clang", "clang", "-O3"),
          Build("unsigned char", "gcc", "-O2", "-funsigned-char")]

report = Report()
present = [build for build in OTHERS if build.missing() is None]
absent = [f"{build.name}: {build.missing()}" for build in OTHERS if build.missing()]
with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
    own, *others = pool.map(lambda build: build.trace(folder), [OWN, *present])
if own[1]:
    report.add("tests/cross/trace", 0, own[1])
elif "--list" in sys.argv:
    print(own[0], end="")
for line in own[0].splitlines():
    if line.startswith("unmet "):
        report.add("tests/cross/trace", 0, f"no trace ends a connection for {line.split()[1]}")
for build, (text, errors) in zip(present, others):
    wrong = errors or differences(own[0], text)
    if wrong and not own[1]:
        report.add("tests/cross/trace", 0, f"{build.name}, {build.compiler}:\n{wrong}")
if absent and report.count == 0:
    skip(", ".join(absent))
report.finish(f"{len(own[0].splitlines())} traces are the same on"
              f" {', '.join(build.name for build in present)}")
