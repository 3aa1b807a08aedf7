# SPDX-License-Identifier: GPL-3.0-or-later
"""Each public header compiles alone, in C and in C++, with gcc and clang, without a warning."""

import subprocess

import tap

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-Iinclude"]
COMPILERS = [["gcc", "-x", "c", "-std=c17"], ["clang", "-x", "c", "-std=c17"],
             ["g++", "-x", "c++", "-std=c++11"], ["clang++", "-x", "c++", "-std=c++11"]]



def faults_of(headers):
    """What the compilers say of a file that includes these headers and nothing else."""
    text = "".join(f'#include "{header.relative_to("include")}"\n' for header in headers)
    faults = []
    for compiler in COMPILERS:
        run = subprocess.run([*compiler, *WARNINGS, "-"], cwd=tap.ROOT, capture_output=True, text=True, input=text)
        if run.returncode != 0:
            faults.append(f"{compiler[0]}: {run.stderr.strip().splitlines()[0]}")
    return faults


report = tap.Report()
all_headers = tap.files("include/tocsin/*.h")
for header in all_headers:
    report.result(f"{header} compiles alone in C and C++", faults_of([header]))
report.result("all public headers compile together", faults_of(all_headers))
report.done()
