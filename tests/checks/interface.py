#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The binary interface is what interface.txt says: functions, layouts, values on 64-bit targets.

After a change that is meant: python3 tests/checks/interface.py --write, and say so in the commit.
"""

import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from common import Report, code_of, skip, tags, tree

LIST = Path(__file__).with_name("interface.txt")
# What comes from the compiler's target or belongs to the source, not to the binary.
NOT_VALUES = re.compile(r"(?:_H|_LIST|_API|_PAD|WEIR_SHARED)$")


def functions(text):
    return [re.sub(r"\s+", " ", match).strip()
            for match in re.findall(r"^WEIR_API\s+([^;{]+);", text, re.M)]


def evaluate(items):
    """The values of expressions in C, in their order."""
    rows = "\n".join(f'    printf("%lld\\n", (long long)({item}));' for item in items)
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "values"
        own = "".join(f"#include <weir/{path.name}>\n" for path in tree("include/weir/*.h"))
        text = (f"#include <stdio.h>\n#include <stddef.h>\n{own}"
                f"int main(void)\n{{\n{rows}\n    return 0;\n}}\n")
        subprocess.run(["cc", "-w", "-Iinclude", "-xc", "-", "-o", program], input=text, text=True,
                       check=True)
        return subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()


def status_names(text):
    return [f"WEIR_{name}" for name in re.findall(r"^\s+X\((\w+),", text, re.M)]


def interface():
    headers = tree("include/weir/*.h")
    lines, items, labels = [], [], []
    for path in headers:
        text = code_of(path)
        lines += [f"function {text}" for text in functions(text)]
        for name in status_names(text):
            items.append(name)
            labels.append(f"value {name} =")
    # A member's place, size and type; a struct's size.
    structs = set()
    for tag in tags(headers, "m"):
        struct = tag["scope"]
        if tag["scopeKind"] != "struct":
            continue
        if struct not in structs:
            structs.add(struct)
            items.append(f"sizeof(struct {struct})")
            labels.append(f"struct {struct}: size")
        member = f"{struct}.{tag['name']}"
        kind = tag.get("typeref", "").partition(":")[2]
        items += [f"offsetof(struct {struct}, {tag['name']})",
                  f"sizeof(((struct {struct} *)0)->{tag['name']})"]
        labels += [f"member {member}, {kind}: at", f"member {member}: size"]
    for tag in tags(headers, "ed"):
        if tag["name"].startswith("WEIR_") and not NOT_VALUES.search(tag["name"]):
            if "(" in tag.get("signature", "") or tag["kind"] == "macro" and "(" in (
                    tag.get("pattern", "").partition(tag["name"])[2][:1]):
                continue
            items.append(tag["name"])
            labels.append(f"value {tag['name']} =")
    values = evaluate(items)
    lines += [f"{label} {value}" for label, value in zip(labels, values)]
    return sorted(dict.fromkeys(line for line in lines if "VERSION" not in line))


if platform.machine() != "x86_64":
    skip("the list is of x86-64")
now = interface()
if "--write" in sys.argv[1:]:
    LIST.write_text("\n".join(now) + "\n")
report = Report()
listed = LIST.read_text().splitlines()
for line in sorted(set(listed) - set(now)):
    report.add(LIST, listed.index(line) + 1, f"no more: {line}")
for line in sorted(set(now) - set(listed)):
    report.add(LIST, 0, f"new: {line}")
report.finish(f"{len(now)} lines of binary interface, all as listed")
