# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin county: an invented county as files."""

import csv
import json
import os

from program import bad, equal, folder, good, main

FILES = ["areas.csv", "calendar.csv", "facilities.csv", "outlines.geojson", "population.csv", "reporting-units.csv"]


def read(name):
    with open(name, encoding="utf-8") as file:
        return file.read()


def rows(name):
    with open(name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_files():
    """The files of a small county fit together: codes, shapes, people that add up."""
    with folder() as name:
        out = os.path.join(name, "new")
        text = good("county", "--out", out, "--townships", 2, "--villages", 3)
        equal(sorted(os.listdir(out)), FILES)
        areas = rows(out + "/areas.csv")
        equal(len(areas), 4 + 2 + 6)
        children = {}
        for area in areas:
            children.setdefault(area["parent"], []).append(area["code"])
        shapes = json.loads(read(out + "/outlines.geojson"))
        equal([shape["properties"]["code"] for shape in shapes["features"]], [area["code"] for area in areas])
        people = {}
        for row in rows(out + "/population.csv"):
            people[row["area"]] = people.get(row["area"], 0) + int(row["number"])
        for parent, codes in children.items():
            if parent:
                equal(people[parent], sum(people[code] for code in codes))
        equal(text, f"{out}: 12 areas, {people['XT']} people\n")
        equal(len(rows(out + "/facilities.csv")), 3 + 2 * 2 + 6)


def test_seed():
    """The same seed writes the same bytes, another seed others."""
    with folder() as name:
        for out, seed in (("a", 5), ("b", 5), ("c", 6)):
            good("county", "-o", os.path.join(name, out), "--seed", seed, "--townships", 2, "--villages", 2)
        for file in FILES:
            equal(read(f"{name}/a/{file}"), read(f"{name}/b/{file}"))
        for file in ("areas.csv", "outlines.geojson", "population.csv"):
            assert read(f"{name}/a/{file}") != read(f"{name}/c/{file}"), file


def test_bad_use():
    """What cannot be done is said in a sentence."""
    bad(2, "tocsin county: --out FOLDER is needed", "county")
    bad(2, "tocsin county: takes no operand; found 'x'", "county", "--out", "y", "x")
    with folder() as name:
        none = os.path.join(name, "none")
        bad(2, "tocsin county: more than 2000000 cells of land; fewer villages or --cells are needed", "county", "--out",
            none, "--provinces", 10, "--cities", 99, "--counties", 99)
        equal(os.listdir(name), [])
        file = os.path.join(name, "file")
        with open(file, "w", encoding="utf-8"):
            pass
        bad(3, f"tocsin county: {file}/areas.csv: Not a directory", "county", "--out", file)
        deep = os.path.join(none, "deep")
        bad(3, f"tocsin county: {deep}: No such file or directory", "county", "--out", deep)


main(dict(globals()))
