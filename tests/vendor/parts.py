#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The library with parts left out: no warnings, calls into them say so, all other tests pass.

The C tests are those of this build, linked with the library as one file and with part_wraps.c: a
test that asks for what is left out is skipped, and counted. --markdown prints the sizes of code.
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
from ways import ROOT, amalgamate, attempt, need  # noqa: E402
from common import Report, tree  # noqa: E402

DEVICE = ["WEIR_NO_DEFLATE", "WEIR_NO_VECTORS", "WEIR_NO_MALLOC", "WEIR_TINY"]
# What is left out, and of 100 tests how many must still have run.
WAYS = {"client": (["WEIR_NO_CLIENT"], 20), "server": (["WEIR_NO_SERVER"], 20),
        "deflate": (["WEIR_NO_DEFLATE"], 50), "vectors": (["WEIR_NO_VECTORS"], 100),
        "malloc": (["WEIR_NO_MALLOC"], 100), "tiny": (["WEIR_TINY"], 100),
        "small_server": (["WEIR_NO_CLIENT", *DEVICE], 20),
        "small_client": (["WEIR_NO_SERVER", *DEVICE], 20),
        "all": (["WEIR_NO_CLIENT", "WEIR_NO_SERVER", *DEVICE], 5)}
# Those that try all there is, and know of no parts.
SLOW = {"rfc3629_all", "rfc6455_5_all", "rfc6455_7_all", "test_utf8", "test_inflate",
        "test_inflate_zlib", "test_deflater", "rfc7692_7_2_2", "rfc7692_6", "sec_deflate",
        "sec_faults", "rfc9110", "rfc9112", "autobahn"}
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror"]
WRAPPED = re.findall(r"\b__wrap_(weir_\w+)\(|\bPART_WRAP(?:_SIZE)?\((weir_\w+)",
                     (ROOT / "tests/vendor/parts/part_wraps.c").read_text())
WRAPS = sorted({one or other for one, other in WRAPPED})


def defines(parts):
    return [f"-D{part}" for part in parts]


# ---- Sizes ---------------------------------------------------------------------------------------

TARGETS = [("x86-64 -O2", "gcc", "", ["-O2"]), ("x86-64 -Os", "gcc", "", ["-Os"]),
           ("Cortex-M4 -Os", "arm-none-eabi-gcc", "arm-none-eabi-",
            ["-mcpu=cortex-m4", "-mthumb", "-Os"])]


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
    print("| bytes | " + " | ".join(title for title, *_ in TARGETS) + " |")
    print("| --- |" + " ---: |" * len(TARGETS))
    for parts in ([], *(parts for parts, _ in WAYS.values())):
        cells = [size_of(folder, parts, *target) for _, *target in TARGETS]
        named = " ".join(f"`{part}`" for part in parts) or "whole"
        print(f"| {named} | {' | '.join(cells)} |", flush=True)


# ---- Tests ---------------------------------------------------------------------------------------

def check_off(folder, parts, compiler):
    program = folder / f"off-{compiler}"
    return (attempt(compiler, *STRICT, *defines(parts), "-I", folder,
                    ROOT / "tests/vendor/parts/part_off.c", folder / "weir.c", "-o", program)
            or attempt(program))


def run_test(folder, objects, name):
    """(tests passed, tests skipped, what went wrong)"""
    build = Path(os.environ["WEIR_BUILD"]) / "tests"
    program = folder / name
    errors = attempt("gcc", *build.glob(f"{name}.p/*.o"), *objects, build / "libsupport.a",
                     *(f"-Wl,--wrap={wrapped}" for wrapped in WRAPS), "-lcmocka", "-lz", "-o",
                     program)
    if errors:
        return 0, 0, errors
    result = subprocess.run([program], text=True, cwd=ROOT, timeout=900, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)
    program.unlink()
    counts = [re.findall(rf"^\[  {word} +\] (\d+) test", result.stdout, re.M)
              for word in ("PASSED", "SKIPPED")]
    passed, skipped = (sum(map(int, found)) for found in counts)
    wrong = "" if result.returncode == 0 else "\n".join(
        line for line in result.stdout.split("\n") if not re.match(r"\[ +(RUN|OK) +\]", line))
    return passed, skipped, wrong


def run_tests(folder, parts, names):
    """The same for all of them."""
    objects = [folder / "weir.o", folder / "wraps.o"]
    errors = (attempt("gcc", "-O1", *STRICT, *defines(parts), "-DWEIR__HIDDEN=", "-c",
                      folder / "weir.c", "-o", objects[0])
              or attempt("gcc", "-O1", "-std=gnu99", "-Wall", "-Wextra", "-Werror", "-I",
                         ROOT / "include", "-c", ROOT / "tests/vendor/parts/part_wraps.c", "-o",
                         objects[1]))
    if errors:
        return 0, 0, [errors]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda name: (name, *run_test(folder, objects, name)), names))
    wrong = [f"{name}: {text}" for name, _, _, text in results if text]
    return sum(row[1] for row in results), sum(row[2] for row in results), wrong


def check(folder, way, names, report):
    parts, least = WAYS[way]
    for compiler in ("gcc", "clang", "tcc"):
        errors = check_off(folder, parts, compiler)
        if errors:
            report.add("src", 0, errors)
    passed, skipped, wrong = run_tests(folder, parts, names)
    print(f"{' '.join(parts)}: {passed} tests passed, {skipped} left out", flush=True)
    for text in wrong:
        report.add("tests/vendor/parts.py", 0, f"{way}: {text}")
    if passed * 100 < least * (passed + skipped) or passed == 0:
        report.add("tests/vendor/parts.py", 0, f"{way}: less than {least} % ran")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--test", action="append", help="name of a C test; all but the slow ones")
    parser.add_argument("ways", nargs="*", metavar="way", help=f"all of {', '.join(WAYS)}")
    arguments = parser.parse_args()
    names = arguments.test or [path.stem for suite in ("unit", "rfc", "sec")
                               for path in tree(f"tests/{suite}/*.c") if path.stem not in SLOW]
    report = Report()
    need("gcc", "clang", "tcc")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        errors = amalgamate(folder)
        if errors:
            sys.exit(errors)
        if arguments.markdown:
            print_sizes(folder)
            return
        for way in arguments.ways or WAYS:
            check(folder, way, names, report)
    report.finish("calls into what is left out say so, all else works")


main()
