#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No source, header, test or example is left out of the build that is being tested."""

import itertools
import json
import os
import re
from pathlib import Path

from common import ROOT, Report, tree

OF_TLS = re.compile(r"/src/tls/|/test_tls_\w+\.c$|/examples/(\w+_tls|h2_\w+)\.c$")
OPTIONAL = {"echo_libevent": "libevent_core", "echo_uv": "libuv",  # as in examples/meson.build
            "h2_client": "libnghttp2", "h2_epoll": "libnghttp2"}
INFO = Path(os.environ["WEIR_BUILD"]) / "meson-info"


def read(name):
    return json.loads((INFO / f"intro-{name}.json").read_text())


def sources_of(target):
    groups = (group.get("sources", []) for group in target["target_sources"])
    return set(map(os.path.normpath, itertools.chain(*groups)))


targets = read("targets")
in_library = set().union(*(sources_of(t) for t in targets if t["name"] in ("weir", "weir-tls")))
without_tls = not any(t["name"] == "weir-tls" for t in targets)
libraries = {library["name"] for library in read("dependencies")}
in_any = set().union(*map(sources_of, targets))
installed = set(map(os.path.normpath, read("installed")))
run = {os.path.normpath(part) for test in read("tests") for part in test["cmd"]}

report = Report()


def check(patterns, built, message):
    paths = [path for path in tree(*patterns) if not (without_tls and OF_TLS.search(str(path)))]
    for path in paths:
        if path.parent.name == "examples" and OPTIONAL.get(path.stem, "") not in {"", *libraries}:
            continue
        if str(path) not in built and path.stem != "common":
            report.add(path, 1, message)
    return len(paths)


AGAIN = "configure again: meson setup --reconfigure " + os.path.relpath(INFO.parent, ROOT)
count = check(["src/**/*.c"], in_library, "not in the list of src/meson.build")
count += check(["include/weir/*.h"], installed, "not installed by meson.build")
count += check(["tests/*/*.c", "examples/*.c", "fuzz/fuzz_*.c"], in_any, f"not built; {AGAIN}")
scripts = ["tests/checks/*.py", "tests/compile/*.py", "tests/analyse/*.py", "tests/cross/*.py",
           "tests/emulate/*.py", "tests/vendor/*.py", "tests/interop/*.py", "tests/interop/*.mjs",
           "tests/long/*.py"]
not_with_sanitizers = {str(ROOT / name) for name in ("tests/checks/symbols.py",
                                                     "tests/emulate/old_cpus.py")}
count += check(scripts, run | not_with_sanitizers, f"not run; {AGAIN}")
report.finish(f"{count} files, all in the build")
