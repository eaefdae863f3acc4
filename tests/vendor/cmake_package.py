#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A CMake project finds the installed weir, wherever it was moved, if the version fits."""

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
from ways import PROGRAM, attempt, install, need, runs  # noqa: E402
from common import Report  # noqa: E402

PROJECT = f"""
cmake_minimum_required(VERSION 3.10)
project(vendored C)
find_package(weir ${{WANTED}} REQUIRED)
foreach(library weir static)
    add_executable(with_${{library}} "{PROGRAM}")
    target_link_libraries(with_${{library}} weir::${{library}})
endforeach()
"""

report = Report()
need("cmake")
with tempfile.TemporaryDirectory() as place:
    folder = Path(place)
    shutil.move(install(folder / "root"), folder / "moved")
    (folder / "CMakeLists.txt").write_text(PROJECT)
    version = next(folder.glob("moved/**/weirConfigVersion.cmake")).read_text()
    version = version.split('set(PACKAGE_VERSION "')[1].split('"')[0]
    major, minor, patch = map(int, version.split("."))

    def configure(wanted):
        return attempt("cmake", "-S", folder, "-B", folder / "build", f"-DWANTED={wanted}",
                       f"-DCMAKE_PREFIX_PATH={folder / 'moved'}")

    for wanted in (f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}", f"{major + 1}"):
        if not configure(wanted):
            report.add("src/cmake", 0, f"{version} passes for {wanted}")
    errors = (configure("") or configure(f"{major}.{minor}") or configure(f"{version};EXACT")
              or attempt("cmake", "--build", folder / "build"))
    errors = errors or runs(folder / "build/with_weir") or runs(folder / "build/with_static")
    if errors:
        report.add("src/cmake", 0, errors)
report.finish("a CMake project finds weir::weir and weir::static")
