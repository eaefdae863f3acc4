# SPDX-License-Identifier: MIT
"""The deepest chains of calls from public functions, from the frames and relocations of objects,
and what the tiny profile may take of them."""

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "checks"))
from common import LAYERS, ROOT, run, tree  # noqa: E402

SOURCES = [path for layer in LAYERS for path in tree(f"src/{layer}/*.c", f"src/{layer}/*/*.c")]
COMMON = ["-std=gnu99", "-Wall", "-Wextra", "-Werror", "-Iinclude", "-Os", "-ffunction-sections",
          "-fdata-sections", "-fstack-usage"]
TINY = ["-DWEIR_TINY", "-DWEIR_NO_DEFLATE", "-DWEIR_NO_MALLOC"]
PROFILES = {"client": [*TINY, "-DWEIR_NO_SERVER"], "server": [*TINY, "-DWEIR_NO_CLIENT"]}
BARE = ["-mthumb", "-ffreestanding", "-Itests/cross/cortex/bare"]
MACHINES = {"cortex-m0": ("arm-none-eabi-", ["-mcpu=cortex-m0", *BARE]),
            "cortex-m4": ("arm-none-eabi-", ["-mcpu=cortex-m4", *BARE]),
            # Tables of jumps look like calls by pointer, and pushed arguments are in no frame.
            "x86-64": ("", ["-DWEIR_NO_VECTORS", "-fno-jump-tables",
                            "-maccumulate-outgoing-args"])}
LIMITS = Path(__file__).parent / "limits.txt"

# What a device calls, in the order in which it meets it.
ENTRIES = {"receive": "weir_conn_(receive|receive_eof|events|input_buffer|input_filled)",
           "send": "weir_conn_(send|send_ref|send_message|send_begin|send_chunk|send_end|ping|pong)",
           "close": "weir_conn_(close|free)",
           "output": "weir_conn_(output|sent)",
           "timers": "weir_context_(set_time|next_due|next_ready)",
           "open": "weir_conn_(create_(client|server|established)|accept|respond)",
           "context": "weir_(context_(create|free)|message_create)"}
HANDSHAKE = "weir__opening_"  # what no chain of an open connection goes through

# Where a call by pointer may lead, beside functions whose address the same file takes.
TEXT = "weir__utf8_scalar"
MASK = "weir__(mask|mask_copy)_scalar"
POINTERS = {"memory": "weir__block_allocate|memory_default", "chacha": "weir__chacha20_scalar",
            "sha1": "weir__sha1_scalar", "http_head": "weir__fields_scalar", "frames": MASK,
            **dict.fromkeys(("close", "message", "utf8"), TEXT),
            **dict.fromkeys(("api", "payload", "send", "whole"), f"{TEXT}|{MASK}")}
# What no chain through a function reaches: what was taken anew is not resized, what is given back
# is neither.
BARRED = {"weir__memory_give": "block_resize|block_take", "weir__memory_take": "block_resize",
          "weir__pool_take_new": "block_resize"}

CALL = re.compile(r"\s(blx?|call)\s|\s(b|b\.n|b\.w|jmp|bx)\s")
POINTED = re.compile(r"\s(?:blx|(bx))\s+r\d|\s(?:call|jmp)\s+\*")  # bx: a return, maybe
RELOCATION = re.compile(r"\sR_[\dA-Z_]+\s+([\w.]+)")


def plain(name):
    """The function that a symbol or its section is of: copies of one are taken together."""
    name = name.removeprefix(".text.").removesuffix(".cold")
    return re.sub(r"\.\d+(?=\.|$)", "", name)


def compile_sources(compiler, folder, options, report, pool):
    """The library's objects, each in the folder of its layer, its .su beside it."""

    def one(path):
        layer = folder / path.relative_to(ROOT / "src").parts[0]
        layer.mkdir(parents=True, exist_ok=True)
        errors = run(compiler, *COMMON, *options, "-c", path, "-o", layer / f"{path.stem}.o")
        if errors:
            report.add(path, 0, errors)
        return layer / f"{path.stem}.o"

    return list(pool.map(one, SOURCES))


class Chains:
    """Frames and calls of a library's objects."""

    def __init__(self, objects, objdump, report):
        self.frames = {}
        self.calls = defaultdict(set)
        self.jumps = defaultdict(set)  # last calls, when the own frame is gone
        for path in objects:
            self._read_frames(path, report)
        for path in objects:
            self._read_calls(path, objdump, report)

    def _read_frames(self, path, report):
        for line in path.with_suffix(".su").read_text().splitlines():
            where, size, kind = line.split("\t")
            name = plain(where.rsplit(":", 1)[1])
            self.frames[name] = max(self.frames.get(name, 0), int(size))
            if kind not in ("static", "dynamic,bounded"):
                report.add(path.name, 0, f"{name} has a stack frame without a bound")

    def _read_calls(self, path, objdump, report):
        listing = subprocess.run([objdump, "-dr", path], capture_output=True, text=True).stdout
        data = subprocess.run([objdump, "-r", path], capture_output=True, text=True).stdout
        pattern = POINTERS.get(path.stem, r"\Z")
        pointed = {name for name in self.frames if re.fullmatch(pattern, name)}
        callers, sure, name, kind = set(), set(), None, None
        for line in listing.splitlines():
            if head := re.match(r"[0-9a-f]+ <(.+)>:", line):
                name = plain(head[1])
            elif found := RELOCATION.search(line):
                other = plain(found[1])
                if other in self.frames and other != name:
                    {"call": self.calls[name], "jump": self.jumps[name]}.get(
                        kind, pointed).add(other)
            else:
                called = CALL.search(line)
                kind = called and ("call" if called[1] else "jump")
                if pointed_at := POINTED.search(line):
                    callers.add(name)
                    sure |= set() if pointed_at[1] else {name}
        for section in data.split("RELOCATION RECORDS FOR ")[1:]:
            if re.match(r"\[\.(rodata|data)", section) and path.stem != "kernels":
                pointed |= {plain(other) for other in RELOCATION.findall(section)}
        pointed &= self.frames.keys()
        if sure and not pointed:
            report.add(path.name, 0, f"{min(sure)} calls by a pointer: POINTERS must say to what")
        for name in callers:
            self.calls[name] |= pointed - {name}

    def deepest(self, entry, without=r"\Z"):
        """(bytes, [functions]) of the deepest calls from a function on."""
        done = {}

        def below(names, barred):
            return [look(name, barred) for name in sorted(names) if not re.match(barred, name)]

        def look(name, barred):
            if (name, barred) not in done:  # no function calls itself: the check `style`
                own = self.frames[name]
                more = f"{barred}|{BARRED[name]}" if name in BARRED else barred
                ways = [(own + size, chain) for size, chain in below(self.calls[name], more)]
                size, chain = max(ways + below(self.jumps[name], more), default=(0, []))
                done[name, barred] = max((own, [name]), (size, [name, *chain]))
            return done[name, barred]

        return look(entry, without)

    def rows(self, without=r"\Z"):
        """{what is called: (once open, with the handshake)}, both as of deepest"""
        found = {}
        for title, pattern in ENTRIES.items():
            names = [name for name in self.frames if re.fullmatch(pattern, name)]
            found[title] = (max(self.deepest(name, f"{HANDSHAKE}|{without}") for name in names),
                            max(self.deepest(name, without) for name in names))
        return found

    def shown(self, chain):
        return " > ".join(f"{name} {self.frames[name]}" for name in chain)


def tiny(machine, folder, report, pool):
    """{profile: its Chains} on a machine"""
    prefix, options = MACHINES[machine]
    found = {}
    for profile, parts in PROFILES.items():
        objects = compile_sources(f"{prefix}gcc", folder / f"{machine}-{profile}",
                                  [*options, *parts], report, pool)
        found[profile] = Chains(objects, f"{prefix}objdump", report)
    return found


def read_limits():
    """{(machine, profile, what is called): (once open, with the handshake)}"""
    lines = [line.split() for line in LIMITS.read_text().splitlines() if line[:1] not in "#"]
    return {tuple(words[:3]): (int(words[3]), int(words[4])) for words in lines}


def judge(machine, found, report):
    """Report the chains that are deeper than they may be."""
    limits = read_limits()
    for profile, chains in found.items():
        for title, both in chains.rows().items():
            for (size, chain), limit in zip(both, limits[machine, profile, title]):
                if size > limit:
                    report.add(LIMITS, 0, f"{machine}, {profile}, {title}: {size} bytes and not"
                               f" {limit}: {chains.shown(chain)}")
