#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the library one file and its header: python3 src/amalgamate.py FOLDER [DEPFILE]

Writes weir.c, weir.h and a CMakeLists.txt for both into the folder, and for ninja what they are
made of. The same sources give the same bytes. The program's folder then needs nothing else:

    cc -c weir.c
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ["status.h", "types.h", "config.h", "pieces.h", "deflate.h", "weir.h", "proxy.h", "stream.h"]
PARTS = ["include/weir/*.h", "src/**/*.[ch]", "src/meson.build", "LICENSE"]

SPDX = "/* SPDX-License-Identifier: MIT */\n"
INCLUDE = re.compile(r'^#include +(<([^>]+)>|"([^"]+)")\n', re.M)
GUARD = re.compile(r"^#ifndef (\w+_H)\n#define \1\n(.*)^#endif\n\Z", re.M | re.S)
LINKAGE = re.compile(r'^#ifdef __cplusplus\n(?:extern "C" \{|\})\n#endif\n', re.M)
# A function that another file calls, declared or defined; one that is static says so first.
SHARED = re.compile(r"^(?!static|typedef|WEIR__|return)(?=[a-z][\w *]*?\bweir__\w+\()", re.M)
SHARED_OBJECT = re.compile(r"^(?:extern )?(?=const \w+ weir__\w+(?:;| =\s))", re.M)

HEADER = """\
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif
{body}
#ifdef __cplusplus
}}
#endif

#endif
"""
# Everything but the public functions stays inside; what no one calls then is no news.
SOURCE = """\
#include "weir.h"

#include <string.h>

#ifndef WEIR__HIDDEN
#define WEIR__HIDDEN static
#endif

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#elif defined(_MSC_VER)
#pragma warning(push)
#pragma warning(disable : 4505)
#endif
{body}
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#elif defined(_MSC_VER)
#pragma warning(pop)
#endif
"""
CMAKE = """\
# SPDX-License-Identifier: MIT
# weir {version} as one file: add_subdirectory of this folder, then link weir::weir.

cmake_minimum_required(VERSION 3.10)
project(weir VERSION {version} LANGUAGES C)

# Static or shared as BUILD_SHARED_LIBS says.
add_library(weir weir.c weir.h)
add_library(weir::weir ALIAS weir)
target_include_directories(weir PUBLIC "${{CMAKE_CURRENT_SOURCE_DIR}}")
set_target_properties(weir PROPERTIES
    C_STANDARD 99
    C_VISIBILITY_PRESET hidden
    POSITION_INDEPENDENT_CODE ON
    VERSION {version})
get_target_property(weir_type weir TYPE)
if(weir_type STREQUAL "SHARED_LIBRARY")
    target_compile_definitions(weir PUBLIC WEIR_SHARED PRIVATE WEIR_BUILDING)
endif()
"""


def version():
    text = (ROOT / "include/weir/status.h").read_text()
    return ".".join(re.findall(r"#define WEIR_VERSION_\w+ (\d+)", text))


def banner(name):
    words = (ROOT / "LICENSE").read_text().rstrip().split("\n")
    text = "".join(f" * {line}".rstrip() + "\n" for line in ["", *words])
    return (SPDX + f"/*\n * weir {version()}: WebSocket without the I/O. {name}, made from all its"
            f" sources by src/amalgamate.py.\n{text} */\n")


def body_of(path):
    """A file's text between its guard, without includes; an #include under an #if stays."""
    text = path.read_text().removeprefix(SPDX)
    text = GUARD.sub(lambda match: match[2], text)
    lines, depth = [], 0
    for line in text.splitlines(keepends=True):
        depth += line.startswith("#if")
        depth -= line.startswith("#endif")
        if depth > 0 or not INCLUDE.match(line):
            lines.append(line)
    return re.sub(r"\n{3,}", "\n\n", "".join(lines)).strip("\n") + "\n"


def headers_of(path, found):
    """Add the files of src that a file includes, each behind those it needs itself."""
    for _, _, name in INCLUDE.findall(path.read_text()):
        if name and (path.parent / name).resolve() not in found:
            header = (path.parent / name).resolve()
            headers_of(header, found)
            found.append(header)


def marked(path):
    name = path.relative_to(ROOT)
    text = SHARED.sub("WEIR__HIDDEN ", body_of(path))
    return f"\n/* ======== {name} ======== */\n\n" + SHARED_OBJECT.sub("WEIR__HIDDEN ", text)


def source():
    listed = re.findall(r"^    '(\S+\.c)',$", (ROOT / "src/meson.build").read_text(), re.M)
    files = [ROOT / "src" / name for name in listed if not name.startswith("tls/")]
    headers = []
    for path in files:
        headers_of(path, headers)
    return banner("weir.c") + "\n" + SOURCE.format(body="".join(map(marked, headers + files)))


def header():
    bodies = [LINKAGE.sub("", body_of(ROOT / "include/weir" / name)) for name in PUBLIC]
    # What the whole is comes first.
    overview = re.match(r"/\*\*.*?\*/\n", (ROOT / "include/weir/weir.h").read_text()[len(SPDX):],
                        re.S)[0]
    text = "".join(re.sub(r"\n{3,}", "\n\n", f"\n{body.replace(overview, '')}") for body in bodies)
    return banner("weir.h") + overview + HEADER.format(body=text)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weir.c").write_text(source())
    (folder / "weir.h").write_text(header())
    (folder / "CMakeLists.txt").write_text(CMAKE.format(version=version()))
    if len(sys.argv) > 2:
        parts = [path for kind in PARTS for path in sorted(ROOT.glob(kind))]
        Path(sys.argv[2]).write_text(f"weir.c weir.h CMakeLists.txt: {' '.join(map(str, parts))}\n")


main()
