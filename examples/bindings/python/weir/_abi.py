# SPDX-License-Identifier: MIT
"""The headers of weir for ctypes: constants, structs and functions, and nothing else.

All of it is read from weir_api.json, which the build writes beside the library (../../describe.py
says what stands in it). The library is found by the environment variable WEIR_LIB, in this folder,
or by the system; the description by WEIR_API, beside the library, in this folder or in share/weir.
"""

import ctypes
import json
import os
import sys
from enum import IntEnum, IntFlag
from pathlib import Path

FORMAT = 1
if ctypes.sizeof(ctypes.c_void_p) != 8:
    raise ImportError("weir: weir_api.json has the layout of 64-bit targets")


def _library():
    name = {"win32": "weir.dll", "darwin": "libweir.dylib"}.get(sys.platform, "libweir.so")
    beside = Path(__file__).with_name(name)
    found = os.environ.get("WEIR_LIB") or (str(beside) if beside.exists() else None)
    if not found:
        from ctypes.util import find_library  # it is slow to import
        found = find_library("weir")
    if not found:
        raise ImportError(f"weir: {name} is not found; WEIR_LIB may say where it is")
    return found


def _description(library):
    named = os.environ.get("WEIR_API")
    beside = [library] if os.path.dirname(library) else []  # else the system finds it somewhere
    places = [Path(named)] if named else [
        *(Path(file).with_name("weir_api.json") for file in (*beside, __file__)),
        *(Path(prefix, "share/weir/weir_api.json")
          for prefix in (sys.prefix, "/usr/local", "/usr"))]
    for path in places:
        if path.is_file():
            api = json.loads(path.read_text(encoding="utf-8"))
            if api["format"] != FORMAT:
                raise ImportError(f"weir: {path} has format {api['format']}, not {FORMAT}")
            return api
    raise ImportError("weir: weir_api.json is not found; describe.py writes it")


_path = _library()
API = _description(_path)

# ---- Memory --------------------------------------------------------------------------------------

# All addresses, as bytes: a slice reads and writes where weir says, without a call.
MEMORY = memoryview((ctypes.c_char * sys.maxsize).from_address(0)).cast("B")


# ---- Constants -----------------------------------------------------------------------------------

def _members(rows, prefix):
    return {row["name"].removeprefix("WEIR_").removeprefix(prefix): int(row["value"])
            for row in rows if row["name"].startswith("WEIR_" + prefix)}


def _enum(name, of, prefix=""):
    return IntEnum(name, _members(next(enum["values"] for enum in API["enums"]
                                       if enum["name"] == of), prefix))


Status = _enum("Status", "weir_status")
Role = _enum("Role", "weir_role")
Type = _enum("Type", "weir_type")
Compression = _enum("Compression", "weir_compression")
State = _enum("State", "weir_state")
EventType = _enum("EventType", "weir_event_type", "EVENT_")
TextId = _enum("TextId", "weir_text_id", "TEXT_")
Side = _enum("Side", "weir_side", "SIDE_")
Deflate = _enum("Deflate", "weir_deflate_mode", "DEFLATE_")
Level = _enum("Level", "weir_deflate_level", "DEFLATE_")
CodecStep = _enum("CodecStep", "weir_codec_step", "CODEC_")
Option = _enum("Option", "weir_option", "OPTION_")
Flag = IntFlag("Flag", _members(API["macros"], "FLAG_"))
Want = IntFlag("Want", _members(API["macros"], "WANT_"))
NONE = _members(API["macros"], "NONE")[""]
TEXT_OPTIONS = {row["name"] for row in API["options"] if row["kind"] == "text"}

# ---- Structs, with the names and fields of the headers -------------------------------------------

_NUMBERS = {"char": ctypes.c_char, "int": ctypes.c_int, "size_t": ctypes.c_size_t,
            "uint8_t": ctypes.c_uint8, "uint16_t": ctypes.c_uint16, "uint32_t": ctypes.c_uint32,
            "int32_t": ctypes.c_int32, "uint64_t": ctypes.c_uint64}
STRUCTS = {}


def _member(kind):
    if kind["pointers"] or kind["kind"] == "callback":
        return ctypes.c_void_p
    found = STRUCTS.get(kind["base"]) or _NUMBERS[kind["base"]]
    return found * kind["array"] if "array" in kind else found


def _text(self):
    return str(MEMORY[self.data:self.data + self.len], "utf-8", "replace") if self.len else ""


for _struct in API["structs"]:
    STRUCTS[_struct["name"]] = type(_struct["name"], (ctypes.Structure,), {
        "_fields_": [(field["name"], _member(field)) for field in _struct["fields"]],
        **({"__str__": _text} if _struct["name"] == "weir_text" else {})})


def pattern(name):
    """A struct as the module struct has it; what is reserved is left out."""
    codes = {"uint16_t": "H", "uint32_t": "I", "int32_t": "i", "uint64_t": "Q", "size_t": "Q"}
    fields = next(struct["fields"] for struct in API["structs"] if struct["name"] == name)
    return "=" + "".join(
        f"{field['size']}x" if "array" in field else "Q" if field["pointers"]
        else codes[field["base"]] for field in fields)


# ---- Functions -----------------------------------------------------------------------------------

class Error(Exception):
    """A call was refused; status says why. The connection is as it was before."""

    def __init__(self, status, message=None):
        super().__init__(message or f"{lib.weir_status_name(status).decode()}: "
                                    f"{lib.weir_status_text(status).decode()}")
        self.status = Status(status)


def _argument(kind):
    if kind["pointers"] == 0:
        return _NUMBERS.get(kind["base"])
    if kind["pointers"] == 2:
        return ctypes.POINTER(ctypes.c_void_p)
    if kind["base"] == "char" and kind.get("const"):
        return ctypes.c_char_p
    if kind["base"] in ("weir_config", "uint8_t"):
        return ctypes.c_void_p
    known = STRUCTS.get(kind["base"]) or _NUMBERS.get(kind["base"])
    return ctypes.POINTER(known) if known and known is not ctypes.c_char else ctypes.c_void_p


def _check(result, *_):
    if result < 0:
        raise Error(result)
    return result


def _load():
    # PyDLL keeps the interpreter's lock: no call waits, and garbage of other threads stays away.
    loaded = ctypes.PyDLL(_path)
    for row in API["functions"]:
        function = getattr(loaded, row["name"])
        function.restype = _argument(row["returns"])
        function.argtypes = [_argument(param) for param in row["params"]]
        if function.restype is ctypes.c_int:
            function.errcheck = _check
    return loaded


def bare(name, restype=ctypes.c_int):
    """A function that takes ctypes objects as they are and checks nothing: a third less time."""
    function = lib["weir_" + name]  # not the one that is cached as attribute
    function.restype = restype
    return function


lib = _load()
if lib.weir_version() >> 8 != int(API["version"].split(".")[0]) << 8 | int(
        API["version"].split(".")[1]):
    raise ImportError(f"weir: the library is not of version {API['version']}")
