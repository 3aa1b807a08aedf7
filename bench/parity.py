# SPDX-License-Identifier: GPL-3.0-or-later
"""Equality with R, summarised: the shared oracle where it is present, R's recorded answers, and settings drawn anew.

usage: parity.py BUILD [SEED]

Prints lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`, one for each set of cases and algorithm.
"""

import os
import pathlib
import random
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(sys.argv[1])
SEED = sys.argv[2] if len(sys.argv) > 2 else str(random.randrange(2**30))
# "# earsC: 9 cases, 336 rows compared, 0 differ"; the programs for reproduction numbers stop at a difference instead
LINE = re.compile(r"# (\w+): (\d+) cases, (\d+) rows compared(?:, (\d+) differ)?")


def compare(label, program, *folder):
    run = subprocess.run([BUILD / "tests/parity" / program, *folder], capture_output=True, text=True,
                         env={**os.environ, "TOCSIN_SHARED_DATA": str(ROOT.parent / "shared/data"),
                              "TOCSIN_EPIESTIM": str(BUILD.resolve() / "tests/parity")})
    for algorithm, cases, rows, differ in LINE.findall(run.stdout + run.stderr):
        good = differ == "0" if differ else run.returncode == 0
        print("row", f"Equal to R, {label}: {algorithm}", "alarms equal, numbers within 1e-9",
              f"{cases} settings, {rows} rows, {differ or ('0' if good else 'some')} differ", "yes" if good else "no",
              sep="\t", flush=True)
    if run.returncode != 0:
        print("row", f"Equal to R, {label}: {program}", "all tests pass", "a test failed", "no", sep="\t", flush=True)


drawn = BUILD / "oracle-random"
subprocess.run(["Rscript", ROOT / "tests/parity/record.R", "random", SEED, drawn], check=True, stdout=subprocess.DEVNULL)
for label, folder in (("shared oracle", []), ("recorded", [ROOT / "tests/parity/recorded"]), (f"drawn, seed {SEED}", [drawn])):
    compare(label, "test_oracle", *folder)
    compare(label, "test_reproduction", *folder)
