# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server refuses, and what the thread sanitizer has to say of it under load.

usage: refusals.py BUILD

Runs the tests that hold these promises and prints, for `./dev show`, lines
`row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`. For the thread sanitizer a build of its own is made in BUILD-tsan.
"""

import os
import pathlib
import re
import subprocess
import sys

PROMISES = [
    ("field x role x purpose x scope (an area, a facility) x {read, list, filter, sort, search, total, export, event, "
     "error, conditional create}", "100 %, no leak", [["server/test_server_access"], ["boundary/test_boundary"]]),
    ("unauthenticated or out-of-scope read or write, any route", "none",
     [["server/test_server_openapi"], ["server/test_server_session"], ["server/test_server_admin"],
      ["store/test_store_facility"]]),
    ("hostile HTTP, slow and stalled clients, huge bodies, deep JSON, rebinding, cross-site; direct",
     "refused, others served", [["server/test_server_http"], ["server/test_server_limits"], ["server/test_server_exchange"]]),
    ("the same through the shipped nginx file", "refused, others served",
     [[sys.executable, "tests/server/test_nginx.py", "tocsin"]]),
]


def row(measure, bar, measured, holds):
    print("row", measure, bar, measured, "yes" if holds else "no", sep="\t", flush=True)


def results(command, **environment):
    """How many tests passed, how many did not; a program that ends badly is one that did not."""
    run = subprocess.run(command, env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP", **environment},
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = [line for line in run.stdout.splitlines() if "# SKIP" not in line]
    good = sum(re.match(r"ok \d+", line) is not None for line in lines)
    bad = sum(re.match(r"not ok \d+", line) is not None for line in lines)
    return good, bad + (run.returncode != 0 and bad == 0), run.stdout


def words_of(build, words):
    if words[0] == sys.executable:
        return [*words[:-1], str(build / words[-1])]
    return [str(build / "tests" / words[0])]


def threads(build):
    """The load test, jobs and live events under the thread sanitizer, on SQLite as the full tests have it."""
    made = build.with_name(build.name + "-tsan")
    programs = [f"tests/server/test_server_{name}" for name in ("load", "jobs", "outgoing")]
    if not (made / "build.ninja").exists():
        subprocess.run(["meson", "setup", made, "-Doptimization=1", "-Db_sanitize=thread", "-Dmpi=disabled"], check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", made, "tocsin", *programs], check=True, stdout=subprocess.DEVNULL)
    good = bad = found = 0
    for program in programs:
        some, others, text = results([str(made / program)], TSAN_OPTIONS="die_after_fork=0",
                                     TOCSIN_TEST_DATABASES="sqlite")
        good, bad, found = good + some, bad + others, found + text.count("WARNING: ThreadSanitizer")
    row("the thread sanitizer under the load test", "clean", f"{good} tests, {found} reports", bad == 0 and found == 0)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    for measure, bar, programs in PROMISES:
        good = bad = 0
        for words in programs:
            some, others, _ = results(words_of(build, words))
            good, bad = good + some, bad + others
        row(measure, bar, f"{good} tests hold, {bad} do not", good > 0 and bad == 0)
    threads(build)


main()
