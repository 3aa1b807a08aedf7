# SPDX-License-Identifier: GPL-3.0-or-later
"""Each public header compiles alone, in C and in C++, with gcc and clang, without a warning."""

import subprocess

import tap

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-Iinclude"]
COMPILERS = [["gcc", "-x", "c", "-std=c17"], ["clang", "-x", "c", "-std=c17"],
             ["g++", "-x", "c++", "-std=c++11"], ["clang++", "-x", "c++", "-std=c++11"]]

report = tap.Report()
for header in tap.files("include/tocsin/*.h"):
    faults = []
    for compiler in COMPILERS:
        run = subprocess.run([*compiler, *WARNINGS, "-"], cwd=tap.ROOT, capture_output=True, text=True,
                             input=f'#include "{header.relative_to("include")}"\n')
        if run.returncode != 0:
            faults.append(f"{compiler[0]}: {run.stderr.strip().splitlines()[0]}")
    report.result(f"{header} compiles alone in C and C++", faults)
report.done()
