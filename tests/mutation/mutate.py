#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Mutation testing: break the library in one small place after another; a test must notice.

The library and the tests are built once with tcc, in a folder of their own. For each mutant one file
is compiled and the shared library linked anew; then the test programs of its module run until
the first one fails. Which these are, and what must be killed without exception, is in
modules.txt; mutants that change nothing are in equivalent.txt.
"""

import argparse
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TESTS = ROOT / "tests"
OVERALL = 95  # percent
MEMORY = 2 << 30  # bytes of address space of a test program
SANITIZED = 2  # programs that what survived is tried with again
WALL = 600  # seconds; what counts are those of the CPU

TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<directive>(?m:^)[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>\b(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*\b)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\S)
""", re.S | re.X)
SWAPS = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",), "+": ("-",), "-": ("+",), "&": ("|",), "|": ("&",),
    "^": ("|",), "&&": ("||",), "||": ("&&",), "<<": (">>",), ">>": ("<<",),
    "+=": ("-=",), "-=": ("+=",), "|=": ("&=",), "&=": ("|=",), "^=": ("|=",),
    "<<=": (">>=",), ">>=": ("<<=",), "++": ("--",), "--": ("++",), "!": ("",),
}
BINARY_ONLY = {"+", "-", "&"}
CONTROL = {"if", "while", "for", "switch"}
NO_STATEMENT = {"return", "case", "default", "do", "else", "goto", "typedef", "static"} | CONTROL

# mbedTLS wants to know the compiler. In place of the linker's --wrap (tests/meson.build), which tcc
# has not, its functions have another name for us, and the allocator is that of the program.
TLS = ["-DWEIR_TLS"]
TLS_TCC = ["-D__clang__"]
TLS_LIBRARIES = ["-rdynamic", "-lmbedtls", "-lmbedx509", "-lmbedcrypto"]
TLS_LIES = ("mbedtls_entropy_func", "mbedtls_md", "mbedtls_ssl_get_session", "mbedtls_ssl_write")
TLS_RENAMED = [f"-D{name}=__wrap_{name}" for name in TLS_LIES]
TLS_NAMES = {
    "tls_lies.c": [f"-D__real_{name}={name}" for name in TLS_LIES],
    "tls_calls.c": [f"-D__{kind}_{name}={other}{name}" for name in ("calloc", "free")
                    for kind, other in (("wrap", ""), ("real", "__libc_"))],
}

Token = namedtuple("Token", "kind text start end")
Mutant = namedtuple("Mutant", "path function start end new line before after")


def tokens_of(source):
    found = (Token(m.lastgroup, m[0], m.start(), m.end()) for m in TOKEN.finditer(source))
    return [token for token in found if token.kind not in ("comment", "directive")]


def closing(tokens, at):
    """Index of what closes the bracket at at."""
    depth = 0
    for i in range(at, len(tokens)):
        if tokens[i].text in "([{":
            depth += 1
        elif tokens[i].text in ")]}":
            depth -= 1
            if depth == 0:
                return i
    raise ValueError("a bracket is not closed")


def functions_of(tokens):
    """(name, words of the return type, index of the brace, index of its end) of each function."""
    at = 0
    begin = 0
    while at < len(tokens):
        text = tokens[at].text
        if text == "{":
            end = closing(tokens, at)
            head = tokens[begin:at]
            if head and head[-1].text == ")":
                name = next(i for i, token in enumerate(head) if token.text == "(") - 1
                yield head[name].text, [token.text for token in head[:name]], at, end
                begin = end + 1
            at = end
        elif text == ";":
            begin = at + 1
        at += 1


def declares_array(tokens, i):
    """Whether a number is an array's length that nothing asks for: a longer one is no fault."""
    if tokens[i - 1].text != "[" or tokens[i + 1].text != "]":
        return False
    name, kind = tokens[i - 2].text, tokens[i - 3]
    if kind.kind != "word" or kind.text in NO_STATEMENT | {"sizeof"}:
        return False
    return not any(t.text == name and tokens[at - 1].text in ("sizeof", "(")
                   and "sizeof" in (tokens[at - 1].text, tokens[at - 2].text)
                   for at, t in enumerate(tokens))


def changes_of_token(tokens, i):
    """What may stand instead of one token."""
    token, before = tokens[i], tokens[i - 1]
    if token.kind == "number":
        digits = token.text.rstrip("uUlL")
        suffix = token.text[len(digits):]
        value = int(digits, 16) if digits[:2] in ("0x", "0X") else int(digits)
        write = hex if digits[:2] in ("0x", "0X") else str
        others = (value - 1,) if declares_array(tokens, i) else (value + 1, value - 1)
        return [write(n) + suffix for n in others if n >= 0]
    if token.kind != "sign" or token.text not in SWAPS:
        return []
    operand = before.kind in ("word", "number") and before.text != "return" or before.text in ")]"
    if token.text in BINARY_ONLY and not operand:
        return []
    return SWAPS[token.text]


def changes_of_control(tokens, i, source):
    """Conditions negated and decided: (start, end, new)."""
    word = tokens[i].text
    if word not in ("if", "while", "for") or tokens[i + 1].text != "(":
        return
    end = closing(tokens, i + 1)
    first, last = tokens[i + 1].end, tokens[end].start
    if word == "for":
        parts = [t.start for t in tokens[i:end] if t.text == ";"]
        if len(parts) == 2:
            yield parts[0] + 1, parts[1], " 0"
        return
    yield first, last, f"!({source[first:last]})"
    yield first, last, "0"
    if word == "if":
        yield first, last, "1"


def changes_of_return(tokens, i, end, kind):
    """Other values to return: (start, end, new)."""
    if tokens[i].text != "return" or tokens[i + 1].text == ";":
        return
    stop = next(j for j in range(i, end) if tokens[j].text == ";")
    if "*" in kind:
        values = ["0"]
    elif "bool" in kind:
        values = ["true", "false"]
    elif "int" in kind:
        values = ["0", "1", "-1"]
    elif any(word == "size_t" or re.match(r"u?int\d+_t", word) for word in kind):
        values = ["0", "1"]
    else:
        return
    for value in values:
        yield tokens[i + 1].start, tokens[stop].start, value


def changes_of_statement(tokens, i, end):
    """A statement deleted: (start, end, new)."""
    token = tokens[i]
    starts = token.kind == "word" or token.text in ("*", "(", "++", "--")
    if not starts or token.text in NO_STATEMENT:
        return
    if tokens[i - 1].text not in (";", "{", "}", ")", "else", ":"):
        return
    depth = 0
    for j in range(i, end):
        text = tokens[j].text
        depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
        if depth < 0:
            return
        if text == ";" and depth == 0:
            yield token.start, tokens[j].start, ""
            return


def folded(text):
    return " ".join(text.split())


def mutants_of(path):
    name = str(path.relative_to(ROOT))
    source = path.read_text()
    tokens = tokens_of(source)
    seen = set()
    for function, kind, begin, end in functions_of(tokens):
        changes = []
        for i in range(begin + 1, end):
            changes += [(tokens[i].start, tokens[i].end, new)
                        for new in changes_of_token(tokens, i)]
            changes += changes_of_control(tokens, i, source)
            changes += changes_of_return(tokens, i, end, kind)
            changes += changes_of_statement(tokens, i, end)
        for start, stop, new in changes:
            first = source.rfind("\n", 0, start) + 1
            last = source.find("\n", stop)
            before = folded(source[first:last])
            after = folded(source[first:start] + new + source[stop:last])
            key = (start, stop, new)
            if before != after and key not in seen:
                seen.add(key)
                line = source.count("\n", 0, start) + 1
                yield Mutant(name, function, start, stop, new, line, before, after)


def read_modules():
    """modules.txt: the test programs of each file, and what must be killed wholly."""
    groups, programs, must = {}, {}, set()
    for line in (HERE / "modules.txt").read_text().splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        if words[0] == "must":
            must |= {tuple((word.split(":") + [""])[:2]) for word in words[1:]}
            continue
        into = groups if words[0].startswith("@") else programs
        listed = [name for word in words[1:] for name in groups.get(word, [word])]
        into[words[0].rstrip(":")] = list(dict.fromkeys(listed))
    return programs, must


def read_equivalent():
    """equivalent.txt: {(path, function, before, after): reason}."""
    found = {}
    place, before, after = [], "", ""
    for line in (HERE / "equivalent.txt").read_text().splitlines():
        mark, rest = line[:2], line[2:].strip()
        if mark == "@ ":
            place = rest.split()
        elif mark == "- ":
            before = rest
        elif line[:1] == "+":
            after = rest
        elif mark == "= ":
            found[(*place, before, after)] = rest
    return found


def options_of(path):
    """What either compiler is told for a file: that it is of TLS."""
    path = Path(path)
    if path.parent.name != "tls" and not path.name.startswith("test_tls_"):
        return []
    return TLS + TLS_NAMES.get(path.name, TLS_RENAMED)


class Bench:
    """The library and the tests, built once, and what runs them."""

    def __init__(self, folder, with_tls):
        self.folder = folder
        self.with_tls = with_tls
        self.libraries = ["-lcmocka", "-lz", *(TLS_LIBRARIES if with_tls else [])]
        self.objects = {}
        self.support = []
        self.cpu = {}  # seconds that each program takes
        self.optimized = {}  # code of a file
        self.clean = {}  # what passes with a file checked by sanitizers
        for part in ("objects", "programs", "whole"):
            (folder / part).mkdir(parents=True)

    def tcc(self, *arguments):
        command = ["tcc", "-w", f"-I{ROOT}/include", f"-I{TESTS}", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True).returncode == 0

    def compile(self, path, made, name=None, *arguments):
        """Build a file, or what stands for the one of that name."""
        options = options_of(name or path) if self.with_tls else []
        return self.tcc("-c", path, "-o", made, *options, *(TLS_TCC if options else []), *arguments)

    def link(self, objects, folder):
        return self.tcc("-shared", "-o", folder / "libweir.so", *objects)

    def build_library(self):
        for path in sorted(ROOT.glob("src/**/*.c")):
            made = self.folder / "objects" / f"{path.stem}.o"
            if not self.compile(path, made):
                sys.exit(f"tcc does not build {path}")
            self.objects[str(path.relative_to(ROOT))] = made
        support = sorted((TESTS / "support").glob("*.c"))
        support += sorted((TESTS / "support/tls").glob("*.c")) if self.with_tls else []
        for path in support:
            self.support.append(self.folder / "programs" / f"support_{path.stem}.o")
            if not self.compile(path, self.support[-1]):
                sys.exit(f"tcc does not build {path}")
        # The first failed assertion ends the program.
        stop = self.folder / "stop.c"
        stop.write_text("void _exit(int);\n"
                        "void _fail(const char *file, int line) { _exit(1); }\n")
        self.tcc("-c", stop, "-o", self.folder / "objects" / "stop.o")
        self.objects["stop"] = self.folder / "objects" / "stop.o"
        if not self.link(self.objects.values(), self.folder / "whole"):
            sys.exit("tcc does not link the library")

    def build_program(self, name):
        """Build and run a test program; says whether it is of use."""
        for suite in ("unit", "rfc", "sec"):
            path = TESTS / suite / f"{name}.c"
            if path.exists():
                break
        else:
            sys.exit(f"modules.txt: no test program {name}")
        made = self.folder / "programs" / name
        if not self.compile(path, f"{made}.o") or not self.tcc(
                "-o", made, f"{made}.o", *self.support, f"-L{self.folder}/whole",
                "-lweir", *self.libraries):
            sys.exit(f"tcc does not build {path}")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        passed = self.passes(name, self.folder / "whole", 60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu[name] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if not passed:
            print(f"{name}: fails when built with tcc")
        return passed

    def passes(self, name, library, cpu, memory=MEMORY):
        """Whether a program passes: the one that uses the library there, or one that lies there."""
        def limits():
            signal.setitimer(signal.ITIMER_PROF, cpu)  # counts on in the program
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        own = library / name
        try:
            done = subprocess.run(
                [own if own.exists() else self.folder / "programs" / name],
                preexec_fn=limits, timeout=WALL,
                env={"LD_LIBRARY_PATH": str(library), "ASAN_OPTIONS": "detect_leaks=0"},
                cwd=library,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def code(self, path, source):
        """What a compiler that optimizes makes of a file: the same for some equivalent mutants."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            copy = Path(folder) / "file.c"
            copy.write_text(source)
            command = ["gcc", "-std=c99", "-O2", "-w", "-S", f"-I{ROOT}/include",
                       f"-I{(ROOT / path).parent}", *options_of(path), "file.c", "-o", "file.s"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            return (Path(folder) / "file.s").read_text()

    def sanitized(self, path, source, programs):
        """The first programs that fail or pass with one file checked by gcc's sanitizers: what is
        read or written beyond an array need not be seen otherwise."""
        checks = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
        verdicts = []
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            folder = Path(folder)
            (folder / "file.c").write_text(source)
            command = ["gcc", "-std=c99", "-O1", "-w", *checks, f"-I{ROOT}/include",
                       f"-I{(ROOT / path).parent}", *options_of(path), "-c", "file.c"]
            if subprocess.run(command, cwd=folder, capture_output=True).returncode != 0:
                return []
            objects = [made for name, made in self.objects.items() if name != path]
            support = [made for made in self.support if "tls_calls" not in made.name]
            for name in programs[:SANITIZED]:
                command = ["gcc", *checks, "-o", name, "file.o",
                           self.folder / "programs" / f"{name}.o", *support, *objects,
                           *self.libraries]
                linked = subprocess.run(command, cwd=folder, capture_output=True).returncode == 0
                verdicts.append(linked and self.passes(name, folder, 2 + 20 * self.cpu[name],
                                                       resource.RLIM_INFINITY))
        return verdicts

    def judge(self, mutant, programs):
        """killed, survived, same code, or not built."""
        source = (ROOT / mutant.path).read_text()
        changed = source[:mutant.start] + mutant.new + source[mutant.end:]
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            folder = Path(folder)
            (folder / "mutant.c").write_text(changed)
            made = folder / "mutant.o"
            if not self.compile(folder / "mutant.c", made, mutant.path,
                                f"-I{(ROOT / mutant.path).parent}"):
                return "not built"
            objects = {**self.objects, mutant.path: made}
            if not self.link(objects.values(), folder):
                return "not built"
            for name in programs:
                if not self.passes(name, folder, 0.2 + 5 * self.cpu[name]):
                    return "killed"
        try:
            if mutant.path not in self.optimized:
                self.optimized[mutant.path] = self.code(mutant.path, source)
            same = self.optimized[mutant.path] == self.code(mutant.path, changed)
        except subprocess.CalledProcessError:
            return "not built"
        if same:
            return "same code"
        if mutant.path not in self.clean:
            self.clean[mutant.path] = self.sanitized(mutant.path, source, programs)
        checked = self.sanitized(mutant.path, changed, programs)
        fails = any(was and not now for was, now in zip(self.clean[mutant.path], checked))
        return "killed" if fails else "survived"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", nargs="+", default=[], help="e.g. src/protocol/frame.c")
    parser.add_argument("--all", action="store_true", help="every file of modules.txt")
    parser.add_argument("--sample", type=int, help="so many mutants of each file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--must", action="store_true",
                        help="only mutants of the functions where none may survive")
    parser.add_argument("--lines", help="A-B: only mutants of these lines")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=1 << 30,
                        help="begin no mutant after so many; a partial run")
    chosen = parser.parse_args()
    if bool(chosen.files) == chosen.all:
        parser.error("one of --files and --all")
    return chosen


def choose(paths, chosen, must):
    for path in paths:
        mutants = list(mutants_of(ROOT / path))
        if chosen.must:
            mutants = [m for m in mutants if {(m.path, ""), m[:2]} & must]
        if chosen.lines:
            first, last = map(int, chosen.lines.split("-"))
            mutants = [m for m in mutants if first <= m.line <= last]
        if chosen.sample is not None and chosen.sample < len(mutants):
            generator = random.Random(f"{chosen.seed} {path}")
            mutants = sorted(generator.sample(mutants, chosen.sample), key=lambda m: m.start)
        yield from mutants


def main():
    chosen = arguments()
    programs, must = read_modules()
    equivalent = read_equivalent()
    paths = list(programs) if chosen.all else chosen.files
    unknown = [path for path in paths if path not in programs]
    if unknown:
        sys.exit(f"not in modules.txt: {' '.join(unknown)}")
    mutants = list(choose(paths, chosen, must))
    began = time.monotonic()
    judged = []
    for with_tls in (False, True):
        group = [path for path in paths if bool(options_of(path)) == with_tls]
        if not group:
            continue
        folder = Path(tempfile.mkdtemp(prefix="mutation-"))
        try:
            judged += run(chosen, Bench(folder, with_tls), group,
                          [mutant for mutant in mutants if mutant.path in group], programs,
                          equivalent, began)
        finally:
            shutil.rmtree(folder)
    return finish(paths, judged, must)


def run(chosen, bench, paths, mutants, programs, equivalent, began):
    """The mutants of some files, each with its verdict."""
    bench.build_library()
    wanted = dict.fromkeys(name for path in paths for name in programs[path])
    useful = {name for name in wanted if bench.build_program(name)}
    per_path = {path: [n for n in programs[path] if n in useful] for path in paths}

    def judge(mutant):
        if mutant[:2] + mutant[6:] in equivalent:
            return "equivalent"
        if time.monotonic() - began > chosen.seconds:
            return "not run"
        verdict = bench.judge(mutant, per_path[mutant.path])
        if verdict == "survived":
            print(f"{mutant.path}:{mutant.line} {mutant.function}\n"
                  f"- {mutant.before}\n+ {mutant.after}", flush=True)
        return verdict

    with ThreadPoolExecutor(chosen.workers) as pool:
        return list(zip(mutants, pool.map(judge, mutants)))


def finish(paths, judged, must):
    kinds = ("killed", "survived", "equivalent", "same code", "not built", "not run")
    print(f"\n{'file':34}" + "".join(f"{kind:>11}" for kind in kinds))
    for path in paths + [""]:
        counts = Counter(v for m, v in judged if path in ("", m.path))
        print(f"{path or 'all':34}" + "".join(f"{counts[kind]:11}" for kind in kinds))
    killed, survived = counts["killed"], counts["survived"]
    share = 100 * killed / max(killed + survived, 1)
    missed = [m for m, v in judged if v == "survived"
              and {(m.path, ""), m[:2]} & must]
    print(f"killed {share:.1f} % of {killed + survived}; {OVERALL} % are wanted")
    if missed:
        print(f"{len(missed)} survived where none may")
    return 1 if missed or share < OVERALL else 0


if __name__ == "__main__":
    sys.exit(main())
