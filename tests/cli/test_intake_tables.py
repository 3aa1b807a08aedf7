# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin intake of line lists: every bad cell is named, every good row loaded, nothing is counted twice, what a sender mends
comes in clean; with small lists of its own and, where they are there, the shared uploads."""

import contextlib
import csv
import json
import os
import pathlib
import re
import sqlite3
import tempfile

from program import ROOT, Skip, equal, main
from program import run as run_program

SHARED = os.environ.get("TOCSIN_SHARED_DATA")
NAME = "Canaryperson"
HEADER = "case number,name,sex,birth date,disease,onset date,classification\n"


def run(*words, **options):
    code, out, err = run_program(*words, **options)
    return code, out, "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)


class Node:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "node"
        code, _, err = run("node", "init", "--lists", ROOT / "share/lists", self.path)
        equal((code, err), (0, ""))
        self.area = self.create("area", "code=540100", "name_en=County", "level=0", "--as", "program")
        self.feed = self.create("feed", f"area={self.area}", "name=Lists", "channel=command-line", "status=live")

    def create(self, *words):
        code, out, err = run("record", "create", *words, "--node", self.path)
        equal((code, err), (0, ""))
        return json.loads(out)["id"]

    def take(self, *words, feed=None):
        code, out, err = run("intake", "--node", self.path, "--feed", feed or self.feed, *words)
        return code, [json.loads(line) for line in out.splitlines()], err

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def cases(self):
        code, out, err = run("record", "list", "cases", "--node", self.path, "--as", "epidemiologist")
        equal((code, err), (0, ""))
        return json.loads(out)["rows"]

    def check(self):
        code, out, err = run("check", "--node", self.path)
        assert code == 0 and "WRONG" not in out, out + err


def node():
    return tempfile.TemporaryDirectory(prefix="tocsin-intake-")


def told(lines, key):
    """The sum of a number over the lines of what became of messages."""
    return sum(line.get(key, 0) for line in lines)


def of_file(lines):
    return next(line for line in lines if "rows" in line)


def test_a_mapping_is_confirmed_once():
    """a list is held until its mapping is confirmed, then loaded; the next of its header needs nobody"""
    with node() as folder:
        here = Node(folder)
        first = here.write("first.csv", HEADER + f"1,{NAME},F,1980-02-03,measles,2026-11-01,suspected\n")
        code, lines, _ = here.take(first)
        equal((code, len(lines), lines[0]["verdict"]), (1, 1, "held"))
        equal([column["field"] for column in lines[0]["proposed"]["columns"]],
              ["record", "name", "sex", "birth_date", "disease", "onset_date", "classification"])
        equal(here.cases(), [])
        mapping = here.write("mapping.json", json.dumps(lines[0]["proposed"]))
        code, lines, _ = here.take("--mapping", mapping, first)
        equal((code, of_file(lines)["verdict"], told(lines, "new_cases")), (0, "accepted", 1))
        second = here.write("second.tsv", (HEADER + "2,Other,M,1990-02-03,measles,2026-11-02,suspected\n").replace(",", "\t"))
        code, lines, _ = here.take(second)
        equal((code, of_file(lines)["bad_rows"], told(lines, "new_cases")), (0, 0, 1))
        here.check()
        for file in here.path.rglob("*"):
            assert not file.is_file() or NAME.encode() not in file.read_bytes(), file


def test_bad_cells_are_named_and_come_back():
    """a bad cell is named by row, column, value and rule; the good rows load; the file of errors comes in clean once mended"""
    with node() as folder:
        here = Node(folder)
        rows = [f"{number},Name{number},F,1980-02-03,measles,2026-11-0{number},suspected" for number in range(1, 5)]
        rows[1] = rows[1].replace(",F,", ",Q,")
        rows[2] = rows[2].replace("2026-11-03", "2026-02-30").replace("suspected", "perhaps")
        file, errors = here.write("list.csv", HEADER + "\n".join(rows) + "\n"), here.folder / "errors.csv"
        code, lines, _ = here.take("--as-proposed", "--errors", errors, file)
        equal(code, 1)
        faults = [(line["row"], fault["place"], fault["found"], fault["rule"])
                  for line in lines for fault in line.get("faults", [])]
        equal(faults, [(3, "row 3, column C (sex)", "Q", "value"),
                       (4, "row 4, column G (classification)", "perhaps", "value"),
                       (4, "row 4, column F (onset date)", "2026-02-30", "value")])
        equal((of_file(lines)["rows"], of_file(lines)["bad_rows"], told(lines, "new_cases")), (4, 2, 2))
        mended = here.write("mended.csv", errors.read_text().replace('"Q"', '"F"').replace('"perhaps"', '"suspected"')
                            .replace("2026-02-30", "2026-11-03"))
        code, lines, _ = here.take(mended)
        equal((code, of_file(lines)["verdict"], told(lines, "new_cases")), (0, "accepted", 2))
        code, lines, _ = here.take(mended)
        equal((code, len(lines), lines[0]["repeats"]), (0, 1, True))
        equal(len(here.cases()), 4)
        here.check()


def test_objects_are_a_list():
    """NDJSON is a list whose columns are keys: mapped, confirmed and remembered like any other, in any order; FHIR stays FHIR"""
    with node() as folder:
        here = Node(folder)
        keys = HEADER.strip().split(",")

        def line(*cells):
            return json.dumps(dict(zip(keys, cells, strict=True))) + "\n"

        file = here.write("list.ndjson", line(1, NAME, "F", "1980-02-03", "measles", "2026-11-01", "suspected")
                          + line(2, "Other", "Q", "1990-02-03", "measles", "2026-11-02", None))
        code, lines, _ = here.take(file)
        equal((code, lines[0]["verdict"], len(lines[0]["proposed"]["columns"])), (1, "held", 7))
        errors = here.folder / "errors.csv"
        code, lines, _ = here.take("--as-proposed", "--errors", errors, file)
        equal((code, of_file(lines)["bad_rows"], told(lines, "new_cases")), (1, 1, 1))
        equal([(row["row"], fault["place"], fault["found"]) for row in lines for fault in row.get("faults", [])],
              [(2, "row 2, column C (sex)", "Q")])
        mended = here.write("mended.csv", errors.read_text().replace('"Q"', '"M"'))
        code, lines, _ = here.take(mended)
        equal((code, of_file(lines)["verdict"], told(lines, "new_cases")), (0, "accepted", 1))
        code, lines, _ = here.take(here.write("next.csv", HEADER + "3,Third,M,1991-02-03,measles,2026-11-03,suspected\n"))
        equal((code, told(lines, "new_cases")), (0, 1))  # its header is known: the same names
        code, lines, _ = here.take(here.write("p.ndjson", '{"resourceType":"Patient","gender":"other"}\n'))
        equal(("proposed" in lines[0], "faults" in lines[0] or lines[0]["verdict"] == "received"), (False, True))
        here.check()


def test_a_corrected_row_supersedes():
    """a row whose number comes again corrects its case; one that goes back is a correction too; an old file changes nothing"""
    with node() as folder:
        here = Node(folder)
        text = HEADER + "7,Anna,F,1980-02-03,measles,2026-11-01,suspected\n8,Q,?,,measles,2026-11-01,suspected\n"
        first = here.write("1.csv", text)
        other = here.write("2.csv", text.replace("7,Anna,F,1980-02-03", "7,Hannah,M,1981-02-03").replace("suspected", "confirmed"))
        back = here.write("3.csv", text + "9,Bea,F,1970-01-01,measles,2026-11-03,probable\n")

        def case():
            return [(row["classification"], row["sex"]) for row in here.cases() if row["onset_date"] == "2026-11-01"]

        here.take("--as-proposed", first)
        code, lines, _ = here.take(other)
        equal((told(lines, "new_cases"), told(lines, "changed_cases"), case()), (0, 1, [("confirmed", "male")]))
        code, lines, _ = here.take(first)
        equal((told(lines, "changed_cases"), of_file(lines)["repeated_rows"], case()), (0, 2, [("confirmed", "male")]))
        code, lines, _ = here.take(back)
        equal((told(lines, "new_cases"), told(lines, "changed_cases"), case()), (1, 1, [("suspected", "female")]))
        other_feed = here.create("feed", f"area={here.area}", "name=Others", "channel=command-line", "status=live")
        code, lines, _ = here.take("--as-proposed", here.write("4.csv", HEADER + "7,Zoe,F,1999-09-09,measles,2026-11-01,confirmed\n"),
                                   feed=other_feed)
        equal((told(lines, "new_persons"), told(lines, "new_cases"), told(lines, "changed_cases")), (1, 1, 0))
        here.check()


def test_nobody_known_counts_each_once():
    """rows of nobody known that say the same count each, and not again when the file comes again, in another order, or longer"""
    with node() as folder:
        here = Node(folder)
        row, other = "F,30,measles,2026-10-01\n", "M,31,measles,2026-10-02\n"
        header = "sex,age,disease,onset\n"
        bad = row.replace("F,", "Q,")
        errors = here.folder / "errors.csv"
        code, lines, _ = here.take("--as-proposed", "--errors", errors, here.write("1.csv", header + row + row + other + bad))
        equal((code, told(lines, "new_cases")), (1, 3))
        code, lines, _ = here.take(here.write("2.csv", header + other + row + row))
        equal((code, told(lines, "new_cases"), of_file(lines)["repeated_rows"]), (0, 0, 3))
        mended = here.write("3.csv", errors.read_text().replace('"Q"', '"F"'))
        equal(told(here.take(mended)[1], "new_cases"), 1)
        equal(told(here.take(here.write("4.csv", mended.read_text() + "\n"))[1], "new_cases"), 0)
        code, lines, _ = here.take(here.write("5.csv", header + row + row + other + row))
        equal((code, told(lines, "new_cases")), (0, 0))
        equal(len(here.cases()), 4)
        equal({row["age_years"] for row in here.cases()}, {30, 31})
        here.check()


def test_results_and_history():
    """results of a list are results; history makes no task and was not received today"""
    with node() as folder:
        here = Node(folder)
        text = ("accession,patient_last_name,patient_first_name,date of birth,test_code,result,collection date\n"
                "A1,Canary,Anna,1980-02-03,94500-6,Detected,2020-03-01\n"
                "A2,Bird,Berta,1981-02-03,94500-6,Not detected,2020-03-01\n")
        code, lines, err = here.take("--as-proposed", "--history", here.write("1.csv", text))
        equal((code, told(lines, "new_results"), told(lines, "new_cases")), (0, 2, 1))
        equal([row["received_date"] for row in here.cases()], ["2020-03-01"])
        code, out, err = run("record", "list", "tasks", "--node", here.path, "--as", "supervisor")
        equal((code, json.loads(out)["rows"]), (0, []))
        code, lines, _ = here.take("--history", here.write("2.csv", text.replace("Not detected", "Detected")))
        equal((told(lines, "new_results"), told(lines, "new_cases"), told(lines, "repeated_results")), (1, 1, 0))
        here.check()


TESTED = "{number},name,sex,birth date,test_code,result,collection date\n"
PERSON = ",Anna Canary,F,1980-02-03,94500-6,"
# What a list calls its number; what its row says, file after file; the days of specimens; the results with their status.
CORRECTED_DAYS = [
    ("case number", ["Detected,2026-11-01", "Detected,2026-11-03"], ["2026-11-03"], [("detected", "final")]),
    ("case number", ["Not detected,2026-11-01", "Not detected,2026-11-03"], ["2026-11-03"], [("not-detected", "final")]),
    ("case number", ["Detected,2026-11-01", "Detected,2026-11-03", "Detected,2026-11-04", "Detected,2026-11-01"],
     ["2026-11-01"], [("detected", "final")]),
    ("case number", ["Detected,2026-11-01", "Not detected,2026-11-03"], ["2026-11-03"],
     [("detected", "superseded"), ("not-detected", "final")]),
    ("case number", ["Detected,2026-11-01", "Not detected,2026-11-03", "Not detected,2026-11-04"], ["2026-11-04"],
     [("detected", "superseded"), ("not-detected", "final")]),
    ("case number", ["Detected,", "Detected,2026-11-03"], ["2026-11-03"], [("detected", "final")]),
    ("case number", ["Detected,2026-11-01", "Detected,"], ["2026-11-01"], [("detected", "final")]),
    ("accession", ["Detected,2026-11-01", "Detected,2026-11-03"], ["2026-11-03"], [("detected", "final")]),
    ("patient id", ["Detected,2026-11-01", "Detected,2026-11-03"], ["2026-11-01", "2026-11-03"],
     [("detected", "final"), ("detected", "final")]),
]


def test_a_corrected_day_of_a_specimen_corrects():
    """a row that comes again with another day of the specimen moves that specimen; only of a patient's number it is another"""
    for number, rows, days, results in CORRECTED_DAYS:
        with node() as folder:
            here = Node(folder)
            for at, row in enumerate(rows):
                text = TESTED.format(number=number) + "7" + PERSON + row + "\n"
                code, _, err = here.take("--as-proposed", here.write(f"{at}.csv", text + f"{90 + at},Other,M,1990-01-01,94500-6,Not detected,2026-11-02\n"))
                equal((number, rows, code, err), (number, rows, 0, ""))
            with contextlib.closing(sqlite3.connect(next(here.path.glob("*.db")))) as db:
                found = db.execute("SELECT substr(collected_time, 1, 10) FROM specimen JOIN person ON person.id = specimen.person "
                                   "WHERE person.birth_year = 1980 ORDER BY 1").fetchall()
                said = db.execute("SELECT interpretation, result.status FROM result JOIN specimen ON specimen.id = result.specimen "
                                  "JOIN person ON person.id = specimen.person WHERE person.birth_year = 1980 ORDER BY result.id").fetchall()
            equal((number, rows, [day for day, in found], sorted(said)), (number, rows, days, sorted(results)))
            equal(len(here.cases()), 1 if any(one == "detected" for one, _ in results) else 0)
            here.check()


def test_what_is_no_list_is_kept_and_told():
    """counts, an undecided encoding and a list without a disease are kept, with what to do"""
    with node() as folder:
        here = Node(folder)
        code, lines, err = here.take(here.write("counts.csv", "date,cases\n2020-01-01,5\n"))
        equal((code, lines[0]["verdict"]), (1, "rejected"))
        (here.folder / "gb.csv").write_bytes("姓名,发病日期\n王小明,2026-11-01\n".encode("gb18030"))
        code, lines, err = here.take(here.folder / "gb.csv")
        equal((code, lines[0]["verdict"]), (1, "rejected"))
        assert "gb18030" in err, err
        code, lines, err = here.take("--encoding", "gb18030", "--as-proposed", here.folder / "gb.csv")
        equal((code, "which disease" in err), (1, True))
        (here.folder / "gb.csv").write_bytes("姓名,发病日期\n王小明,2026-11-02\n".encode("gb18030"))
        code, lines, err = here.take("--encoding", "gb18030", "--disease", "measles", "--as-proposed", here.folder / "gb.csv")
        equal((code, err, told(lines, "new_cases")), (0, "", 1))


SHARED_BAD = {
    "SDX-Format.csv": [(5, "AE"), (6, "AE")],
    "Epi-X-Format-Invalid-Fields.csv": [(2, "H")],
    "SDX-Format-Invalid-Fields.csv": [(2, "Q"), (3, "AE"), (4, "AE")],
    "patientBulkUpload__invalidValues.csv": [(2, "F"), (2, "G"), (2, "S")],
    "fluH7N9_china_2013.csv": [(75, "G"), (76, "G")],
}


def index_of(letters):
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def mend(path, errors, cells, target):
    """The file of errors with the cells emptied that it blames."""
    with open(errors, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    with open(path, encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file))
    numbers = sorted({row for row, _ in cells})
    for number, row in zip(numbers, rows[1:]):
        for bad_row, column in cells:
            if bad_row == number:
                row[rows[0].index(header[index_of(column)].strip())] = ""
    with open(target, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def test_the_shared_uploads():
    """of the shared uploads and line lists every bad cell is named, every good row loaded, and what is mended comes in clean"""
    if SHARED is None or not pathlib.Path(SHARED, "intake").is_dir():
        raise Skip("the shared data are absent: NO real upload or line list was taken in")
    intake = pathlib.Path(SHARED, "intake")
    options = ("--as-proposed", "--dates", "month-first", "--disease", "covid-19", "--history")
    with node() as folder:
        here = Node(folder)
        for path in sorted(path for path in intake.rglob("*.csv") if path.name in SHARED_BAD):
            errors, mended = here.folder / "errors.csv", here.folder / "mended.csv"
            code, lines, err = here.take(*options, "--errors", errors, path)
            cells = sorted((line["row"], re.search(r"column ([A-Z]+) ", fault["place"])[1]) for line in lines
                           for fault in line.get("faults", []) if fault["severity"] == "error")
            equal((path.name, code, cells), (path.name, 1, SHARED_BAD[path.name]))
            accepted = sum(1 for line in lines if "row" not in line and line["verdict"].startswith("accepted") and "rows" not in line)
            equal(of_file(lines)["bad_rows"], len({row for row, _ in cells}))
            equal(accepted + of_file(lines)["repeated_rows"], of_file(lines)["rows"] - of_file(lines)["bad_rows"])
            mend(path, errors, cells, mended)
            code, lines, err = here.take("--history", mended)
            equal((path.name, code, of_file(lines)["verdict"], err), (path.name, 0, "accepted", ""))
            code, lines, err = here.take("--history", path)
            equal(sum(1 for line in lines if "new_persons" in line or "new_results" in line), 0)
        here.check()


main(globals())
