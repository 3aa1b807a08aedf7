# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin area: code lists, shapes and populations of areas."""

import csv
import io
import os

from program import bad, equal, folder, good, main


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def rows(*words):
    return list(csv.DictReader(io.StringIO(good("area", *words, "-f", "csv"))))


def test_check_of_an_invented_county():
    """The files of an invented county fit together, and are counted."""
    with folder() as name:
        good("county", "--out", name, "--townships", 2, "--villages", 3)
        found = rows("check", name + "/areas.csv", "--shapes", name + "/outlines.geojson", "--population",
                     name + "/population.csv")
        equal([(row["what"], row["number"]) for row in found],
              [("areas of level 0", "1"), ("areas of level 1", "1"), ("areas of level 2", "1"),
               ("areas of level 3", "1"), ("areas of level 4", "2"), ("areas of level 5", "6"),
               ("numbers of population", str(12 * 40)), ("shapes", "12")])


def test_check_tells_every_fault():
    """Faults of any of the files are told at their places, and nothing is written."""
    with folder() as name:
        good("county", "--out", name, "--townships", 1, "--villages", 2)
        short = write(name + "/short.csv", "code,parent,name_en\nXT,,x\n90,XT,x\n9001,90,x\n")
        shapes = name + "/outlines.geojson"
        allowed = "allowed: the code of an area of the list without a last day"
        bad(1, "\n".join(f'{shapes}:{number + 1}: feature {number}: no area has the code "{code}"; {allowed}'
                         for number, code in ((4, "900101"), (5, "900101100"), (6, "900101100200"),
                                              (7, "900101100201"))),
            "area", "check", short, "--shapes", shapes)
        wrong = write(name + "/wrong.csv", "area,year,number,source\nXT,2020,-1,x\nYY,2020,1,x\n")
        bad(1, f'{wrong}:2:3: number: "-1" is not such a number; allowed: a whole number, 0 … 9000000000\n'
               f'{wrong}:3:1: area: "YY" is not the code of an area; allowed: the code of an area of the list',
            "area", "check", short, "--population", wrong)
        bad(3, f"{name}/none.csv: cannot be opened: No such file or directory", "area", "check", name + "/none.csv")


def test_list():
    """A list comes in the order of the tree, with ids that are the same wherever it is read."""
    with folder() as name:
        first = write(name + "/1.csv", "code,name_zh\n12,乙\n11,甲\n")
        second = write(name + "/2.csv", "name_zh,code\n丙,1101\n")
        found = rows("list", first, second)
        equal([(row["code"], row["level"], row["name_zh"], row["parent"]) for row in found],
              [("11", "0", "甲", ""), ("1101", "1", "丙", "11"), ("12", "0", "乙", "")])
        equal(found[0]["id"], rows("list", write(name + "/3.csv", "code,name_en\n11,other\n"))[0]["id"])
        gap = write(name + "/4.csv", "code,name_zh\n44,省\n441900003,镇\n")
        bad(1, f"{gap}:3:1: code: no area has the code 441900; allowed: a row for each area above it",
            "area", "list", gap)
        equal([row["level"] for row in rows("list", "--gaps", gap)], ["0", "3"])


def test_changes():
    """What a newer edition changes is told by area."""
    with folder() as name:
        old = write(name + "/old.csv", "code,name_en,parent\nA,Top,\nB,One,A\nC,Two,A\nD,Gone,A\n")
        new = write(name + "/new.csv", "code,name_en,parent\nA,Top,\nB,Uno,A\nC,Two,B\nE,New,A\n")
        found = rows("changes", "--edition", "2024-01-01", old, new)
        equal([(row["change"], row["code"], row["parent"], row["valid_from"], row["valid_to"]) for row in found],
              [("renamed", "B", "A", "", ""), ("moved", "C", "B", "", ""), ("new", "E", "A", "2024-01-01", ""),
               ("closed", "D", "A", "", "2023-12-31")])
        equal(len(rows("changes", "--edition", "2024-01-01", "--partial", old, new)), 3)
        equal(rows("changes", "--edition", "2024-01-01", old, old), [])
        bad(2, "tocsin area: changes needs --edition DAY", "area", "changes", old, new)
        bad(2, "tocsin area: changes compares two files, OLDER and NEWER; found 1", "area", "changes", old)


def test_outlines():
    """Every shape has a path at each of three levels of detail, within its box."""
    with folder() as name:
        good("county", "--out", name, "--townships", 2, "--villages", 3)
        found = rows("outlines", "--shapes", name + "/outlines.geojson")
        equal([row["detail"] for row in found], ["0", "1", "2"] * 12)
        for row in found:
            assert row["path"].startswith("M") and row["path"].endswith("z"), row
            assert int(row["min_x"]) < int(row["max_x"]) and int(row["min_y"]) < int(row["max_y"]), row
        assert len(found[0]["path"]) < len(found[2]["path"])
        bad(2, "tocsin area: outlines needs --shapes FILE.geojson and no other file", "area", "outlines")


def test_use():
    """Wrong use is said in a sentence."""
    bad(2, "tocsin area: needs one of check, list, changes, outlines", "area")
    bad(2, "tocsin area: 'import' is none of check, list, changes, outlines", "area", "import")
    bad(2, "tocsin area: needs 1 to 16 files; found 0", "area", "list")


main(dict(globals()))
