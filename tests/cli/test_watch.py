# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch from the command line: records become streams, alarms, signals, answers; again and again, in any portions."""

import csv
import datetime
import io
import json
import re

from program import ROOT, folder, main
from program import run as run_program

LISTS = ROOT / "share/lists"
TODAY = datetime.date(2026, 11, 22)
WEEKS = 12
ROUND = re.compile(r"tocsin watch: (\d+) of (\d+) streams watched: (\d+) new alarms, (\d+) new signals, "
                   r"(\d+) of them deferred, (\d+) closed as duplicates\n")


def run(*words, **options):
    code, out, err = run_program(*words, **options)
    return code, out, "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)


def good(*words, **options):
    code, out, err = run(*words, **options)
    assert (code, err) == (0, ""), f"exit code {code}: {err}"
    return out


class Node:
    """A county of two townships, with streams of measles and of plague by week, and some cases of measles each week."""

    def __init__(self, where):
        self.path = f"{where}/node"
        good("node", "init", "--lists", LISTS, self.path)
        self.county = self.create("area", "code=900101", "name_en=County", "level=0", "--as", "program")
        self.areas = [self.create("area", f"code=90010{i}", "name_en=Township", "level=1", f"parent={self.county}",
                                  "--as", "program") for i in (2, 3)]
        self.persons = [self.create("person", f"area={area}", "sex=female", "birth_year=1980") for area in self.areas]
        rows = [f"{disease}-{number},cases,{disease},{area},week,counter,case_by_onset"
                for disease in ("measles", "plague") for number, area in enumerate([self.county, *self.areas])]
        self.load("stream", "code,indicator,disease,area,period,feed,counter", rows, where)
        self.where = where
        self.cases("measles", 0, [(back, 1 + back % 3) for back in range(1, WEEKS)])

    def __call__(self, *words, **options):
        return good(*words, "--node", self.path, **options)

    def load(self, record, header, rows, where):
        with open(f"{where}/{record}.csv", "w", encoding="utf-8") as file:
            file.write("\n".join([header, *rows]) + "\n")
        return good("record", "create", "--node", self.path, "--file", f"{where}/{record}.csv", record)

    def create(self, *words):
        return json.loads(self("record", "create", *words))["id"]

    def cases(self, disease, township, weeks):
        """So many cases, so many weeks ago."""
        rows = [f"{self.persons[township]},{disease},suspected,{self.areas[township]},"
                f"{TODAY - datetime.timedelta(days=7 * back)},{TODAY}" for back, number in weeks for _ in range(number)]
        self.load("case", "person,disease,classification,responsible_area,onset_date,received_date", rows, self.where)

    def round(self):
        """One round: its rows, and what it tells: streams, alarms, signals, deferred, closed."""
        code, out, err = run("watch", "run", "--node", self.path, "--today", TODAY)
        found = ROUND.fullmatch(err)
        assert code == 0 and found, f"{code}: {err}"
        return list(csv.DictReader(io.StringIO(out))), [int(word) for word in found.groups()[2:]]

    def signals(self):
        return json.loads(self("watch", "signals"))["rows"]


def with_node(test):
    def wrapped():
        with folder() as where:
            test(Node(where))

    wrapped.__doc__ = test.__doc__
    return wrapped


@with_node
def test_from_records_to_an_answer(node):
    """Cases become an alarm and a signal with a clock; it is answered step by step."""
    rows, told = node.round()
    assert rows == [] and told == [0, 0, 0, 0], told
    node.cases("measles", 1, [(0, 9)])
    rows, told = node.round()
    assert {row["stream"] for row in rows} == {"measles-0", "measles-2"}, rows
    assert told == [2, 1, 0, 0], told
    assert len({row["signal"] for row in rows}) == 1
    assert node.round()[1] == [0, 0, 0, 0]  # nothing is raised twice
    signal = node.signals()[0]
    assert signal["status"] == "new" and signal["disease"] == "measles", signal
    assert (signal["indicator"], signal["observed"], signal["expected"], signal.get("summary")) == ("cases", 9, 0, None), signal
    tasks = json.loads(node("record", "list", "tasks", "--where", f"signal={signal['id']}"))["rows"]
    assert [(task["kind"], task["status"]) for task in tasks] == [("triage-signal", "open")], tasks
    code, out, err = run("watch", "answer", signal["id"], "verify", "--node", node.path)
    assert code == 1 and out == "" and err.startswith("/code: missing; allowed: a code of the list verification\n"), err
    node("watch", "answer", signal["id"], "triage")
    node("watch", "answer", signal["id"], "verify", "confirmed", "--reason", "laboratory: 4 of 5 positive")
    node("watch", "answer", signal["id"], "close", "no-risk")
    shown = json.loads(node("record", "read", "signal", signal["id"]))
    assert (shown["status"], shown["closing"], shown["verification"]) == ("closed", "no-risk", "confirmed"), shown
    code, out, err = run("watch", "answer", signal["id"], "act", "--node", node.path)
    assert code == 1 and err.startswith("/status: closed"), err


@with_node
def test_portions(node):
    """The same week in many portions is one signal, as in one."""
    for _ in range(6):
        node.cases("measles", 1, [(0, 2)])
        node.round()
    node.cases("measles", 0, [(0, 12)])
    node.round()
    alarms = json.loads(node("record", "list", "alarms"))["rows"]
    assert len(alarms) == 3 and len({alarm["signal"] for alarm in alarms}) <= 2, alarms
    open_ones = [signal for signal in node.signals() if signal["status"] != "closed"]
    assert len(open_ones) == len({alarm["signal"] for alarm in alarms}), node.signals()


@with_node
def test_single_case(node):
    """One case of plague is enough, at once, with two hours for triage."""
    node.cases("plague", 0, [(0, 1)])
    rows, told = node.round()
    assert {row["method"] for row in rows} == {"single-case"} and told[1] == 1, rows
    signal = node.signals()[0]
    task = json.loads(node("record", "list", "tasks", "--where", f"signal={signal['id']}"))["rows"][0]
    starts, due = (datetime.datetime.fromisoformat(task[name].replace("Z", "+00:00")) for name in ("starts", "due"))
    assert due - starts == datetime.timedelta(hours=2), task


@with_node
def test_senders(node):
    """A hospital that begins to report is noticed, told with its streams, and what it brings is marked."""
    old, new = (node.create("facility", f"code={code}", "name_en=Hospital", "kind=hospital", f"area={node.county}", "--as", "program")
                for code in ("H1", "H2"))
    node.load("stream", "code,indicator,disease,area,period,feed,counter",
              [f"flu,cases,influenza,{node.areas[1]},day,counter,case_by_received"], node.where)
    rows = [f"{node.persons[1]},influenza,suspected,{node.areas[1]},{TODAY - datetime.timedelta(days=back)},{sender}"
            for sender, first, last, number in ((old, 80, 0, 12), (new, 0, 0, 9)) for back in range(last, first + 1) for _ in range(number)]
    node.load("case", "person,disease,classification,responsible_area,received_date,reported_by", rows, node.where)
    code, out, err = run("watch", "run", "--node", node.path, "--today", TODAY)
    assert code == 0 and err.startswith("tocsin watch: 1 changes written"), err
    marks = {(row["day"], row["mark"]) for row in csv.DictReader(io.StringIO(out)) if row["stream"] == "flu"}
    assert marks == {(str(TODAY), "sender-joined")}, out
    rows = {row["stream"]: row for row in csv.DictReader(io.StringIO(node("watch", "streams", "--today", TODAY)))}
    assert rows["flu"]["changes"] == f"sender-joined {TODAY} 43 % H2", rows["flu"]
    assert rows["measles-0"]["changes"] == "", rows


@with_node
def test_streams(node):
    """Streams are told with what they are judged by, and why one is not."""
    node.create("stream", "code=sales", "indicator=medicine-sales", f"area={node.county}", "period=month", "feed=file")
    rows = {row["stream"]: row for row in csv.DictReader(io.StringIO(node("watch", "streams", "--today", TODAY)))}
    assert rows["measles-0"]["method"] == "ears-c2" and rows["measles-0"]["steps"] == str(WEEKS), rows
    assert rows["measles-0"]["date_type"] == "case_by_onset", rows
    assert rows["plague-0"]["not_watched"] == "nothing was counted yet", rows
    assert rows["sales"]["not_watched"] == "only days and weeks are watched", rows


@with_node
def test_persons_tested(node):
    """Who is tested three times in a week is one person; one positive is enough; a correction and a merge count anew"""
    more = [node.create("person", f"area={node.areas[0]}", "sex=female") for _ in range(3)]
    days = [TODAY - datetime.timedelta(days=back) for back in (9, 8, 7)]  # of one week

    def specimen(person, day):
        return node.create("specimen", "subject=person", f"person={person}", f"responsible_area={node.areas[0]}", "material=other",
                           f"collected_time={day}T09:00")

    def result(of, found, **given):
        return node.create("result", f"specimen={of}", "target=measles-virus", "disease=measles", "status=final", f"interpretation={found}",
                           f"result_time={TODAY}T09:00", *(f"{name}={value}" for name, value in given.items()))

    node.load("stream", "code,indicator,disease,area,period,feed,counter",
              [f"wrong,persons-tested,measles,{node.county},week,counter,person_by_day", f"all,persons-tested,,{node.county},day,counter,person_by_day"],
              node.where)
    of = ("watch", "positivity", "--disease", "measles", "--area", "900101", "--period")
    node(*of, "day", "--window", 14, "day-share")
    made = json.loads(node(*of, "week", "--window", 2, "week-share"))
    assert json.loads(node("record", "read", "stream", made["id"]))["denominator"] == made["denominator"], made
    node(*of, "week", "--window", 2, "--by", "tests", "tests-share")
    for words, message in ((["--by", "luck", "x"], "/by: no such definition; allowed: persons, tests"), (["week-share"], "there already"),
                           (["--window", 0, "x"], "--window"), ([], "needs --disease CODE, --area CODE")):
        code, out, err = run(*of, "week", *words, "--node", node.path)
        assert code in (1, 2) and out == "" and message in err, (words, code, out, err)

    def share(period):
        told = {row["stream"]: row for row in csv.DictReader(io.StringIO(node("watch", "streams", "--today", TODAY, "--format", "csv")))}
        assert told["wrong"]["not_watched"] == "persons are counted of a day by person_by_day and of a week by person_by_week", told["wrong"]
        assert told["all"]["not_watched"] == "persons are counted of one disease, and this stream has none", told["all"]
        row = told[f"{period}-share"]
        assert row["unstable"] == "1", row
        return row["numerator"], row["denominator"]

    tests = [specimen(node.persons[0], day) for day in days]
    for of, found in zip(tests, ("not-detected", "detected", "not-detected")):
        result(of, found)
    result(specimen(more[0], days[0]), "not-detected")
    result(specimen(more[1], days[0]), "invalid")
    assert (share("week"), share("day")) == (("1", "2"), ("1", "4"))
    assert share("tests") == ("1", "5")  # all were reported today
    positive = result(specimen(more[2], days[1]), "detected")
    assert (share("week"), share("day")) == (("2", "3"), ("2", "5"))
    node("record", "change", "person", more[2], f"merged_into={node.persons[0]}")  # both positive on one day: they are one
    assert (share("week"), share("day")) == (("1", "2"), ("1", "4"))
    node("record", "change", "result", positive, "status=entered-in-error")
    assert (share("week"), share("day")) == (("1", "2"), ("1", "4"))
    node("record", "change", "person", more[2], "merged_into=")  # apart again, and of the third nothing is valid
    assert (share("week"), share("day")) == (("1", "2"), ("1", "4"))
    node("record", "change", "result", positive, "status=corrected", "interpretation=not-detected")
    assert (share("week"), share("day")) == (("1", "3"), ("1", "5"))
    code, out, err = run("check", "--node", node.path)
    assert code == 0, (out, err)


@with_node
def test_outbreaks(node):
    """An outbreak from a signal and one by hand; dates, 7-1-7, and the summary of what came of signals"""
    node.cases("plague", 0, [(0, 1)])
    node.round()
    signal = node.signals()[0]["id"]
    code, _, err = run("watch", "outbreak", "open", "--signal", signal, "--node", node.path)
    assert code == 1 and err.startswith("/status: new; allowed: a signal that this step may follow"), err
    node("watch", "answer", signal, "triage")
    opened = json.loads(node("watch", "outbreak", "open", "--signal", signal, "--number", "P-1"))["id"]
    shown = json.loads(node("record", "read", "signal", signal))
    assert (shown["status"], shown["outbreak"]) == ("acting", opened), shown
    shown = json.loads(node("record", "read", "outbreak", opened))
    assert (shown["disease"], shown["status"], shown["number"]) == ("plague", "suspected", "P-1"), shown
    clock = json.loads(node("watch", "outbreak", "show", opened))
    assert clock["notify"]["standing"] == "running" and clock["respond"]["standing"] == "unknown", clock
    node("watch", "outbreak", "mark", opened, "notification")
    for what in ("investigation", "analysis", "laboratory", "care", "countermeasure", "communication"):
        node("watch", "outbreak", "mark", opened, what)
    node("watch", "outbreak", "mark", opened, "coordination", "drops-out")
    clock = json.loads(node("watch", "outbreak", "show", opened))
    assert [clock[name]["standing"] for name in ("notify", "respond")] == ["met", "met"] and clock["waits"] == [], clock
    tasks = json.loads(node("record", "list", "tasks", "--where", "kind=submit-report"))["rows"]
    assert [task["status"] for task in tasks] == ["done"], tasks
    code, _, err = run("watch", "outbreak", "open", "--node", node.path)
    assert code == 1 and "/disease: missing" in err and "/area: missing" in err, err
    node("watch", "outbreak", "open", "--disease", "measles", "--area", "900102")
    numbers = [row["number"] for row in json.loads(node("watch", "outbreaks"))["rows"]]
    assert len(numbers) == 2 and any(number.startswith("900102-measles-20") for number in numbers), numbers
    node("watch", "answer", signal, "close", "response-ended")
    summary = json.loads(node("watch", "signals", "--summary"))
    assert (summary["num"], summary["closed"], summary["with_outbreak"], summary["without_outbreak"]) == (1, 1, 1, 0)
    assert summary["verdicts"] == [{"code": "response-ended", "num": 1}], summary
    assert (summary["outbreaks"]["by_alarm"], summary["outbreaks"]["by_no_signal"]) == (1, 1), summary
    assert summary["hours"]["triage"]["num"] == 1, summary


@with_node
def test_silence(node):
    """A stream that stops is told in a list of its own; it is no signal, and it is gone when the stream goes on"""
    node.cases("measles", 0, [(back, 6) for back in range(1, WEEKS)])
    assert json.loads(node("watch", "silent", "--today", TODAY)) == {"silent": []}
    later = TODAY + datetime.timedelta(days=21)
    silent = json.loads(node("watch", "silent", "--today", later))["silent"]
    assert {row["code"] for row in silent} == {"measles-0", "measles-1"}, silent
    assert all(row["empty"] in (2, 3) and row["usual"] > 6 for row in silent), silent
    before = len(node.signals())
    run("watch", "run", "--node", node.path, "--today", later)
    assert len(node.signals()) == before
    node.cases("measles", 0, [(0, 1)])
    assert json.loads(node("watch", "silent", "--today", TODAY + datetime.timedelta(days=7)))["silent"] == []


@with_node
def test_reports_that_are_owed(node):
    """Of two units one said that there are none, in time, one said nothing; a week that is awaited is not complete"""
    facility = node.create("facility", "code=F1", "kind=hospital", f"area={node.areas[0]}")
    units = [node.create("reporting_unit", f"code=U{i}", f"facility={facility}", f"area={node.areas[i]}", "report=zero-report", "period=week",
                         "due_hours=24", "missing_hours=72", "valid_from=2026-01-01", "--as", "data-manager") for i in range(2)]
    monday = TODAY - datetime.timedelta(days=TODAY.weekday() + 7)
    node.create("unit_report", f"unit={units[0]}", f"day={monday}", "number=0", f"received={monday + datetime.timedelta(days=7)}T10:00:00Z",
                "--as", "data-manager")
    rows = {row["stream"]: row for row in csv.DictReader(io.StringIO(node("watch", "streams", "--today", TODAY, "--format", "csv")))}
    figures = [[rows[f"measles-{i}"][f"reports_{name}"] for name in ("of", "expected", "received", "in_time")] for i in range(3)]
    assert figures == [[str(monday), "2", "1", "1"], [str(monday), "1", "1", "1"], [str(monday), "1", "0", "0"]], figures
    assert rows["measles-0"]["complete_to"] < str(monday + datetime.timedelta(days=7)), rows["measles-0"]


@with_node
def test_streams_summed_from_reports(node):
    """What units say is added up; a correction is a revision beside it; a week that lacks a report is incomplete; nothing is loaded into it"""
    facility = node.create("facility", "code=F1", "kind=hospital", f"area={node.areas[0]}")
    units = [node.create("reporting_unit", f"code=U{i}", f"facility={facility}", f"area={node.areas[i]}", "report=syndromic-counts", "period=week",
                         "due_hours=24", "missing_hours=72", "valid_from=2026-01-01", "--as", "data-manager") for i in range(2)]
    node.create("stream", "code=fever", "indicator=fever-clinic-visits", f"area={node.county}", "period=week", "feed=unit-reports", "--as", "data-manager")
    monday = TODAY - datetime.timedelta(days=TODAY.weekday() + 7)
    values = lambda *words: [(row["day"], row["value"]) for row in csv.DictReader(io.StringIO(node("watch", "values", "fever", "--format", "csv", *words)))]
    assert values() == []
    for unit, number in ((0, 9), (0, 4), (1, 0)):
        node.create("unit_report", f"unit={units[unit]}", f"day={monday}", f"number={number}",
                    f"received={monday + datetime.timedelta(days=7)}T10:00:00Z", "--as", "data-manager")
    assert values() == [(str(monday), "4")], values()
    assert values("--known", monday - datetime.timedelta(days=1)) == []
    row, = [row for row in csv.DictReader(io.StringIO(node("watch", "streams", "--today", TODAY, "--format", "csv"))) if row["stream"] == "fever"]
    assert (row["reports_expected"], row["reports_received"]) == ("2", "2"), row
    code, out, err = run("watch", "load", "--node", node.path, "--stream", "fever", "-", stdin=f"date,count\n{monday},3\n")
    assert code != 0 and "is summed from the reports of reporting units" in err, (code, out, err)


@with_node
def test_a_report(node):
    """Somebody called: a signal with its task; numbers are struck out; what is wrong is told by its place"""
    said = json.loads(node("watch", "report", "--area", "900102", "--ill", 12, "--began", TODAY, "--place", "the school",
                           "vomiting since lunch, ask 13800138000"))
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", said["receipt"]) and said["struck_out"] == 1, said
    row, = [row for row in node.signals() if row["id"] == said["id"]]
    assert (row["source"], row["status"]) == ("event-report", "new"), row
    signal = json.loads(node("record", "read", "signal", said["id"]))
    assert (signal["num_ill"], signal["place"], signal["summary"]) == (12, "the school", "vomiting since lunch, ask […]"), signal
    node("watch", "answer", said["id"], "triage")
    for words, message in ((["--area", "900199", "x"], "no area has the code \"900199\""), (["x"], "needs --area"), (["--area", "900102"], "needs --area"),
                           (["--area", "900102", "--source", "alarm", "x"], "/source"),
                           (["--area", "900102", "--source", "stars", "x"], "source"),
                           (["--area", "900102", "x" * 501], "/what: longer")):
        code, out, err = run("watch", "report", "--node", node.path, *words)
        assert code in (1, 2) and out == "" and message in err, (words, code, err)


def test_wrong_use():
    """Wrong use is told before a node is opened."""
    for words, message in (([], "what is to be done?; allowed: run, load, values, streams, positivity, silent, signals, report, answer, outbreaks, outbreak"),
                           (["look"], "no such verb; allowed: run, load, values, streams, positivity, silent, signals, report, answer, outbreaks, outbreak"),
                           (["run", "x"], "run: takes no operand"),
                           (["report", "--ill", "-1", "--area", "900101", "x"], "--ill"),
                           (["run", "--today", "soon"], None)):
        code, out, err = run("watch", *words)
        assert code == 2 and out == "" and (message is None or message in err), err


main(dict(globals()))
