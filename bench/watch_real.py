# SPDX-License-Identifier: GPL-3.0-or-later
"""Real numbers that others count, in the watch: weekly percentages of emergency visits in 675 areas of the United States,
totals of 12 regions of Slovenia with blanks and corrections, and revisions of both kinds with the day of each. What is
loaded, how many signals a replay raises, and whether what was shown as complete stayed as it was shown.

usage: watch_real.py BUILD

The percentages have no counts and no denominators; areas have no outlines here, so that a state and its areas are one
outbreak, and no two states are neighbours.
"""

import collections
import csv
import datetime
import pathlib
import statistics
import tempfile

from evidence import SHARED, row, tell
from planted import Planting

REAL = pathlib.Path(SHARED) / "intake/aggregate"
VISITS = REAL / "cdc-nssp-ed/nssp_ed_weekly_by_hsa.csv"
REVISED = REAL / "cdc-covid19-forecast-hub/time_series_revisions.csv"
TOTALS = REAL / "sledilnik-slovenia/region-confirmed.csv"
MOST_SIGNALS = 12
STEPS, UNKNOWN_DELAY = 60, 28  # of the chart of a series: its weeks, and what it hatches while nobody can say
LATER = 90  # days: a number is judged by what is known so much later at least

planting = Planting(1, 1)
date = datetime.date.fromisoformat


def rows_of(path):
    with open(path, encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def node_of(place, name, areas):
    node, file = planting.make_node(pathlib.Path(place) / name)
    file.write_text("code,name_en,parent\n" + "".join(f"{code},{code},{parent}\n" for code, parent in areas), encoding="utf-8")
    planting.must("area", "import", "--node", node, file)
    return node


def replay(node, first, last, days):
    """By the day of each round: new signals, of these beyond the budget, the series that alarm."""
    told = {}
    while first <= last:
        code, out, err = planting.run("watch", "run", "--node", node, "--today", first, "--format", "csv")
        assert code == 0, err
        counts = [int(part.split()[0]) for part in err.strip().splitlines()[-1].split(": ")[2].split(", ")]
        told[first] = (counts[1], counts[2], [alarm["stream"] for alarm in csv.DictReader(out.splitlines())])
        first += datetime.timedelta(days)
    return told


def by_week(told):
    """New signals above the line, of each ISO week."""
    weeks = collections.Counter()
    for day, (signals, deferred, _) in told.items():
        weeks[(day - datetime.timedelta(1)).isocalendar()[:2]] += signals - deferred
    return list(weeks.values())


def percentages(place):
    """A year of weeks: alarms belong where the country's share is above its median of the year, as nobody calls summer a wave."""
    visits = rows_of(VISITS)
    codes = {one["hsa_or_ST+fips"] for one in visits}
    state_of = {one["hsa_nci_id"]: f"ST{one['county_fips'][:2]}000" for one in rows_of(REAL / "cdc-nssp-ed/county_to_hsa.csv")}
    states = sorted(code for code in codes if code.startswith("ST"))
    node = node_of(place, "visits", [("ST00000", "")] + [(code, "ST00000") for code in states[1:]] +
                   [(code, state_of[code]) for code in sorted(codes & state_of.keys())])
    planting.must("watch", "load", "--node", node, "--stream", "visits", "--indicator", "syndromic-visits", "--disease", "influenza",
                  "--measure", "percent", "--known", "2022-09-01",
                  "--columns", "date=week_end,value=pct_visits_influenza,series=hsa_or_ST+fips", VISITS)
    national = {date(one["week_end"]): float(one["pct_visits_influenza"]) for one in visits if one["hsa_or_ST+fips"] == "ST00000"}
    last = max(national)
    told = replay(node, last + datetime.timedelta(1 - 364), last + datetime.timedelta(1), 7)
    usual = statistics.median(list(national.values())[-52:])
    alarms = [(day, len(streams)) for day, (_, _, streams) in told.items()]
    whole = sum(number for _, number in alarms)
    inside = sum(number for day, number in alarms if national.get(day - datetime.timedelta(1), 0) > usual)
    first = next((day for day, number in alarms if number >= len(codes) / 20), None)
    peak = max(list(national)[-52:], key=national.get)
    weeks = by_week(told)
    beyond = sum(deferred for _, deferred, _ in told.values())
    row(f"weekly percentages of visits without counts, {len(codes)} areas, replayed for a year",
        f"at most {MOST_SIGNALS} new signals a week above the line; alarms where influenza is above its median; the wave told before its peak",
        f"median {statistics.median(weeks):.0f}, most {max(weeks)} a week, {beyond} more below the line; {inside} of {whole} alarms there; "
        f"one area in twenty alarms {(peak - first).days // 7 if first else 'no'} weeks before the peak",
        max(weeks) <= MOST_SIGNALS and inside >= 0.95 * whole and first is not None and first < peak)


def totals(place):
    """The autumn of 2020, day by day."""
    with open(TOTALS, encoding="utf-8") as file:
        codes = next(csv.reader(file))[1:]
    node = node_of(place, "totals", [("region.todate", "")] + [(code, "region.todate") for code in codes if code != "region.todate"])
    planting.must("watch", "load", "--node", node, "--stream", "totals", "--indicator", "cases", "--disease", "covid-19", "--period", "day",
                  "--cumulative", "--wide", "--known", "2020-03-01", TOTALS)
    told = replay(node, date("2020-06-01"), date("2020-11-30"), 1)
    weeks = by_week(told)
    reached = {stream for day, (_, _, streams) in told.items() if date("2020-09-01") <= day <= date("2020-10-15") for stream in streams}
    row(f"totals of {len(codes)} regions, blank before the first case, with corrections, day by day through the autumn of 2020",
        f"at most {MOST_SIGNALS} new signals a week above the line; the wave of autumn told in each region by the middle of October",
        f"median {statistics.median(weeks):.0f}, most {max(weeks)} a week; {len(reached)} of {len(codes)} series alarmed by then",
        max(weeks) <= MOST_SIGNALS and len(reached) >= 12)


def same(shown, later):
    return shown == later or abs(shown - later) < 0.05 * abs(later)


class Revisions:
    """(series, day) to (day of knowledge, value), the oldest first."""

    def __init__(self):
        self.rows, self.of = rows_of(REVISED), collections.defaultdict(list)
        for one in sorted(self.rows, key=lambda one: one["as_of"]):
            self.of[f"{one['target']}-{one['location']}", date(one["target_end_date"])].append((date(one["as_of"]), float(one["observation"])))
        self.days = sorted({date(one["as_of"]) for one in self.rows})

    def shown(self, today):
        """What a chart shows today, and what became of it: (series, day, value, value in the end)."""
        for (series, day), known in self.of.items():
            upto = [value for when, value in known if when <= today]
            if upto and day > today - datetime.timedelta(7 * STEPS):
                yield series, day, upto[-1], known[-1][1]


def load_revisions(node, file, rows):
    for target, words in (("wk inc covid hosp", ("admissions",)), ("wk inc covid prop ed visits", ("syndromic-visits", "--measure", "percent"))):
        chosen = [one for one in rows if one["target"] == target]
        if chosen:
            with open(file, "w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, chosen[0].keys())
                writer.writeheader()
                writer.writerows(chosen)
            planting.must("watch", "load", "--node", node, "--stream", "rev", "--indicator", *words, "--disease", "covid-19", "--area", "A",
                          "--columns", "date=target_end_date,value=observation,series=target+location,known=as_of", file)


def revisions(place):
    """Each Wednesday's delivery loaded on its day; what the chart of each series then showed, beside what is known in the end."""
    revised = Revisions()
    node = node_of(place, "revisions", [("A", "")])
    told = collections.Counter()
    for today in revised.days:
        load_revisions(node, pathlib.Path(place) / "revisions/delivery.csv", [one for one in revised.rows if date(one["as_of"]) == today])
        if today > revised.days[-1] - datetime.timedelta(LATER):
            break
        unknown = today - datetime.timedelta(UNKNOWN_DELAY)
        complete_to = {one["stream"].removeprefix("rev-"): date(one["complete_to"]) if one["complete_to"] else unknown
                       for one in planting.table("watch", "streams", "--node", node, "--today", today, "--format", "csv")}
        newest = {}
        for series, day, value, later in revised.shown(today):
            # a week is hatched by its first day
            hatched = day - datetime.timedelta(day.isocalendar()[2] - 1) > complete_to[series]
            told["hatched" if hatched else "shown"] += 1
            told["kept"] += not hatched and same(value, later)
            if not hatched and day > newest.get(series, (datetime.date.min,))[0]:
                newest[series] = (day, same(value, later))
        told["newest"] += len(newest)
        told["newest kept"] += sum(kept for _, kept in newest.values())
    share = told["kept"] / told["shown"]
    row(f"{len({series for series, _ in revised.of})} series with dated revisions, as {len(revised.days)} weekly deliveries made them: "
        "of points shown unhatched, later change below 5 %", "≥ 95 %",
        f"{100 * share:.1f} % of {told['shown']:,} points of {STEPS} weeks ({100 * told['newest kept'] / max(1, told['newest']):.0f} % of the newest "
        f"unhatched of each chart); {100 * told['hatched'] / (told['shown'] + told['hatched']):.0f} % hatched", share >= 0.95)


def main():
    tell("percentages, totals with blanks, revisions, wastewater: loaded for what they are, once", "all",
         ["python3", "{root}/tests/cli/test_watch_load.py", "{build}/tocsin"], None, planting.build)
    tell("a server that starts again, data that come late, one delivery or many", "no signal lost or doubled",
         ["{build}/tests/server/test_server_detection"], None, planting.build)
    tell("a stream that stops", "a data alert, no signal", ["{build}/tests/response/test_response_watch_silence"], None, planting.build)
    if not REAL.is_dir():
        row("real series: signals of a replay; what is shown as complete", "as above", f"not measured: {REAL} is not there", False)
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as place:
        for part in (percentages, totals, revisions):
            part(place)


main()
