#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every public function has its doc block and labels; the public headers are mostly comment."""

import re

from common import Report, code_of, line_of, tree

LABELS = ["Returns", "Errors", "Cost", "Spec"]
SYSTEM = {"stddef.h", "stdint.h", "stdbool.h"}
COMMENT_SHARE = 0.60  # of the characters, over all public headers together

DECLARATION = re.compile(r"^WEIR_API\s+(?P<type>[^;(]*?)(?P<name>\w+)\((?P<params>[^)]*)\);", re.M)
LABEL = re.compile(r"^(\w+)  +\S")


def parameters(text):
    if text.strip() == "void":
        return []
    return [re.search(r"(\w+)\s*(\[\d*\])?$", part.strip()).group(1) for part in text.split(",")]


def block_before(text, offset):
    """The lines of the doc block that ends right before offset, without their stars."""
    match = re.search(r"/\*\*((?:(?!\*/).)*)\*/\n\Z", text[:offset], re.S)
    if match is None:
        return None
    return [re.sub(r"^ \*(?: |$)", "", line) for line in match.group(1).split("\n")[1:-1]]


def check_function(report, path, text, match):
    name, wanted = match["name"], parameters(match["params"])
    line = line_of(text, match.start())
    block = block_before(text, match.start())
    if not block or not re.match(r"[A-Z]", block[0]):
        report.add(path, line, f"{name} has no doc block that starts with a sentence")
        return
    # Labels follow the prose after an empty line; a function without any ends with its prose.
    labels = [label[1] for label in map(LABEL.match, block) if label]
    named = [label for label in labels if label not in LABELS]
    if named != wanted:
        report.add(path, line, f"{name} documents parameters {named}, but has {wanted}")
    tail = [label for label in labels if label in LABELS]
    if labels != named + tail or tail != sorted(set(tail), key=LABELS.index):
        report.add(path, line, f"{name} has labels {labels}: parameters, then {LABELS}, each once")
    if ("Returns" in tail) != (match["type"].strip() != "void"):
        report.add(path, line, f"{name}: Returns belongs to functions that are not void")
    if block[0].startswith("Returns") or "" not in block and labels:
        report.add(path, line, f"{name}: an empty line parts the first sentence from the labels")


report = Report()
headers = tree("include/weir/*.h")
functions = comment = total = 0
for path in headers:
    text = path.read_text()
    for match in re.finditer(r"^#include\s+[<\"]([^>\"]+)", text, re.M):
        known = match[1] in SYSTEM or match[1] in {f"weir/{other.name}" for other in headers}
        if not known:
            report.add(path, line_of(text, match.start()), f"includes {match[1]}")
    code = code_of(path)
    matches = list(DECLARATION.finditer(text))
    if len(matches) != len(re.findall(r"^WEIR_API\b", code, re.M)):
        report.add(path, 0, "a WEIR_API declaration is not one that this check can read")
    for match in matches:
        check_function(report, path, text, match)
    functions += len(matches)
    comment += sum(map(len, re.findall(r"/\*.*?\*/", text, re.S)))
    total += len(text)

share = comment / total
if share < COMMENT_SHARE:
    report.add("include/weir", 0, f"only {share:.0%} of the characters are comment")
report.finish(f"{functions} functions documented; {share:.0%} of the characters are comment")
