# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch over 120,000 series: bench_watch on SQLite and on a private PostgreSQL.

usage: watch_scale.py BUILD [--areas N] [--indicators N] [--years N] [--reports N] [--databases sqlite,postgresql]

Needs 1 GB on the disk below BUILD for each database; removed afterwards.
"""

import argparse
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
import postgresql  # noqa: E402

SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "5min", "wal_compression": "on"}


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("build")
    for name, usual in (("areas", 3000), ("indicators", 40), ("years", 5), ("reports", 40)):
        arguments.add_argument(f"--{name}", type=int, default=usual)
    arguments.add_argument("--databases", type=lambda text: text.split(","), default=["sqlite", "postgresql"])
    options = arguments.parse_args()
    build = pathlib.Path(options.build).resolve()
    place = build / "bench-watch"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o700)
    failed = 0
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        for database in options.databases:
            url = "-"
            if database == "postgresql":
                cluster = stack.enter_context(postgresql.Cluster(SETTINGS))
                url = cluster.url(cluster.database())
            run = subprocess.run([build / "bench/bench_watch", place / database, url, str(options.areas),
                                  str(options.indicators), str(options.years), str(options.reports)], cwd=ROOT,
                                 env={**os.environ, "TOCSIN": str(build / "tocsin")})
            failed = failed or run.returncode
    sys.exit(failed)


main()
