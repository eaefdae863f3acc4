#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Cortex-M and Windows: traces and unit tests in emulators, code size, stack; prints tables.

proves: SEC-D12
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "cross" / "trace"))
sys.path.insert(0, str(Path(__file__).parents[1] / "analyse" / "chain"))
sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from chains import Chains, compile_sources, judge as judge_stack, tiny  # noqa: E402
from common import LAYERS, ROOT, Report, run, skip, tree  # noqa: E402
from traces import Build, differences, printed  # noqa: E402

UNITS = ["test_kernels", "test_mask", "test_utf8", "test_sha1", "test_base64", "test_chacha",
         "test_frame", "test_inflate"]
CORTEX = ["cortex-m0", "cortex-m4"]
SECONDS = 1500
ARM = "arm-none-eabi-gcc"
WINDOWS = "x86_64-w64-mingw32-gcc"
QEMU = ["qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none",
        "-semihosting-config", "enable=on,target=native", "-kernel"]
WINE = shutil.which("wine64") or "/usr/lib/wine/wine64"
COMMON = ["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-Iinclude", "-Itests",
          "-ffunction-sections", "-fdata-sections"]
LINK = ["-nostartfiles", "-T", "tests/cross/cortex/cortex.ld", "-Wl,--gc-sections"]
TRACE = [path for path in tree("tests/cross/trace/*.c") if path.name != "trace_hosted.c"]
START = "tests/cross/cortex/cortex_start.c"
STAND_IN = ["-isystem", "tests/cross/cmocka"]
SUPPORT = ["tests/support/tables.c", "tests/cross/cmocka/guard_plain.c"]

CODEC = r"weir__(inflate|deflate|compression)_|compression_|inflate_|deflate_"

report = Report()
for needed in (ARM, QEMU[0], WINDOWS, WINE):
    if shutil.which(needed) is None:
        skip(f"{needed} is missing: README.md says which packages have it")
if not Path(run(ARM, "--print-file-name=libc.a").strip()).is_absolute():
    skip("newlib is missing")


# ---- Size ----------------------------------------------------------------------------------------

def sizes(prefix, objects):
    """{layer: [text, rodata, data, bss]}"""
    layers = defaultdict(lambda: [0, 0, 0, 0])
    kinds = [r"\.text", r"\.rodata|\.data\.rel\.ro", r"\.t?data", r"\.t?bss|\.noinit"]
    for path in objects:
        output = subprocess.run([f"{prefix}size", "-A", path], capture_output=True, text=True)
        for name, size in re.findall(r"^(\.\S+)\s+(\d+)", output.stdout, re.M):
            index = next((i for i, kind in enumerate(kinds) if re.match(kind, name)), None)
            if name.startswith(".data.rel.ro"):
                index = 1
            if index is not None:
                layers[path.parent.name][index] += int(size)
    return layers


# ---- Runs ----------------------------------------------------------------------------------------

def machine(cpu):
    return [f"-mcpu={cpu}", "-mthumb", "-Os"]


def cortex_trace(cpu, objects, folder):
    """The traces without any libc."""
    program = folder / f"trace-{cpu}.elf"
    errors = run(ARM, *COMMON, *machine(cpu), "-ffreestanding", "-nostdlib",
                 "-fno-tree-loop-distribute-patterns", "-Itests/cross/cortex/bare",
                 "-isystem", ".", *TRACE, START, "tests/cross/cortex/bare/bare.c", *objects, *LINK,
                 "-lgcc", "-o", program)
    return ("", errors) if errors else printed(*QEMU, program, seconds=SECONDS)


def cortex_unit(cpu, objects, folder, name):
    program = folder / f"{name}-{cpu}.elf"
    errors = run(ARM, *COMMON, *machine(cpu), *STAND_IN, f"tests/unit/{name}.c", *SUPPORT, START,
                 "tests/cross/cortex/newlib.c", *objects, *LINK, "-o", program)
    return ("", errors) if errors else printed(*QEMU, program, seconds=SECONDS)


def wine(program):
    env = dict(os.environ, WINEDEBUG="-all", WINEPREFIX=str(prefix))
    text, errors = printed(WINE, program, env=env, seconds=SECONDS)
    return re.sub(r"^wine: .*\n", "", text, flags=re.M), errors


def windows_trace(objects, folder):
    program = folder / "trace-windows.exe"
    errors = run(WINDOWS, *COMMON, "-O2", "-static", *tree("tests/cross/trace/*.c"), *objects,
                 "-o", program)
    return ("", errors) if errors else wine(program)


def windows_unit(objects, folder, name):
    program = folder / f"{name}-windows.exe"
    errors = run(WINDOWS, *COMMON, "-O2", "-static", "-D__USE_MINGW_ANSI_STDIO=1", *STAND_IN,
                 f"tests/unit/{name}.c", *SUPPORT, *objects, "-o", program)
    return ("", errors) if errors else wine(program)


def judge(platform, expected, trace, units):
    """Report what went wrong; returns the row's last cells."""
    wrong = trace[1] or differences(expected, trace[0])
    if wrong:
        report.add("tests/cross/trace", 0, f"{platform}:\n{wrong}")
    tests = 0
    for name, (text, errors) in zip(UNITS, units):
        passed = re.search(r"^(\d+) tests passed", text, re.M)
        if errors or not passed:
            report.add(f"tests/unit/{name}.c", 0, f"{platform}:\n{errors}")
        tests += int(passed[1]) if passed else 0
    return f"traces, {tests} unit tests of {len(UNITS)} files | {'same' if not wrong else 'differ'}"


with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(os.cpu_count()) as pool:
    folder = Path(place)
    prefix = folder / "wine"
    own = Build("this machine", "gcc", "-O2").trace(folder)
    if own[1]:
        report.add("tests/cross/trace", 0, own[1])
        report.finish("")
    rows, tables, stacks = [], {}, {}

    tables["x86-64"] = sizes("", compile_sources("gcc", folder / "own", ["-Os"], report,
                                                   pool))
    for cpu in CORTEX:
        free = ["-ffreestanding", "-DWEIR_NO_MALLOC", "-Itests/cross/cortex/bare"]
        objects = compile_sources(ARM, folder / cpu, [*machine(cpu), *free], report, pool)
        tables[cpu] = sizes("arm-none-eabi-", objects)
        for layer, (_, _, data, bss) in tables[cpu].items():
            if data or bss:
                report.add(f"src/{layer}", 0, f"{data} bytes of data and {bss} of bss on {cpu}")
        stacks[cpu] = Chains(objects, "arm-none-eabi-objdump", report)
        judge_stack(cpu, tiny(cpu, folder, report, pool), report)
        trace = pool.submit(cortex_trace, cpu, objects, folder)
        units = list(pool.map(lambda name: cortex_unit(cpu, objects, folder, name), UNITS))
        rows.append(f"| {cpu}, no libc | {ARM} -Os, qemu-system-arm | "
                    + judge(cpu, own[0], trace.result(), units) + " |")

    objects = compile_sources(WINDOWS, folder / "windows", ["-O2"], report, pool)
    trace = windows_trace(objects, folder)
    units = list(pool.map(lambda name: windows_unit(objects, folder, name), UNITS))
    rows.append(f"| Windows x86-64 | {WINDOWS} -O2, wine | "
                + judge("windows", own[0], trace, units) + " |")

print("| platform | compiler, runner | what ran | traces |\n|---|---|---|---|")
print("\n".join(rows))
for name in ("x86-64", *CORTEX):
    print(f"\n{name}, -Os, bytes\n\n| layer | text | rodata | data | bss |\n|---|---|---|---|---|")
    for layer in LAYERS:
        print(f"| {layer} | " + " | ".join(map(str, tables[name][layer])) + " |")
    total = [sum(column) for column in zip(*tables[name].values())]
    print("| all | " + " | ".join(map(str, total)) + " |")
for cpu, chains in stacks.items():
    print(f"\nStack on {cpu}, every part built, bytes")
    plain = chains.rows(CODEC)
    for title, (opened, full) in chains.rows().items():
        print(f"{title}: open {opened[0]} ({chains.shown(opened[1])}), {plain[title][0][0]} without"
              f" the codec; with the handshake {full[0]}, {plain[title][1][0]} without the codec")
    for name in ("weir_inflate_run", "weir_deflate_run"):
        size, chain = chains.deepest(name)
        print(f"{name}: {size} ({chains.shown(chain)})")
report.finish("\nall platforms do the same")
