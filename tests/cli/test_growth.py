# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin growth, seen from outside."""

import csv
import datetime
import io
import math
import pathlib
import xml.etree.ElementTree

from program import bad, equal, folder, good, main, run

HEADER = ("series,start,end,rate,rate_low,rate_high,doubling,doubling_low,doubling_high,halving,halving_low,"
          "halving_high,note")


def days(counts):
    start = datetime.date(2024, 2, 26)
    return "date,count\n" + "".join(f"{start + datetime.timedelta(i)},{count}\n" for i, count in enumerate(counts))


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_doubling():
    """Counts that double each day double in a day."""
    out = good("growth", "-w", 8, stdin=days([2**t for t in range(9)]))
    equal(out.splitlines()[0], HEADER)
    row = rows(out)[0]
    equal((row["start"], row["end"], row["note"], row["halving"]), ("2024-02-27", "2024-03-05", "", ""))
    assert abs(float(row["rate"]) - math.log(2)) < 1e-9
    assert float(row["doubling_low"]) < 1 < float(row["doubling_high"])
    assert abs(float(row["doubling"]) - 1) < 1e-9


def test_weeks():
    """Weekly counts that halve each week halve in seven days."""
    weeks = "date,count\n" + "".join(f"2024-W{i + 1:02d},{2**(9 - i)}\n" for i in range(9))
    row = rows(good("growth", stdin=weeks))[-1]
    equal((row["end"], row["doubling"]), ("2024-W09", ""))
    assert abs(float(row["halving"]) - 7) < 1e-9


def test_range():
    """--last, --from and --to choose windows by their last date."""
    counts = days([20 + day for day in range(30)])
    everything = good("growth", stdin=counts).splitlines()
    equal(good("growth", "--last", 2, stdin=counts).splitlines(), everything[:1] + everything[-2:])
    equal(good("growth", "--from", "2024-03-15", "--to", "2024-03-17", stdin=counts).splitlines(),
          everything[:1] + [line for line in everything if line.split(",")[2] in
                            ("2024-03-15", "2024-03-16", "2024-03-17")])
    bad(2, "tocsin growth: --from lies after --to", "growth", "--from", "2024-03-15", "--to", "2024-03-14",
        stdin=counts)


def test_no_direction():
    """Where growth and decline are both possible there is no doubling time."""
    row = rows(good("growth", stdin=days([20, 22, 19, 21] * 4)))[0]
    equal((row["doubling"], row["halving_high"], row["note"]), ("", "", "growth and decline are both possible"))
    assert float(row["rate_low"]) < 0 < float(row["rate_high"])


def test_not_shown():
    """Too few cases: no numbers, and the reason."""
    row = rows(good("growth", stdin=days([0] * 20)))[0]
    equal((row["rate"], row["note"]), ("", "not shown: too few recent cases to judge"))


def test_plot():
    """The picture is well-formed SVG."""
    with folder() as place:
        path = pathlib.Path(place) / "growth.svg"
        good("growth", "--plot", path, stdin=days([30 + day for day in range(30)]))
        xml.etree.ElementTree.fromstring(path.read_text())


def test_wrong_use():
    """A level that is none."""
    code, out, err = run("growth", "--level", 1, stdin=days([30] * 20))
    equal((code, out), (2, ""))
    assert "--level" in err and "'1'" in err, err


main(dict(globals()))
