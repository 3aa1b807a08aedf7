# SPDX-License-Identifier: GPL-3.0-or-later
"""The daily report from the command line and by a server at its hour."""

import datetime
import io
import json
import pathlib
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from program import PROGRAM, ROOT, equal, folder, main  # noqa: E402
from program import run as run_program  # noqa: E402
from serving import Server, wait_for  # noqa: E402

TODAY = datetime.datetime.now(datetime.timezone.utc).date()
YESTERDAY = TODAY - datetime.timedelta(days=1)


class Node:
    """A township in a county; three cases of measles received yesterday, one the week before."""

    def __init__(self, where):
        self.path = f"{where}/node"
        self("node", "init", "--lists", ROOT / "share/lists", self.path)
        county = self.create("area", "code=900101", "name_en=County", "level=0", "--as", "program")
        area = self.create("area", "code=900102", "name_en=Township", "level=1", f"parent={county}", "--as", "program")
        self.area, self.person = area, self.create("person", f"area={area}", "sex=female", "birth_year=1980")
        for days in (1, 1, 1, 8):
            self.case(days)

    def run(self, *words):
        where = [] if words[0] == "node" else ["--node", self.path]
        code, out, err = run_program(*words, *where)
        return code, out, "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)

    def __call__(self, *words):
        code, out, err = self.run(*words)
        assert (code, err) == (0, "") or words[0] == "node" and code == 0, f"exit code {code}: {err}"
        return out

    def create(self, *words):
        return json.loads(self("record", "create", *words))["id"]

    def case(self, days):
        """A case of measles, received so many days ago."""
        self.create("case", f"person={self.person}", "disease=measles", "classification=suspected",
                    f"responsible_area={self.area}", f"received_date={TODAY - datetime.timedelta(days=days)}")

    def freeze(self, *words):
        return json.loads(self("report", "freeze", "--area", "900101", *words))["id"]

    def received(self, report):
        """What a report says of the cases received: its first row of figures."""
        shown = json.loads(self("report", "show", report))
        return next(row["values"] for row in shown["rows"] if row["section"] == "cases")


def test_a_report_and_its_correction():
    """Freeze, write, publish; another edition lists what it counts otherwise"""
    with folder() as place:
        node = Node(place)
        report = node.freeze()
        equal(node.received(report)[:3], [3, 3, 1])
        code, _, err = node.run("report", "freeze", "--area", "900101")
        assert code != 0 and "its newest edition is a draft" in err, f"{code}: {err}"
        node("report", "write", report, "Two schools in the east.")
        node("report", "publish", report)
        code, _, err = node.run("report", "write", report, "Three schools.")
        assert code != 0 and "is published" in err, f"{code}: {err}"
        node.case(1)
        again = node.freeze()
        equal(node.received(again)[:3], [4, 4, 1])
        equal(node.received(report)[:3], [3, 3, 1])
        assert json.loads(node("report", "show", again))["changes"], "it lists no change"


def test_files():
    """PDF and DOCX hold the day's number"""
    with folder() as place:
        node = Node(place)
        report = node.freeze()
        for form in ("pdf", "docx"):
            node("report", "show", "--form", form, "--language", "zh", "-o", f"{place}/report.{form}", report)
        assert pathlib.Path(f"{place}/report.pdf").read_bytes().startswith(b"%PDF-")
        with zipfile.ZipFile(io.BytesIO(pathlib.Path(f"{place}/report.docx").read_bytes())) as document:
            equal(document.testzip(), None)
            text = document.read("word/document.xml").decode()
        assert f"{YESTERDAY.year}-{YESTERDAY.timetuple().tm_yday:03d}" in text and "麻疹" in text, text[:400]


def test_faults():
    """What cannot be frozen or found is refused with its place"""
    with folder() as place:
        node = Node(place)
        for words, said in ((("freeze",), "freeze: needs --area"), (("freeze", "--area", "1"), ""),
                            (("freeze", "--area", "900101", "--day", "soon"), '--day: found "soon"'),
                            (("freeze", "--area", "900101", "--day", str(TODAY)), "not over yet"),
                            (("show", "x"), 'ID: found "x"'),
                            (("burn",), "allowed: freeze, write, publish, show, list")):
            code, out, err = node.run("report", *words)
            assert code != 0 and out == "" and said in err and err, f"{words}: {code}: {err}"


def test_a_server_freezes_by_itself():
    """When the hour has come a server freezes yesterday's report, once"""
    with folder() as place:
        node = Node(place)
        with open(f"{node.path}/tocsin.conf", "a", encoding="utf-8") as settings:
            settings.write("\nreport_hour = 0\nreport_area = 900101\n")
        for frozen in (True, False):
            with Server(PROGRAM, node.path) as server:
                server.wait_until_it_serves()
                equal(wait_for(lambda: "the daily report is frozen" in server.lines(), 10 if frozen else 3), frozen)
                equal(server.end(), 0)
        reports = json.loads(node("report", "list"))["rows"]
        equal([report["day"] for report in reports], [str(YESTERDAY)])


main(dict(globals()))
