# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin evaluate: the past as the watch would have judged it, on what was known on each day."""

import csv
import datetime
import io
import json
import pathlib
import random

from program import ROOT, equal, folder, main
from program import run as run_program

LISTS = ROOT / "share/lists"
DAY = datetime.timedelta(1)
TODAY = datetime.datetime.now(datetime.timezone.utc).date()


class Node:
    def __init__(self, where):
        self.where = pathlib.Path(where)
        self.path = str(self.where / "node")
        self("node", "init", "--lists", LISTS, self.path, node=False)
        self.area = json.loads(self("record", "create", "area", "code=A", "name_en=County", "level=0", "--as", "program"))["id"]

    def __call__(self, *words, node=True, code=0):
        got, out, err = run_program(*words, *(["--node", self.path] if node else []))
        self.err = "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)
        assert got == code, f"exit code {got}: {err}"
        return out

    def table(self, *words):
        return list(csv.DictReader(io.StringIO(self(*words, "--format", "csv"))))

    def load(self, stream, rows, *words):
        path = self.where / "numbers.csv"
        path.write_text("date,known,value\n" + "".join(f"{day},{known},{value}\n" for day, known, value in rows))
        self("watch", "load", "--stream", stream, "--indicator", "medicine-sales", "--disease", "measles", "--period", "day", "--area", "A",
             "--columns", "date=date,known=known,value=value", *words, path)


def deliveries(first, num, jump):
    """By the day on which they came: each day's number is known a day later, short of a fifth, and whole two days later."""
    chance = random.Random(7)
    by_day = {}
    for i in range(num):
        day, mean = first + i * DAY, 60 if i in jump else 20
        value = sum(chance.random() < mean / 200 for _ in range(200))
        by_day.setdefault(day + DAY, []).append((day, day + DAY, value * 4 // 5))
        by_day.setdefault(day + 3 * DAY, []).append((day, day + 3 * DAY, value))
    return by_day


def test_as_the_watch_did():
    """The same alarms, on the same days, as rounds that were run on each of these days, also when judged afterwards."""
    with folder() as where:
        node = Node(where)
        first, history, num = datetime.date(2025, 1, 1), 55, 85  # days of the week are judged apart from 70 days on
        by_day = deliveries(first, num, {62, 63, 64, 78})
        node.load("sales", [row for day, rows in by_day.items() if day < first + history * DAY for row in rows])
        told = []
        for today in (first + i * DAY for i in range(history, num)):
            node.load("sales", by_day[today])
            told += [(row["day"], str(today), row["observed"], row["expected"], row["threshold"])
                     for row in node.table("watch", "run", "--today", today)]
        found = node.table("evaluate", "sales", "--from", first + history * DAY, "--to", first + (num - 1) * DAY, "--rows", "alarms")
        rows = [(row["day"], row["raised"], row["observed_then"], row["expected"], row["threshold"]) for row in found]
        equal(sorted(rows), sorted(told))
        assert len(rows) >= 4 and any(row["observed_then"] != row["observed_now"] for row in found), found


def test_counters():
    """Cases that were entered as history count from their day on; those of the last months only since they are known."""
    with folder() as where:
        node = Node(where)
        person = json.loads(node("record", "create", "person", f"area={node.area}"))["id"]
        node("record", "create", "stream", "code=cases", "indicator=cases", "disease=measles", f"area={node.area}", "period=day", "feed=counter",
             "counter=case_by_onset")
        numbers = {150: 9, 149: 8, 33: 9, 32: 9, 1: 9}
        rows = [TODAY - back * DAY for back in range(1, 300) for _ in range(numbers.get(back, back % 2))]
        path = node.where / "cases.csv"
        path.write_text("person,disease,classification,responsible_area,onset_date,received_date\n" +
                        "".join(f"{person},measles,suspected,{node.area},{day},{TODAY}\n" for day in rows))
        node("record", "create", "--file", path, "case")
        raised = {row["day"]: row["raised"] for row in node.table("evaluate", "cases", "--to", TODAY, "--rows", "alarms")}
        for back in (150, 149):
            equal(raised[str(TODAY - back * DAY)], str(TODAY - back * DAY))
        equal([str(TODAY - back * DAY) in raised for back in (33, 32)], [False, False])
        equal(raised[str(TODAY - DAY)], str(TODAY))


def test_outbreaks_and_trials():
    """What is tried stands beside what is set: how often it alarms, which outbreaks it finds and after how many days."""
    with folder() as where:
        node = Node(where)
        first = datetime.date(2025, 1, 1)
        node.load("sales", [(first + i * DAY, first + i * DAY, 50 if 200 <= i < 205 else 30 if i == 300 else 10 + i % 3) for i in range(365)])
        begun = first + 198 * DAY
        node("watch", "outbreak", "open", "--disease", "measles", "--area", "A", "--emergence", begun, "--number", "M1")
        made = json.loads(node("record", "list", "outbreaks"))["rows"][0]
        node("record", "change", "outbreak", made["id"], f"over_date={begun + 20 * DAY}")
        words = ("evaluate", "sales", "--from", first + 100 * DAY, "--to", first + 364 * DAY)
        own, other = node.table(*words, "--threshold", 45)
        names = ("setting", "method", "alarms", "episodes", "outside_outbreaks", "outbreaks", "found", "median_delay_days")
        equal([own[name] for name in names][:2] + [own[name] for name in names[4:]], ["as set", "ears-c2", "1", "1", "1", "2"])
        equal([other[name] for name in names], ["threshold 45", "fixed-count", "5", "1", "0", "1", "1", "2"])
        [told] = node.table(*words, "--rows", "outbreaks")
        equal((told["outbreak"], told["from"], told["to"], told["delay_days"]), ("M1", str(begun), str(begun + 20 * DAY), "2"))
        _, looser = node.table(*words, "-m", "ears-c1", "-s", "alpha=0.05")
        equal(looser["setting"], "ears-c1 alpha=0.05")
        # what was tried is set
        stream = json.loads(node("record", "list", "streams"))["rows"][0]
        node("record", "change", "stream", stream["id"], "method=ears-c1", "parameters=alpha=0.05")
        [kept] = node.table(*words)
        equal({**kept, "setting": ""}, {**looser, "setting": ""})
        [watched] = node.table("watch", "streams", "--today", first + 364 * DAY)
        equal((watched["method"], watched["not_watched"]), ("ears-c1", ""))


def test_faults():
    """Methods and parameters that cannot be, and streams that are not there or not watched."""
    with folder() as where:
        node = Node(where)
        node.load("sales", [(datetime.date(2025, 1, 1), datetime.date(2025, 1, 1), 3)])
        for words, said in ((("-m", "ears-c9"), "no method 'ears-c9'; did you mean ears-c1?"),
                            (("-m", "cusum"), "cusum adds up from where it began, so it judges no stream"),
                            (("-m", "ears-c1", "-s", "alpha=2"), "alpha cannot be \"2\" for ears-c1"),
                            (("-m", "ears-c1", "-s", "alpa=0.1"), "ears-c1 has no parameter \"alpa\""),
                            (("-s", "alpha=0.1"), "--set: of which method? allowed: with --method"),
                            (("-m", "ears-c1", "--threshold", "3"), "--method and --threshold: one thing at a time"),
                            (("--from", "2020-01-01"), "--from: allowed: up to two years before --to"),
                            (("--to", TODAY + DAY), "--to: what is known on a day to come nobody knows")):
            node("evaluate", *words, code=2)
            equal(node.err, f"tocsin evaluate: {said}\n")
        node("evaluate", "absent", code=1)
        equal(node.err, "tocsin evaluate: stream \"absent\": there is no such stream\n")
        stream = json.loads(node("record", "list", "streams"))["rows"][0]
        node("record", "change", "stream", stream["id"], "method=cusum", code=1)
        node("record", "change", "stream", stream["id"], "parameters=alpha=0.1")
        [watched] = node.table("watch", "streams")
        equal(watched["not_watched"], "its method, or a parameter of it, cannot be used")
        node("evaluate", "sales", code=1)
        equal(node.err, "tocsin evaluate: stream \"sales\": its method, or a parameter of it, cannot be used\n")


main(dict(globals()))
