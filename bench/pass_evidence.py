# SPDX-License-Identifier: GPL-3.0-or-later
"""What health passes promise beside speed: the conformance cases, run now, and the hours that the fuzz targets have run.

usage: pass_evidence.py BUILD

Prints, for `./dev show`, lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`. A set whose data is not here falls short
and says so.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHARED = os.environ.get("TOCSIN_SHARED_DATA", str(ROOT.parent / "shared/data"))
SETS = [
    ("HC1: EU test data, real forms, signed lists, schema, base45, COSE", ["{build}/tests/credential/test_credential_conformance"]),
    ("SMART cards, keys, contents; filters and prefix lists; revocation hashes; WHO's texts",
     ["{build}/tests/credential/test_credential_conformance_smart"]),
    ("SMART files, pictures and links; pictures of the EU's quality assurance",
     ["python3", "{root}/tests/cli/test_verify_shared.py", "{build}/tocsin"]),
    ("revocation lists that are issued, beside the reference's", ["{build}/tests/credential/test_credential_revoke"]),
    ("CertLogic: cases and forms", ["{build}/tests/base/test_logic"]),
    ("business rules; whole engines", ["{build}/tests/credential/test_credential_rules"]),
]
TARGETS = {"base45": "credential_base45", "inflate, CBOR and COSE": "credential_cbor",
           "JWS and whole credentials": "credential_scan", "JSON": "json_reader",
           "revocation lists": "credential_revocation", "pictures": "picture"}
MINUTES = 10


def row(measure, bar, measured, holds):
    print("row", measure, bar, measured, "yes" if holds else "no", sep="\t", flush=True)


def conformance(name, command, build):
    words = [word.format(build=build, root=ROOT) for word in command]
    run = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "TOCSIN_SHARED_DATA": SHARED})
    said = run.stdout + run.stderr
    counts = re.findall(r"^(?:# )?(\d+ [a-zA-Z][^\n,(:;]*)", said, re.M)
    counts = [count for count in counts if not re.search(r"test|FAILED", count)]
    if re.search(r"SKIP", said):
        row(f"conformance, {name}", "100 %", f"not measured: {SHARED} has not all of its data", False)
        return
    row(f"conformance, {name}", "100 %", f"{'all' if run.returncode == 0 else 'not all'}: {', '.join(counts)}"
        if counts else "all" if run.returncode == 0 else "not all", run.returncode == 0)


def fuzzing():
    seconds, runs = collections.Counter(), collections.Counter()
    for line in (ROOT / "fuzz/hours.tsv").read_text().splitlines()[1:]:
        target, _, time, executed, findings = line.split("\t")
        if int(findings) > 0:
            seconds[target] = runs[target] = 0  # what was mended counts from then on
            continue
        seconds[target] += int(time)
        runs[target] += int(executed)
    for name, target in TARGETS.items():
        row(f"fuzz {name} (fuzz_{target}), ASan and UBSan, as fuzz/hours.tsv says", f"{MINUTES} minutes clean",
            f"{seconds[target] / 60:.0f} minutes, {runs[target]:,} inputs since the last finding",
            seconds[target] >= MINUTES * 60)


def main():
    for name, command in SETS:
        conformance(name, command, sys.argv[1])
    fuzzing()


main()
