# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents show what the program does: every command of a ```console block is run and its output compared, pictures
are drawn again, links lead somewhere, examples are made again.

usage: documents.py BUILD            compare
       documents.py BUILD --write    put the real output and pictures in their places
"""

import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import tap

BUILD = pathlib.Path(sys.argv[1]).resolve()
WRITE = "--write" in sys.argv
DOCUMENTS = [path for path in tap.files("*.md") if "corpus" not in path.parts]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.S | re.M)
PICTURES = {
    "docs/images/weekly.svg": "detect --last 30 --plot {} docs/examples/weekly.csv",
    "docs/images/rt.svg": "rt --si-mean 4 --si-sd 2.4 --plot {} docs/examples/daily.csv",
}
EXAMPLES = ["weekly.csv", "daily.csv"]


def output_of(command):
    run = subprocess.run(command, shell=True, cwd=tap.ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         env={**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}, check=False)
    return run.stdout.decode()


def real(block):
    """The block with the output that its commands really have."""
    commands = [line for line in block.split("\n") if line.startswith("$ ")]
    return "".join(f"{line}\n{output_of(line[2:])}" for line in commands)


NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]?\d+)?")


def alike(old, new):
    """Equal but for the last digits of numbers, which another processor's C library may round otherwise."""
    if old is None or NUMBER.split(old) != NUMBER.split(new):
        return False
    return all(math.isclose(float(a), float(b), rel_tol=1e-9) for a, b in zip(NUMBER.findall(old), NUMBER.findall(new)))


def refresh(path, text, faults):
    """Compare a file with what it should be, or write it."""
    old = tap.read(path) if (tap.ROOT / path).exists() else None
    if WRITE and not alike(old, text):
        (tap.ROOT / path).write_text(text, encoding="utf-8")
    elif not alike(old, text):
        faults.append(f"{path}: not what the program says; see tests/checks/documents.py --write")


def main():
    report = tap.Report()
    faults = []
    for path in DOCUMENTS:
        refresh(path, BLOCK.sub(lambda match: f"```console\n{real(match.group(1))}```", tap.read(path)), faults)
    report.result("commands in the documents print what is shown", faults)
    faults = []
    for path, words in PICTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            output_of("tocsin " + words.format(f"{folder}/picture.svg"))
            refresh(path, pathlib.Path(folder, "picture.svg").read_text(encoding="utf-8"), faults)
    report.result("pictures are what the program draws", faults)
    faults = []
    for name in EXAMPLES:
        refresh(f"docs/examples/{name}", output_of(f"python3 docs/examples/make_counts.py {name}"), faults)
    report.result("examples are what their script makes", faults)
    broken = [f"{path}: {target}" for path in DOCUMENTS
              for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", tap.read(path))
              if not (tap.ROOT / path.parent / target).exists()]
    report.result("links in the documents lead somewhere", broken)
    report.done()


main()
