#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Rust binding: its own tests, and its examples against peers in other languages.

matrix: none, because it is about the binding
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))
import echoes  # noqa: E402
from harness import BINDING, BUILD, case, need, run_cases  # noqa: E402

CARGO = need("cargo")
CRATE = BINDING.parent / "rust"
TARGET = BUILD / "rust"
SERVER, CLIENT = ([str(TARGET / "debug" / "examples" / name)]
                  for name in ("echo_server", "echo_client"))
BUILD_SECONDS = 120


def ran(*arguments, **changed):
    environment = {
        **os.environ,
        # Static: doc tests are linked without the path of a shared library.
        "WEIR_LIB": os.environ.get("WEIR_STATIC", str(BUILD / "libweir.a")),
        "WEIR_API": str(BUILD / "weir_api.json"),
        "CARGO_TARGET_DIR": str(TARGET), "CARGO_INCREMENTAL": "0", "CARGO_PROFILE_DEV_DEBUG": "0",
        "RUSTC_BOOTSTRAP": "1",  # else rustdoc compares no error codes of compile_fail
        **changed}
    command = [CARGO, *arguments, "--offline", "--locked", "--manifest-path", CRATE / "Cargo.toml"]
    return subprocess.run(command, env=environment, text=True, timeout=BUILD_SECONDS,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def cargo(*arguments):
    result = ran(*arguments)
    assert result.returncode == 0, result.stdout
    assert "warning" not in result.stdout, result.stdout
    return result.stdout


print(cargo("build", "--examples"))


@case
def tests_of_the_crate__pass():
    text = cargo("test")
    sources = "".join(path.read_text() for path in CRATE.glob("src/*.rs"))
    assert text.count("- compile fail ... ok") == sources.count("```compile_fail,E") > 0, text
    assert text.count("test result: ok") == 4, text


@case
def library_of_another_version__is_refused():
    api = json.loads((BUILD / "weir_api.json").read_text())
    minor, = (macro for macro in api["macros"] if macro["name"] == "WEIR_VERSION_MINOR")
    minor["value"] += 1
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder, "weir_api.json")
        other.write_text(json.dumps(api))
        result = ran("test", "--test", "pair", WEIR_API=str(other), CARGO_TARGET_DIR=folder)
    assert "the library is not of the version of weir_api.json" in result.stdout, result.stdout


echoes.add_cases(SERVER, CLIENT)
run_cases()
