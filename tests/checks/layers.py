#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Who may include what, ask for the architecture, call libc, write the connection's state.

proves: SEC-L4
"""

import re

from common import LAYERS, ROOT, Report, code_of, line_of, tree

SYSTEM = {"stddef.h", "stdint.h", "stdbool.h", "string.h"}
ALLOCATOR = "src/base/memory.c"
CPU_FILES = re.compile(r"src/(base/cpu\.[ch]|kernels/kernels\.c|kernels/(x86|arm)/.*)$")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(<[^>]+>|"[^"]+")', re.M)
ARCHITECTURE = re.compile(
    r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b.*?\b(__x86_64__|__i[3-6]86__|__amd64__|_M_X64|"
    r"_M_IX86|__aarch64__|__arm__|_M_ARM\w*|__ARM_\w+|__SSE\w*|__AVX\w*|__SHA__|__riscv\w*|"
    r"__powerpc\w*|__s390\w*)", re.M)
# What has no place in the library, and why.
FORBIDDEN = [
    (re.compile(r"\b((?:str|wcs|mem(?!cpy|move|set|cmp))[a-z0-9]+|v?[sf]?n?printf|f?puts|abort|"
                r"exit|assert|alloca|setjmp|longjmp|time|clock|rand|random|getenv|ato[il]+|qsort|"
                r"bsearch)\s*\("),
     "is not one of memcpy, memmove, memset, memcmp"),
    (re.compile(r"\b(errno|stdin|stdout|stderr)\b"), "is global state of libc"),
    (re.compile(r"\b(goto\s+(?!done\b)\w+)"), "jumps elsewhere than to done"),
    (re.compile(r"\b(\w*len\s*\+\s*1)\b(?!\d)"), "wraps to 0 at the largest length"),
    (re.compile(r"\b((?:signed|short|int|long|ssize_t|ptrdiff_t|int(?:8|16|32|64)_t)\s+(?:\w+_)?"
                r"(?:len|cap|size|bytes|need|left))\b(?!\s*(?:\(|=\s*weir_))"),
     "is a signed length"),  # but a call may give a length or an error
]
ALLOCATION = re.compile(r"(?<![>.\w])(malloc|calloc|realloc|free)\s*\(")
STATE = re.compile(r"\bconn->state\s*(?:=(?!=)|[-+|&^]=|\+\+|--)")


def layer(path):
    return path.relative_to(ROOT / "src").parts[0]


def check_include(report, path, line, name):
    system, name = name[0] == "<", name[1:-1]
    relative = str(path.relative_to(ROOT))
    if system:
        own = name.startswith("weir/") or name in SYSTEM
        own = own or (name == "stdlib.h" and relative == ALLOCATOR)
        own = own or (CPU_FILES.match(relative) and not re.match("stdio|stdlib|errno|assert", name))
        own = own or (layer(path) == "tls" and name.startswith(("mbedtls/", "psa/")))
        if not own:
            report.add(path, line, f"includes <{name}>")
        return
    target = (path.parent / name).resolve()
    if not target.is_file() or ROOT / "src" not in target.parents:
        report.add(path, line, f'includes "{name}", which is no file of src')
    elif layer(path) == "tls":
        if layer(target) != "tls":
            report.add(path, line, f'includes "{name}": tls uses public headers only')
    elif LAYERS.index(layer(target)) > LAYERS.index(layer(path)):
        report.add(path, line, f'includes "{name}" from a layer above it')


report = Report()
files = tree("src/**/*.[ch]")
for path in files:
    relative, text, code = str(path.relative_to(ROOT)), path.read_text(), code_of(path)
    if layer(path) not in LAYERS + ["tls"]:
        report.add(path, 1, f"lies in no known layer ({', '.join(LAYERS)}, tls)")
        continue
    for match in INCLUDE.finditer(text):
        check_include(report, path, line_of(text, match.start()), match[1])
    if not CPU_FILES.match(relative):
        for match in ARCHITECTURE.finditer(code):
            report.add(path, line_of(code, match.start(1)), f"{match[1]} asks for the architecture")
    for pattern, why in FORBIDDEN:
        for match in pattern.finditer(code):
            report.add(path, line_of(code, match.start()), f"{match[1]} {why}")
    if relative != ALLOCATOR:
        for match in ALLOCATION.finditer(code):
            report.add(path, line_of(code, match.start()), f"{match[1]} is for {ALLOCATOR} alone")
    writes = list(STATE.finditer(code))
    for match in writes if relative != "src/conn/conn.c" else writes[1:]:
        report.add(path, line_of(code, match.start()), "the state is written once, in conn.c")

report.finish(f"{len(files)} files include only what is below them and use nothing they should not")
