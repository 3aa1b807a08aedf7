# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin intake of tables of numbers: counts by area and day, totals, wastewater in the layout of NWSS; proposed, confirmed
once, revised without being overwritten; a bad cell is named and its row comes back; with the shared files where they are."""

import csv
import io
import json
import os
import pathlib
import tempfile

from program import ROOT, Skip, equal, main
from program import run as run_program

SHARED = os.environ.get("TOCSIN_SHARED_DATA")
HEADER = "day,area,count,known\n"


def run(*words, **options):
    code, out, err = run_program(*words, **options)
    return code, out, "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)


class Node:
    def __init__(self, folder, status="live"):
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "node"
        equal(run("node", "init", "--lists", ROOT / "share/lists", self.path)[0], 0)
        self.area = self.create("area", "code=540000", "name_en=Province", "level=0", "--as", "program")
        for code, name in (("540100", "One"), ("540200", "Two")):
            self.create("area", f"code={code}", f"name_en={name}", "level=1", f"parent={self.area}", "--as", "program")
        self.feed = self.create("feed", f"area={self.area}", "name=Numbers", "channel=command-line", f"status={status}")

    def create(self, *words):
        code, out, err = run("record", "create", *words, "--node", self.path)
        equal((code, err), (0, ""))
        return json.loads(out)["id"]

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def take(self, *words):
        code, out, err = run("intake", "--node", self.path, "--feed", self.feed, *words)
        return code, [json.loads(line) for line in out.splitlines()], err

    def confirm(self, file, **said):
        """Take it in by what is proposed, and what is said in addition."""
        code, lines, _ = self.take(file)
        equal((code, lines[-1]["verdict"]), (1, "held"))
        fields = said.pop("fields", {})
        mapping = {**lines[-1]["proposed"], **said}
        for column in mapping["columns"]:
            column["field"] = fields.get(column["header"], "" if fields else column["field"])
        return self.take("--mapping", self.write("mapping.json", json.dumps(mapping)), file)

    def values(self, stream, *words):
        code, out, err = run("watch", "values", stream, "--node", self.path, "--format", "csv", *words)
        equal((code, err), (0, ""))
        return {row["day"]: row["value"] for row in csv.DictReader(io.StringIO(out))}

    def check(self):
        code, out, err = run("check", "--node", self.path)
        assert code == 0 and "WRONG" not in out, out + err


def node():
    return tempfile.TemporaryDirectory(prefix="tocsin-intake-")


FEVER = {"stream": "fever", "indicator": "fever-clinic-visits", "period": "day"}


def test_confirmed_once_and_revised():
    """a table of counts is proposed, held until its stream is said, then loaded; the next needs nobody; revisions keep what was known"""
    with node() as folder:
        here = Node(folder)
        first = here.write("1.csv", HEADER + "2026-11-01,540100,5,2026-11-02\n2026-11-01,540200,7,2026-11-02\n")
        code, lines, err = here.take(first)
        equal((code, lines[0]["verdict"], lines[0]["proposed"]["table"], lines[0]["proposed"]["cumulative"]),
              (1, "held", "counts", False))
        equal([column["field"] for column in lines[0]["proposed"]["columns"]], ["date", "series", "value", "known"])
        assert "which stream" in err, err
        equal(here.take("--as-proposed", first)[1][0]["verdict"], "held")  # the stream is still not said
        code, lines, err = here.confirm(first, **FEVER)
        equal((code, lines[0]["verdict"], lines[0]["reason"], err),
              (0, "accepted", "2 values of 2 streams: 2 new, of these 0 in the place of others, 0 known", ""))
        equal(here.values("fever-540100"), {"2026-11-01": "5"})
        second = here.write("2.tsv", (HEADER + "2026-11-01,540100,9,2026-11-04\n2026-11-01,540200,7,2026-11-04\n").replace(",", "\t"))
        code, lines, _ = here.take(second)
        equal((code, lines[0]["reason"]), (0, "2 values of 2 streams: 1 new, of these 1 in the place of others, 1 known"))
        equal(here.values("fever-540100"), {"2026-11-01": "9"})
        equal(here.values("fever-540100", "--known", "2026-11-03"), {"2026-11-01": "5"})
        code, lines, _ = here.take(second)
        equal((code, lines[0]["repeats"]), (0, True))
        here.check()


def test_bad_cells_come_back():
    """a bad cell is named by row and column, the good rows load, the bad ones come back as a file that loads once mended"""
    with node() as folder:
        here = Node(folder)
        here.confirm(here.write("0.csv", "date,area,count,note\n2026-10-31,540100,1,\n"), **FEVER)
        text = "date,area,count,note\n2026-11-01,540100,five,=A1\n2026-11-02,540100,6,\n2026-02-30,540200,7,a;b\n"
        errors = here.folder / "errors.csv"
        code, lines, _ = here.take("--errors", errors, here.write("1.csv", text))
        equal((code, lines[-1]["verdict"], lines[-1]["bad_rows"]), (1, "accepted-with-faults", 2))
        equal([(line["row"], fault["place"], fault["found"]) for line in lines for fault in line.get("faults", [])],
              [(2, "row 2, column C (count)", "five"), (4, "row 4, column A (date)", "2026-02-30")])
        equal(here.values("fever-540100"), {"2026-10-31": "1", "2026-11-02": "6"})
        mended = here.write("2.csv", errors.read_text().replace("five", "5", 1).replace("2026-02-30", "2026-11-03", 1))
        code, lines, err = here.take(mended)
        equal((code, lines[-1]["verdict"], err), (0, "accepted", ""))
        equal(here.values("fever-540100"), {"2026-10-31": "1", "2026-11-01": "5", "2026-11-02": "6"})
        equal(here.values("fever-540200"), {"2026-11-03": "7"})
        here.check()
        for file in here.path.rglob("*"):
            assert not file.is_file() or b"2026-02-30" not in file.read_bytes(), file


def test_totals_and_what_is_held():
    """totals go into streams of totals; other kinds, two values for a day and streams that are not there are held with the reason"""
    with node() as folder:
        here = Node(folder)
        total = here.write("total.csv", "日期,累计数量\n2026-11-01,5\n2026-11-02,8\n2026-11-03,7\n")
        code, lines, _ = here.take("--mapping", here.write("m.json", json.dumps({
            "table": "counts", "stream": "deaths", "indicator": "deaths", "period": "day", "area": "540000",
            "cumulative": True, "columns": [{"header": "日期", "field": "date"}, {"header": "累计数量", "field": "value"}]})), total)
        equal((code, lines[0]["verdict"]), (0, "accepted"))
        assert lines[0]["reason"].endswith("; 1 totals smaller than before"), lines[0]
        daily = here.write("daily.csv", "date,value\n2026-11-01,5\n")
        code, lines, _ = here.confirm(daily, stream="deaths")
        equal((code, lines[0]["verdict"], lines[0]["reason"]),
              (1, "held", "its streams: allowed: totals since a start (cumulative)"))
        here.confirm(here.write("x.csv", "date,count\n2026-11-01,5\n"), stream="nobody")
        twice = here.write("twice.csv", "date,count\n2026-11-01,5\n2026-11-01,6\n")
        code, lines, _ = here.take(twice)
        equal((code, lines[0]["verdict"], lines[0]["reason"][:6]), (1, "held", "line 3"))
        for wrong in ({"period": "year"}, {"columns": [{"header": "no", "field": "date"}]}, {"many": 3}, {"wide": "yes"}):
            mapping = {"table": "counts", "stream": "s", "columns": [{"header": "date", "field": "date"},
                                                                     {"header": "count", "field": "value"}], **wrong}
            code, lines, err = here.take("--mapping", here.write("m.json", json.dumps(mapping)),
                                         here.write("w.csv", "date,count\n2026-11-02,5\n"))
            equal(code, 1)
            assert "of the mapping; allowed: " in err, err
        here.check()


def test_wide_objects_and_denied():
    """a series a column, objects a row; what is never collected is no series; a feed that is not live loads nothing"""
    with node() as folder:
        here = Node(folder, "onboarding")
        wide = here.write("wide.ndjson", '{"date":"2026-11-01","540100":3,"540200":4,"ethnicity":9}\n')
        mapping = {"table": "counts", "wide": True, **FEVER,
                   "columns": [{"header": "date", "field": "date"}, {"header": "540100", "field": "value"},
                               {"header": "540200", "field": "value"}, {"header": "ethnicity", "field": "value"}]}
        words = "--mapping", here.write("m.json", json.dumps(mapping)), wide
        code, lines, _ = here.take(*words)
        equal((code, lines[0]["verdict"], "not live" in lines[0]["reason"]), (0, "accepted", True))
        equal(run("watch", "values", "fever-540100", "--node", here.path)[0], 1)
        version = json.loads(run("record", "read", "feed", here.feed, "--node", here.path)[1])["version"]
        code, _, err = run("record", "change", "feed", here.feed, "status=live", f"version={version}", "--node", here.path)
        if code != 0:
            code, _, err = run("record", "change", "feed", here.feed, "status=live", "--node", here.path)
        equal((code, err), (0, ""))
        wide.write_text(wide.read_text() + "\n")
        code, lines, _ = here.take(*words)
        equal((code, lines[0]["reason"][:22]), (0, "2 values of 2 streams:"))
        equal(here.values("fever-540200"), {"2026-11-01": "4"})
        here.check()


def test_the_shared_tables():
    """the shared wastewater table (NWSS), totals by province and by region are loaded; every bad cell is named"""
    if not SHARED or not pathlib.Path(SHARED, "intake/aggregate").is_dir():
        raise Skip("TOCSIN_SHARED_DATA has no intake/aggregate: NOTHING OF THE SHARED TABLES WAS TRIED")
    place = pathlib.Path(SHARED, "intake/aggregate")
    with node() as folder:
        here = Node(folder)
        code, lines, _ = here.confirm(place / "nwss-fake/fake_nwss.csv", stream="ww", area="540000", many="mean")
        told = lines[-1]
        with open(place / "nwss-fake/fake_nwss.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        days = {(row["wwtp_name"], row["pcr_target"], row["sample_collect_date"]) for row in rows}
        equal((told["verdict"], told["bad_rows"], told["rows"]), ("accepted", 0, len(days)))
        codes = {(name, target) for name, target, _ in days}
        assert f"of {len(codes)} streams" in told["reason"], told
        place_china = place / "canghailan-china/Data__2020-02-13.csv"
        with open(place_china, newline="", encoding="utf-8-sig") as file:
            provinces = [row for row in csv.DictReader(file)]
        code, lines, _ = here.take("--mapping", here.write("m.json", json.dumps({
            "table": "counts", "stream": "cn", "indicator": "cases", "period": "day", "area": "540000", "cumulative": True,
            "many": "sum", "columns": [{"header": "date", "field": "date"}, {"header": "provinceCode", "field": "series"},
                                       {"header": "confirmed", "field": "value"}]})), place_china)
        bad = sum(not row["provinceCode"] for row in provinces)
        equal((code, lines[-1]["bad_rows"]), (1 if bad else 0, bad))
        equal(sum("names no series" in json.dumps(line) for line in lines), bad)
        code, lines, _ = here.take(place / "nyc-doh/cases-by-day.csv")
        equal((code, lines[-1]["verdict"]), (1, "rejected"))  # no column says which number is meant: it is kept, with its reason
        here.check()


main(globals())
