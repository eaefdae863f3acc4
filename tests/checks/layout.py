#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The top level holds what it should; no file holds leftovers or paths of one machine."""

import os
import re
import subprocess

from common import ROOT, Report, line_of

TOP = {"include", "src", "examples", "tests", "fuzz", "meson.build", "meson_options.txt",
       "README.md", "LICENSE"}
NEEDED = TOP - {"fuzz"}
LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
PATHS = {f"{ROOT}/", f"{ROOT.parent}/", os.path.expanduser("~/")} - {"/", "/tmp/"}
MACHINE = re.compile("|".join(map(re.escape, PATHS)))


def files():
    """What git tracks or would track; outside a repository all but build folders."""
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, text=True)
    if listed.returncode == 0:
        return sorted({name for name in listed.stdout.split("\0") if (ROOT / name).is_file()})
    names = (str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith(("build", ".git")))


report = Report()
names = files()
tops = {name.split("/")[0] for name in names}
for top in sorted(tops):
    if top not in TOP and not top.startswith("."):
        report.add(top, 0, "does not belong at the top level")
for top in sorted(NEEDED - tops):
    report.add(top, 0, "is missing")

for name in names:
    if name.startswith("fuzz/corpus/"):
        continue
    try:
        text = (ROOT / name).read_text()
    except UnicodeDecodeError:
        continue
    for pattern, why in ((LEFTOVER, "leftover"), (MACHINE, "path of one machine")):
        for match in pattern.finditer(text):
            report.add(name, line_of(text, match.start()), f"{why}: {match[0]}")

report.finish(f"{len(names)} files, all where they belong")
