# SPDX-License-Identifier: GPL-3.0-or-later
"""FHIR samples: HL7's published R4 examples are accepted, others' are read or refused with their place.

usage: fhir_samples.py BUILD [FOLDER]

FOLDER holds one folder a source (the shared intake/fhir where it is not given). Prints rows for show.py.
"""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1])
FOLDER = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "../shared/data/intake/fhir")
PUBLISHED = "hl7-fhir-r4-examples"
# What must be refused, and where: the files' own names say that they are invalid.
INVALID = {
    "Normative__ObservationWithInvalidStatus.json": "Observation.status",
    "Normative__ObservationWithNoCode.json": "Observation.code",
    "Normative__InvalidObservation.json": "Observation.text",
    "Normative__Bundle-InvalidBundleType.json": "Bundle.type",
    "Normative__Bundle-TypeMissing.json": "Bundle.type",
    "Normative__Bundle-BatchWithInvalidEleEnums.json": "Bundle.entry[0].resource.gender1",
    "Normative__Bundle-BatchWithDuplicatedItems.json": "Bundle.entry[2].fullUrl",
    "Normative__Bundle-TransactionWithInvalidResourceType.json": "Bundle.entry[0].resource.subject.reference",
    "Normative__Bundle-TransactionWithInvalidBundleEntry.json": "Bundle.entry[0].resource.status",
    "Normative__Bundle-TransactionWithForeignReferenceInResourceBody.json": "Bundle.entry[0].resource.subject.reference",
    "R4__InvalidCompartmentDefinition.json": "Bundle.entry[1].fullUrl",
}


def parse(folder):
    """One report a value of each file of a folder: (file, report)."""
    files = sorted(str(path) for path in folder.iterdir())
    run = subprocess.run([BUILD / "tocsin", "parse", "--as", "fhir", *files], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return [(pathlib.Path(line["file"]).name, line["report"]) for line in lines if "report" in line]


def errors(report):
    return [fault for fault in report.get("faults", []) if fault["severity"] in ("error", "fatal")]


def row(measure, bar, measured, holds):
    print(f"row\t{measure}\t{bar}\t{measured}\t{'yes' if holds else 'no'}")


def tocsin(*words):
    run = subprocess.run([BUILD / "tocsin", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in run.stdout.splitlines() if line.startswith(b"{")]


def through_the_door():
    """Every file taken in by a node of its own, and worked off: what became of each transmission."""
    with tempfile.TemporaryDirectory(prefix="tocsin-fhir-") as folder:
        node = pathlib.Path(folder, "node")
        tocsin("node", "init", "--lists", "share/lists", node)
        area = tocsin("record", "create", "area", "code=540100", "name_en=County", "level=0", "--as", "program", "--node", node)
        feed = tocsin("record", "create", "feed", f"area={area[0]['id']}", "name=FHIR", "channel=command-line",
                      "status=live", "blank_is_live=1", "--node", node)
        files = [path for source in sorted(FOLDER.iterdir()) for path in sorted(source.iterdir())]
        began = time.monotonic()
        lines = tocsin("intake", "--node", node, "--feed", feed[0]["id"], *files)
        return lines, time.monotonic() - began


def tell_door():
    lines, seconds = through_the_door()
    taken = [line for line in lines if "file" in line]
    verdicts = collections.Counter(line.get("verdict", "refused") for line in taken)
    became = collections.Counter(line["verdict"] for line in lines if "file" not in line)
    placed = all("multiple_matches" in line or any(fault["severity"] in ("error", "fatal") for fault in line.get("faults", []))
                 for line in taken if line.get("verdict") == "rejected")
    new = sum(1 for line in taken if line.get("verdict") == "received" and not line.get("repeats"))
    row("FHIR: all samples through the door, kept and worked off", "each used, or rejected with a fault",
        f"{verdicts['received']} received, {verdicts['rejected']} rejected; used {became['accepted']}, in part "
        f"{became['accepted-with-faults']}, held {became['held']}; {seconds:.0f} s",
        placed and not verdicts["refused"] and not became["held"] and sum(became.values()) == new)


def main():
    if not FOLDER.is_dir():
        row("FHIR samples", "all read", f"no folder {FOLDER}", False)
        return
    reports = parse(FOLDER / PUBLISHED)
    accepted = sum(report["usable"] and not errors(report) for _, report in reports)
    row("FHIR: HL7's published R4 examples accepted", "all", f"{accepted} of {len(reports)}", accepted == len(reports))
    places = collections.defaultdict(set)
    for file, report in parse(FOLDER / "ms-fhir-server"):
        places[file] |= {fault["place"] for fault in errors(report)}
    met = sum(place in places[file] for file, place in INVALID.items())
    row("FHIR: invalid samples refused at the right place", "all", f"{met} of {len(INVALID)}", met == len(INVALID))
    others = [item for folder in FOLDER.iterdir() if folder.name != PUBLISHED for item in parse(folder)]
    placed = sum(report["usable"] or any("place" in fault for fault in errors(report)) for _, report in others)
    results = sum(len(report.get("results", [])) for _, report in others)
    row("FHIR: bundles of other senders read, or refused with the place", "all",
        f"{placed} of {len(others)}, {results} results", placed == len(others))
    tell_door()


main()
