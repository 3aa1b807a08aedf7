# SPDX-License-Identifier: GPL-3.0-or-later
"""What reading line lists costs, beside Python's csv in the same run, and what real uploads show.

usage: tables.py BUILD [ROWS]

A list of ROWS (100,000) made-up rows is read by `tocsin parse --as table` (every cell checked, a JSON report a row, written
to a file) and by Python (csv.DictReader, dates by strptime, words by dict, json.dumps of the same fields). Times are the
processes' own. The same list as a spreadsheet with inline texts. Then the test over real uploads."""

import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

PEER = """
import csv, datetime, json, sys
SEX = {"f": "female", "m": "male"}
with open(sys.argv[1], newline="", encoding="utf-8") as file, open(sys.argv[2], "w") as out:
    for row in csv.DictReader(file):
        onset = datetime.datetime.strptime(row["onset"], "%d/%m/%Y").date()
        born = datetime.datetime.strptime(row["dob"], "%Y-%m-%d").date()
        json.dump({"record": row["case_id"], "name": row["name"], "sex": SEX[row["sex"]], "born": born.isoformat(),
                   "onset": onset.isoformat(), "disease": row["disease"], "town": row["town"], "phone": row["phone"],
                   "result": row["result"], "accession": row["accession"]}, out)
        out.write("\\n")
"""
HEADER = ["case_id", "name", "sex", "dob", "onset", "disease", "town", "phone", "accession", "test_code", "result"]


def made(number):
    return [f"C{number}", f"Example {number}", "fm"[number % 2], f"{1930 + number % 90}-{number % 12 + 1:02}-{number % 28 + 1:02}",
            f"{number % 28 + 1:02}/{number % 10 + 1:02}/2026", "measles", f"Town {number % 500}", f"555{number:07}", f"A{number}",
            "94500-6", ["Detected", "Not detected"][number % 3 > 0]]


def write_csv(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write(",".join(HEADER) + "\n")
        file.writelines(",".join(made(number)) + "\n" for number in range(rows))


def write_xlsx(path, rows):
    def row(cells):
        return "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in cells) + "</row>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", '<w><sheets><sheet name="list" id="b"/></sheets></w>')
        archive.writestr("xl/_rels/workbook.xml.rels", '<R><Relationship Id="b" Type="worksheet" Target="one.xml"/></R>')
        with archive.open("xl/one.xml", "w") as sheet:
            sheet.write(b"<w><sheetData>" + row(HEADER).encode())
            for number in range(rows):
                sheet.write(row(made(number)).encode())
            sheet.write(b"</sheetData></w>")


def cost(words):
    """Seconds of processor time and peak memory in MB of a command."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{words[0]}: exit code {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def row(measure, bar, measured, good):
    print("row", measure, bar, measured, "yes" if good else "no", sep="\t", flush=True)


def main():
    build, rows = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        small, large, book, out = (str(pathlib.Path(folder, name)) for name in ("small.csv", "large.csv", "large.xlsx", "out"))
        write_csv(small, rows // 10)
        write_csv(large, rows)
        write_xlsx(book, rows)
        tocsin = [f"{build}/tocsin", "parse", "--as", "table", "-o", out]
        _, little = cost([*tocsin, small])
        seconds, memory = cost([*tocsin, large])
        megabytes = pathlib.Path(large).stat().st_size / 1e6
        peer, _ = cost([sys.executable, "-c", PEER, large, out])
        row(f"line list of {rows:,} rows, CSV, to reports", "faster than Python's csv",
            f"{rows / seconds:,.0f} rows/s, {megabytes / seconds:.1f} MB/s; Python {rows / peer:,.0f} rows/s", seconds < peer)
        row("memory for ten times the rows", "< 1 MB beyond the file's size",
            f"{memory - little:.1f} MB, the file mapped: {megabytes * 0.9:.1f} MB", memory - little < megabytes * 0.9 + 1)
        seconds, memory = cost([*tocsin, book])
        row(f"the same as XLSX ({pathlib.Path(book).stat().st_size / 1e6:.1f} MB packed)", "faster than Python's csv of the CSV",
            f"{rows / seconds:,.0f} rows/s, peak {memory:.0f} MB", seconds < peer)
    test = subprocess.run([sys.executable, "tests/cli/test_parse_tables.py", f"{build}/tocsin"], stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ, TOCSIN_SHARED_DATA=os.environ.get("TOCSIN_SHARED_DATA", "../shared/data")))
    failed = sum(line.startswith("not ok") for line in test.stdout.splitlines())
    passed = sum(line.startswith("ok") for line in test.stdout.splitlines())
    row("real uploads and line lists: bad cells named, good rows read, errors file reads clean", "all",
        f"{passed} of {passed + failed} checks", test.returncode == 0)


main()
