# SPDX-License-Identifier: GPL-3.0-or-later
"""What health passes promise beside speed: the conformance cases, run now, and the hours that the fuzz targets have run.

usage: pass_evidence.py BUILD

Prints, for `./dev show`, lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`. A set whose data is not here falls short
and says so.
"""

import re
import sys

from evidence import SHARED, fuzzing, row, run

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


def conformance(name, command, build):
    good, said = run(command, build)
    counts = re.findall(r"^(?:# )?(\d+ [a-zA-Z][^\n,(:;]*)", said, re.M)
    counts = [count for count in counts if not re.search(r"test|FAILED", count)]
    if good is None:
        row(f"conformance, {name}", "100 %", f"not measured: {SHARED} has not all of its data", False)
        return
    row(f"conformance, {name}", "100 %", f"{'all' if good else 'not all'}: {', '.join(counts)}"
        if counts else "all" if good else "not all", good)


def main():
    for name, command in SETS:
        conformance(name, command, sys.argv[1])
    fuzzing(TARGETS)


main()
