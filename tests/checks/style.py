#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Names, sizes, no recursion: what keeps the code fit for one file, and for reading."""

import re
from collections import defaultdict
from pathlib import Path

from common import Report, code_of, tags, tree

MAX_FILE_LINES = 800
MAX_COLUMNS = 100
LONG_NAME = re.compile(r" *(RUN\()?\w+\)?,$")  # clang-format can't break a test's name
MAX_FUNCTION_LINES = 80
MAX_COMPLEXITY = 15
MAX_MEDIAN, MAX_P90 = 12, 40
TABLES = re.compile(r"_tables?\.[ch]$")  # no limit of lines for constant tables

DECISION = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")
# The kernels of one CPU are named <kernel>_<isa> (STYLE: mask_avx2); the file may hold several.
ISA = re.compile(r"_(?:scalar|sse2|ssse3|sse41|avx2|avx512|sha|neon)(?:_|$)")

report = Report()
library = tree("src/**/*.[ch]", "include/weir/*.h")
everything = library + tree("examples/**/*.[ch]", "tests/**/*.[ch]", "fuzz/*.[ch]")

places = defaultdict(list)
for path in everything:
    places[path.name].append(path)
    lines = path.read_text().split("\n")
    if len(lines) - 1 > MAX_FILE_LINES and not TABLES.search(path.name):
        report.add(path, len(lines) - 1, f"more than {MAX_FILE_LINES} lines")
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS and not LONG_NAME.match(line):
            report.add(path, number, f"more than {MAX_COLUMNS} columns")
    if lines[0] != "/* SPDX-License-Identifier: MIT */":
        report.add(path, 1, "the first line is the SPDX line")
    if not re.match(r"/\*\*?( |$)", lines[1]):
        report.add(path, 2, "the second line starts a comment: the file's one job")
for name, paths in places.items():
    for path in paths[1:]:
        report.add(path, 1, f"{name} is also the name of {paths[0].parent.name}/{name}")

# Names that one .c file keeps to itself start with the file's name.
for tag in tags([path for path in library if path.suffix == ".c"], "fvstueg"):
    module = re.search(r"([^/]+)\.c$", tag["path"])[1]
    name = tag["name"]
    local = tag.get("file") or tag["kind"] not in ("function", "variable")
    if not local or name.startswith(("__anon", "weir_")) or "scope" in tag:
        continue  # weir_: the body of a type that a header names
    if not name.lower().startswith(module + "_") and name != module and not ISA.search(name):
        report.add(tag["path"], tag["line"], f"{name} is local, so it starts with {module}_")

lengths = []
calls = {}  # function of the library: (tag, names that its body calls)
for tag in tags([path for path in everything if "bindings" not in path.parts], "f"):
    length = tag["end"] - tag["line"] + 1
    own = "/src/" in tag["path"]
    if own:
        lengths.append(length)
    if length > MAX_FUNCTION_LINES:
        report.add(tag["path"], tag["line"], f"{tag['name']} has {length} lines")
    if own:
        lines = code_of(Path(tag["path"])).split("\n")
        body = "\n".join(lines[tag["line"] - 1:tag["end"]]).partition("{")[2]
        calls[tag["name"]] = (tag, set(re.findall(r"(\w+)\s*\(", body)))
        complexity = 1 + len(DECISION.findall(body))
        if complexity > MAX_COMPLEXITY:
            report.add(tag["path"], tag["line"], f"{tag['name']} has a complexity of {complexity}")


def reached(name):
    """Every function that a call of this one may call, by the names in their bodies."""
    found, left = set(), [name]
    while left:
        new = calls[left.pop()][1] & calls.keys() - found
        found |= new
        left += new
    return found


for name, (tag, _) in calls.items():
    if name in reached(name):
        report.add(tag["path"], tag["line"], f"{name} may call itself: the stack has no bound")

lengths.sort()
median, p90 = (lengths[int(len(lengths) * share)] if lengths else 0 for share in (0.5, 0.9))
if median > MAX_MEDIAN or p90 > MAX_P90:
    report.add("src", 0, f"functions: median {median} lines, 90th percentile {p90};"
                         f" the limits are {MAX_MEDIAN} and {MAX_P90}")
report.finish(f"{len(everything)} files, {len(lengths)} functions: median {median} lines,"
              f" 90th percentile {p90}, longest {max(lengths, default=0)}")
