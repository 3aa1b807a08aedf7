# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin model: the codebook, the schemas and the types that are made from the descriptions of the records."""

import csv
import io
import json

from program import ROOT, bad, equal, folder, good, main, run

LISTS = ROOT / "share/lists"


def codebook(*words):
    return list(csv.DictReader(io.StringIO(good("model", *words))))


def test_codebook():
    """The codebook has a row a field: bounds, class, labels and list of each."""
    rows = codebook("-f", "csv")
    onset = [row for row in rows if (row["record"], row["field"]) == ("case", "onset_date")]
    equal(onset, [{"record": "case", "field": "onset_date", "kind": "date", "rule": "optional", "class": "routine",
                   "label_en": "Onset", "label_zh": "发病日期", "list": "", "low": "", "high": ""}])
    equal({row["record"] for row in codebook("-f", "csv", "signal")}, {"signal"})
    equal([row for row in rows if row["record"] == "identity" and row["class"] == "identifying"] != [], True)


def test_every_code_has_its_list():
    """Every list that the codebook names is a file of share/lists."""
    for row in codebook("-f", "csv"):
        if row["kind"] == "code":
            assert (LISTS / f"{row['list']}.csv").is_file(), row


def test_openapi():
    """The schemas are one OpenAPI 3.1 document; every reference in it leads somewhere; it is the same each time."""
    text = good("model", "--as", "openapi", "--lists", LISTS)
    document = json.loads(text)
    equal(document["openapi"], "3.1.0")
    schemas = document["components"]["schemas"]

    def references(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key == "$ref":
                    yield inner
                else:
                    yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas, reference
    assert "measles" in schemas["code_disease"]["enum"]
    equal(good("model", "--as", "openapi", "--lists", LISTS), text)


def test_typescript():
    """A record's types, written to a file."""
    with folder() as name:
        good("model", "--as", "typescript", "-o", f"{name}/case.ts", "case")
        text = open(f"{name}/case.ts", encoding="utf-8").read()
    assert "export interface Case extends Head {\n" in text
    assert "export type SexCode = string;\n" in text
    assert "interface Signal" not in text


def test_wrong_use():
    """An unknown record gets the nearest name; a format fits the codebook alone; lists with faults are told."""
    bad(2, "tocsin model: no record 'cases'; did you mean case?", "model", "cases")
    bad(2, "tocsin model: no record 'zzzzzz'; 'tocsin model' lists them", "model", "zzzzzz")
    bad(2, "tocsin model: one RECORD at a time; found also 'area'", "model", "case", "area")
    bad(2, "tocsin model: --format is for --as codebook", "model", "--as", "openapi", "-f", "csv")
    with folder() as name:
        with open(f"{name}/sex.csv", "w", encoding="utf-8") as file:
            file.write("code,name_en\nFemale,Female\n")
        code, out, err = run("model", "--lists", name)
        equal((code, out), (1, ""))
        equal(err, f"{name}/sex.csv:2:1: code: found \"Female\"; allowed: a code of a-z, 0-9, '-', '_', '.', at most 80 "
                   "of them\n")
        code, out, err = run("model", "--lists", f"{name}/none")
        equal((code, out), (3, ""))


main(dict(globals()))
