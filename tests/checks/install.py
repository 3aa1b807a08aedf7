# SPDX-License-Identifier: GPL-3.0-or-later
"""The installed library serves a stranger: `meson install`, then the example of docs/examples/ compiled with what
pkg-config says, against the shared and against the static library, and run."""

import os
import pathlib
import subprocess
import tempfile

import tap

EXAMPLE = tap.ROOT / "docs/examples/newest_week.c"


def command(*words, **environment):
    """What is wrong with it: nothing, or its last lines."""
    run = subprocess.run(words, cwd=tap.ROOT, env={**os.environ, **environment}, capture_output=True, text=True)
    return [] if run.returncode == 0 else [" ".join(map(str, words))] + (run.stderr or run.stdout).splitlines()[-5:]


def flags(prefix, *options):
    pc = next(pathlib.Path(prefix).rglob("libtocsin.pc"))
    run = subprocess.run(["pkg-config", *options, "libtocsin"], capture_output=True, text=True, check=True,
                         env={**os.environ, "PKG_CONFIG_PATH": str(pc.parent)})
    return run.stdout.split(), str(pc.parent.parent)


def main():
    report = tap.Report()
    with tempfile.TemporaryDirectory() as folder:
        prefix, build = f"{folder}/usr", f"{folder}/build"
        faults = command("meson", "setup", build, f"--prefix={prefix}")
        faults = faults or command("meson", "install", "-C", build, "--quiet")
        report.result("the library installs", faults)
        if not faults:
            program = f"{folder}/example"
            shared, library = flags(prefix, "--cflags", "--libs")
            report.result("the example compiles against the installed library",
                          command("gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", EXAMPLE, "-o", program, *shared))
            report.result("and runs", command(program, LD_LIBRARY_PATH=library))
            static, _ = flags(prefix, "--cflags", "--libs", "--static")
            static = [f"{library}/libtocsin.a" if word == "-ltocsin" else word for word in static]
            report.result("it compiles against the static library too",
                          command("gcc", "-std=c17", EXAMPLE, "-o", program, *static))
            report.result("and runs", command(program))
    report.done()


main()
