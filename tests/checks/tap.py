# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks share: results printed as TAP, and the list of the project's files."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*patterns):
    """The project's own files (tracked, or new and not ignored) that match, as paths from the root."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    return sorted(pathlib.Path(name) for name in listed if name and (ROOT / name).is_file())


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


class Report:
    """Collects results; `done` ends the program with the right status."""

    def __init__(self):
        self.count = self.failed = 0

    def result(self, name, faults):
        """One result: good where there is no fault."""
        self.count += 1
        self.failed += bool(faults)
        for fault in faults:
            print(f"# {name}: {fault}")
        print(f"{'not ok' if faults else 'ok'} {self.count} - {name}", flush=True)

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def done(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failed else 0)
