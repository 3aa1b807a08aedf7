# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that others count: files into streams, as known on a day, judged with the rest."""

import csv
import datetime
import io
import pathlib
import re

from program import ROOT, Skip, folder, main
from program import run as run_program

LISTS = ROOT / "share/lists"
REAL = next((root / "shared/data/intake/aggregate" for root in pathlib.Path(__file__).resolve().parents
             if (root / "shared/data/intake/aggregate").exists()), None)
LOADED = re.compile(r"tocsin watch: (.*): (\d+) streams \((\d+) made\), (\d+) new values \((\d+) revise others\), (\d+) known already, "
                    r"(\d+) blank, (\d+) joined with others; corrections of totals: (\d+)\n")


class Node:
    def __init__(self, where):
        self.where = pathlib.Path(where)
        self.path = str(self.where / "node")
        self("node", "init", "--lists", LISTS, self.path, node=False)
        self("record", "create", "area", "code=A", "name_en=County", "level=0", "--as", "program")
        self("record", "create", "area", "code=B", "name_en=County", "level=0", "--as", "program")

    def __call__(self, *words, node=True, code=0):
        got, out, err = run_program(*words, *(["--node", self.path] if node else []))
        self.err = "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)
        assert got == code, f"exit code {got}: {err}"
        return out

    def load(self, stream, file, *words):
        """streams, made, new, revised, known, blank, joined, corrections"""
        path = file
        if isinstance(file, str):
            path = self.where / "numbers"
            path.write_text(file, encoding="utf-8")
        self("watch", "load", "--stream", stream, *words, path)
        found = LOADED.fullmatch(self.err)
        assert found, self.err
        return tuple(int(number) for number in found.groups()[1:])

    def values(self, stream, *words):
        return [tuple(row.values()) for row in csv.DictReader(io.StringIO(self("watch", "values", stream, "--format", "csv", *words)))]

    def alarms(self, today):
        return list(csv.DictReader(io.StringIO(self("watch", "run", "--today", today, "--format", "csv"))))


def test_bad_rows_come_back():
    """With --errors the good rows are loaded and the bad ones come back, named; mended, they are loaded; without, nothing is."""
    with folder() as where:
        node = Node(where)
        made = ("--indicator", "medicine-sales", "--period", "day", "--known", "2024-01-09")
        file, errors = node.where / "in.csv", node.where / "errors.csv"
        file.write_text('date,area,value,note\n2024-01-01,A,3,"a, b"\n2024-01-32,A,4,x\n2024-01-02,A,many,=1+1\n2024-01-03,A,-5,\n')
        node("watch", "load", "--stream", "sales", *made, file, code=1)
        node("watch", "values", "sales-A", code=1)
        node("watch", "load", "--stream", "sales", *made, "--errors", errors, file, code=1)
        assert "2 rows cannot be used" in node.err and "in.csv:3:1" in node.err and "in.csv:4:3" in node.err, node.err
        assert [value[:2] for value in node.values("sales-A")] == [("2024-01-01", "3"), ("2024-01-03", "-5")], node.values("sales-A")
        rows = list(csv.reader(io.StringIO(errors.read_text())))
        assert [row[:4] for row in rows] == [["date", "area", "value", "note"], ["2024-01-32", "A", "4", "x"], ["2024-01-02", "A", "many", "'=1+1"]]
        assert rows[0][4] == "tocsin_errors" and "column 1" in rows[1][4] and "column 3" in rows[2][4], rows
        mended = errors.read_text().replace("2024-01-32", "2024-01-31").replace("many", "'-7")
        assert node.load("sales", mended, "--known", "2024-01-09") == (1, 0, 2, 0, 0, 0, 0, 0)
        assert ("2024-01-02", "-7") in [value[:2] for value in node.values("sales-A")]
        node("watch", "load", "--stream", "sales", "--errors", errors, file, file, code=2)
        wide = node.where / "wide.csv"
        wide.write_text("date,A,B\n2024-01-01,1,x\n2024-01-02,2,3\n")
        node("watch", "load", "--stream", "wide", "--wide", *made, "--errors", errors, wide, code=1)
        assert [value[:2] for value in node.values("wide-A")] == [("2024-01-02", "2")]  # nothing of the bad row
        assert node.load("wide", errors.read_text().replace('"x"', '"9"'), "--wide", "--known", "2024-01-09")[2] == 2


def test_twice_and_revised():
    """What is known is not written again; what changes stands beside what was known before."""
    with folder() as where:
        node = Node(where)
        made = ("--indicator", "medicine-sales", "--period", "day")
        text = "date,area,value\n2024-01-01,A,3\n2024-01-02,A,\n2024-01-01,B,9\n"
        assert node.load("sales", text, "--known", "2024-01-03", *made) == (2, 2, 3, 0, 0, 1, 0, 0)
        assert node.load("sales", text, "--known", "2024-01-04") == (2, 0, 0, 0, 3, 1, 0, 0)
        assert node.load("sales", "date,area,value\n2024-01-01,A,0\n2024-01-02,A,5\n", "--known", "2024-01-09") == \
            (1, 0, 2, 1, 0, 0, 0, 0)
        assert node.values("sales-A", "--known", "2024-01-08") == [("2024-01-01", "3", "2024-01-03", ""),
                                                                   ("2024-01-02", "", "2024-01-03", "")]
        assert node.values("sales-A") == [("2024-01-01", "0", "2024-01-09", ""), ("2024-01-02", "5", "2024-01-09", "")]


def test_complete_to():
    """A day is complete when nineteen of twenty days like it changed no more by 5 %; of too few days nobody can say."""
    with folder() as where:
        node = Node(where)
        first, num = datetime.date(2024, 1, 1), 60
        days = [first + datetime.timedelta(number) for number in range(num)]
        today = days[-1] + datetime.timedelta(31)
        rows = [(day, day + datetime.timedelta(later), value) for day in days for later, value in ((1, 100), (10, 130), (20, 131))]
        text = "day,known,value\n" + "".join(f"{day},{known},{value}\n" for day, known, value in rows)
        node.load("sales", text, "--indicator", "medicine-sales", "--period", "day", "--area", "A",
                  "--columns", "date=day,value=value,known=known")

        def complete_to(day):
            return next(csv.DictReader(io.StringIO(node("watch", "streams", "--today", day, "--format", "csv"))))["complete_to"]

        assert complete_to(today) == str(today - datetime.timedelta(10)), complete_to(today)
        early = first + datetime.timedelta(30 + 8)  # nine days are old enough
        assert complete_to(early) == "", complete_to(early)
        assert complete_to(early + datetime.timedelta(1)) == str(early + datetime.timedelta(1 - 10))


def test_totals():
    """Blank before the first case, a weekend without a report, a correction."""
    with folder() as where:
        node = Node(where)
        text = "date,A\n" + "".join(f"2024-03-0{day},{total}\n" for day, total in enumerate(["", 2, 4, "", "", 13, 12, 15], 1))
        loaded = node.load("total", text, "--wide", "--cumulative", "--indicator", "cases", "--period", "day", "--known", "2024-03-09")
        assert loaded == (1, 1, 8, 0, 0, 3, 0, 1)
        rows = node.values("total-A")
        assert [row[3] for row in rows] == ["", "2", "2", "3", "3", "3", "-1", "3"], rows


def weekly(value, newest):
    """Two years of weeks, dated by their Saturdays, as a percentage."""
    last = datetime.date(2024, 12, 14)
    numbers = [value + (0.1 if week % 2 else 0) for week in range(103)] + [newest]
    return "week_end,pct,area\n" + "".join(
        f"{last - datetime.timedelta(7 * (103 - week))},{number:.2f},A\n" for week, number in enumerate(numbers))


def test_percentages_are_judged():
    """A jump is an alarm, with what was measured in it; a small step within the usual scatter is none."""
    with folder() as where:
        node = Node(where)
        made = ("--indicator", "syndromic-visits", "--measure", "percent", "--columns", "date=week_end,value=pct,series=area")
        node.load("ed", weekly(2, 2.15), *made)
        assert node.alarms("2024-12-15") == []
        node.load("ed", weekly(2, 3.5), *made)
        found = node.alarms("2024-12-15")
        assert [(row["stream"], row["day"], row["method"]) for row in found] == [("ed-A", "2024-12-09", "ears-c2")], found
        assert float(found[0]["observed"]) == 3.5 and 2 < float(found[0]["expected"]) < 2.1 < float(found[0]["threshold"]) < 3


def test_missing_is_not_zero():
    """Weeks that nobody reported are neither zeros that a return from makes an alarm, nor counted as history."""
    with folder() as where:
        node = Node(where)
        first = datetime.date(2024, 1, 1)
        weeks = [first + datetime.timedelta(7 * week) for week in range(40)]
        text = "date,value\n" + "".join(f"{day},{50 + week % 7}\n" for week, day in enumerate(weeks) if not 25 <= week < 38)
        node.load("flu", text, "--indicator", "cases", "--area", "A")
        assert node.alarms(str(weeks[-1] + datetime.timedelta(6))) == []


def test_faults():
    """Faults of a file, of what it is loaded into, and of the words."""
    with folder() as where:
        node = Node(where)
        (node.where / "bad").write_text("date,value\n2024-02-30,1\n2024-01-01,x\n")
        node("watch", "load", "--stream", "s", node.where / "bad", code=1)
        assert ":2:1: \"2024-02-30\"" in node.err and ":3:2: \"x\"" in node.err, node.err
        (node.where / "good").write_text("date,value\n2024-01-01,1\n")
        node("watch", "load", "--stream", "s", node.where / "good", code=1)
        assert "there is no stream \"s\"" in node.err
        node("watch", "load", "--stream", "s", "--indicator", "cases", node.where / "good", code=1)
        assert "no area is known" in node.err
        node("watch", "load", node.where / "good", code=2)
        node("watch", "load", "--stream", "s", node.where / "absent", code=3)


def real(node, name, file, *words):
    path = REAL / file
    loaded = node.load(name, path, "--area", "A", *words)
    again = node.load(name, path, *words)
    assert again[1:4] == (0, 0, 0), again
    return loaded


def test_real_files():
    """Weekly percentages without counts, cumulative regional counts with blanks, dated revisions, wastewater."""
    if REAL is None:
        raise Skip("no folder of shared data: no real file of numbers was read")
    with folder() as where:
        node = Node(where)
        percent = real(node, "ed", "cdc-nssp-ed/nssp_ed_weekly_by_hsa.csv", "--indicator", "syndromic-visits", "--measure", "percent",
                       "--columns", "date=week_end,value=pct_visits_influenza,series=hsa_or_ST+fips")
        assert percent == (727, 727, 147581, 0, 0, 0, 0, 0), percent
        totals = real(node, "sl", "sledilnik-slovenia/region-confirmed.csv", "--indicator", "cases", "--period", "day", "--cumulative",
                      "--wide")
        assert totals == (15, 15, 16875, 0, 0, 207, 0, 0), totals
        rows = node.values("sl-region.kp.todate")
        assert sum(int(row[3]) for row in rows if row[3]) == int([row[1] for row in rows if row[1]][-1])
        revised = real(node, "rev", "cdc-covid19-forecast-hub/time_series_revisions.csv", "--indicator", "admissions", "--columns",
                       "date=target_end_date,value=observation,series=target+location,known=as_of")
        assert revised == (105, 105, 31583, 16098, 0, 0, 0, 0), revised
        assert ("2024-11-09", "111", "2024-11-20", "") in node.values("rev-wk inc covid hosp-01", "--known", "2024-11-26")
        assert ("2024-11-09", "115", "2024-12-11", "") in node.values("rev-wk inc covid hosp-01")
        water = real(node, "ww", "nwss-fake/fake_nwss.csv", "--indicator", "wastewater-concentration", "--measure", "concentration",
                     "--many", "mean")
        assert water == (19, 19, 2695, 0, 0, 0, 590, 0), water
        assert 0 < len(node.alarms("2024-12-14"))


main(dict(globals()))
