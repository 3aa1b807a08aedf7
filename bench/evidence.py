# SPDX-License-Identifier: GPL-3.0-or-later
"""What rows for ./dev show are made of beside measurements: a test that is run now, and the hours of fuzzing."""

import collections
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHARED = os.environ.get("TOCSIN_SHARED_DATA", str(ROOT.parent / "shared/data"))
MINUTES = 10


def row(measure, bar, measured, holds):
    print("row", measure, bar, measured, "yes" if holds else "no", sep="\t", flush=True)


def run(command, build, **environment):
    """Did it succeed, and what it said. None where it left something out because data are not here."""
    words = [word.format(build=build, root=ROOT) for word in command]
    ran = subprocess.run(words, capture_output=True, text=True,
                         env={**os.environ, "TOCSIN_SHARED_DATA": SHARED, **environment})
    said = ran.stdout + ran.stderr
    return (None if re.search(r"SKIP", said) else ran.returncode == 0), said


def tell(measure, bar, command, pattern, build, **environment):
    """A row of a test that is run now; pattern: what of its output is told, None = how many checks hold."""
    good, said = run(command, build, **environment)
    if good is None:
        row(measure, bar, f"not measured: {SHARED} has not all of its data", False)
        return
    found = re.findall(pattern, said, re.M) if pattern else []
    passed = len(re.findall(r"^\[ +OK \]|^ok ", said, re.M))
    failed = len(re.findall(r"^\[  FAILED  \] .*(?<!below:)$|^not ok ", said, re.M))
    row(measure, bar, "; ".join(found) if found else f"{passed} checks hold" + (f", {failed} do not" if failed else ""), good)


def fuzzing(targets):
    seconds, runs = collections.Counter(), collections.Counter()
    for line in (ROOT / "fuzz/hours.tsv").read_text().splitlines()[1:]:
        target, _, time, executed, findings = line.split("\t")
        if int(findings) > 0:
            seconds[target] = runs[target] = 0  # what was mended counts from then on
            continue
        seconds[target] += int(time)
        runs[target] += int(executed)
    for name, target in targets.items():
        row(f"fuzz {name} (fuzz_{target}), ASan and UBSan, as fuzz/hours.tsv says", f"{MINUTES} minutes clean",
            f"{seconds[target] / 60:.0f} minutes, {runs[target]:,} inputs since the last finding",
            seconds[target] >= MINUTES * 60)
