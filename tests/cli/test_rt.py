# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin rt, seen from outside."""

import csv
import datetime
import io
import json
import pathlib
import xml.etree.ElementTree

from program import bad, equal, folder, good, main, run

HEADER = "series,start,end,mean,sd,q025,median,q975,note"
NOT_SHOWN = "not shown: "


def days(counts, imported=None, first="2024-02-26"):
    start = datetime.date.fromisoformat(first)
    lines = ["date,count" + (",imported" if imported else "")]
    for i, count in enumerate(counts):
        lines.append(f"{start + datetime.timedelta(i)},{count}" + (f",{imported[i]}" if imported else ""))
    return "\n".join(lines) + "\n"


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def interval(place, text="days,probability\n2,0.5\n1,0.5\n"):
    path = pathlib.Path(place) / "interval.csv"
    path.write_text(text)
    return path


def test_by_hand():
    """Half of the interval is one day, half two: pressure 15 and 30, local 40 and 60, prior shape 1, scale 5."""
    with folder() as place:
        out = good("rt", "--si", interval(place), "-w", 2, stdin=days([10, 20, 40, 60]))
    equal(out.splitlines()[0], HEADER)
    last = rows(out)[-1]
    equal((last["series"], last["start"], last["end"], last["note"]), ("", "2024-02-28", "2024-02-29", ""))
    assert abs(float(last["mean"]) - 101 / 45.2) < 1e-12
    assert abs(float(last["sd"]) - 101**0.5 / 45.2) < 1e-12
    assert float(last["q025"]) < float(last["median"]) < float(last["mean"]) < float(last["q975"])


def test_imported():
    """Imported cases infect, and were not infected here."""
    with folder() as place:
        out = good("rt", "--si", interval(place), "-w", 2, stdin=days([10, 20, 40, 60], [0, 0, 20, 30]))
    assert abs(float(rows(out)[-1]["mean"]) - 51 / 45.2) < 1e-12


def test_wallinga_teunis():
    """The other method, with an interval of one day: 60 of the last day to 40 of the day before."""
    with folder() as place:
        path = interval(place, "days,probability\n1,1\n")
        got = rows(good("rt", "--si", path, "-m", "wallinga-teunis", "-w", 1, stdin=days([10, 20, 40, 60])))
    equal([row["mean"] for row in got], ["2", "1.5", ""])
    equal(got[-1]["note"], NOT_SHOWN + "the cases that these went on to infect are not all known yet")


def test_not_shown():
    """Too few cases, too early, missing, weekly: no numbers, and the reason."""
    gamma = ("--si-mean", 2.6, "--si-sd", 1.5)
    few = rows(good("rt", *gamma, stdin=days([1] * 12)))
    equal({(row["mean"], row["note"]) for row in few}, {("", NOT_SHOWN + "too few recent cases to judge")})
    early = rows(good("rt", *gamma, "-w", 1, stdin=days([30] * 4)))
    equal(early[0]["note"], NOT_SHOWN + "too little history before this date")
    assert early[1]["mean"] != ""
    gap = rows(good("rt", *gamma, "--missing", "na", stdin=days([30] * 10 + ["NA"] + [30] * 12)))
    equal(gap[3]["note"], NOT_SHOWN + "the count of this date is missing")
    assert gap[-1]["mean"] != ""
    weeks = "date,count\n" + "".join(f"2024-W{week:02d},50\n" for week in range(1, 13))
    equal({row["note"] for row in rows(good("rt", *gamma, stdin=weeks))},
          {NOT_SHOWN + "the counts are not daily and this method needs days"})
    shown = rows(good("rt", *gamma, "--max-cv", 10, stdin=days([1] * 12)))
    assert all(row["mean"] != "" for row in shown[1:])


def test_compat_r():
    """EpiEstim's numbers, recorded in tests/parity: its first day alone has no source, and nothing is left out."""
    recorded = pathlib.Path(__file__).parents[1] / "parity" / "recorded"

    def table(name):
        lines = [line for line in (recorded / name).read_text().splitlines() if not line.startswith("#")]
        return list(csv.DictReader(lines))

    counts = [row["observed"] for row in table("series.csv") if row["series"] == "epidemic"]
    wanted = {int(row["idx"]): row for row in table("out_estimate_R.csv") if row["case"] == "estimate_R-002"}
    got = rows(good("rt", "--compat", "r", "--si-mean", 5.2, "--si-sd", 2.8, stdin=days(counts)))
    equal(len(got), len(wanted))
    for i, row in enumerate(got):
        for ours, r in ("mean", "mean"), ("sd", "sd"), ("q025", "q025"), ("median", "q50"), ("q975", "q975"):
            expected = wanted[i + 8][r]
            assert (row[ours] == "") == (expected == "NA"), (i, row, expected)
            assert expected == "NA" or abs(float(row[ours]) / float(expected) - 1) < 1e-9, (i, ours)


def test_series_formats_and_last():
    """Many series; only the newest windows; NDJSON and a table."""
    text = "date,count,series\n" + "".join(
        f"2024-03-{day:02d},{40 + day},{name}\n" for name in ("甲", "乙") for day in range(1, 21))
    words = ("rt", "--si-mean", 2.6, "--si-sd", 1.5, "--last", 1)
    equal([(row["series"], row["end"]) for row in rows(good(*words, stdin=text))],
          [("甲", "2024-03-20"), ("乙", "2024-03-20")])
    lines = [json.loads(line) for line in good(*words, "-f", "ndjson", stdin=text).splitlines()]
    equal(list(lines[0]), HEADER.split(","))
    assert isinstance(lines[1]["median"], float)
    assert good(*words, "-f", "table", stdin=text).splitlines()[2].startswith("甲")


def test_range():
    """--from and --to choose windows by their last day; what lies before them is used all the same."""
    words = ("rt", "--si-mean", 2.6, "--si-sd", 1.5)
    counts = days([30 + 2 * day for day in range(40)])
    everything = good(*words, stdin=counts).splitlines()
    equal(good(*words, "--from", "2024-03-20", "--to", "2024-03-22", stdin=counts).splitlines(),
          everything[:1] + [line for line in everything if line.split(",")[2] in
                            ("2024-03-20", "2024-03-21", "2024-03-22")])
    equal(good(*words, "--from", "2024-04", stdin=counts).splitlines(), everything[:1] + everything[-5:])
    equal(good(*words, "--to", "2024-W10", stdin=counts).splitlines(), everything[:8])
    bad(2, "tocsin rt: --last and --from or --to exclude each other", *words, "-n", 1, "--to", "2024-W10", stdin=counts)
    bad(2, "tocsin rt: no date between --from and --to: the counts reach from 2024-02-26 to 2024-04-05", *words,
        "--from", "2024-05", stdin=counts)


def test_a_series_that_stopped():
    """A series without a window in the dates asked for is named."""
    text = "date,count,series\n" + "".join(f"2024-03-{day:02d},{40 + day},{name}\n" for name, last in
                                           (("a", 30), ("b", 20)) for day in range(1, last + 1))
    code, out, err = run("rt", "--si-mean", 2.6, "--si-sd", 1.5, "--last", 3, stdin=text)
    equal((code, {row["series"] for row in rows(out)}), (0, {"a"}))
    equal(err, "tocsin rt: warning: 1 series without a count in the dates asked for: b\n")


def test_uncertain_interval():
    """A rough interval widens R's, and the same seed gives the same numbers."""
    words = ("rt", "--si-mean", 5, "--si-sd", 2, "--last", 1)
    rough = ("--si-mean-rough", "1.5,2,8", "--si-sd-rough", "1,1,4")
    counts = days([int(10 * 1.08**t) for t in range(50)])
    sharp, first, again = (rows(good(*words, *more, stdin=counts))[0] for more in ((), rough, rough))
    other = rows(good(*words, *rough, "--seed", 2, stdin=counts))[0]
    assert float(first["sd"]) > 1.2 * float(sharp["sd"])
    equal(first, again)
    assert first != other


def test_plot():
    """The picture is well-formed SVG with a panel a series."""
    with folder() as place:
        path = pathlib.Path(place) / "rt.svg"
        good("rt", "--si-mean", 2.6, "--si-sd", 1.5, "--plot", path, stdin=days([30 + day for day in range(30)]))
        text = path.read_text()
        xml.etree.ElementTree.fromstring(text)
        assert "R = 1" in text and "Cori et al. 2013" in text


def test_wrong_use():
    """Options that miss or exclude each other."""
    counts = days([30] * 20)
    bad(2, "tocsin rt: the serial interval is missing: give --si-mean and --si-sd (influenza: 2.6 and 1.5 days), or "
        "--si FILE", "rt", "--si-mean", 3, stdin=counts)
    bad(2, "tocsin rt: --si and --si-mean or --si-sd exclude each other", "rt", "--si", "x", "--si-sd", 3, stdin=counts)
    bad(2, "tocsin rt: --si-mean-rough and --si-sd-rough need each other", "rt", "--si-mean", 5, "--si-sd", 2,
        "--si-mean-rough", "1,2,8", stdin=counts)
    rough = ("rt", "--si-mean", 5, "--si-sd", 2, "--si-mean-rough", "1,2,8", "--si-sd-rough", "1,1,4")
    bad(2, "tocsin rt: --si-mean-rough and --si-sd-rough need --method cori", *rough, "-m", "wallinga-teunis",
        stdin=counts)
    code, out, err = run("rt", "--si-mean", 5, "--si-sd", 2, "--si-mean-rough", "1,8,2", "--si-sd-rough", "1,1,4",
                         stdin=counts)
    equal((code, out), (2, ""))
    assert "--si-mean-rough" in err, err


def test_bad_interval_files():
    """All faults of an interval file, each with its place."""
    counts = days([30] * 20)
    with folder() as place:
        path = interval(place, "days,probability\n0,0.1\n1,x\n1.5,0.2\n2,0.3\n2,0.4\n")
        code, out, err = run("rt", "--si", path, stdin=counts)
        equal((code, out), (1, ""))
        for part in (":2:2: probability: ", ":3:2: probability: ", ":4:1: days: ", ":6:1: days: "):
            assert f"{path}{part}" in err, err
        path = interval(place, "days,probability\n1,0.5\n")
        code, out, err = run("rt", "--si", path, stdin=counts)
        assert code == 1 and "the sum is 0.5" in err, err
        path = interval(place, "day,p\n1,0.5\n")
        code, out, err = run("rt", "--si", path, stdin=counts)
        assert code == 1 and "no column days" in err and "no column probability" in err, err
        code, out, err = run("rt", "--si", path.with_name("absent.csv"), stdin=counts)
        assert code == 3 and "cannot be opened" in err, err


def test_missing_counts_in_compat_r():
    """R stops at missing counts; so do its numbers, with the day."""
    code, out, err = run("rt", "--compat", "r", "--si-mean", 5, "--si-sd", 2, "--missing", "na",
                         stdin=days([30] * 10 + ["NA"] + [30] * 5))
    equal((code, out), (1, ""))
    assert "2024-03-07" in err and "R stops at missing counts" in err, err


def test_short_series():
    """A series shorter than a window is named in a warning, not lost in silence."""
    code, out, err = run("rt", "--si-mean", 5, "--si-sd", 2, stdin=days([30] * 7))
    equal((code, out.strip()), (0, HEADER))
    equal(err.strip(), "tocsin rt: warning: 1 series shorter than the window of 7 days and one more")


main(dict(globals()))
