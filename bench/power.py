# SPDX-License-Identifier: GPL-3.0-or-later
"""What a power cut, a failed fsync and a full disk leave: each database's promise, tried so many times.

usage: power.py BUILD [CYCLES]

Runs the power tests with 200 cycles each (or CYCLES) and prints, for `./dev show`, lines
`row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`. What a power cut means here: docs/durability.md.
"""

import os
import re
import subprocess
import sys
import time

REPORT = re.compile(r"# (?P<setting>[^:]+): (?P<cuts>\d+) power cuts, (?P<acknowledged>\d+) \w+ acknowledged.*"
                    r"promise broken (?P<broken>\d+) times(?:: (?P<why>.*))?")
PROGRAMS = {"SQLite": "test_power_sqlite", "PostgreSQL": "test_power_postgresql", "store": "test_power_store"}
UNSAFE = ("synchronous=OFF", "fsync=off", "synchronous_commit=off")
OTHERS = {
    "test_failed_fsync": "no acknowledged write lost, none half applied",
    "test_disk_full": "said, nothing half applied, reads go on, works again",
    "test_disk_full_on_sqlite": "said, nothing half applied, reads go on, works again",
    "test_disk_full_on_postgresql": "said, nothing half applied, reads go on, works again",
    "test_failed_reads": "an error, never a wrong row",
}


def row(*columns):
    print("row", *columns, sep="\t", flush=True)


def report(database, match, cycles):
    """The row of one line that a test printed."""
    cuts, broken = int(match["cuts"]), int(match["broken"])
    name = match["setting"] if database == "store" else f"{database}, {match['setting']}"
    measured = f"{cuts} cuts, {match['acknowledged']} acknowledged, broken {broken} times" + (f": {match['why']}" if match["why"] else "")
    if match["setting"].endswith(UNSAFE):
        row(f"power cuts, {name}", "is noticed", measured, "yes" if broken else "no")
    elif match["setting"].startswith("each change"):
        row(f"power cuts, {name}", "gone whole or there whole", measured, "no" if broken else "yes")
    else:
        row(f"power cuts, {name}", f"{cycles} cuts, broken 0 times", measured,
            "no" if broken or cuts < cycles else "yes")


def main():
    build, cycles = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    environment = {**os.environ, "TOCSIN_POWER_CYCLES": str(cycles), "CMOCKA_MESSAGE_OUTPUT": "TAP"}
    for database, name in PROGRAMS.items():
        program = os.path.join(build, "tests/store/power", name)
        if not os.path.exists(program):
            row(f"{database}: power cuts", f"{cycles} cuts, broken 0 times", f"no program {program}", "no")
            continue
        began = time.monotonic()
        run = subprocess.run([program], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in run.stdout.splitlines():
            match = REPORT.match(line)
            if match:
                report(database, match, cycles)
            match = re.match(r"(ok|not ok) \d+ - (\w+)", line)
            if match and match[2] in OTHERS:
                row(f"{database}: {match[2][5:].replace('_', ' ')}", OTHERS[match[2]], match[1],
                    "yes" if match[1] == "ok" else "no")
        print(f"# {name}: exit code {run.returncode}, {time.monotonic() - began:.0f} s", flush=True)


main()
