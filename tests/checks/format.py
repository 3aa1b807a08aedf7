# SPDX-License-Identifier: GPL-3.0-or-later
"""Every C file is laid out as .clang-format says. `./dev fmt` does it."""

import subprocess

import tap

report = tap.Report()
wrong = []
for path in tap.files("*.c", "*.h"):
    laid_out = subprocess.run(["clang-format", str(path)], cwd=tap.ROOT, capture_output=True, text=True, check=True).stdout
    if laid_out != tap.read(path):
        wrong.append(f"{path}: run ./dev fmt")
report.result("the C files are laid out as .clang-format says", wrong)
report.done()
