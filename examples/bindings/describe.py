#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write what the public headers declare as JSON, for bindings in any language.

    python3 describe.py [--include FOLDER] [--output FILE]

Nothing but Python is needed. The build writes it as weir_api.json beside the library, and installs
it into share/weir; the check `interface` holds it against the compiler and the built library. The
same headers give the same bytes.

    format     1; another number when what stands here no longer holds
    version    "0.1.0"
    functions  [{name, header, doc, returns: TYPE + {doc}, params: [{name, doc} + TYPE], errors}];
               errors is the text of the header
    enums      [{name, header, doc, values: [{name, value, doc}]}]; weir_status also has wire: what
               the peer is told (close code, HTTP status, 0). Enumerators are C ints.
    macros     [{name, header, doc, type: a TYPE's base, value}]; object-like ones with a value
    structs    [{name, header, doc, size, align, fields: [{name, doc, offset, size} + TYPE]}];
               bytes, on 64-bit targets (all have the same)
    handles    [{name, header, doc}]: opaque structs, only ever behind a pointer
    callbacks  [{name, header, doc, returns, params}]: types of pointers to functions
    options    [{name: as the field of weir_config, value: of weir_option, kind, doc}]; kind is
               "number" for weir_config_set, "text" for weir_config_set_text

TYPE is {c, base, kind, pointers} and, where they apply, const and array:

    c         as in the header: "const weir_field *"
    base      the same without const and stars: "weir_field"; sized integers as in stdint.h
    kind      of the base: "int" (int, char, size_t and sized integers), "void", "struct", "handle",
              "callback". Enums are passed as int.
    pointers  0, 1, 2: how many stars
    const     true: what the first star points to is not written
    array     how many of them stand in the struct

doc is a first sentence, or the line of a parameter or field; "" where there is none. Parameters
whose doc begins with "out" are written by the callee. Integers from 2^53 on are given as a text of
decimal digits, as many JSON readers would round them.
"""

import argparse
import json
import re
import sys
from pathlib import Path

FORMAT = 1
OTHERS = {"tls.h"}  # of libraries of their own
HEADERS = ("status.h", "types.h", "config.h", "weir.h", "pieces.h", "deflate.h", "proxy.h",
           "stream.h")
SIZES = {"char": 1, "int": 4, "size_t": 8, "uint8_t": 1, "uint16_t": 2, "uint32_t": 4,
         "int32_t": 4, "uint64_t": 8}
POINTER = 8
BIG = {"SIZE_MAX": ("size_t", 2**64 - 1), "UINT64_MAX": ("uint64_t", 2**64 - 1)}
NO_VALUES = re.compile(r"_H$|_LIST$|^WEIR_API$|^WEIR_EVENT_PAD$")

BLOCK = r"(?:/\*\*(?P<block>(?:(?!\*/).)*)\*/\n(?:#if[^\n]*\n)?)?"
FUNCTION = re.compile(
    BLOCK + r"^WEIR_API\s+(?P<result>[^;(]*?)(?P<name>\w+)\((?P<params>[^)]*)\);", re.S | re.M)
ENUM = re.compile(
    BLOCK + r"^typedef enum (?P<name>\w+) \{(?P<body>.*?)^\} (?P=name);", re.S | re.M)
STRUCT = re.compile(
    BLOCK + r"^typedef struct (?P<name>\w+) \{(?P<body>.*?)^\} (?P=name);", re.S | re.M)
HANDLE = re.compile(BLOCK + r"^typedef struct (?P<name>\w+) (?P=name);", re.S | re.M)
CALLBACK = re.compile(
    BLOCK + r"^typedef (?P<result>[^;(]*?)\(\*(?P<name>\w+)\)\((?P<params>[^)]*)\);", re.S | re.M)
MACRO = re.compile(BLOCK + r"^#define (?P<name>WEIR_\w+)(?P<rest>[^\n]*)", re.S | re.M)
# In a body: a comment for what stands before it, one for what follows, a declaration's end or text.
BODY = re.compile(r"/\*\*<(?P<after>.*?)\*/|/\*\*(?P<before>.*?)\*/|/\*.*?\*/|^#[^\n]*$"
                  r"|(?P<end>[;,])|(?P<text>[^;,/]+)", re.S | re.M)


# ---- Comments ------------------------------------------------------------------------------------

def flat(text):
    """The text of a comment in one line."""
    return re.sub(r"\s+", " ", re.sub(r"^\s*\* ?", "", text or "", flags=re.M)).strip()


def first_sentence(text):
    """Of a doc block: what stands before the first empty line, to its first full stop."""
    prose = flat(re.split(r"^\s*\*?\s*$", (text or "").strip("\n"), maxsplit=1, flags=re.M)[0])
    match = re.match(r".*?(?<!e\.g)(?<!i\.e)\.(?= |$)", prose)
    return match[0] if match else prose


def labelled(text):
    """The lines of a doc block that start with a label: what stands behind each."""
    found, label = {}, None
    for line in (text or "").split("\n"):
        line = re.sub(r"^\s*\* ?", "", line)
        match = re.match(r"(\w+)  +(\S.*)", line)
        if match:
            label = match[1]
            found[label] = match[2]
        elif label and re.match(r"  +\S", line):
            found[label] += " " + line.strip()
        elif not line.strip():
            label = None
    return found


# ---- Types ---------------------------------------------------------------------------------------

class Types:
    """What the names of types stand for."""

    def __init__(self, texts):
        everything = "".join(texts.values())
        self.layouts = {}
        self.kinds = {"void": "void", **dict.fromkeys(SIZES, "int")}
        for pattern, kind in ((HANDLE, "handle"), (STRUCT, "struct"), (CALLBACK, "callback")):
            self.kinds.update((match["name"], kind) for match in pattern.finditer(everything))

    def described(self, text, array=None):
        shown = re.sub(r"\s+", " ", text).strip()
        base = re.sub(r"\bconst\b|[*\s]", "", shown)
        if base not in self.kinds:
            raise SystemExit(f"a type that is not known: {shown}")
        found = {"c": shown, "base": base, "kind": self.kinds[base], "pointers": shown.count("*")}
        if shown.startswith("const "):
            found["const"] = True
        if array is not None:
            found["array"] = array
        return found

    def size_and_align(self, found):
        if found["pointers"] or found["kind"] == "callback":
            return POINTER, POINTER
        size, align = self.layouts.get(found["base"]) or (SIZES[found["base"]],) * 2
        return size * found.get("array", 1), align


def number(value):
    return value if abs(value) < 2**53 else str(value)


# ---- What stands in a header ---------------------------------------------------------------------

def parameters(types, text, docs):
    if text.strip() == "void":
        return []
    rows = []
    for part in text.split(","):
        name = re.search(r"\w+\s*$", part)[0].strip()
        rows.append({"name": name, **types.described(part[:part.rindex(name)]),
                     "doc": docs.get(name, "")})
    return rows


def callable_of(types, match):
    docs = labelled(match["block"])
    returns = {**types.described(match["result"]), "doc": docs.get("Returns", "")}
    return {"doc": first_sentence(match["block"]), "returns": returns,
            "params": parameters(types, match["params"], docs),
            "errors": docs.get("Errors", "")}


def declarations(body):
    """(text, doc) of each declaration in the body of a struct or enum."""
    rows, text, before = [], "", ""
    for token in BODY.finditer(body):
        if token["after"] is not None:
            if text.strip():  # the last enumerator has no comma
                rows.append([text, before])
                text = before = ""
            rows[-1][1] = flat(token["after"])
        elif token["before"] is not None:
            before = flat(token["before"])
        elif token["end"]:
            rows.append([text, before])
            text = before = ""
        else:
            text += token["text"] or ""
    if text.strip():
        rows.append([text, before])
    return [(re.sub(r"WEIR_EVENT_PAD\(\w+\)", "", text).strip(), doc) for text, doc in rows]


def struct_of(types, match):
    fields, at, align = [], 0, 1
    for text, doc in declarations(match["body"]):
        shape = re.fullmatch(r"(.*?)(\w+)(?:\[(\d+)\])?", text, re.S)
        kind = types.described(shape[1], int(shape[3]) if shape[3] else None)
        size, own = types.size_and_align(kind)
        at = (at + own - 1) // own * own
        fields.append({"name": shape[2], **kind, "offset": at, "size": size, "doc": doc})
        at, align = at + size, max(align, own)
    size = (at + align - 1) // align * align
    types.layouts[match["name"]] = (size, align)
    return {"doc": first_sentence(match["block"]), "size": size, "align": align, "fields": fields}


def statuses_of(text):
    pattern = r'^ +X\((\w+), (-?\d+), (\d+),\s+"([^"]*)"\)'
    return [{"name": f"WEIR_{name}", "value": int(value), "doc": doc, "wire": int(wire)}
            for name, value, wire, doc in re.findall(pattern, text, re.M)]


def enum_of(text, match):
    values = []
    if "WEIR_STATUS_LIST" in match["body"]:
        values = statuses_of(text)
    else:
        for row, doc in declarations(match["body"]):
            name, _, value = row.partition(" = ")
            values.append({"name": name, "value": int(value, 0), "doc": doc})
    return {"doc": first_sentence(match["block"]), "values": values}


def macro_of(match):
    """None for a macro that is not a number."""
    text, _, after = match["rest"].partition("/**<")
    text = text.strip()
    if text in BIG:
        kind, value = BIG[text]
    elif re.fullmatch(r"(?:0x[0-9A-Fa-f]+|\d+)u?", text):
        kind, value = "uint32_t" if text.endswith("u") else "int", int(text.rstrip("u"), 0)
    else:
        return None
    return {"doc": flat(after.rpartition("*/")[0]) or first_sentence(match["block"]),
            "type": kind, "value": number(value)}


def options_of(enums, structs):
    fields = {field["name"]: field for struct in structs if struct["name"] == "weir_config"
              for field in struct["fields"]}
    rows = []
    for value in next(enum for enum in enums if enum["name"] == "weir_option")["values"]:
        name = value["name"].removeprefix("WEIR_OPTION_").lower()
        kind = "number" if fields[name]["base"] == "uint64_t" else "text"
        rows.append({"name": name, "value": value["value"], "kind": kind,
                     "doc": fields[name]["doc"]})
    return rows


def describe(include):
    """All of it, as the JSON has it; include is the folder that holds weir/weir.h."""
    texts = {name: (Path(include) / "weir" / name).read_text() for name in HEADERS}
    strays = {path.name for path in Path(include, "weir").glob("*.h")} - texts.keys() - OTHERS
    if strays:
        raise SystemExit(f"headers that are not known: {sorted(strays)}")
    types = Types(texts)
    found = {kind: [] for kind in
             ("functions", "enums", "macros", "structs", "handles", "callbacks")}
    for header, text in texts.items():
        def add(kind, name, row, header=header):
            found[kind].append({"name": name, "header": header, **row})

        for match in FUNCTION.finditer(text):
            add("functions", match["name"], callable_of(types, match))
        for match in ENUM.finditer(text):
            add("enums", match["name"], enum_of(text, match))
        for match in MACRO.finditer(text):
            row = None if NO_VALUES.search(match["name"]) else macro_of(match)
            if row:
                add("macros", match["name"], row)
        for match in STRUCT.finditer(text):
            add("structs", match["name"], struct_of(types, match))
        for match in HANDLE.finditer(text):
            add("handles", match["name"], {"doc": first_sentence(match["block"])})
        for match in CALLBACK.finditer(text):
            add("callbacks", match["name"], callable_of(types, match))
    values = {macro["name"]: macro["value"] for macro in found["macros"]}
    version = ".".join(str(values[f"WEIR_VERSION_{part}"]) for part in ("MAJOR", "MINOR", "PATCH"))
    return {"format": FORMAT, "version": version, **found,
            "options": options_of(found["enums"], found["structs"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--include", default=Path(__file__).resolve().parents[2] / "include")
    parser.add_argument("--output", default="-")
    options = parser.parse_args()
    text = json.dumps(describe(options.include), indent=1, ensure_ascii=False) + "\n"
    if options.output == "-":
        sys.stdout.write(text)
    else:
        Path(options.output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
