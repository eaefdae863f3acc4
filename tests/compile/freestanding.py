#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Without a libc: only memcpy, memmove, memset, memcmp and, with WEIR_NO_MALLOC, no allocator.

All libc headers but the compiler's own and one of four functions are out of reach.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "checks"))
from common import Report, compile_text, one_file, run, skip  # noqa: E402

OPTIONS = ["-std=c99", "-Os", "-Wall", "-Wextra", "-Werror", "-DWEIR_NO_MALLOC"]
# The headers of vectors, the compilers' own, want a header of malloc; the defines keep it out.
FREE = ["-ffreestanding", "-nostdinc", "-D_MM_MALLOC_H_INCLUDED", "-D__MM_MALLOC_H",
        "-Itests/cross/cortex/bare"]
# A context comes from the block it is given, and from nowhere else.
PROGRAM = """
#include <weir/weir.h>
static union { void *pointer; uint64_t number; char bytes[100000]; } block;
static void *none(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user, (void)ptr, (void)old_size, (void)new_size;
    return 0;
}
int main(void)
{
    weir_config config;
    weir_context *context = 0;
    if (weir_config_init(&config, sizeof config) != WEIR_OK)
        return 1;
    if (weir_context_create(&config, &context) != WEIR_E_MEMORY || context)
        return 2;
    config.allocate = none;
    if (weir_context_create(&config, &context) != WEIR_E_MEMORY || context)
        return 3;
    config.memory = block.bytes;
    config.memory_len = sizeof block.bytes;
    if (weir_context_create(&config, &context) != WEIR_OK)
        return 4;
    return weir_context_free(context) == WEIR_OK ? 0 : 5;
}
"""

report = Report()
for program in ("gcc", "clang"):
    if shutil.which(program) is None:
        skip(f"{program} is missing")
    with tempfile.TemporaryDirectory() as folder:
        own = run(program, "-print-file-name=include").strip()
        if program == "clang":
            own = run(program, "-print-resource-dir").strip() + "/include"
        library, main = Path(folder) / "weir.o", Path(folder) / "main.o"
        errors = compile_text(program, one_file(), *OPTIONS, *FREE, "-isystem", own, output=library)
        errors += compile_text(program, PROGRAM, *OPTIONS, output=main)
        errors = errors or run(program, main, library, "-o", Path(folder) / "main")
        if errors:
            report.add("src", 0, f"freestanding with {program}:\n{errors}")
            continue
        status = subprocess.run([Path(folder) / "main"]).returncode
        if status != 0:
            report.add("tests/compile/freestanding.py", 0, f"with {program}: step {status} fails")
        names = subprocess.run(["nm", "--undefined-only", library], capture_output=True, text=True)
        for name in sorted(set(names.stdout.split()) & {"malloc", "realloc", "calloc", "free"}):
            report.add("src", 0, f"calls {name} in spite of WEIR_NO_MALLOC")
report.finish("no libc headers, no allocator, with gcc and clang")
