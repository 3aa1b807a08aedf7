# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference lists (share/lists) are well-formed, and every list that a field of the model names is there."""

import csv
import re

import tap

HEADER = "code,name_en,name_zh,name_bo,system,system_code,parent,valid_from,valid_to".split(",")
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
CODE_BYTES = 80  # src/model/model_lists.h
NAME_CHARACTERS = 160
DATE = re.compile(r"(\d{4}-\d\d-\d\d)?")
HAN = re.compile(r"[\u4e00-\u9fff]")
TIBETAN = re.compile(r"[\u0f00-\u0fff ]+")
# What a code of each standard looks like.
SYSTEMS = {
    "ICD-10": re.compile(r"[A-Z]\d\d(\.\d)?"),
    "SNOMED-CT": re.compile(r"[1-9]\d{5,17}"),
    "ATC": re.compile(r"[A-Z]\d\d[A-Z]{2}\d\d"),
    "EU-DCC": re.compile(r"[A-Za-z0-9/-]+"),
    "LOINC": re.compile(r"\d{1,7}-\d"),
    "UCUM": re.compile(r"\S+"),
    "ISO-639": re.compile(r"[a-z]{2,3}"),
    "HL7-0001": re.compile(r"[A-Z]"),
    "HL7-0078": re.compile(r"[A-Z]+"),
    "HL7-0085": re.compile(r"[A-Z]"),
    "HL7-0203": re.compile(r"[A-Z]+"),
    "HL7-0532": re.compile(r"[A-Z]+"),
}
# Words that DESIGN section 3 does not want: a bare 隔离 (it is 隔离医学观察 or 隔离治疗, or their end, 解除隔离), 谣言, rumour, suspect.
UNWANTED = re.compile(r"(?<!解除)隔离(?!医学观察|治疗)|谣言|\brumou?rs?\b|\bsuspect\b", re.I)

# Verhoeff's check digit, the last of every SNOMED CT identifier: the dihedral group of order 10, and the permutation
# that is applied again at each place.
TIMES = [[(i + j) % 5 + 0 if i < 5 and j < 5 else (i + j - 5) % 5 + 5 if i < 5 else
          (i - 5 - j) % 5 + 5 if j < 5 else (i - j) % 5 for j in range(10)] for i in range(10)]
STEP = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]


def verhoeff_holds(digits):
    sum_so_far, place = 0, list(range(10))
    for digit in reversed(digits):
        sum_so_far = TIMES[sum_so_far][place[int(digit)]]
        place = [STEP[k] for k in place]
    return sum_so_far == 0


def row_faults(row, codes):
    if not CODE.fullmatch(row["code"]) or len(row["code"]) > CODE_BYTES:
        yield f"the code {row['code']!r}"
    for name in ("name_en", "name_zh"):
        text = row[name]
        if not text or text != text.strip() or len(text) > NAME_CHARACTERS:
            yield f"{name} is {text!r}"
        if UNWANTED.search(text):
            yield f"{name} has a word that is not used: {text}"
    if not row["name_en"].isascii():
        yield f"name_en is not ASCII: {row['name_en']}"
    if not HAN.search(row["name_zh"]) and row["name_zh"] != row["name_en"]:
        yield f"name_zh is not Chinese: {row['name_zh']}"
    if row["name_bo"] and not TIBETAN.fullmatch(row["name_bo"]):
        yield f"name_bo is not Tibetan: {row['name_bo']}"
    if bool(row["system"]) != bool(row["system_code"]):
        yield "system and system_code go together"
    elif row["system"] and row["system"] not in SYSTEMS:
        yield f"an unknown system: {row['system']}"
    elif row["system"] and not SYSTEMS[row["system"]].fullmatch(row["system_code"]):
        yield f"not a code of {row['system']}: {row['system_code']}"
    elif row["system"] == "SNOMED-CT" and not verhoeff_holds(row["system_code"]):
        yield f"the check digit of {row['system_code']} does not hold"
    if row["parent"] and (row["parent"] not in codes or row["parent"] == row["code"]):
        yield f"no such parent: {row['parent']}"
    if not DATE.fullmatch(row["valid_from"]) or not DATE.fullmatch(row["valid_to"]):
        yield "valid_from or valid_to is not a date"


def chain_fault(row, parents):
    """A code that is its own ancestor."""
    seen, code = set(), row["code"]
    while code:
        if code in seen:
            return True
        seen.add(code)
        code = parents.get(code, "")
    return False


def list_faults(path):
    with open(tap.ROOT / path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != HEADER:
            return [f"the header is {rows.fieldnames}"]
        rows = list(rows)
    faults = [] if rows else ["no rows"]
    codes = [row["code"] for row in rows]
    parents = {row["code"]: row["parent"] for row in rows}
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            faults.append(f"line {number}: more or fewer cells than the header")
            continue
        faults += [f"line {number}: {fault}" for fault in row_faults(row, codes)]
        if codes.index(row["code"]) != number - 2:
            faults.append(f"line {number}: {row['code']} a second time")
        if chain_fault(row, parents):
            faults.append(f"line {number}: {row['code']} is above itself")
        for name in ("name_en", "name_zh"):
            if [other[name] for other in rows].index(row[name]) != number - 2:
                faults.append(f"line {number}: {row[name]} a second time")
    return faults


def named_lists():
    """The lists of CODE(list) in the model's .def files, with where they are named."""
    named = {}
    for path in tap.files("src/model/*.def"):
        for match in re.finditer(r"\bCODE\((\w+)\)", tap.read(path)):
            if match.group(1) != "list":  # def.h-like prose
                named.setdefault(match.group(1), path)
    return named


def codes_of(name):
    with open(tap.ROOT / "share/lists" / f"{name}.csv", encoding="utf-8", newline="") as file:
        return {row["code"]: (row["name_en"], row["name_zh"]) for row in csv.DictReader(file)}


def deadline_faults():
    """Deadlines to notify name diseases as the list of diseases does, each in one list."""
    diseases, soon, later = (codes_of(name) for name in ("disease", "notify_within_2_hours", "notify_within_24_hours"))
    yield from (f"{code}: not a disease of that name" for codes in (soon, later) for code, names in codes.items()
                if diseases.get(code) != names)
    yield from (f"{code}: in two lists" for code in soon.keys() & later.keys())


def main():
    report = tap.Report()
    lists = {path.stem: path for path in tap.files("share/lists/*.csv")}
    for path in lists.values():
        report.result(f"{path} is well-formed", list_faults(path))
    named = named_lists()
    report.result("every list that a field names is there",
                  [f"{named[name]}: there is no share/lists/{name}.csv" for name in sorted(named.keys() - lists.keys())])
    report.result("every deadline to notify is a disease's", list(deadline_faults()))
    report.result("the list check sees a wrong check digit", [] if not verhoeff_holds("386661007") else ["386661007"])
    report.done()


main()
