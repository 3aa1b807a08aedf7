# SPDX-License-Identifier: GPL-3.0-or-later
"""Senders that the watch notices by itself: districts where a hospital begins to report (+40 %) or an outbreak is reported by a
hospital that reported before, or by a clinic that never did; what the watch makes of each, from records alone. Beside them as many
districts where nothing happens: what alarms there is chance. A sender that by chance brings
more of one disease than it is of all is left unmarked on purpose, as an outbreak would be: these are counted.

usage: watch_senders.py BUILD [--districts N] [--seed N]
"""

import datetime
import json
import sys
import tempfile

from planted import Planting

DAYS = 75
TODAY = datetime.date(2026, 3, 1)
KINDS = ("joined", "outbreak", "clinic", "nothing")
DISEASES = {"influenza": 20, "mumps": 8, "rubella": 8, "scarlet-fever": 8}  # of a district, a day
LATE = 2  # days in which something happens


planting = Planting(15, len(KINDS))


class Node:
    def __init__(self, place):
        self.node, self.file = planting.make_node(place)

    def load(self, record, header, rows):
        self.file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return [json.loads(line)["id"] for line in planting.must("record", "create", "--node", self.node, "--as", "program", "--file", self.file,
                                                        record).splitlines()]


def sent(kind, hospitals, day):
    """(hospital, disease, mean) of a day."""
    late = (TODAY - day).days < LATE
    for disease, mean in DISEASES.items():
        times = 3 if kind == "outbreak" and late and disease == "mumps" else 1
        yield hospitals[0], disease, mean / 2 * times
        yield hospitals[1], disease, mean / 2 * times
        if kind == "joined" and late:
            yield hospitals[2], disease, mean * 0.4
    if kind == "clinic" and late:
        yield hospitals[2], "mumps", 16


def make_node(place):
    node = Node(place)
    top = node.load("area", "code,name_en,level", ["1001,County,0"])[0]
    codes = [str(1002 + i) for i in range(planting.districts * len(KINDS))]
    areas = node.load("area", "code,name_en,level,parent", [f"{code},District,1,{top}" for code in codes])
    kinds = {code: KINDS[i % len(KINDS)] for i, code in enumerate(codes)}
    facilities = node.load("facility", "code,name_en,kind,area", [f"H{code}-{k},Hospital,hospital,{area}"
                                                                  for code, area in zip(codes, areas) for k in range(3)])
    persons = node.load("person", "area,sex", [f"{area},female" for area in areas])
    node.load("stream", "code,indicator,disease,area,period,feed,counter",
              [f"{disease}-{code},cases,{disease},{area},day,counter,case_by_received" for code, area in zip(codes, areas)
               for disease in DISEASES])
    rows = []
    for i, code in enumerate(codes):
        for back in range(DAYS, -1, -1):
            day = TODAY - datetime.timedelta(back)
            for hospital, disease, mean in sent(kinds[code], facilities[3 * i:3 * i + 3], day):
                rows += [f"{persons[i]},{disease},confirmed,{areas[i]},{day},{hospital}"] * planting.poisson(mean)
    node.load("case", "person,disease,classification,responsible_area,received_date,reported_by", rows)
    return node, kinds


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as place:
        node, kinds = make_node(place)
        raised = planting.table("watch", "run", "--node", node.node, "--today", TODAY, "--format", "csv")
        streams = planting.table("watch", "streams", "--node", node.node, "--today", TODAY, "--format", "csv")
    newest = {str(TODAY - datetime.timedelta(back)) for back in range(LATE)}
    alarms = {kind: [one for one in raised if one["day"] in newest and kinds[one["stream"].rsplit("-", 1)[1]] == kind] for kind in KINDS}
    noticed = {kind: {one["stream"].rsplit("-", 1)[1] for one in streams if kinds[one["stream"].rsplit("-", 1)[1]] == kind
                      and "sender-joined" in one["changes"]} for kind in KINDS}
    unmarked = [one for one in alarms["joined"] if one["mark"] != "sender-joined"]
    found = {kind: {one["stream"] for one in alarms[kind] if one["stream"].startswith("mumps") and one["mark"] == ""}
             for kind in ("outbreak", "clinic")}
    for kind in KINDS:
        print(f"{kind}: {len(noticed[kind])} of {planting.districts} districts with a sender that joined, {len(alarms[kind])} alarms")
    elsewhere = sum(len(noticed[kind]) for kind in KINDS if kind != "joined")
    judged = planting.districts * len(DISEASES) * LATE
    good = (len(noticed["joined"]) == planting.districts and elsewhere == 0 and len(alarms["joined"]) > 0
            and 100 * len(unmarked) <= 3 * judged and all(len(of) == planting.districts for of in found.values()))
    print("row", f"a hospital begins to report (+40 %), {planting.districts} districts, noticed from records alone; beside as many outbreaks that old "
          "hospitals report, that a new clinic reports, and nothing", "each noticed, none else; at most 3 of 100 of its days alarm unmarked; "
          "every outbreak unmarked",
          f"{len(noticed['joined'])} noticed, {elsewhere} elsewhere; {len(unmarked)} of {len(alarms['joined'])} alarms in {judged} days unmarked, "
          f"{len(alarms['nothing'])} where nothing happened; {len(found['outbreak'])} and {len(found['clinic'])} outbreaks unmarked", "yes" if good else "no", sep="\t", flush=True)
    sys.exit(0 if good else 1)


main()
