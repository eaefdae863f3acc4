#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every must and attack in scope has a test that carries its id; no test carries an unknown one.

With --markdown the coverage as a table for the README.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

from common import ROOT, Report, code_of, line_of, tree

LISTS = Path(__file__).parent
DOCUMENTS = {
    "R6455-3": "RFC 6455 3 URI", "R6455-4": "RFC 6455 4 Opening handshake",
    "R6455-5": "RFC 6455 5 Framing", "R6455-6": "RFC 6455 6 Messages",
    "R6455-7": "RFC 6455 7 Closing", "R6455-8": "RFC 6455 8 Errors in the data",
    "R6455-9": "RFC 6455 9 Extensions", "R6455-10": "RFC 6455 10 Security",
    "R6455-11": "RFC 6455 11 Header fields",
    "R3629": "RFC 3629 UTF-8", "R9110": "RFC 9110 HTTP semantics", "R9112": "RFC 9112 HTTP/1.1",
    "R7692": "RFC 7692 permessage-deflate", "R1951": "RFC 1951 DEFLATE", "R8441": "RFC 8441 HTTP/2",
    "R9220": "RFC 9220 HTTP/3", "WHATWG": "WHATWG WebSockets", "SEC": "Attacks (SEC)"}

ID = re.compile(r"(?:R\d{4}|WHATWG|SEC)-[\w.-]*\w")
IN_NAME = re.compile(r"^(?:R\d{4}|WHATWG|SEC)_")


class Row:
    def __init__(self, path, line, ident, level, scope, text):
        self.path, self.line, self.ident, self.text = path, line, ident, text
        self.level, self.scope = level, scope
        self.tests = []

    def document(self):
        parts = self.ident.split("-")
        section = f"{parts[0]}-{parts[1].split('.')[0]}"
        return DOCUMENTS.get(section) or DOCUMENTS[parts[0]]


def rows(name, columns):
    path = LISTS / name
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            cells = dict(zip(columns, line.split(None, len(columns) - 1)))
            level = cells.get("level", "M")
            yield Row(path, number, cells["id"], level, cells["scope"], cells["text"])


def named(path):
    """(id, line) for each id in the names of a C test, in `proves:` comments of another file."""
    if path.suffix in (".c", ".h") and path.parent.name in ("unit", "rfc", "sec", "long"):
        code = code_of(path)
        for match in re.finditer(r"\b[A-Za-z]\w*\b", code):
            for part in match[0].split("__"):
                if IN_NAME.match(part):
                    yield part, line_of(code, match.start())
        return
    text = path.read_text()
    for match in re.finditer(r"\bproves:((?:[ \n*#/]*" + ID.pattern + r",?)+)", text):
        for ident in ID.findall(match[1]):
            yield re.sub(r"[-.]", "_", ident), line_of(text, match.start())


report = Report()
known = {}
for row in [*rows("requirements.txt", ("id", "who", "level", "scope", "text")),
            *rows("attacks.txt", ("id", "scope", "text"))]:
    mangled = re.sub(r"[-.]", "_", row.ident)
    if mangled in known:
        report.add(row.path, row.line, f"{row.ident} reads like {known[mangled].ident} in a name")
    known[mangled] = row

for path in tree("tests/*/*.[ch]", "tests/*/*.py", "tests/*/*.mjs", "examples/*.c", "fuzz/*.c"):
    for mangled, line in named(path):
        if mangled in known:
            known[mangled].tests.append(path)
        else:
            where = LISTS.relative_to(ROOT)
            report.add(path, line, f"{mangled} is no id of {where}/*.txt; in a name __ ends an id")

for row in known.values():
    if row.scope == "core" and row.level == "M" and not row.tests:
        report.add(row.path, row.line, f"{row.ident} has no test: {row.text}")

table = defaultdict(lambda: [0, 0, 0, 0, 0])
for row in known.values():
    counts = table[row.document()]
    if row.scope != "core":
        counts[4] += 1
    else:
        column = 0 if row.level == "M" else 2
        counts[column] += bool(row.tests)
        counts[column + 1] += 1

markdown = "--markdown" in sys.argv
form = "| {} | {} | {} | {} |" if markdown else "{:<32} {:>10} {:>10} {:>6}"
print(form.format("part", "must", "others", "later"))
if markdown:
    print("|---|---|---|---|")
total = [sum(column) for column in zip(*table.values())]
for name, (must, musts, other, others, later) in [*table.items(), ("all", total)]:
    cells = [f"{must} of {musts}" if musts else "", f"{other} of {others}" if others else ""]
    print(form.format(name, *cells, later or ""))
report.finish("every must in scope has a test")
