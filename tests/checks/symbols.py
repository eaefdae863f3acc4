#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The built library calls the named few of libc, holds no mutable data, exports just the API."""

import itertools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from common import Report, code_of, compile_text, one_file, skip, tree

ALLOWED = {"memcpy", "memmove", "memset", "memcmp"} | {"_GLOBAL_OFFSET_TABLE_"}  # the linker's
ALLOCATOR = {"malloc", "realloc", "free"}
ALLOCATOR_OBJECT = "base_memory.c.o"
API_OBJECT = re.compile(r"conn_api(_\w+)?\.c\.o$")
# mbedTLS's allocator is calloc unless it was built otherwise; gcc makes strlen of a loop.
TLS_ALLOWED = {"calloc", "free", "strlen"}
STATIC = os.environ["WEIR_STATIC"]
SHARED = os.environ["WEIR_LIB"]


def nm(*arguments):
    """Rows of `nm --format=sysv -A`: (object, name, class, section)."""
    output = subprocess.run(["nm", "-A", "--format=sysv", *arguments],
                            capture_output=True, text=True, check=True).stdout
    rows = []
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 7:
            where, name = cells[0].rsplit(":", 1)
            rows.append((where.rsplit(":", 1)[-1], name.split("@")[0], cells[2], cells[6]))
    return rows


def declared(tls=False):
    """Functions that the public headers declare WEIR_API: of the core, or of TLS."""
    names = set()
    for path in tree("include/weir/*.h"):
        if (path.name == "tls.h") != tls:
            continue
        names |= set(re.findall(r"^WEIR_API\s[^;(]*?(\w+)\(", code_of(path), re.M))
    return names


def exported_by(library):
    return {name for _, name, kind, _ in nm("-D", "--defined-only", library) if kind.isupper()}


def check_tls(static, shared):
    """It calls the core's API, mbedTLS and the named few; nothing is mutable, all is exported."""
    rows, own = nm(static), declared(tls=True)
    defined = {name for _, name, kind, _ in rows if kind.isupper() and kind not in undefined}
    for where, name, kind, section in rows:
        if kind in undefined:
            known = defined | ALLOWED | TLS_ALLOWED | api
            if name not in known and not name.startswith(("mbedtls_", "psa_")):
                report.add(where, 0, f"calls {name}")
        elif re.match(r"(\.t?data(?!\.rel\.ro)|\.t?bss|\*COM\*)", section) or kind == "C":
            report.add(where, 0, f"{name} is mutable data")
        elif kind.isupper() and name not in own and not name.startswith("weir__tls_"):
            report.add(where, 0, f"{name} crosses files but is not named weir__tls_...")
    for name in sorted(own ^ exported_by(shared)):
        report.add(shared.name, 0, f"{name} is either declared or exported, not both")


report = Report()
rows = nm(STATIC)
api = declared()
undefined = {"U", "w", "v"}
defined = {name for _, name, kind, _ in rows if kind not in undefined and kind.isupper()}

for where, name, kind, section in rows:
    if kind in undefined:
        own = ALLOWED | (ALLOCATOR if where.endswith(ALLOCATOR_OBJECT) else set())
        if name not in defined and name not in own:
            report.add(where, 0, f"calls {name}, which no platform need have")
    elif re.match(r"(\.t?data(?!\.rel\.ro)|\.t?bss|\*COM\*)", section) or kind == "C":
        report.add(where, 0, f"{name} is mutable data in {section or 'common'}")
    elif kind.isupper() and name in api:
        if not API_OBJECT.search(where):
            report.add(where, 0, f"defines {name}: the public functions are in src/conn/api*.c")
    elif kind.isupper() and not name.startswith("weir__"):
        report.add(where, 0, f"{name} crosses files but is not named weir__...")

# Optimisers make calls of their own out of loops (strlen) and comparisons (bcmp).
for program, level in itertools.product(("gcc", "clang"), ("-O2", "-O3", "-Os")):
    if shutil.which(program) is None:
        skip(f"{program} is missing")
    with tempfile.NamedTemporaryFile(suffix=".o") as output:
        if compile_text(program, one_file(), level, output=output.name):
            report.add("src", 0, f"does not compile as one file with {program} {level}")
            continue
        for _, name, _, _ in nm("--undefined-only", output.name):
            if name not in ALLOWED | ALLOCATOR:
                report.add("src", 0, f"calls {name} when compiled by {program} {level}")

exported = exported_by(SHARED)
for name in sorted(api - exported):
    report.add("include/weir", 0, f"{name} is declared but not exported")
for name in sorted(exported - api):
    report.add(os.path.basename(SHARED), 0, f"{name} is exported but not declared WEIR_API")

tls = [Path(STATIC).with_name("libweir-tls.a"), Path(SHARED).with_name("libweir-tls.so")]
if all(path.exists() for path in tls):
    check_tls(*tls)

report.finish(f"{len(exported)} functions exported, no libc but the named few, no mutable data")
