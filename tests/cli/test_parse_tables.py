# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin parse --as table over real uploads and line lists: every good row is read, every bad cell is named, and the file of
errors, its bad cells emptied, reads without a fault. Python's csv module counts the rows."""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TOCSIN = sys.argv[1]
SHARED = os.environ.get("TOCSIN_SHARED_DATA")
results = []
# The cells that are wrong, by file, found by reading the files; all other cells are good. Gender T, X, N: no word for a sex.
BAD = {
    "SDX-Format.csv": [(5, "AE"), (6, "AE")],
    "Epi-X-Format-Invalid-Fields.csv": [(2, "H")],
    "SDX-Format-Invalid-Fields.csv": [(2, "Q"), (3, "AE"), (4, "AE")],
    "patientBulkUpload__invalidValues.csv": [(2, "F"), (2, "G"), (2, "S")],
    "fluH7N9_china_2013.csv": [(75, "G"), (76, "G")],
    "test_df.csv": [(7, "F")] + [(row, "H") for row in range(2, 12)],
    "testIntegration__resources__datatests__CSV_to_HL7__sample-batch-pdi-20210608-0001.csv": [(12, "X"), (13, "X"), (20, "X")],
}
# Files that no person, case or result is a row of: refused, each with a sentence.
NO_LISTS = {"patientBulkUpload__empty.csv", "patientBulkUpload__missingHeaders.csv", "s_enteritidis_pt59__cluster.csv",
            "influenza_england_1978_school.csv", "rabies_car_2003__linelist.csv", "sarscov2_who_2019.csv",
            "zika_sanandres_2015.csv", "zika_girardot_2015.csv", "zika_yap_2007.csv", "dengue_yap_2011.csv",
            "nipah_malaysia.csv", "norovirus_derbyshire_2001_school.csv", "ebola_kikwit_1995.csv", "sars_canada_2003.csv",
            "test_dictionary.csv"}


def check(what, holds):
    results.append((what, bool(holds)))


def parse(path, *options):
    run = subprocess.run([TOCSIN, "parse", "--as", "table", *options, str(path)], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    return run.returncode, [json.loads(line) for line in run.stdout.splitlines()], run.stderr.decode()


def letters_to_index(letters):
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def rows_of(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.reader(file) if any(cell.strip() for cell in row)]


def bad_cells(errors):
    return sorted((int(row), column) for row, column in re.findall(r": row (\d+), column ([A-Z]+) \(", errors))


def mended(path, errors, told):
    """The file of errors with the cells emptied that it blames; a row left with nothing is no row."""
    rows = rows_of(errors)
    source = rows_of(path)[0]
    for row, (_, columns) in zip(rows[1:], told):
        for column in columns:
            row[rows[0].index(source[letters_to_index(column)].strip())] = ""
    mend = pathlib.Path(errors).with_name("mended.csv")
    with open(mend, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return mend


def by_row(cells):
    rows = {}
    for row, column in cells:
        rows.setdefault(row, []).append(column)
    return sorted(rows.items())


def check_list(path, folder):
    name, errors = path.name, pathlib.Path(folder, "errors.csv")
    order = "--dates=month-first"  # of birth dates alone in their column, as these senders write them
    code, lines, said = parse(path, order, "--errors", str(errors))
    good = sum(1 for line in lines[:-1] if not any(fault["severity"] in ("error", "fatal")
                                                   for fault in line["report"].get("faults", [])))
    wanted = sorted(BAD.get(name, []))
    check(f"{name}: the bad cells and no others: {bad_cells(said)}", bad_cells(said) == wanted)
    check(f"{name}: {len(rows_of(path)) - 1} rows, all but the bad ones good",
          len(lines) - 1 == len(rows_of(path)) - 1 and good == len(lines) - 1 - len(by_row(wanted)))
    check(f"{name}: exit code", code == (1 if wanted else 0))
    check(f"{name}: nothing of race or ethnicity", not re.search(r"hispanic|african american|2106-3", json.dumps(lines), re.I))
    if wanted:
        mapping = pathlib.Path(folder, "mapping.json")
        mapping.write_text(json.dumps(lines[-1]["mapping"]))
        code, lines, said = parse(mended(path, errors, by_row(wanted)), "--mapping", str(mapping))
        check(f"{name}: the mended file of errors reads clean {said}",
              code == 0 and len(lines) - 1 == len(by_row(wanted)))


def main():
    if SHARED is None or not pathlib.Path(SHARED, "intake").is_dir():
        print("1..0 # SKIP the shared data are absent: NO real upload or line list was read")
        sys.exit(77)
    intake = pathlib.Path(SHARED, "intake")
    files = [path for part in ("csv-intake/saraalert", "csv-intake/simplereport", "linelist/outbreaks", "linelist/cleanepi",
                               "linelist/recon-linelist") for path in sorted((intake / part).glob("*.csv"))]
    files += sorted((intake / "csv-intake/reportstream").glob("*CSV_to_HL7*.csv"))
    files += sorted((intake / "csv-intake/reportstream").glob("*.internal.csv"))
    check(f"{len(files)} files", len(files) > 70)
    with tempfile.TemporaryDirectory() as folder:
        for path in files:
            if path.name in NO_LISTS:
                code, lines, said = parse(path)
                check(f"{path.name}: refused with a sentence", code == 1 and not lines and said.startswith(str(path)))
            else:
                check_list(path, folder)
    code, lines, said = parse(intake / "csv-intake/saraalert/Invalid-Excel-File.xlsx")
    check("an empty spreadsheet", code == 1 and "an empty file" in said)
    code, lines, said = parse(next((intake / "linelist/cmrivers-ebola").glob("*.xlsx")))
    check("a spreadsheet of several sheets is asked about", code == 1 and "several sheets: which one?" in said)
    code, lines, said = parse(next((intake / "csv-intake/derived-gb18030").glob("*.csv")))
    check(f"GB 18030 is not guessed: {said}", code == 1 and "--encoding gb18030 or windows-1252" in said)


main()
print(f"1..{len(results)}")
for number, (what, holds) in enumerate(results, 1):
    print(f"{'ok' if holds else 'not ok'} {number} - {what.strip()[:300]}".replace("\n", " "))
sys.exit(0 if all(holds for _, holds in results) else 1)
