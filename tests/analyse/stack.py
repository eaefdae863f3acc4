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
from chains import ENTRIES, LIMITS, MACHINES, judge, tiny  # noqa: E402
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
    built = {name: tiny(name, Path(place), report, pool) for name in machines}
rows = {(machine, profile): chains.rows()
        for machine, profiles in built.items() for profile, chains in profiles.items()}
if "--write" in sys.argv:
    LIMITS.write_text(HEAD + "".join(
        f"{machine:10} {profile:7} {title:8} {opened[0]:4} {full[0]:4}\n"
        for (machine, profile), found in rows.items() for title, (opened, full) in found.items()))
if "--markdown" in sys.argv:
    print("| calls | " + " | ".join(map(", ".join, rows)) + " |\n|" + "---|" * (len(rows) + 1))
    for title in ENTRIES:
        cells = [" (".join(dict.fromkeys(str(size) for size, _ in found[title]))
                 for found in rows.values()]
        print(f"| {title} | " + " | ".join(cell + ")" * ("(" in cell) for cell in cells) + " |")
if "--chains" in sys.argv:
    for (machine, profile), found in rows.items():
        for title, both in found.items():
            for size, chain in dict.fromkeys((size, tuple(chain)) for size, chain in both):
                print(f"{machine}, {profile}, {title}: {size}:"
                      f" {built[machine][profile].shown(chain)}")
for machine, profiles in built.items():
    judge(machine, profiles, report)
report.finish(f"{sum(map(len, rows.values()))} limits kept on {', '.join(built)}")
