# SPDX-License-Identifier: GPL-3.0-or-later
"""Grouping of alarms judged by influenza in 140 districts: gets the counts, runs bench/simulation/grouping; and when the
moving epidemic method says that each winter's season has begun, as known in each week.

usage: watch.py BUILD
"""

import collections
import csv
import os
import pathlib
import subprocess
import sys

INSTALLED = "/usr/lib/R/site-library/surveillance/extdata"


def weekly_totals(folder):
    """All districts together, as CSV."""
    weeks = collections.Counter()
    with open(f"{folder}/influenza.csv", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            weeks[line["date"]] += int(line["count"])
    return "date,count\n" + "".join(f"{week},{count}\n" for week, count in sorted(weeks.items()))


def season_starts(build, folder):
    """Print the row of season starts. A start is false where the epidemic ends again before the winter's peak; a winter
    that the counts leave before spring has no known peak: what starts and ends in it counts as false."""
    run = subprocess.run([pathlib.Path(build).resolve() / "tocsin", "season", "--missing", "na"], input=weekly_totals(folder),
                         text=True, stdout=subprocess.PIPE, check=True)
    winters = collections.defaultdict(list)
    for line in csv.DictReader(run.stdout.splitlines()):
        if line["season"] and not line["note"].startswith("not assessed"):
            winters[line["season"]].append((int(line["observed"] or 0), line["note"]))
    leads, false, weeks = [], 0, 0
    for winter in winters.values():
        whole = len(winter) >= 33
        weeks += len(winter)
        peak = max(range(len(winter)), key=lambda at, of=winter: of[at][0]) if whole else len(winter)
        starts = [at for at, (_, note) in enumerate(winter) if note == "the epidemic starts"]
        ended = [at for at, (_, note) in enumerate(winter) if note == "the epidemic ends" and at < peak]
        false += len(ended)
        kept = [at for at in starts if at <= peak and not any(at < end for end in ended)]
        if whole:
            leads.append(peak - kept[0] if kept else -1)
    years = weeks / 33
    good = bool(leads) and min(leads) > 0 and false / years <= 1
    print("row", "influenza, 140 districts together: season start by the moving epidemic method",
          "before the peak; at most 1 false start a year",
          f"{' and '.join(str(lead) for lead in leads)} weeks before the peak in {len(leads)} whole winters; "
          f"{false / years:.1f} false starts a year ({false} in {years:.1f} winters)", "yes" if good else "no", sep="\t", flush=True)


def main():
    build = sys.argv[1]
    folder = f"{build}/data"
    subprocess.run(["docs/examples/real_counts.sh", folder], check=True, stdout=sys.stderr)
    season_starts(build, folder)
    data = INSTALLED if os.path.isdir(INSTALLED) else f"{folder}/package{INSTALLED}"
    sys.exit(subprocess.run([f"{build}/bench/simulation/grouping", data]).returncode)


main()
