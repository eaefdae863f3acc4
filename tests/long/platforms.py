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
sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
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
SOURCES = [path for layer in LAYERS for path in tree(f"src/{layer}/*.c", f"src/{layer}/*/*.c")]
TRACE = [path for path in tree("tests/cross/trace/*.c") if path.name != "trace_hosted.c"]
START = "tests/cross/cortex/cortex_start.c"
STAND_IN = ["-isystem", "tests/cross/cmocka"]
SUPPORT = ["tests/support/tables.c", "tests/cross/cmocka/guard_plain.c"]

# Where a call by pointer may lead, beside functions whose address the same file takes.
POINTERS = {"memory": r"weir__block_allocate|memory_default", "chacha": r"weir__chacha20_scalar"}
KERNELS = r"weir__(mask|mask_copy|utf8|sha1)_scalar"  # elsewhere
CHAINS = {"receive": ["weir_conn_receive", "weir_conn_events", "weir_conn_input_filled"],
          "send": ["weir_conn_send", "weir_conn_send_ref", "weir_conn_send_message",
                   "weir_conn_ping", "weir_conn_close"],
          "handshake": ["weir_conn_create_client", "weir_conn_accept", "weir_conn_respond"],
          "output": ["weir_conn_output", "weir_conn_sent"],
          "time": ["weir_context_set_time"],
          "inflate": ["weir_inflate_run"],
          "deflate": ["weir_deflate_run"]}
CODEC = r"weir__(inflate|deflate|compression)_|compression_|inflate_|deflate_"
OPENING = rf"weir__opening_|{CODEC}"

report = Report()
for needed in (ARM, QEMU[0], WINDOWS, WINE):
    if shutil.which(needed) is None:
        skip(f"{needed} is missing: README.md says which packages have it")
if not Path(run(ARM, "--print-file-name=libc.a").strip()).is_absolute():
    skip("newlib is missing")


def compile_each(compiler, folder, options):
    """Object files of the library; the folder is the layer, the .su files lie beside them."""
    folder.mkdir(parents=True)

    def one(path):
        layer = folder / path.relative_to(ROOT / "src").parts[0]
        layer.mkdir(exist_ok=True)
        errors = run(compiler, *COMMON, *options, "-c", path, "-o", layer / f"{path.stem}.o")
        if errors:
            report.add(path, 0, errors)
        return layer / f"{path.stem}.o"

    return list(pool.map(one, SOURCES))


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


# ---- Stack ---------------------------------------------------------------------------------------

def frames(objects):
    """{function: bytes of its frame}"""
    found = {}
    for path in objects:
        for line in path.with_suffix(".su").read_text().splitlines():
            where, size, kind = line.split("\t")
            name = re.sub(r"\.(part|isra|constprop|cold).*", "", where.rsplit(":", 1)[1])
            found[name] = max(found.get(name, 0), int(size))
            if kind != "static":
                report.add(path.name, 0, f"{name} has a stack frame without a bound")
    return found


def calls(objects, known):
    """{function: functions it may call}"""
    graph = defaultdict(set)
    for path in objects:
        kernels = POINTERS.get(path.stem, KERNELS)
        pointers = {name for name in known if re.fullmatch(kernels, name)}
        listing = subprocess.run(["arm-none-eabi-objdump", "-dr", path], capture_output=True,
                                 text=True).stdout
        own, current, taken = set(), None, set()
        for line in listing.splitlines():
            head = re.match(r"[0-9a-f]+ <(.+)>:", line)
            if head:
                current = re.sub(r"\.(part|isra|constprop|cold).*", "", head[1])
                own.add(current)
            called = re.search(r"R_ARM_THM_(?:CALL|JUMP24|JUMP11|JUMP19)\s+([\w.]+)", line)
            named = re.search(r"\sb(?:l|\.w|\.n)?\s+[0-9a-f]+ <([\w.]+)>", line)
            loaded = re.search(r"R_ARM_ABS32\s+([\w.]+)", line)
            for found in (called, named):
                if found and current:
                    name = re.sub(r"\.(part|isra|constprop|cold).*", "",
                                  found[1].removeprefix(".text."))
                    if name in known and name != current:
                        graph[current].add(name)
            if loaded:
                taken.add(loaded[1].removeprefix(".text."))
            if re.search(r"\sblx?\s+r\d+|\sbx\s+r\d", line) and current:
                graph[current].add("*")
        for name in own:
            if "*" in graph[name]:
                graph[name] |= pointers | (taken & known.keys()) - {name}
    return graph


def deepest(name, known, graph, done, without=None):
    """(bytes, the chain) of the deepest calls from a function on."""
    if name not in done:
        done[name] = (0, [])  # no function calls itself: the check `style`
        below = [deepest(callee, known, graph, done, without) for callee in sorted(graph[name])
                 if callee in known and not (without and re.match(without, callee))]
        size, chain = max(below, default=(0, []))
        done[name] = (known[name] + size, [name, *chain])
    return done[name]


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
    rows, tables = [], {}

    tables["x86-64"] = sizes("", compile_each("gcc", folder / "own", ["-Os"]))
    for cpu in CORTEX:
        free = ["-ffreestanding", "-DWEIR_NO_MALLOC", "-fstack-usage",
                "-Itests/cross/cortex/bare"]
        objects = compile_each(ARM, folder / cpu, [*machine(cpu), *free])
        tables[cpu] = sizes("arm-none-eabi-", objects)
        for layer, (_, _, data, bss) in tables[cpu].items():
            if data or bss:
                report.add(f"src/{layer}", 0, f"{data} bytes of data and {bss} of bss on {cpu}")
        known = frames(objects)
        graph = calls(objects, known)
        chains = []
        for title, entries in CHAINS.items():
            full = max(deepest(name, known, graph, {}) for name in entries)
            plain = max(deepest(name, known, graph, {}, CODEC) for name in entries)
            opened = max(deepest(name, known, graph, {}, OPENING) for name in entries)
            chains.append((title, full, plain, opened))
        tables[cpu + " stack"] = (chains, sorted(known.items(), key=lambda one: -one[1])[:8])
        trace = pool.submit(cortex_trace, cpu, objects, folder)
        units = list(pool.map(lambda name: cortex_unit(cpu, objects, folder, name), UNITS))
        rows.append(f"| {cpu}, no libc | {ARM} -Os, qemu-system-arm | "
                    + judge(cpu, own[0], trace.result(), units) + " |")

    objects = compile_each(WINDOWS, folder / "windows", ["-O2"])
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
for cpu in CORTEX:
    chains, largest = tables[cpu + " stack"]
    print(f"\nStack on {cpu}, bytes: {', '.join(f'{name} {size}' for name, size in largest)}")
    for title, full, plain, opened in chains:
        print(f"{title}: {full[0]} ({' > '.join(full[1])}); without the codec {plain[0]};"
              f" and once open {opened[0]} ({' > '.join(opened[1])})")
report.finish("\nall platforms do the same")
