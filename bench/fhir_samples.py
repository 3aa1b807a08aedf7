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


main()
