#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every decision of the library is a chain, so that branch coverage of it is MC/DC.

A decision is what && and || join. In a chain an operand that joins with the other of the two (a
negated one: with its own) stands last: `a || b || (c && d)`, not `(a && b) || c`. Then the program
comes to each condition by one way only, and a test for each of its two branches shows that it
alone decides (tests/gates/coverage.py asks for both of all branches). Nor does ?: stand inside of
a decision, a condition or another ?:.
"""

import re

from common import Report, code_of, line_of, tree

TOKEN = re.compile(r"\w+|&&|\|\||[<>=!]=|->|\S")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.M)
NEGATED = {"&&": "||", "||": "&&", "?": "?"}
SAMPLES = {
    "if (a && b && !c)": True, "x = a || b || (c && d);": True, "if (a && (b || (c && d)))": True,
    "if ((a || b) || c)": True, "if (!(a && b) || c)": True, "if (f(a && b) || c)": True,
    "x = a && b ? c : d;": True, "f(a ? b : c, d || e);": True, "if (a) { b(); } x = c || d;": True,
    "x[a && b] = c || d;": True, "for (; a && b; c || d)": True, "x = a ? f(b ? c : d) : e;": True,
    "if ((a && b) || c)": False, "if (a || (b && c) || d)": False, "return (a || b) && c;": False,
    "if (!(a || b) || c)": False, "if (a && (b || (c && d) || e))": False,
    "if (a && b || c)": False, "x = (int)(a && b) || c;": False, "f(x, (a && b) || c);": False,
    "x = a ? b : c ? d : e;": False, "x = a ? (b ? c : d) : e;": False,
    "x = (a ? b : c) ? d : e;": False, "if (a && (b ? c : d))": False,
    "if ((a ? b : c) || d)": False, "x = (a && b) || c ? d : e;": False,
}


class Decisions:
    """All of a text; wrong has (offset, what is wrong)."""

    def __init__(self, code):
        code = DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), code)
        self.tokens = [(match[0], match.start()) for match in TOKEN.finditer(code)]
        self.wrong = []
        self.group(0)

    def group(self, at):
        """Up to the bracket that closes: the place behind it, and what its last part joins with."""
        joins, inner = set(), set()  # of this part, of its last operand
        start, before = None, ""
        while at < len(self.tokens):
            token, offset = self.tokens[at]
            start = start or offset
            at += 1
            if token in ")]}":
                break
            if token in "([{":
                operand = token == "(" and (before == "return" or not re.match(r"\w|\]", before))
                at, found = self.group(at)
                if operand:
                    inner |= {NEGATED[join] for join in found} if before == "!" else found
                if token == "{":
                    joins, inner, start = set(), set(), None
            elif token in ("&&", "||"):
                self.expect(not inner - {token}, start, "an operand of another kind is not last")
                self.expect(not joins - {token}, start, "&& and || without brackets")
                joins, inner = joins | {token}, set()
            elif token == "?":
                self.expect("?" not in joins | inner, start, "?: inside of ?:")
                joins, inner = {"?"}, set()
            elif token == ":":
                self.expect("?" not in inner, start, "?: inside of ?:")
                joins, inner = joins & {"?"}, set()
            elif token in ";,":
                joins, inner, start = set(), set(), None
            before = token
        self.expect("?" not in inner or not joins, start, "?: inside of a decision or of ?:")
        return at, joins | inner

    def expect(self, holds, offset, message):
        if not holds:
            self.wrong.append((offset, message))


report = Report()
for sample, good in SAMPLES.items():
    if good != (not Decisions(sample).wrong):
        report.add(__file__, 0, f"takes `{sample}` for {'wrong' if good else 'right'}")
count = 0
for path in tree("src/**/*.[ch]", "include/weir/*.h"):
    code = code_of(path)
    count += len(re.findall(r"&&|\|\|", code))
    for offset, message in Decisions(code).wrong:
        report.add(path, line_of(code, offset), message)
report.finish(f"{count} && and ||, each in a chain")
