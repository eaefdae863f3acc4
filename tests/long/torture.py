#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every C test again and again, allocations failing: assertions may fail then, nothing else may.

Of each context of each program fails the k-th allocation, for every k there is (--most: at most so
many); then all from k on; then every k-th, to 8. Then (--samples) the same from some place in the
midst of the program on, so that contexts made late meet it too. Of what would take a program longer
than --seconds an even part is run, and the output says how much. Built with ASan and UBSan into
build-torture (TORTURE_BUILD: elsewhere): support/torture.c makes the failures.

What fails this test: a report of a sanitizer with a line of src/ in its stack, a leak or a wrong
size that the tests' allocator sees, a program that does not end.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "gates"))
import suites  # noqa: E402

BUILD = Path(os.environ.get("TORTURE_BUILD", ROOT / "build-torture")).resolve()
OPTIONS = ["-Dtests=enabled", "-Dbench=false", "-Dexamples=false",
           "-Ddefault_library=static", "-Db_lundef=false", "-Db_sanitize=address,undefined",
           "-Doptimization=1", "-Dc_args=-fno-sanitize-recover=all",
           "-Dc_link_args=-Wl,--wrap=weir__memory_init,--wrap=abort"]
PATIENCE = 120  # seconds of one program; the slowest takes a tenth of it where nothing fails
HARNESS = re.compile(r"^test_allocate: .*|^leak of .*", re.MULTILINE)
CRASH = "Test failed with exception"


def run(program, wish, skip, calls="", options=""):
    """What it printed and returned; None: it did not end."""
    environment = {**os.environ, "WEIR_TORTURE": wish, "WEIR_TORTURE_SKIP": str(skip),
                   "WEIR_TORTURE_CALLS": calls,
                   "ASAN_OPTIONS": f"detect_leaks=0:malloc_context_size=8{options}"}
    try:
        done = subprocess.run([BUILD / program], env=environment, timeout=PATIENCE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode(errors="replace"), done.returncode


def fault_of(program, wish, skip):
    """Why this is a failure, or None. A test that reads behind a NULL of its own is none."""
    done = run(program, wish, skip)
    if done and CRASH in done[0]:
        done = run(program, wish, skip, options=":handle_segv=2:handle_sigfpe=2")
    if not done:
        return f"did not end within {PATIENCE} s"
    text = done[0]
    harness = HARNESS.search(text)
    if harness:
        return harness.group()
    at = re.search(r"AddressSanitizer|runtime error", text)
    if at and "/src/" in text[max(0, at.start() - 200):]:
        return text[max(0, at.start() - 200):][:1500]
    return None


def measure(program):
    """Its allocations, the most of one context, and how many seconds it runs."""
    with tempfile.NamedTemporaryFile("r") as file:
        start = time.monotonic()
        done = run(program, "", 0, file.name)
        seconds = time.monotonic() - start
        if not done or done[1] != 0:
            sys.exit(f"{program} fails by itself: {done and done[0]}")
        words = file.read().split()
    return *(map(int, words) if words else (0, 0)), seconds


def wishes(calls, most, options):
    """(wish, skip) of one program with so many calls, at most so many of a context."""
    deepest = min(most, options.most)
    for k in range(1, deepest + 1):
        yield f"at:{k}", 0
        yield f"from:{k}", 0
    for k in range(1, min(deepest, 8) + 1):
        yield f"every:{k}", 0
    dice = random.Random(options.seed)
    for _ in range(options.samples if deepest > 0 else 0):
        yield f"{dice.choice(['at', 'from'])}:{dice.randint(1, deepest)}", dice.randrange(calls)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="of tests; none: all")
    parser.add_argument("--most", type=int, default=400, help="allocations of a context")
    parser.add_argument("--samples", type=int, default=50, help="of each program, later places")
    parser.add_argument("--seconds", type=float, default=300, help="of a program, about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    suites.setup(BUILD, ROOT, OPTIONS, CC="clang")
    programs = suites.programs(BUILD, ["unit", "rfc", "sec"])
    if options.names:
        programs = {name: programs[name] for name in options.names}
    suites.build_programs(BUILD, programs.values())
    tried, faults = 0, []
    with ThreadPoolExecutor(options.workers) as pool:
        for name, program in sorted(programs.items()):
            calls, most, seconds = measure(program)
            wanted = list(wishes(calls, most, options))
            plan = wanted[::1 + int(len(wanted) * seconds / options.seconds)]
            found = [(f"{name} {wish}, skip {skip}", fault) for (wish, skip), fault in zip(
                plan, pool.map(lambda one, p=program: fault_of(p, *one), plan)) if fault]
            print(f"{name}: {calls} allocations, {most} of a context, {len(plan)} of "
                  f"{len(wanted)} runs, {len(found)} faults", flush=True)
            for where, fault in found[:3]:
                print(f"{where}: {fault}", flush=True)
            tried += len(plan)
            faults += found
    print(f"{tried} runs of {len(programs)} programs, {len(faults)} faults")
    sys.exit(1 if faults or tried == 0 else 0)


main()
