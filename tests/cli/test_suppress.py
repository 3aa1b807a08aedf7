# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin suppress: tables by area and week that may be published."""
import csv
import io
import pathlib
import random

from program import equal, folder, good, main, run

AREAS = ("code,parent,level,name_en,valid_to\nL,,0,Land,\nA,L,1,A,\nB,L,1,B,\nC,L,1,C,2024-06-30\nA1,A,2,A1,\n"
         "A2,A,2,A2,\n")


def write(place, name, text):
    path = pathlib.Path(place, name)
    path.write_text(text, encoding="utf-8")
    return path


def told(code, *words):
    """What is said of something wrong; nothing is written."""
    found, out, err = run(*words)
    equal((found, out), (code, ""))
    return err


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def face(text, date=None):
    return {row["area"]: row["count"] for row in rows(text) if date in (None, row["date"])}


def test_what_is_left_out():
    """A small count and what would give it away; areas without a row have the sum of those below."""
    with folder() as place:
        areas = write(place, "areas.csv", AREAS)
        counts = write(place, "counts.csv", "area,date,count\nA1,2024-W02,3\nA2,2024-W02,20\nB,2024-W02,0\nC,2024-W02,9\n")
        equal(face(good("suppress", "--areas", areas, "--columns", "series=area", counts)),
              {"L": "32", "A": "23", "B": "0", "C": "9", "A1": "", "A2": ""})
        shown = good("suppress", "--areas", areas, "--columns", "series=area", "--small", 2, counts)
        equal(face(shown)["A1"], "3")


def test_what_was_published_stays():
    """Later numbers change nothing in the periods of an earlier release; the new period is decided."""
    with folder() as place:
        areas = write(place, "areas.csv", AREAS)
        first = write(place, "first.csv", "area,date,count\nA1,2024-W02,3\nA2,2024-W02,20\nB,2024-W02,7\nC,2024-W02,9\n")
        old = pathlib.Path(place, "old.csv")
        good("suppress", "--areas", areas, "--columns", "series=area", "-o", old, first)
        later = write(place, "later.csv", first.read_text(encoding="utf-8").replace("A1,2024-W02,3", "A1,2024-W02,8") +
                      "A1,2024-W03,8\nA2,2024-W03,6\nB,2024-W03,7\nC,2024-W03,0\n")
        new = good("suppress", "--areas", areas, "--columns", "series=area", "--released", old, later)
        equal(face(new, "2024-W02"), face(old.read_text(encoding="utf-8")))
        equal(face(new, "2024-W02")["A1"], "")
        equal(face(new, "2024-W03"), {"L": "21", "A": "14", "B": "7", "C": "0", "A1": "8", "A2": "6"})
        again = good("suppress", "--areas", areas, "--columns", "series=area", "--released",
                     write(place, "new.csv", new), later)
        equal(again, new)


def test_areas_of_the_day():
    """An area that has ended has no row later, and no count."""
    with folder() as place:
        areas = write(place, "areas.csv", AREAS)
        counts = write(place, "counts.csv", "area,date,count\nA,2024-07-01,9\nB,2024-07-01,8\n")
        equal(set(face(good("suppress", "--areas", areas, "--columns", "series=area", "--step",
                            "day", counts))),
              {"L", "A", "B", "A1", "A2"})
        late = write(place, "late.csv", "area,date,count\nC,2024-07-01,9\nB,2024-07-01,8\n")
        found = told(1, "suppress", "--areas", areas, "--columns", "series=area", "--step", "day", late)
        assert 'no area "C" in 2024-07-01' in found, found


def test_faults():
    """Each is named: no list, an unknown area, less than the sum of those below, a file that is no release."""
    with folder() as place:
        areas = write(place, "areas.csv", AREAS)
        counts = write(place, "counts.csv", "area,date,count\nA1,2024-W02,3\nA,2024-W02,2\n")
        assert "--areas FILE is needed" in told(2, "suppress", counts)
        found = told(1, "suppress", "--areas", areas, "--columns", "series=area", counts)
        assert "A, 2024-W02: 2; allowed: at least the sum of the counts below" in found, found
        gap = write(place, "gap.csv", "area,date,count\nA1,2024-W02,3\nA1,2024-W03,NA\n")
        told(1, "suppress", "--areas", areas, "--columns", "series=area", gap)
        release = write(place, "release.csv", "area,day,count\nA,2024-W02,5\n")
        found = told(1, "suppress", "--areas", areas, "--released", release, "--columns", "series=area", counts)
        assert "release.csv:1: other columns" in found, found
        release = write(place, "release.csv", "area,date,count\nA,2024-W60,5\nA,2024-W02,-1\n")
        found = told(1, "suppress", "--areas", areas, "--released", release, "--columns", "series=area", counts)
        assert "release.csv:2:2: date" in found and "release.csv:3:3: count" in found, found


def test_a_county_by_weeks():
    """Every week of an invented county's townships and villages: no sum or difference of one week finds a count."""
    with folder() as place:
        good("county", "--out", place)
        with open(pathlib.Path(place, "areas.csv"), encoding="utf-8") as file:
            parent = {row["code"]: row["parent"] for row in csv.DictReader(file)}
        villages = [code for code in parent if code not in parent.values()]
        chance = random.Random(5)
        lines = [f"{code},2025-W{week:02},{int(chance.paretovariate(0.9)) - 1}" for code in villages for week in range(1, 5)]
        counts = write(place, "counts.csv", "area,date,count\n" + "\n".join(lines) + "\n")
        table = rows(good("suppress", "--areas", pathlib.Path(place, "areas.csv"), "--columns", "series=area", counts))
        for week in {row["date"] for row in table}:
            shown = {row["area"]: row["count"] for row in table if row["date"] == week}
            for above in {up for up in parent.values() if up}:
                hidden = [code for code in parent if parent[code] == above and shown[code] == ""]
                assert shown[above] != "" or len(hidden) == sum(up == above for up in parent.values()), (week, above)
                if shown[above] != "":
                    assert len(hidden) != 1, (week, above, hidden)
                    rest = int(shown[above]) - sum(int(shown[code] or 0) for code in parent if parent[code] == above)
                    assert not hidden or rest > 4 or rest == 0, (week, above, rest)


main(dict(globals()))
