# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin season, seen from outside."""

import csv
import datetime
import io
import pathlib
import xml.etree.ElementTree

from program import bad, equal, folder, good, main, run

HEADER = "series,season,date,observed,threshold,medium,high,very_high,level,note"
WINTER = [2, 2, 3, 2, 4, 3, 5, 4, 6, 9, 20, 40, 80, 120, 90, 50, 25, 9, 6, 5, 4, 4, 3, 3, 2, 2, 3, 2, 2, 1, 2, 1, 2]


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def winters(years, factor=1, form="week"):
    """The same winter from 2012-W40 on, nothing in summer."""
    lines, place = ["date,count"], 0
    for week in range(52 * years):
        day = datetime.date(2012, 10, 1) + datetime.timedelta(7 * week)
        year, number, _ = day.isocalendar()
        place = 0 if number == 40 else place + 1
        count = factor * WINTER[place] if place < len(WINTER) else 0
        lines.append(f"{year}-W{number:02d},{count}" if form == "week" else f"{day},{count}")
    return "\n".join(lines) + "\n"


def test_by_hand():
    """Equal winters: the threshold by hand, start, end and levels; before, too few seasons; summers between."""
    out = good("season", stdin=winters(7))
    equal(out.splitlines()[0], HEADER)
    got = rows(out)
    season = [row for row in got if row["season"] == "2018/19"]
    equal((season[0]["date"], season[0]["level"], season[0]["note"]), ("2018-W40", "baseline", ""))
    spread = (6 * (81 + 36 + 25 + 16 + 16 - 5 * 5.6**2) / 29) ** 0.5
    assert abs(float(season[0]["threshold"]) - (5.6 + 1.6448536269514722 * spread)) < 1e-9
    notes = {row["date"]: row["note"] for row in season if row["note"]}
    equal(notes, {"2018-W49": "the epidemic starts", "2019-W06": "the epidemic ends"})
    equal(season[13]["level"], "high")
    equal(got[0]["note"], "not assessed: too little history before this date")
    equal((got[40]["season"], got[40]["level"], got[40]["note"]),
          ("", "", "not assessed: this week lies between seasons"))


def test_last_and_dates():
    """The newest weeks alone, dates as in the file."""
    got = rows(good("season", "--last", 3, stdin=winters(7, form="day")))
    equal(len(got), 3)
    equal(got[-1]["date"], "2019-09-16")


def test_range():
    """--from and --to choose the weeks written; the seasons before them are used all the same."""
    everything = good("season", stdin=winters(7)).splitlines()
    got = good("season", "--from", "2018-W48", "--to", "2018-W50", stdin=winters(7)).splitlines()
    equal(got, everything[:1] + [line for line in everything if line.split(",")[2] in
                                 ("2018-W48", "2018-W49", "2018-W50")])
    equal(len(got), 4)
    bad(2, "tocsin season: no date between --from and --to: the counts reach from 2012-W40 to 2019-W38", "season",
        "--from", "2030-W01", stdin=winters(7))
    bad(2, "tocsin season: --last and --from or --to exclude each other", "season", "-n", 1, "--from", "2018-W48",
        stdin=winters(7))


def test_within_a_year():
    """A season from week 20 to 45 is named by its year."""
    got = rows(good("season", "--first-week", 20, "--last-week", 45, stdin=winters(7)))
    equal({row["season"] for row in got if row["date"].endswith("W30")}, {str(year) for year in range(2013, 2020)})


def test_plot():
    """The picture is well-formed SVG."""
    with folder() as place:
        path = pathlib.Path(place) / "season.svg"
        good("season", "--last", 50, "--plot", path, stdin=winters(7))
        text = path.read_text()
        xml.etree.ElementTree.fromstring(text)
        assert "very high above" in text


def test_refusals():
    """Daily counts, and numbers of seasons that do not fit."""
    daily = "date,count\n" + "".join(f"2024-01-{day:02d},1\n" for day in range(1, 30))
    bad(1, "tocsin season: the counts are by day; a season is judged by weeks", "season", stdin=daily)
    bad(2, "tocsin season: --min-seasons is more than --max-seasons", "season", "--min-seasons", 11,
        stdin=winters(2))
    code, out, err = run("season", "--delta", 0, stdin=winters(2))
    equal((code, out), (2, ""))
    assert "--delta" in err, err


main(dict(globals()))
