# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin intake: its receipts, what it makes, and that a name stands in no file of the node."""

import datetime
import json
import pathlib
import subprocess
import tempfile

from program import ENVIRONMENT, PROGRAM, ROOT, equal, main
from program import run as run_program

MSH = "MSH|^~\\&|LIS|LAB|||20261122||{}|{}|P|2.5.1\r"
NAME = "Canaryperson"


def message(control, name=NAME, number="7", accession="A1", meaning="260373001^Detected^SCT", day="20261121"):
    return (MSH.format("ORU^R01", control) + f"PID|1||{number}^^^LAB^MR||{name}^Anna||19800203|F||2106-3^Canaryrace\r"
            f"OBR|1||{accession}|94500-6^C^LN|||{day}\r"
            f"OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||{meaning}||||||F|||{day}\r")


def run(*words, **options):
    code, out, err = run_program(*words, **options)
    return code, out, "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)


class Node:
    def __init__(self, folder):
        self.path = pathlib.Path(folder, "node")
        code, _, err = run("node", "init", "--lists", ROOT / "share/lists", self.path)
        equal((code, err), (0, ""))
        self.area = area = self.create("area", "code=540100", "name_en=County", "level=0", "--as", "program")
        self.feed = self.create("feed", f"area={area}", "name=Laboratory", "channel=command-line", "status=live",
                                "sending_facility=LAB")

    def create(self, *words):
        code, out, err = run("record", "create", *words, "--node", self.path)
        equal((code, err), (0, ""))
        return json.loads(out)["id"]

    def take(self, text, *options):
        file = self.path.parent / "in.hl7"
        file.write_text(text)
        code, out, err = run("intake", "--node", self.path, *options, file)
        file.unlink()
        return code, [json.loads(line) for line in out.splitlines()], err


def test_a_batch_is_kept_and_made_records_of():
    """a batch is kept and made records of, once, and shows nobody"""
    with tempfile.TemporaryDirectory(prefix="tocsin-intake-") as folder:
        node = Node(folder)
        bad = MSH.format("ORM^O01", 3)
        code, lines, err = node.take(message(1) + message(2, meaning="260415000^Not detected^SCT", name="Other",
                                                          number="8", accession="A2") + bad)
        equal(code, 1)
        equal([line["verdict"] for line in lines], ["received", "received", "rejected", "accepted", "accepted"])
        equal(lines[2]["faults"][0]["place"], "MSH-9.1")
        equal((lines[3]["new_persons"], lines[3]["new_cases"], lines[3]["new_results"]), (1, 1, 1))
        assert "new_cases" not in lines[4]
        code, lines, err = node.take(message(1))
        equal((code, lines[0]["repeats"], len(lines)), (0, True, 1))
        code, lines, err = node.take(message(4, day="20261122"))
        equal(lines[1].get("repeated_results"), 1)
        code, out, err = run("check", "--node", node.path)
        assert code == 0 and "WRONG" not in out, out + err
        for file in node.path.rglob("*"):
            held = file.read_bytes() if file.is_file() else b""
            assert NAME.encode() not in held and b"Canaryrace" not in held, file


def test_a_case_is_where_the_address_says():
    """a case counts in the village that the address names, or in the county of the laboratory"""
    with tempfile.TemporaryDirectory(prefix="tocsin-intake-") as folder:
        node = Node(folder)
        village = node.create("area", "code=540100001", "name_en=Swan Village", "name_zh=天鹅村", "level=1",
                              f"parent={node.area}", "--as", "program")

        def case_of(number, address):
            text = message(number, number=str(number), accession=f"A{number}", name=f"Name{number}")
            _, lines, _ = node.take(text.replace("|F||2106-3^Canaryrace", f"|F|||{address}"))
            equal(lines[1]["new_cases"], 1)
            code, out, err = run("record", "list", "cases", "--node", node.path, "--as", "epidemiologist")
            equal((code, err), (0, ""))
            return max(json.loads(out)["rows"], key=lambda row: row["id"])["responsible_area"]

        equal(case_of(1, "1 Long Street^^SWAN VILLAGE"), village)
        equal(case_of(2, "天鹅村12号"), village)
        equal(case_of(3, "Swan Village Street 1^^Paris"), node.area)


def bundle(kind, *resources, **request):
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": [
        {"resource": resource, **({"request": {"method": "POST", "url": resource["resourceType"], **request}}
                                  if kind in ("transaction", "batch") else {})} for resource in resources]})


def found(value="Detected"):
    return {"resourceType": "Observation", "status": "final", "identifier": [{"system": "urn:lab", "value": "r1"}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
            "contained": [{"resourceType": "Patient", "id": "p", "name": [{"family": NAME}],
                           "identifier": [{"system": "urn:oid:1.2.3", "value": "7"}]}],
            "subject": {"reference": "#p"}, "effectiveDateTime": "2026-11-21", "valueString": value}


def test_fhir_takes_the_same_path():
    """a file of FHIR, pretty-printed and one a line, is kept and made records of"""
    with tempfile.TemporaryDirectory(prefix="tocsin-intake-") as folder:
        node = Node(folder)
        feed = node.create("feed", f"area={node.area}", "name=FHIR", "channel=command-line", "status=live",
                           "blank_is_live=1")
        asked = {"ifNoneExist": "identifier=urn:lab|r1"}
        text = (json.dumps(json.loads(bundle("collection", found())), indent=2) + "\n" + bundle("batch", found("Detected"), **asked)
                + "\n" + bundle("batch", found("Not detected"), **asked) + "\n" + bundle("transaction", found(), method="DELETE"))
        code, lines, err = node.take(text, "--feed", feed, "--history")
        equal(code, 1)
        equal([line["verdict"] for line in lines[:4]], ["received", "received", "received", "rejected"])
        equal(lines[3]["faults"][0]["place"], "Bundle.entry[0].request.method")
        equal((lines[4]["new_persons"], lines[4]["new_cases"]), (1, 1))
        equal(lines[5].get("repeated_results"), 1)
        equal([key for key in lines[6] if key.startswith("new") or key.endswith("results")], [])
        for file in node.path.rglob("*"):
            assert NAME.encode() not in (file.read_bytes() if file.is_file() else b""), file


def test_a_day_is_reconciled():
    """of what a sender says it sent: what did not come, what was not used; nothing is taken in by asking"""
    with tempfile.TemporaryDirectory(prefix="tocsin-intake-") as folder:
        node = Node(folder)
        node.take(message(1) + MSH.format("ORM^O01", 3), "--feed", node.feed)
        today = datetime.datetime.now(datetime.timezone.utc).date()
        headers = "".join(MSH.format("ORU^R01", control) for control in (1, 2)) + MSH.format("ORM^O01", 3)
        code, lines, err = node.take(headers, "--feed", node.feed, "--reconcile", today)
        equal((code, err), (1, ""))
        del lines[0]["file"]
        equal(lines, [{"received": {"waiting": 0, "accepted": 1, "accepted_with_faults": 0, "held": 0, "rejected": 1},
                       "asked": 3, "there": 2, "missing": [{"control_id": "2"}],
                       "not_used": [{"control_id": "3", "verdict": "rejected"}], "not_asked": 0}])
        equal(node.take(message(1), "--feed", node.feed, "--reconcile", today)[0], 0)
        equal(node.take("no messages", "--feed", node.feed, "--reconcile", today)[0], 1)
        equal(node.take(headers, "--reconcile", today)[0], 2)
        equal(node.take(headers, "--feed", node.feed, "--reconcile", "today")[0], 2)


def test_accession_numbers_are_filed():
    """of the numbers on a list: what is used, what never came, what came besides; it is kept, nothing is taken in"""
    with tempfile.TemporaryDirectory(prefix="tocsin-intake-") as folder:
        node = Node(folder)
        node.take(message(1) + message(2), "--feed", node.feed)
        today = datetime.datetime.now(datetime.timezone.utc).date()
        code, lines, err = node.take("nowhere\n", "--feed", node.feed, "--accessions", today)
        equal((code, err, len(lines)), (1, "", 1))
        line = lines[0]
        equal([line[key] for key in ("listed", "used", "missing", "missing_numbers")],
              [1, 0, 1, [{"number": "nowhere"}]])
        came = [one["number"] for one in line["not_listed_numbers"]]
        equal(len(came), line["not_listed"])
        code, lines, err = node.take("\n".join(came), "--feed", node.feed, "--accessions", today)
        equal((code, lines[0]["used"], lines[0]["missing"], lines[0]["not_listed"]), (0, len(came), 0, 0))
        assert lines[0]["reconciliation"] != line["reconciliation"]
        equal(node.take("A1", "--accessions", today)[0], 2)
        equal(node.take("A1", "--feed", node.feed, "--accessions", today, "--reconcile", today)[0], 2)


def test_a_receipt_that_cannot_be_written_is_told():
    """a receipt that cannot be written is told once, and what was kept is kept"""
    with tempfile.TemporaryDirectory(prefix="tocsin-intake-") as folder:
        node = Node(folder)
        path = pathlib.Path(folder, "messages.hl7")
        listed = pathlib.Path(folder, "list.csv")
        text = message(1) + message(2, number="8", accession="A2")
        path.write_bytes(text.encode())
        listed.write_text("name,sex,disease\nTenzin,F,measles\n")
        today = datetime.datetime.now(datetime.timezone.utc).date()
        for words in ([path], [path, "--reconcile", today], [listed, "--as-proposed"]):
            with open("/dev/full", "w", encoding="ascii") as full:
                done = subprocess.run([PROGRAM, "intake", "--node", node.path, "--feed", node.feed, *map(str, words)],
                                      stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=ENVIRONMENT)
            said = [line for line in done.stderr.splitlines() if "THE CLOCK " not in line]
            equal((done.returncode, said), (3, ["tocsin intake: standard output: No space left on device"]))
        code, lines, _ = node.take(text, "--feed", node.feed)
        equal((code, [line.get("repeats") for line in lines[:2]]), (0, [True, True]))


def test_of_no_known_feed_is_held_and_released():
    """what is of no known feed is held"""
    with tempfile.TemporaryDirectory(prefix="tocsin-intake-") as folder:
        node = Node(folder)
        stranger = message(1).replace("|LAB|", "|ELSE|")
        code, lines, err = node.take(stranger)
        equal(lines[0]["verdict"], "held")
        code, out, err = run("intake", "--node", node.path, "--release", lines[0]["id"])
        equal([json.loads(line)["verdict"] for line in out.splitlines()], ["held"])
        code, lines, err = node.take(stranger, "--feed", node.feed)
        equal((code, lines[1]["verdict"]), (0, "accepted"))
        equal(run("intake", "--node", node.path, "--feed", "none", "x")[0], 2)


main(globals())
