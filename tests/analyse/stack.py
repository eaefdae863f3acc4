#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No call of the tiny profile takes more stack than chain/limits.txt says.

With --chains the deepest ones are printed with their frames, with --markdown as the README's table,
with --write they become the limits. Cortex-M0 is looked at where its compiler is installed.
"""

import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "chain"))
from chains import LIMITS, MACHINES, judge, tiny  # noqa: E402
from common import Report, skip  # noqa: E402

HEAD = """\
# Stack in bytes of the deepest chain of calls, gcc 12 -Os, without what memcpy and the compiler's
# own helpers take: on a connection that is open, and with the handshake. Written by stack.py --write.
"""

report = Report()
machines = [name for name, (prefix, _) in MACHINES.items() if shutil.which(f"{prefix}gcc")]
if "x86-64" not in machines:
    skip("gcc is missing")
if "--write" not in sys.argv:
    machines = [name for name in machines if name != "cortex-m4"]  # long/platforms.py

with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(2) as pool:
    found = {name: tiny(name, Path(place), report, pool) for name in machines}

lines = []
for name, profiles in found.items():
    for profile, chains in profiles.items():
        if "--markdown" in sys.argv:
            print(f"\n{name}, {profile}\n\n| calls | open | with the handshake |\n|---|---|---|")
        for title, (opened, full) in chains.rows().items():
            lines.append(f"{name:10} {profile:7} {title:8} {opened[0]:4} {full[0]:4}\n")
            if "--markdown" in sys.argv:
                print(f"| {title} | {opened[0]} | {full[0]} |")
            if "--chains" in sys.argv:
                print(f"{lines[-1]}    {chains.shown(opened[1])}")
                if full != opened:
                    print(f"    {chains.shown(full[1])}")
if "--write" in sys.argv:
    LIMITS.write_text(HEAD + "".join(lines))
for name, profiles in found.items():
    judge(name, profiles, report)
report.finish(f"{len(lines)} limits kept on {', '.join(found)}")
