# SPDX-License-Identifier: GPL-3.0-or-later
"""A node with many invented cases, made once and kept below BUILD/bench-server.

usage: many_cases.py BUILD CASES

Prints its folder.
"""

import os
import pathlib
import shutil
import subprocess
import sys


def node_with(build, cases):
    """A node with so many cases, made with bench_store where it is not there yet: at 5,000 a second or more, while others
    create some too in the first half of the time that this takes."""
    node = build / "bench-server" / f"{cases}-cases"
    if node.exists():
        return node
    half_made = node.with_name(f"{cases}-being-made")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.parent.mkdir(exist_ok=True)
    for words in [["make", half_made, "sqlite:tocsin.db"], ["import", half_made, 0, cases, 5000, 100000]]:
        subprocess.run([build / "bench/bench_store", *map(str, words)], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "TOCSIN": str(build / "tocsin")})
    half_made.rename(node)
    return node


if __name__ == "__main__":
    print(node_with(pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2])))
