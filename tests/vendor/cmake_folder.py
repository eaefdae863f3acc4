#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A CMake project adds the folder that amalgamate.py made, as static and as shared library."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from ways import PROGRAM, amalgamate, attempt, need, runs  # noqa: E402
from common import Report  # noqa: E402

PROJECT = f"""
cmake_minimum_required(VERSION 3.10)
project(vendored C)
add_subdirectory(weir)
add_executable(vendored "{PROGRAM}")
target_compile_definitions(vendored PRIVATE VENDORED)
target_link_libraries(vendored weir::weir)
"""

report = Report()
need("cmake")
with tempfile.TemporaryDirectory() as place:
    folder = Path(place)
    (folder / "CMakeLists.txt").write_text(PROJECT)
    errors = amalgamate(folder / "weir")
    for shared in ("OFF", "ON"):
        build = folder / f"build-{shared}"
        errors = (errors or attempt("cmake", "-S", folder, "-B", build,
                                    f"-DBUILD_SHARED_LIBS={shared}", "-DCMAKE_C_FLAGS=-Werror")
                  or attempt("cmake", "--build", build) or runs(build / "vendored"))
    if errors:
        report.add("src/amalgamate.py", 0, errors)
report.finish("a CMake project adds the folder of weir.c")
