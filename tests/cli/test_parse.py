# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin parse: what it prints, what it says of bad input, and its exit codes."""

import json
import pathlib
import subprocess
import sys
import tempfile

TOCSIN = sys.argv[1]
MSH = "MSH|^~\\&|LIS|LAB|||20261122||{}|{}|P|2.5.1\r"
GOOD = (MSH.format("ORU^R01", 1) + "PID|1||7^^^H^MR||Example^Anna||1980|F||2106-3^White\r"
        "OBR|1||A1|94500-6^C^LN|||20261121|||||||||||||||20261122|||F\r"
        "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||260373001^Detected^SCT||||||F\r")
results = []


def check(what, holds):
    results.append((what, bool(holds)))


def parse(text, *options):
    run = subprocess.run([TOCSIN, "parse", *options], input=text if isinstance(text, bytes) else text.encode(),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()], run.stderr.decode()


code, lines, errors = parse(GOOD, "--as", "hl7")
check("a good message: exit 0 and nothing said", code == 0 and errors == "")
check("one line a message, one a file", len(lines) == 2 and lines[1] == {
    "file": "-", "messages": 1, "batches": 1, "envelope_faults": 0})
result = lines[0]["report"]["results"][0]
check("the result with its meaning and how it was decided",
      (result["interpretation"], result["decided_by"], result["disease"]) == ("detected", "code", "covid-19"))
check("names are shown, race is not", "Example" in json.dumps(lines) and "White" not in json.dumps(lines)
      and lines[0]["report"]["num_denied"] == 1)

code, lines, errors = parse(GOOD + MSH.format("ORM^O01", 2) + GOOD, "--as", "hl7")
check("a bad message does not stop the batch", code == 1 and [line["report"]["usable"] for line in lines[:3]]
      == [True, False, True])
check("its fault on standard error, with the place", 'message 2: MSH-9.1: "ORM": a message type that is not read here'
      in errors)
check("a repeated message is told", lines[2].get("repeats_message") == 1)

code, lines, errors = parse(GOOD.replace("Anna", "Zoë").encode("latin-1"), "--as", "hl7")
check("bytes of no named character set are refused", code == 1 and lines[0]["report"]["faults"][0]["rule"] == "encoding")
code, lines, errors = parse(GOOD.replace("Anna", "Zoë").encode("latin-1"), "--as", "hl7", "--charset", "8859/1")
check("with the character set they are read", code == 0 and "Zo\u00eb" in json.dumps(lines, ensure_ascii=False))

code, lines, errors = parse(GOOD, "--as", "hl7", "--pooled")
check("a sender's setting: all pools", lines[0]["report"]["results"][0]["pooled"] is True)

with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "tests.csv").write_text("code,system,role,target,sender\nX1,local,result,measles-virus,LAB\n")
    local = GOOD.replace("94500-6^SARS-CoV-2 RNA^LN", "X1^house test^L").replace("94500-6^C^LN", "H^house^L")
    code, lines, errors = parse(local, "--as", "hl7", "--codes", folder)
    check("a department's own table for this sender", lines[0]["report"]["results"][0]["disease"] == "measles")
    code, lines, errors = parse(local.replace("|LAB|", "|OTHER|"), "--as", "hl7", "--codes", folder)
    check("not for another", "disease" not in lines[0]["report"]["results"][0])
    pathlib.Path(folder, "tests.csv").write_text("code,system,role\nX1,nowhere,result\n")
    code, lines, errors = parse(local, "--as", "hl7", "--codes", folder)
    check("a fault in a table is told by line", code == 1 and "tests.csv:2:" in errors and not lines)

PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "Example"}], "gender": "female", "extension": [
    {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race", "valueString": "White"}]}
RESULT = {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/p"},
          "code": {"coding": [{"system": "http://loinc.org", "code": "94500-6"}]},
          "valueCodeableConcept": {"coding": [{"system": "http://snomed.info/sct", "code": "260373001"}]}}
BUNDLE = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": PATIENT}, {"resource": RESULT}]}
code, lines, errors = parse(json.dumps(BUNDLE), "--as", "fhir")
check("a FHIR bundle: exit 0 and nothing said", code == 0 and errors == "" and len(lines) == 2)
result = lines[0]["report"]["results"][0]
check("its result with its meaning",
      (result["interpretation"], result["decided_by"], result["disease"]) == ("detected", "code", "covid-19"))
check("its resources by type", [entry["type"] for entry in lines[0]["resources"]] == ["Patient", "Observation"])
check("a name is shown, race is not", "Example" in json.dumps(lines) and "White" not in json.dumps(lines)
      and lines[0]["report"]["num_denied"] == 1)
bad = json.dumps({**RESULT, "status": "done"})
code, lines, errors = parse(json.dumps(BUNDLE, indent=1) + "\n" + bad + "\n" + json.dumps(PATIENT), "--as", "fhir")
check("many values in a file, one of them bad", code == 1 and [line["report"]["usable"] for line in lines[:3]]
      == [True, False, True])
check("its fault with the FHIRPath", 'value 2: Observation.status: "done": not a code of the closed set; allowed: registered|'
      in errors)
code, lines, errors = parse(json.dumps(BUNDLE), "--as", "fhir", "--pooled")
check("a sender's setting holds for FHIR too", lines[0]["report"]["results"][0]["pooled"] is True)
check("an empty file is no FHIR", parse("", "--as", "fhir") == (0, [{"file": "-", "messages": 0}], ""))

check("the format is never guessed", parse(GOOD)[0] == 2)
check("no such file: exit 3", parse("", "--as", "hl7", "/nowhere/at-all")[0] == 3)
check("an empty file is no message", parse("", "--as", "hl7") == (0, [
    {"file": "-", "messages": 0, "batches": 0, "envelope_faults": 0}], ""))

print(f"1..{len(results)}")
for number, (what, holds) in enumerate(results, 1):
    print(f"{'ok' if holds else 'not ok'} {number} - {what}")
sys.exit(0 if all(holds for _, holds in results) else 1)
