#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The binary interface is what interface.txt says: functions, layouts, values on 64-bit targets.

It is read off the description that bindings take (examples/bindings/describe.py), which is first
held against the compiler: sizes, places, values, and each signature; and against the built library:
what it exports, and the copy of the description beside it.

After a change that is meant: python3 tests/checks/interface.py --write, and say so in the commit.
"""

import ctypes
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from common import ROOT, Report, skip

sys.path.insert(0, str(ROOT / "examples" / "bindings"))
from describe import describe  # noqa: E402

LIST = Path(__file__).with_name("interface.txt")


def numbers(api):
    """(expression in C, its number) for all that the description says in numbers."""
    for struct in api["structs"]:
        yield f"sizeof({struct['name']})", struct["size"]
        # In C99, by the place of what needs the same alignment behind one char.
        yield f"offsetof(struct {{ char c; {struct['name']} s; }}, s)", struct["align"]
        for field in struct["fields"]:
            yield f"offsetof({struct['name']}, {field['name']})", field["offset"]
            yield f"sizeof((({struct['name']} *)0)->{field['name']})", field["size"]
    for enum in api["enums"]:
        for value in enum["values"]:
            yield value["name"], value["value"]
            if "wire" in value:
                yield f"weir_status_wire({value['name']})", value["wire"]
    for macro in api["macros"]:
        yield macro["name"], int(macro["value"])
        yield f"sizeof({macro['name']})", {"int": 4, "uint32_t": 4}.get(macro["type"], 8)


def shapes(api):
    """Declarations in C that compile only where types and signatures are as described."""
    for struct in api["structs"]:
        for field in struct["fields"]:
            of = f"(*({field['c']}(*)[{field['array']}])0)" if "array" in field else (
                f"(*({field['c']}*)0)")
            yield (f"_Static_assert(__builtin_types_compatible_p(__typeof__((({struct['name']} *)0)"
                   f"->{field['name']}), __typeof__({of})), \"{struct['name']}.{field['name']}\");")
    for function in [*api["functions"], *api["callbacks"]]:
        params = ", ".join(param["c"] for param in function["params"]) or "void"
        value = function["name"] if function in api["functions"] else f"({function['name']})0"
        yield f"{function['returns']['c']} (*is_{function['name']})({params}) = {value};"


def compiled(api, expressions):
    """What the compiler makes of the expressions, in their order; it must take the shapes too."""
    rows = "\n".join(f'    printf("%llu\\n", (unsigned long long)({item}));' for item in expressions)
    text = "\n".join(["#include <stdio.h>", "#include <stddef.h>", "#include <weir/weir.h>",
                      "#include <weir/proxy.h>", "#include <weir/stream.h>",
                      *shapes(api), "int main(void)", "{", rows, "    return 0;", "}\n"])
    library = Path(os.environ["WEIR_LIB"])
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "values"
        subprocess.run(["cc", "-std=gnu11", "-Wall", "-Werror", "-Iinclude", "-xc", "-", "-xnone",
                        library, f"-Wl,-rpath,{library.parent}", "-o", program],
                       input=text, text=True, check=True, cwd=ROOT)
        output = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return list(map(int, output.split()))


def exported():
    output = subprocess.run(["nm", "-D", "--defined-only", "--format=posix", os.environ["WEIR_LIB"]],
                            capture_output=True, text=True, check=True).stdout
    return {name for name, kind, *_ in map(str.split, output.splitlines()) if kind.isupper()}


def lines_of(api):
    """The interface as interface.txt lists it."""
    def typed(found, name=""):
        star = "" if not name or found["c"].endswith("*") else " "
        return found["c"] + star + name

    for function in api["functions"]:
        params = ", ".join(typed(param, param["name"]) for param in function["params"]) or "void"
        yield f"function {typed(function['returns'], function['name'])}({params})"
    for struct in api["structs"]:
        yield f"struct {struct['name']}: size {struct['size']}"
        for field in struct["fields"]:
            member, array = f"member {struct['name']}.{field['name']}", field.get("array")
            yield f"{member}, {field['c']}{f'[{array}]' if array else ''}: at {field['offset']}"
            yield f"{member}: size {field['size']}"
    for row in [value for enum in api["enums"] for value in enum["values"]] + api["macros"]:
        if "VERSION_M" not in row["name"] and "VERSION_P" not in row["name"]:
            value = int(row["value"])
            yield f"value {row['name']} = {value if value < 2**63 else value - 2**64}"


if platform.machine() != "x86_64":
    skip("the list is of x86-64")
report = Report()
api = describe(ROOT / "include")
expected = list(numbers(api))
for (expression, value), real in zip(expected, compiled(api, [item for item, _ in expected])):
    if value % 2**64 != real:
        report.add("examples/bindings/describe.py", 0, f"{expression}: {value}, but is {real}")
declared = {function["name"] for function in api["functions"]}
for name in sorted(declared ^ exported()):
    report.add("examples/bindings/describe.py", 0, f"{name} is not both declared and exported")
beside = Path(os.environ["WEIR_BUILD"]) / "weir_api.json"
if not beside.exists() or json.loads(beside.read_text()) != api:
    report.add(beside, 0, "is not the description of these headers: build it")
library = ctypes.CDLL(os.environ["WEIR_LIB"])
for status in api["enums"][0]["values"]:
    for function, text in (("weir_status_name", "name"), ("weir_status_text", "doc")):
        getattr(library, function).restype = ctypes.c_char_p
        if getattr(library, function)(status["value"]).decode() != status[text]:
            report.add("examples/bindings/describe.py", 0, f"{function}: not {status[text]}")

now = sorted(set(lines_of(api)))
if "--write" in sys.argv[1:]:
    LIST.write_text("\n".join(now) + "\n")
listed = LIST.read_text().splitlines()
for line in sorted(set(listed) - set(now)):
    report.add(LIST, listed.index(line) + 1, f"no more: {line}")
for line in sorted(set(now) - set(listed)):
    report.add(LIST, 0, f"new: {line}")
report.finish(f"{len(now)} lines of binary interface, all as listed; "
              f"{len(expected)} numbers of the description as compiled")
