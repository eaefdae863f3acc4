#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library with parts left out: no warnings, calls into them say so, all other tests pass.

The C tests are those of this build, linked with part_wraps.c and the library as one file, as a
shared library of which each way has its own: a test that asks for what is left out is skipped, and
counted. --markdown prints the sizes of code.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from ways import ROOT, SECONDS, amalgamate, attempt, need  # noqa: E402
from common import Report, tree  # noqa: E402

DEVICE = ["WEIR_NO_DEFLATE", "WEIR_NO_VECTORS", "WEIR_NO_MALLOC", "WEIR_TINY"]
ROLES = ["WEIR_NO_CLIENT", "WEIR_NO_SERVER"]
# What is left out, and how many tests must still have run; 0: the C tests run only with --slow.
WAYS = {"client": (ROLES[:1], 510), "server": (ROLES[1:], 430), "deflate": (DEVICE[:1], 770),
        "vectors": (DEVICE[1:2], 860), "malloc": (DEVICE[2:3], 0), "tiny": (DEVICE[3:], 870),
        "small_server": ([ROLES[0], *DEVICE], 410), "small_client": ([ROLES[1], *DEVICE], 350),
        "all": ([*ROLES, *DEVICE], 0)}
# Tests of the hidden functions of a part; sec_threads: no other thread can skip a test.
OF_PART = {"WEIR_NO_CLIENT": {"sec_threads", "test_chacha", "test_kernels", "test_random"},
           "WEIR_NO_SERVER": {"sec_threads"},
           "WEIR_NO_DEFLATE": {"sec_threads", "test_api_deflate", "test_compression",
                               "test_permessage", "test_permessage_answer"},
           "WEIR_NO_VECTORS": {"test_kernels"}, "WEIR_NO_MALLOC": {"test_buffer", "test_memory"}}
# Those that take most of the time.
SLOW = {"autobahn", "rfc3629_all", "rfc6455_4_1_request", "rfc6455_4_1_response", "rfc6455_4_2_1",
        "rfc6455_5_all", "rfc6455_7_all", "rfc6455_9_1", "rfc7692_6", "rfc7692_7_2_2", "rfc9110",
        "rfc9112", "sec_deflate", "sec_faults", "sec_memory", "test_deflater", "test_inflate",
        "test_inflate_zlib", "test_offer", "test_utf8"}
COMPILERS = ["gcc", "clang", "tcc"]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
WRAPPED = re.findall(r"\b__wrap_(weir_\w+)\(|\bPART_WRAP(?:_SIZE)?\((weir_\w+)",
                     (ROOT / "tests/vendor/parts/part_wraps.c").read_text())
WRAPS = sorted({one or other for one, other in WRAPPED})


def defines(parts):
    return [f"-D{part}" for part in parts]


# ---- Sizes ---------------------------------------------------------------------------------------

TARGETS = [("x86-64 -Os", "gcc", "", ["-Os"]),
           ("Cortex-M4 -Os", "arm-none-eabi-gcc", "arm-none-eabi-",
            ["-mcpu=cortex-m4", "-mthumb", "-Os"])]
TITLES = {"small_server": "all but `WEIR_NO_SERVER`",
          "small_client": "all but `WEIR_NO_CLIENT`"}


def size_of(folder, parts, compiler, prefix, options):
    """Bytes of code and constants; there is no other data."""
    if shutil.which(compiler) is None:
        return "–"
    output = folder / f"{'-'.join(parts)}{''.join(options)}.o"
    errors = attempt(compiler, *STRICT, *options, *defines(parts), "-c", folder / "weir.c", "-o",
                     output)
    if errors:
        sys.exit(errors)
    lines = subprocess.run([f"{prefix}size", output], capture_output=True, text=True, check=True)
    text, data, bss = map(int, lines.stdout.split("\n")[1].split()[:3])
    return f"{text + data + bss:,}"


def print_sizes(folder):
    print("| left out | " + " | ".join(title for title, *_ in TARGETS) + " |")
    print("| --- |" + " ---: |" * len(TARGETS))
    rows = {"nothing": [], **{TITLES.get(way, f"`{parts[0]}`"): parts
                              for way, (parts, _) in WAYS.items() if way != "all"}}
    for title, parts in rows.items():
        cells = [size_of(folder, parts, *target) for _, *target in TARGETS]
        print(f"| {title} | {' | '.join(cells)} |", flush=True)


# ---- Tests ---------------------------------------------------------------------------------------

def check_off(folder, parts, compiler):
    """The whole with the program that calls what may be left out."""
    program = folder / f"off-{compiler}"
    return (attempt(compiler, *STRICT, *defines(parts), "-I", folder.parent,
                    ROOT / "tests/vendor/parts/part_off.c", folder.parent / "weir.c", "-o", program)
            or attempt(program))


def make_library(folder, parts):
    """libparts.so of the folder; hidden names can be reached."""
    return attempt("gcc", "-O1", *STRICT, *defines(parts), "-DWEIR__HIDDEN=", "-fPIC", "-shared",
                   folder.parent / "weir.c", "-o", folder / "libparts.so")


def link_test(folder, name):
    """Each of them once, for the libraries of all ways."""
    build = Path(os.environ["WEIR_BUILD"]) / "tests"
    return attempt("gcc", *build.glob(f"{name}.p/*.o"), folder / "wraps.o", build / "libsupport.a",
                   *(f"-Wl,--wrap={wrapped}" for wrapped in WRAPS), "-L", folder / "whole",
                   "-lparts", "-lcmocka", "-lz", "-o", folder / name)


def link_tests(folder, names, pool):
    """What went wrong."""
    (folder / "whole").mkdir()
    errors = (make_library(folder / "whole", [])
              or attempt("gcc", "-O1", "-std=gnu99", *STRICT[1:], "-I", ROOT / "include", "-c",
                         ROOT / "tests/vendor/parts/part_wraps.c", "-o", folder / "wraps.o"))
    return errors or "".join(pool.map(lambda name: link_test(folder, name), names))


def run_test(folder, way, name):
    """(tests passed, tests skipped, what went wrong)"""
    result = subprocess.run([folder / name], text=True, cwd=ROOT, timeout=SECONDS,
                            env=dict(os.environ, LD_LIBRARY_PATH=str(folder / way)),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    counts = [re.findall(rf"^\[  {word} +\] (\d+) test", result.stdout, re.M)
              for word in ("PASSED", "SKIPPED")]
    passed, skipped = (sum(map(int, found)) for found in counts)
    lines = [line for line in result.stdout.split("\n")
             if not re.match(r"\[ +(RUN|OK|SKIPPED) +\]", line)]
    return passed, skipped, "\n".join([name, *lines]) if result.returncode else ""


def check_tests(folder, way, names, pool):
    """The same for all of them."""
    parts, _ = WAYS[way]
    errors = make_library(folder / way, parts)
    if errors:
        return 0, 0, [errors]
    names = set(names).difference(*(OF_PART.get(part, ()) for part in parts))
    rows = list(pool.map(lambda name: run_test(folder, way, name), sorted(names)))
    return sum(row[0] for row in rows), sum(row[1] for row in rows), [row[2] for row in rows]


def check(folder, way, names, pool, report):
    parts, least = WAYS[way]
    (folder / way).mkdir()
    found = list(pool.map(lambda program: check_off(folder / way, parts, program), COMPILERS))
    if names:
        passed, skipped, wrong = check_tests(folder, way, names, pool)
        found += wrong
        print(f"{' '.join(parts)}: {passed} tests passed, {skipped} left out", flush=True)
        if passed < least:
            found.append(f"of at least {least} tests {passed} passed")
    for text in filter(None, found):
        report.add("tests/vendor/parts.py", 0, f"{way}: {text}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--slow", action="store_true", help="the slow C tests too")
    parser.add_argument("ways", nargs="*", metavar="way", help=f"all of {', '.join(WAYS)}")
    arguments = parser.parse_args()
    left = {"sec_cpu"} if arguments.slow else {"sec_cpu", *SLOW}  # it counts another build's work
    names = [path.stem for suite in ("unit", "rfc", "sec") for path in tree(f"tests/{suite}/*.c")
             if not path.stem.startswith("test_tls_") and path.stem not in left]
    report = Report()
    need(*COMPILERS)
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = Path(place)
        errors = amalgamate(folder)
        if not errors and arguments.markdown:
            print_sizes(folder)
            return
        errors = errors or link_tests(folder, names, pool)
        if errors:
            sys.exit(errors)
        for way in arguments.ways or WAYS:
            check(folder, way, names if WAYS[way][1] or arguments.slow else [], pool, report)
    report.finish("calls into what is left out say so, all else works")


main()
