# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a server under load when the power goes, the disk is full, or one of its processes is killed.

usage: failures.py BUILD [CYCLES]

Runs tests/server/test_power.c with 200 power cuts (or CYCLES) and tests/server/test_failures.py, and prints, for
`./dev show`, lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`. What a power cut means here: docs/durability.md.
"""

import os
import re
import subprocess
import sys

REPORT = re.compile(r"# (?P<setting>[^:]+): (?P<cuts>\d+) power cuts, (?P<acknowledged>\d+) requests acknowledged, "
                    r"(?P<open>\d+) not, .*promise broken (?P<broken>\d+) times")


def row(measure, bar, measured, holds):
    print("row", measure, bar, measured, "yes" if holds else "no", sep="\t", flush=True)


def run(command, **environment):
    result = subprocess.run(command, env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", **environment},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return result.stdout.splitlines()


def main():
    build, cycles = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    for line in run([os.path.join(build, "tests/server/test_server_power")], TOCSIN_POWER_CYCLES=str(cycles)):
        match = REPORT.match(line)
        if match:
            cuts, broken = int(match["cuts"]), int(match["broken"])
            unsafe = match["setting"].endswith("synchronous=OFF")
            row(f"power cuts, {match['setting']}", "is noticed" if unsafe else f"{cycles} cuts, broken 0 times",
                f"{cuts} cuts, {match['acknowledged']} requests acknowledged, {match['open']} sent again, "
                f"broken {broken} times", broken > 0 if unsafe else broken == 0 and cuts >= cycles)
        match = re.match(r"(ok|not ok) \d+ - test_a_full_disk", line)
        if match:
            row("a full disk under load", "507, reads go on, works again, nothing lost", match[1], match[1] == "ok")
    for line in run([sys.executable, "tests/server/test_failures.py", os.path.join(build, "tocsin")]):
        match = re.match(r"(ok|not ok) \d+ - (The \w+) is killed", line)
        if match:
            row(f"{match[2].lower()} killed under load, again and again",
                "others take over < 5 s, nothing acknowledged is lost", match[1], match[1] == "ok")


main()
