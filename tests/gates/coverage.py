#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every line and every branch of the library is taken by its tests: python3 tests/gates/coverage.py

Builds in a folder of its own (COVERAGE_BUILD, else build-coverage), runs the suites unit, rfc and
sec but for what is exhaustive there (*_all), and reads what gcov counted. Without optimization and forced inlining each condition of the
source is one place in the program, so that copies for constant arguments do not count apart; what
several programs make of one header adds up.

A line that ends in a comment "never: why" is defensive: what is missing there is accepted, and
counted. Says file:line of all else that is missing, with the condition's text. TLS counts too, so
mbedTLS and OpenSSL are needed. --fast reads the counts of the last run.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import suites

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("COVERAGE_BUILD", ROOT / "build-coverage")).resolve()
SUITES = ["unit", "rfc", "sec"]
MARK = "/* never: "
MAX_MARKED = 0.01  # of the branches
OPTIONS = ["-Dtests=enabled", "-Dtls=enabled", "-Db_coverage=true", "-Ddefault_library=static",
           "-Dexamples=false", "-Dbench=false", "-Doptimization=0",
           "-Dc_args=-Dalways_inline=unused"]
# Files for instructions that this CPU may lack: its flag in /proc/cpuinfo.
NEEDS = {"avx512": "avx512bw", "avx2": "avx2", "sha": "sha_ni", "ssse3": "ssse3"}


def build_and_test():
    suites.setup(BUILD, ROOT, OPTIONS)
    # The exhaustive ones take what the others take too, at length.
    programs = {name: path for name, path in suites.programs(BUILD, SUITES).items()
                if not name.endswith("_all")}
    suites.build_programs(BUILD, programs.values())
    for counts in BUILD.rglob("*.gcda"):
        counts.unlink()
    suites.test(BUILD, programs, 6)


def missing_on_this_cpu():
    """Ends of file names whose code cannot run here."""
    try:
        flags = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return ()
    return tuple(f"_{name}.c" for name, flag in NEEDS.items() if flag not in flags)


def read_counts():
    """{file: {line: count}} and {file: {line: [count of each branch]}}, over all programs."""
    lines = defaultdict(lambda: defaultdict(int))
    branches = defaultdict(dict)
    counts = sorted(BUILD.rglob("*.gcno"))
    gcov = ["gcov", "--json-format", "--stdout", "--branch-probabilities"]
    output = subprocess.run(gcov + counts, check=True, cwd=BUILD, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL).stdout
    for text in output.splitlines():
        unit = json.loads(text)
        for file in unit["files"]:
            path = (Path(unit["current_working_directory"]) / file["file"]).resolve()
            if not any(path.is_relative_to(ROOT / folder) for folder in ("src", "include")):
                continue
            for line in file["lines"]:
                number = line["line_number"]
                lines[path][number] += line["count"]
                new = [branch["count"] for branch in line["branches"]]
                if not new:
                    continue
                old = branches[path].setdefault(number, [0] * len(new))
                if len(old) != len(new):
                    sys.exit(f"{path}:{number}: {len(old)} branches, and {len(new)} elsewhere")
                branches[path][number] = [a + b for a, b in zip(old, new)]
    return lines, branches


def main():
    if "--fast" not in sys.argv[1:]:
        build_and_test()
    lines, branches = read_counts()
    not_here = missing_on_this_cpu()
    all_lines = all_branches = marked = missing = 0
    for path in sorted(lines):
        name = path.relative_to(ROOT)
        if path.name.endswith(not_here):
            print(f"{name}: left out, this CPU cannot run it")
            continue
        source = path.read_text().split("\n")
        for number, count in sorted(lines[path].items()):
            taken = branches[path].get(number, [])
            all_lines += 1
            all_branches += len(taken)
            absent = [index for index, times in enumerate(taken) if times == 0]
            if count > 0 and not absent:
                continue
            text = source[number - 1]
            if MARK in text:
                marked += len(absent)
                continue
            missing += max(1, len(absent))
            what = f"branch {absent} of {len(taken)} not taken" if count else "never reached"
            print(f"{name}:{number}: {what}: {text.strip()}")
    if all_branches == 0:
        sys.exit("nothing was counted")
    print(f"{all_lines} lines, {all_branches} branches; {missing} missing,"
          f" {marked} branches marked never ({marked / all_branches:.2%})")
    if marked > MAX_MARKED * all_branches:
        sys.exit(f"more than {MAX_MARKED:.0%} of the branches are marked never")
    sys.exit(missing != 0)


main()
