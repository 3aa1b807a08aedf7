# SPDX-License-Identifier: GPL-3.0-or-later
"""Grouping of alarms judged by influenza in 140 districts: gets the counts, runs bench/simulation/grouping.

usage: watch.py BUILD
"""

import os
import subprocess
import sys

INSTALLED = "/usr/lib/R/site-library/surveillance/extdata"


def main():
    build = sys.argv[1]
    folder = f"{build}/data"
    subprocess.run(["docs/examples/real_counts.sh", folder], check=True, stdout=sys.stderr)
    data = INSTALLED if os.path.isdir(INSTALLED) else f"{folder}/package{INSTALLED}"
    sys.exit(subprocess.run([f"{build}/bench/simulation/grouping", data]).returncode)


main()
