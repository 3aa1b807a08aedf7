# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin area: code lists, shapes and populations of areas."""

import csv
import io
import sys

from program import ROOT, Skip, bad, equal, folder, good, main, run

sys.path.insert(0, str(ROOT / "tests/support"))
import postgresql  # noqa: E402


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


def node(name, url=None):
    """A fresh node with the lists of this tree."""
    words = ["--database", url] if url else []
    code, _, err = run("node", "init", *words, "--lists", ROOT / "share/lists", name)
    equal(code, 0)
    return name


def area(*words):
    """A command on a node; the machine's clock may be said to be unsynchronised."""
    code, out, err = run("area", *words)
    equal((code, [line for line in err.splitlines() if "CLOCK" not in line]), (0, []))
    return out


def imports(*words):
    """What an import says, without its time."""
    lines = area("import", *words).splitlines()
    assert lines.pop().endswith(" s"), lines
    return lines


def round_trip(folder_name, url):
    place, county = node(folder_name + "/node", url), folder_name + "/county"
    good("county", "--out", county, "--townships", 2, "--villages", 3)
    files = [county + "/areas.csv", "--shapes", county + "/outlines.geojson", "--population",
             county + "/population.csv", "--calendar", county + "/calendar.csv"]
    first = imports("--node", place, *files)
    equal(first[:3], ["12 areas: 12 new, 0 renamed, 0 moved, 0 closed, 0 with another successor or last day",
                      "36 outlines: 36 new, 0 changed", "480 numbers of population: 480 new, 0 changed"])
    again = imports("--node", place, *files)
    equal(again[0], "12 areas: 0 new, 0 renamed, 0 moved, 0 closed, 0 with another successor or last day")
    equal(again[-1], "Nothing has changed: the node had all of this.")
    tree = area("tree", "--node", place).splitlines()
    listed = rows("list", county + "/areas.csv")
    equal([line.split()[0] for line in tree], [row["code"] for row in listed])
    for line, row in zip(tree, listed):
        equal(line.rstrip(), "  " * int(row["level"]) + "  ".join(
            [row["code"]] + [row[name] for name in ("name_en", "name_zh", "name_bo") if row[name]]))
    equal(len(area("tree", "--node", place, "--depth", 1).splitlines()), 2)
    equal([line.split()[0] for line in area("tree", "--node", place, "900101100").splitlines()],
          [row["code"] for row in listed if row["code"].startswith("900101100")])
    editions(folder_name, place, county)
    code, out, _ = run("check", "--node", place)
    equal((code, out.splitlines()[-1]), (0, "The database is whole."))


def editions(folder_name, place, county):
    """A newer edition: one renamed, one gone, one new."""
    with open(county + "/areas.csv", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    village = [row for row in table if row["code"].startswith("900101100") and len(row["code"]) == 12]
    village[0]["name_en"] = "Renamed"
    table.remove(village[1])
    table.append({**village[2], "code": "900101100299", "name_en": "Fresh"})
    text = io.StringIO()
    writer = csv.DictWriter(text, table[0])
    writer.writeheader()
    writer.writerows(table)
    newer = write(folder_name + "/newer.csv", text.getvalue())
    equal(imports("--node", place, "--edition", "2027-01-01", newer),
          ["12 areas: 1 new, 1 renamed, 0 moved, 1 closed, 0 with another successor or last day"])
    tree = area("tree", "--node", place, "900101100").splitlines()
    assert any("Renamed" in line for line in tree), tree
    assert any(village[1]["code"] in line and line.endswith("to 2026-12-31") for line in tree), tree
    assert any("900101100299" in line and line.endswith("from 2027-01-01") for line in tree), tree
    equal(imports("--node", place, "--edition", "2027-01-01", newer)[-1],
          "Nothing has changed: the node had all of this.")


def test_import_and_tree_on_sqlite():
    """An invented county goes into a node, comes back as a tree, and has a newer edition."""
    with folder() as name:
        round_trip(name, None)


def test_import_and_tree_on_postgresql():
    """The same on PostgreSQL."""
    try:
        cluster = postgresql.Cluster()
    except postgresql.Absent as why:
        raise Skip(why)
    with cluster, folder() as name:
        round_trip(name, cluster.url(cluster.database()))


def test_import_tells_every_fault():
    """Faults of all files are told together, and the node stays as it was."""
    with folder() as name:
        place = node(name + "/node")
        list_file = write(name + "/areas.csv", "code,name_en\n90,x\n")
        numbers = write(name + "/numbers.csv", "area,year,number,source\nYY,2020,1,x\n")
        days = write(name + "/days.csv", "holiday,from\nx,never\n")
        code, out, err = run("area", "import", "--node", place, list_file, "--population", numbers, "--calendar", days)
        equal((code, out), (1, ""))
        assert f"{numbers}:2:1: area:" in err and f"{days}:2:2: from:" in err, err
        equal(area("tree", "--node", place), "")
        bad(1, 'tocsin area: no area has the code "90"', "area", "tree", "--node", place, "90")


def test_use():
    """Wrong use is said in a sentence."""
    bad(2, "tocsin area: needs one of check, list, changes, outlines, import, tree", "area")
    bad(2, "tocsin area: 'export' is none of check, list, changes, outlines, import, tree", "area", "export")
    bad(2, "tocsin area: tree shows what lies below one CODE; found 2", "area", "tree", "90", "91")
    bad(2, "tocsin area: needs 1 to 16 files; found 0", "area", "list")


main(dict(globals()))
