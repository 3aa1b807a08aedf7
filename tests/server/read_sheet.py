# SPDX-License-Identifier: GPL-3.0-or-later
"""The cells of a spreadsheet (XLSX) as JSON: {"sheets": [{"name": …, "rows": [[…], …]}]}; every cell as text, an empty
one as "". With zipfile and an XML parser alone, so that it is not the library that wrote it which reads it."""

import json
import re
import sys
import xml.etree.ElementTree as ET
import zipfile

MAIN = "{*}"  # whatever the namespace


def within(element, name):
    return (found for found in element.iter() if found.tag.rsplit("}", 1)[-1] == name)


def column(reference):
    number = 0
    for letter in re.match(r"[A-Z]+", reference).group(0):
        number = number * 26 + ord(letter) - 64
    return number - 1


def text_of(cell, shared):
    if cell.find(MAIN + "f") is not None:
        raise SystemExit(f"{cell.get('r')} is a formula")
    if cell.get("t") == "s":
        return shared[int(cell.find(MAIN + "v").text)]
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in within(cell, "t"))
    value = cell.find(MAIN + "v")
    return "" if value is None else value.text


def rows_of(sheet, shared):
    rows = []
    for row in within(sheet, "row"):
        cells = []
        for cell in within(row, "c"):
            at = column(cell.get("r"))
            cells.extend([""] * (at - len(cells)))
            cells.append(text_of(cell, shared))
        rows.append(cells)
    return rows


def main():
    with zipfile.ZipFile(sys.argv[1]) as archive:
        if archive.testzip() is not None:
            raise SystemExit("a damaged archive")
        shared = []
        if "xl/sharedStrings.xml" in archive.namelist():
            for item in within(ET.fromstring(archive.read("xl/sharedStrings.xml")), "si"):
                shared.append("".join(part.text or "" for part in within(item, "t")))
        names = [sheet.get("name") for sheet in within(ET.fromstring(archive.read("xl/workbook.xml")), "sheet")]
        sheets = [{"name": name, "rows": rows_of(ET.fromstring(archive.read(f"xl/worksheets/sheet{i}.xml")), shared)}
                  for i, name in enumerate(names, 1)]
    json.dump({"sheets": sheets}, sys.stdout, ensure_ascii=False)


main()
