# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no growth: five times the tests at the same positivity, a new case definition, a sender that joins and one that
leaves are planted in districts of their own, beside outbreaks that are some; what the watch makes of each.

usage: watch_marks.py BUILD [--districts N] [--seed N]
"""

import datetime
import json
import sys
import tempfile

from planted import Planting

DAYS = 60
TODAY = datetime.date(2026, 3, 1)
KINDS = ("outbreak", "testing", "definition", "joined", "left")
MARKS = {"testing": "more-testing", "definition": "new-definition", "joined": "sender-joined", "left": "sender-left"}
# what is planted in the newest two days: times the tests, times the cases
TIMES = {"outbreak": (1, 3), "testing": (5, 5), "definition": (1, 1.6), "joined": (1.4, 1.4), "left": (0.6, 0.6)}


planting = Planting(20, len(KINDS))


def write_counts(file, tests, districts):
    with open(file, "w", encoding="utf-8") as out:
        out.write("date,series,value\n")
        for code, kind in districts.items():
            for back in range(DAYS, -1, -1):
                planted = TIMES[kind] if back < 2 else (1, 1)
                mean = 1000 * planted[0] if tests else 60 * planted[1]
                out.write(f"{TODAY - datetime.timedelta(back)},{code},{planting.poisson(mean)}\n")


def make_node(place):
    node, file = planting.make_node(place)
    districts = {f"10{1000 + i}": KINDS[i % len(KINDS)] for i in range(planting.districts * len(KINDS))}
    file.write_text("code,name_en,parent\n1001,County,\n" + "".join(f"{code},District {code},1001\n" for code in districts))
    planting.must("area", "import", "--node", node, file)
    areas = {row["code"]: row["id"] for row in planting.table("area", "list", file)}
    for name in ("tests", "cases"):
        write_counts(file, name == "tests", districts)
        planting.must("watch", "load", "--node", node, "--stream", name, "--indicator", name, "--disease", "influenza",
             "--period", "day", "--columns", "date=date,series=series,value=value", "--known", TODAY, file)
    kinds = {"definition": ("new-definition", ""), "joined": ("sender-joined", 28.6), "left": ("sender-left", 40)}
    file.write_text("area,kind,day,disease,percent\n" + "".join(
        f"{areas[code]},{kinds[kind][0]},{TODAY - datetime.timedelta(1)},influenza,{kinds[kind][1]}\n"
        for code, kind in districts.items() if kind in kinds))
    planting.must("record", "create", "--node", node, "--file", file, "series_change")
    return node, districts


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as place:
        node, districts = make_node(place)
        raised = planting.table("watch", "run", "--node", node, "--today", TODAY, "--format", "csv")
        rows, after = [], []
        while True:
            page = json.loads(planting.must("watch", "signals", "--node", node, "--where", "source=alarm", "--rows", 200, *after))
            rows += page["rows"]
            if page["next"] is None:
                break
            after = ["--after", page["next"]]
    newest = {str(TODAY), str(TODAY - datetime.timedelta(1))}
    alarms = {kind: [one for one in raised if one["day"] in newest and districts[one["stream"].split("-")[1]] == kind]
              for kind in KINDS}
    graded = [one for kind in MARKS for one in alarms[kind] if one["mark"] != MARKS[kind]
              and not (kind == "joined" and one["stream"].startswith("tests") and one["mark"] == "more-testing")]
    missed = [one for one in alarms["outbreak"] if one["stream"].startswith("cases") and one["mark"] != ""]
    found = {one["stream"] for one in alarms["outbreak"] if one["stream"].startswith("cases")}
    marked = sum(len(alarms[kind]) for kind in MARKS)
    told = sum(1 for one in rows if one.get("mark") is not None)
    for kind in KINDS:
        print(f"{kind}: {len(alarms[kind])} alarms in {planting.districts} districts")
    good = not graded and not missed and len(found) == planting.districts and marked > 0 and told > 0
    print("row", f"tests ×5 at the same positivity, a new definition, a sender that joins or leaves (±40 %), {planting.districts} districts each, "
          f"beside {planting.districts} outbreaks", "each alarm marked as such, none of the grade of an outbreak; every outbreak unmarked",
          f"{marked - len(graded)} of {marked} alarms marked; {len(found)} of {planting.districts} outbreaks found, {len(missed)} marked; "
          f"{told} marked signals", "yes" if good else "no", sep="\t", flush=True)
    sys.exit(0 if good else 1)


main()
