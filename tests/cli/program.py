# SPDX-License-Identifier: GPL-3.0-or-later
"""What the black-box tests share: run the program, say what differs. A test is a function whose name begins with
`test_`; its first line of documentation is its name in the report; it fails by an AssertionError."""

import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "checks"))
import tap  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
ROOT = tap.ROOT
EXAMPLE = ROOT / "docs/examples/districts.csv"
ENVIRONMENT = {**os.environ, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
ENVIRONMENT.pop("NO_COLOR", None)


class Skip(Exception):
    """This machine lacks what the test needs."""


def run(*words, stdin="", **options):
    """Run tocsin; answers exit code, standard output, standard error."""
    result = subprocess.run([PROGRAM, *map(str, words)], input=stdin, capture_output=True, text=True, timeout=60,
                            env=ENVIRONMENT, **options)
    return result.returncode, result.stdout, result.stderr


def good(*words, **options):
    """Run tocsin, which must succeed and complain of nothing; answers standard output."""
    code, out, err = run(*words, **options)
    assert code == 0, f"exit code {code}: {err}"
    assert err == "", f"standard error: {err}"
    return out


def bad(code, message, *words, **options):
    """Run tocsin, which must write nothing, end with this code and say exactly this."""
    found, out, err = run(*words, **options)
    assert err.strip() == message, f"said: {err.strip()!r}\n  expected: {message!r}"
    assert found == code, f"exit code {found}, expected {code}"
    assert out == "", f"wrote: {out[:200]!r}"


def equal(found, expected):
    assert found == expected, f"found\n{found}\nexpected\n{expected}"


def folder():
    return tempfile.TemporaryDirectory(prefix="tocsin-test-")


def main(names):
    """Run every test of the calling file."""
    report = tap.Report()
    for name, test in names.items():
        if not name.startswith("test_"):
            continue
        title = test.__doc__.splitlines()[0].rstrip(".")
        try:
            test()
            report.result(title, [])
        except Skip as why:
            report.skip(title, str(why))
        except Exception:  # noqa: BLE001: a test that breaks has failed
            report.result(title, traceback.format_exc().splitlines())
    report.done()
