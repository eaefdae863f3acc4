# SPDX-License-Identifier: MIT
"""The C programs of some suites of a build folder, built and run."""

import json
import os
import subprocess


def run(*command, **options):
    subprocess.run(list(map(str, command)), check=True, **options)


def setup(build, root, options, **environment):
    again = ["--reconfigure"] if (build / "build.ninja").exists() else []
    run("meson", "setup", *again, build, root, *options, env={**os.environ, **environment},
        stdout=subprocess.DEVNULL)


def programs(build, suites):
    """{name of a test: its program in the build folder}; which there are depends on the options."""
    tests = json.loads((build / "meson-info" / "intro-tests.json").read_text())
    return {test["name"]: os.path.relpath(test["cmd"][0], build) for test in tests
            if any(f"weir:{suite}" in test["suite"] for suite in suites)}


def build_programs(build, paths):
    run("ninja", "-C", build, "--quiet", *sorted(set(paths)))


def test(build, names, patience):
    run("meson", "test", "-C", build, "--no-rebuild", "--print-errorlogs", "--quiet",
        "--timeout-multiplier", patience, *names)
