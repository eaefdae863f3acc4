#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Frama-C's EVA finds no undefined behaviour in the parts that read what a peer sends.

Each proofs/prove_<part>.c calls a part with all inputs of bounded length at once, in memory of
exactly their size: what is read or written out of bounds, read before it was written, shifted too
far or overflows would be an alarm. Where EVA cannot see why there is none, proofs/alarms.txt says
it; an alarm that is not there fails, and so does one that is there and no longer raised.

`python3 tests/long/proofs.py utf8` proves that part alone.
"""

import csv
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import ROOT, Report, skip  # noqa: E402

FOLDER = Path(__file__).parent / "proofs"
KERNELS = ["src/kernels/kernels.c", "src/base/cpu.c"]
STATES = ["-eva-ilevel", "32", "-eva-plevel", "300"]  # sets of more numbers than 8 are kept
# The sources of a part, how many states EVA keeps apart, and what else it is told.
PARTS = {
    "frame": (["src/protocol/frame.c"], 1000, ["-eva-domains", "equality,symbolic-locations"]),
    "close": (["src/protocol/close.c"], 20, []),
    "utf8": (["src/kernels/utf8.c", *KERNELS], 80, STATES),
    "mask": (["src/kernels/mask.c", *KERNELS], 100, []),
    "base64": (["src/kernels/base64.c"], 100, []),
    "sha1": (["src/kernels/sha1.c", *KERNELS], 100, []),
    "inflate_codes": (["src/deflate/inflate_tables.c"], 10, []),
    "inflate_lengths": (["src/deflate/inflate_tables.c"], 0, ["-eva-ilevel", "64"]),
}
# Loops of up to so many turns are followed turn by turn; else 200.
UNROLL = {"inflate_lengths": 40}
LEAST_REACHED = 80  # % of the statements of all functions that are called
SECONDS = 3600
OPTIONS = [
    "-machdep", "x86_64", "-main", "prove", "-eva", "-eva-split-return", "full",
    "-eva-alloc-builtin", "fresh", "-eva-no-alloc-returns-null", "-warn-invalid-pointer",
    # Of what a compiler has built in it knows too little: the portable forms.
    "-cpp-extra-args=-std=c99 -Iinclude -Isrc -Itests/long/proofs -DWEIR_NO_VECTORS -U__GNUC__"
    " -include tests/long/proofs/proof_memory.h"]


def analyse(part, folder):
    """What EVA printed, and its alarms: (file, function, kind, property)."""
    sources, states, options = PARTS[part]
    table = Path(folder) / f"{part}.csv"
    result = subprocess.run(
        ["frama-c", *OPTIONS, *options, "-eva-slevel", str(states), "-eva-auto-loop-unroll",
         str(UNROLL.get(part, 200)), str(FOLDER / f"prove_{part}.c"), *sources,
         "-then", "-report", "-report-no-proven", "-report-csv", str(table)],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS)
    if result.returncode != 0 or not table.exists():
        return result.stdout, None
    with table.open() as rows:
        return result.stdout, {
            (f"{row['directory']}/{row['file']}", row["function"], row["property kind"],
             row["property"])
            for row in csv.DictReader(rows, delimiter="\t")
            if not row["directory"].startswith("FRAMAC_SHARE")}


def known(report):
    """{part: {alarm: line}}; each alarm has a reason behind it."""
    found = {part: {} for part in PARTS}
    path = FOLDER / "alarms.txt"
    waiting = 0
    for number, line in enumerate(path.read_text().splitlines(), 1):
        mark, _, rest = line.partition(" ")
        if mark == "@":
            if waiting:
                break
            part, source, function = rest.split()
        elif mark == "-":
            found[part][(source, function, *rest.split(": ", 1))] = number
            waiting = waiting or number
        elif mark == "=":
            waiting = 0
    if waiting:
        report.add(path, waiting, "has no reason")
    return found


def prove(part, alarms, folder, report):
    output, found = analyse(part, folder)
    driver = FOLDER / f"prove_{part}.c"
    if found is None:
        report.add(driver, 0, "\n".join(output.splitlines()[-20:]))
        return
    for name in re.findall(r"[Nn]either code nor .*? for function (\w+)", output):
        report.add(driver, 0, f"{name} has no body, so nothing is known of it")
    match = re.search(r"statements reached \(out of \d+\): (\d+)%", output)
    reached = int(match[1]) if match else 0
    if reached < LEAST_REACHED:
        report.add(driver, 0, f"reaches {reached} % of what it calls")
    for source, function, kind, text in sorted(found - alarms.keys()):
        report.add(source, 0, f"{part}: alarm in {function}: {kind}: {text}")
    for alarm in alarms.keys() - found:
        report.add(FOLDER / "alarms.txt", alarms[alarm], f"{part}: no such alarm any more")
    print(f"{part}: {len(found)} alarms, {reached} % of the statements reached", flush=True)


if shutil.which("frama-c") is None:
    skip("frama-c is missing (Debian: frama-c-base)")
report = Report()
alarms = known(report)
parts = sys.argv[1:] or PARTS
with tempfile.TemporaryDirectory() as folder:
    for part in parts:
        prove(part, alarms[part], folder, report)
count = sum(len(alarms[part]) for part in parts)
report.finish(f"{len(parts)} parts, no alarm but the {count} of alarms.txt")
