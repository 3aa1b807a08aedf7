# SPDX-License-Identifier: GPL-3.0-or-later
"""What intake promises beside speed: every sample read or refused, what becomes of messages and rows, what survives a
loss of power and kill -9; run now. And the hours that the fuzz targets have run.

usage: intake_evidence.py BUILD [POWER CUTS]

Prints, for `./dev show`, lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`. What needs data that are not here falls
short and says so. POWER CUTS: 200 in the issue, and where none are given.
"""

import sys

from evidence import fuzzing, tell

# Measure, bar, program, what of its output tells what was done (all of it, where there is a number; else a word).
TESTS = [
    ("HL7 samples; hl7-batch/expected.tsv", "all read, or refused with segment and reason",
     ["{build}/tests/formats/test_formats_hl7_samples"], r"^# (.+)$"),
    ("FHIR samples: published ones, feeds, invalid ones at their place", "all",
     ["{build}/tests/formats/test_formats_fhir_samples"], r"^# (.+)$"),
    ("FHIR: transaction all or nothing, batch entry by entry, conditional create", "exact, on both databases",
     ["{build}/tests/response/test_response_intake_fhir"], None),
    ("shared uploads and line lists into records: bad cells named, good rows loaded, errors file clean", "all",
     ["python3", "{root}/tests/cli/test_intake_tables.py", "{build}/tocsin"], None),
    ("what each kind of message makes: pool, panel, episode, correction, retraction, quality control, test", "exactly its records, on both databases",
     ["{build}/tests/response/test_response_intake"], None),
    ("race, ethnicity, religion: reach no report", "nowhere", ["{build}/tests/formats/test_formats_hl7_map"], None),
    ("a server killed while the rows of a file are loaded", "each row once, on both databases",
     ["python3", "{root}/tests/server/test_upload_killed.py", "{build}/tocsin"], r"^# (.+)$"),
    ("bombs, entities, limits of spreadsheets; a reader that ends, hangs or lies", "refused, a fault of that file",
     ["{build}/tests/formats/test_formats_xlsx"], None),
    ("the same of the process that reads them", "refused, a fault of that file", ["{build}/tests/formats/test_formats_unpack"], None),
    ("who tested negative is forgotten, the tests stay", "nobody else, on both databases",
     ["{build}/tests/store/test_store_negatives"], None),
]
TARGETS = {"HL7 v2": "hl7", "times of HL7": "hl7_time", "MLLP": "mllp", "FHIR": "fhir", "FHIR into arrivals": "intake_fhir",
           "line lists": "list", "rows alone": "list_alone", "spreadsheets": "xlsx", "files of numbers": "stream_file"}


def main():
    build, cuts = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "200"
    for measure, bar, command, pattern in TESTS:
        tell(measure, bar, command, pattern, build)
    tell(f"messages when the power goes, {cuts} times", "0 acknowledged lost; sent again, there once",
         ["{build}/tests/response/test_response_intake_power"], r"^# (messages on SQLite: .+)$", build, TOCSIN_POWER_CYCLES=cuts)
    fuzzing(TARGETS)


main()
