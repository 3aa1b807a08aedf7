# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin detect, seen from outside."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import xml.etree.ElementTree

from program import ENVIRONMENT, EXAMPLE, PROGRAM, ROOT, bad, equal, folder, good, main, run

sys.path.insert(0, str(ROOT / "tests/support"))
from serving import wait_for  # noqa: E402

HEADER = "series,date,observed,expected,threshold,score,alarm,note"


def weeks(counts, name=None, first=1):
    """A counts file of ISO weeks in 2024."""
    head = "date,count" if name is None else "date,series,count"
    series = "" if name is None else f"{name},"
    return "\n".join([head] + [f"2024-W{first + i:02d},{series}{count}" for i, count in enumerate(counts)]) + "\n"


# Mean 4, sd sqrt(2/3) by hand; alpha 0.05: threshold 4 + 1.6448536269514722 * 0.816496580927726 = 5.34301741...
SMALL = weeks([3, 4, 5, 3, 5, 4, 4, 9])
EARS = ("-m", "ears-c1", "--set", "alpha=0.05")


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_by_hand():
    """A case by hand: the row of the newest week, the not assessed before it, dates as they came in."""
    out = good("detect", *EARS, stdin=SMALL).splitlines()
    equal(out[0], HEADER)
    equal(out[1:8], [f",2024-W{week:02d},{count},,,,,not assessed: too little history before this date"
                     for week, count in enumerate([3, 4, 5, 3, 5, 4, 4], 1)])
    last = rows(good("detect", *EARS, "--last", 1, stdin=SMALL))
    equal(len(last), 1)
    equal((last[0]["date"], last[0]["observed"], last[0]["expected"], last[0]["alarm"], last[0]["note"]),
          ("2024-W08", "9", "4", "1", ""))
    assert abs(float(last[0]["threshold"]) - (4 + 1.6448536269514722 * (2 / 3) ** 0.5)) < 1e-12
    assert abs(float(last[0]["score"]) - 5 / (float(last[0]["threshold"]) - 4)) < 1e-12


def test_ndjson():
    """As NDJSON what does not exist is null, an alarm true or false."""
    lines = [json.loads(line) for line in good("detect", *EARS, "-f", "ndjson", stdin=SMALL).splitlines()]
    equal(lines[0], {"series": "", "date": "2024-W01", "observed": 3, "expected": None, "threshold": None,
                     "score": None, "alarm": None, "note": "not assessed: too little history before this date"})
    equal((lines[7]["alarm"], lines[7]["observed"], lines[7]["note"]), (True, 9, ""))
    equal(list(lines[7]), HEADER.split(","))


def test_table():
    """The table for people, alarms in words, without colour in a pipe."""
    out = good("detect", *EARS, "-f", "table", "-n", 2, stdin=weeks([3, 4, 5, 3, 5, 4, 4, 4, 9], "老城"))
    equal(out, "series  date      observed  expected  threshold  score  alarm  note\n"
               "------  --------  --------  --------  ---------  -----  -----  ----\n"
               "老城    2024-W08         4       4.0        5.3   0.00  no\n"
               "老城    2024-W09         9       4.1        5.3   4.28  ALARM\n")


def test_colour():
    """On a terminal alarms are coloured, unless NO_COLOR forbids it."""
    def on_terminal(**more):
        main_end, program_end = os.openpty()
        subprocess.run([PROGRAM, "detect", *EARS], input=SMALL, text=True, stdout=program_end, check=True,
                       stderr=subprocess.DEVNULL, env={**ENVIRONMENT, "TERM": "xterm", **more})
        os.close(program_end)
        text = b""
        try:
            while piece := os.read(main_end, 65536):
                text += piece
        except OSError:  # the end of a terminal
            pass
        os.close(main_end)
        return text.decode()
    assert "\033[1;31m        2024-W08" in on_terminal()
    assert "ALARM" in on_terminal(NO_COLOR="1") and "\033" not in on_terminal(NO_COLOR="1")


def test_range():
    """--last, --from and --to choose what is judged, the history stays; ISO weeks and months count whole."""
    everything = good("detect", *EARS, stdin=SMALL).splitlines()
    equal(good("detect", *EARS, "-n", 3, stdin=SMALL).splitlines(), everything[:1] + everything[-3:])
    equal(good("detect", *EARS, "-n", 99, stdin=SMALL).splitlines(), everything)
    equal(good("detect", *EARS, "--from", "2024-W07", stdin=SMALL).splitlines(), everything[:1] + everything[-2:])
    equal(good("detect", *EARS, "--from=2024-02-12", "--to=2024-W07", stdin=SMALL).splitlines(),
          everything[:1] + everything[-2:-1])
    equal(good("detect", *EARS, "--to", "2024-01", stdin=SMALL).splitlines(), everything[:6])
    bad(2, "tocsin detect: --last and --from or --to exclude each other", "detect", *EARS, "-n1", "--to=2024-W02",
        stdin=SMALL)
    bad(2, "tocsin detect: --from lies after --to", "detect", *EARS, "--from=2024-W03", "--to=2024-W02", stdin=SMALL)
    bad(2, "tocsin detect: no date between --from and --to: the counts reach from 2024-W01 to 2024-W08",
        "detect", *EARS, "--from=2025-W01", stdin=SMALL)


# A chart with a given mean, by hand: S grows by (6 - 4)/sqrt(4) - 1/2 = 1/2 a week and alarms at 2, in the fourth week.
RISE = weeks([4] * 6 + [6] * 4)
CUSUM = ("-m", "cusum", "--set", "mean=4", "--set", "k=0.5", "--set", "h=2")


def test_start():
    """A method that adds up begins at --start, whatever rows are written."""
    chart = rows(good("detect", *CUSUM, "--start", "2024-W05", stdin=RISE))
    equal([row["date"] for row in chart], [f"2024-W{week:02d}" for week in range(5, 11)])
    equal([row["score"] for row in chart], ["0", "0", "0.25", "0.5", "0.75", "1"])
    equal([row["alarm"] for row in chart], ["0"] * 5 + ["1"])
    for words, wanted in ((("--last", 1), chart[-1:]), (("--last", 99), chart), (("--to", "2024-W08"), chart[:4]),
                          (("--from", "2024-W08", "--to", "2024-W09"), chart[3:5])):
        equal(rows(good("detect", *CUSUM, "--start", "2024-W05", *words, stdin=RISE)), wanted)
    text = RISE.replace("date,count", "date,series,count").replace(",", ",a,").replace(",a,series,a,", ",series,")
    text += "".join(f"2024-W{week:02d},b,4\n" for week in range(1, 9))
    for threads in (1, 3):  # b has ended: it was judged, and nothing of it is written
        code, out, err = run("detect", *CUSUM, "--start", "2024-W05", "--last", 2, "-j", threads, stdin=text)
        equal((code, err), (0, "tocsin detect: warning: 1 series without a count in the dates asked for: b\n"))
        equal([(row["series"], row["score"]) for row in rows(out)], [("a", "0.75"), ("a", "1")])


def test_start_of_other_methods():
    """Where each date is judged by itself --start only leaves the rows before it out."""
    everything = good("detect", *EARS, stdin=SMALL).splitlines()
    equal(good("detect", *EARS, "--start", "2024-W07", stdin=SMALL).splitlines(), everything[:1] + everything[-2:])
    equal(good("detect", *EARS, "--start", "2024-W02", "-n", 1, stdin=SMALL).splitlines(),
          everything[:1] + everything[-1:])
    words = ("detect", *EARS, "--start", "2024-W05")
    bad(2, "tocsin detect: --from lies before --start, where nothing is judged", *words, "--from", "2024-W04",
        stdin=SMALL)
    bad(2, "tocsin detect: --start lies after --to", *words, "--to", "2024-W04", stdin=SMALL)
    bad(2, "tocsin detect: --start lies after the newest date, 2024-W08", "detect", *EARS, "--start", "2024-W09",
        stdin=SMALL)
    code, _, err = run("detect", "--start", "soon", stdin=SMALL)
    equal(code, 2)
    assert "--start" in err and "'soon'" in err, err


def test_lost_sums_are_told():
    """A method that adds up, without --start: with a moving first date it finds nothing, and that is said once."""
    code, out, err = run("detect", *CUSUM, "--last", 1, stdin=RISE)
    equal((code, rows(out)[0]["score"]), (0, "0.25"))
    equal(err, "tocsin detect: warning: cusum adds up from the first date judged, and with --last that is another date "
               "each time: what added up before is lost; give --start DATE too, the same each time\n")
    code, out, err = run("detect", *CUSUM, "--from", "2024-W05", stdin=RISE)
    equal((code, out), (0, good("detect", *CUSUM, "--start", "2024-W05", stdin=RISE)))
    equal(err, "tocsin detect: warning: cusum adds up from the first date judged: keep --from the same each time, or "
               "give that date as --start and choose the rows by --last\n")
    code, _, err = run("detect", "-m", "cusum", stdin=RISE)
    equal((code, err), (0, "tocsin detect: warning: nothing was assessed: cusum learns from the dates before the first "
                           "one judged; --start DATE says which that is\n"))
    for name in ("glr-poisson", "lr-negative-binomial"):
        assert "adds up" in run("detect", "-m", name, "--last", 1, stdin=RISE)[2]


def test_dates_come_back_as_given():
    """Days, ISO weeks, first days of weeks and months are written as they were read."""
    for first, form in [("2024-01-01", "2024-01-{:02d}"), ("2024-01", "2024-{:02d}")]:
        text = "date,count\n" + "".join(f"{form.format(i)},{i}\n" for i in range(1, 10))
        equal([row["date"] for row in rows(good("detect", "-m", "ears-c1", stdin=text))],
              [form.format(i) for i in range(1, 10)])
    days = [f"2024-01-{day:02d}" for day in (3, 10, 17, 24, 31)] + ["2024-02-07", "2024-02-14", "2024-02-21"]
    text = "date,count\n" + "".join(f"{day},5\n" for day in days)
    equal([row["date"] for row in rows(good("detect", "-m", "ears-c1", stdin=text))], days)


def test_a_series_that_stopped():
    """A series without counts in the dates judged is named, not passed over in silence."""
    text = weeks([3] * 8, "a") + weeks([3] * 5, "b").split("\n", 1)[1]
    code, out, err = run("detect", *EARS, "--last", 2, stdin=text)
    equal((code, err), (0, "tocsin detect: warning: 1 series without a count in the dates asked for: b\n"))
    equal({row["series"] for row in rows(out)}, {"a"})


def test_missing_counts():
    """A missing count is a fault, or what --missing says; it is then not assessed and empty, never 0."""
    text = SMALL.replace("2024-W08,9", "2024-W08,NA")
    code, out, err = run("detect", *EARS, stdin=text)
    equal((code, out), (1, ""))
    assert err.startswith("<stdin>:9:2: count: "), err
    last = rows(good("detect", *EARS, "--missing", "na", stdin=text))[-1]
    equal((last["observed"], last["alarm"], last["note"]),
          ("", "", "not assessed: the count of this date is missing"))
    equal(rows(good("detect", *EARS, "--missing", "zero", stdin=text))[-1]["observed"], "0")


def test_columns():
    """--columns renames, --separator and --step say what cannot be recognised."""
    text = SMALL.replace("date,count", "Woche;n;note").replace(",", ";").replace("\n2024", ";x\n2024").replace(
        "note;x", "note")
    text = "Woche;n;note\n" + "".join(f"2024-W{i:02d};{n};x\n" for i, n in enumerate([3, 4, 5, 3, 5, 4, 4, 9], 1))
    equal(good("detect", *EARS, "--columns", "date=Woche,count=n,ignore=note", "--separator", "semicolon",
               "--step=week", stdin=text), good("detect", *EARS, stdin=SMALL))
    code, _, err = run("detect", *EARS, "--columns", "dat=Woche", stdin=text)
    equal(code, 2)
    assert "--columns" in err, err


def test_faults():
    """All faults come at once, with file, line and column, and nothing is written."""
    with folder() as name:
        path = os.path.join(name, "bad.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("date,count\n2024-W01,-3\n2024-W54,2\n2024-W03,x\n")
        code, out, err = run("detect", *EARS, "-o", os.path.join(name, "out.csv"), path)
        equal((code, out), (1, ""))
        for line in (2, 3, 4):
            assert f"{path}:{line}:" in err, err
        equal(err.splitlines()[-1], "tocsin detect: 3 faults in the input; nothing was written")
        equal(os.listdir(name), ["bad.csv"])
    code, _, err = run("detect", "no-such-file.csv")
    equal(code, 3)
    assert err.startswith("no-such-file.csv: "), err


def test_settings():
    """--set takes our words and R's; what is wrong is answered with what is allowed."""
    ours = good("detect", "-m", "ears-c2", "--set", "min_sigma=5", "-s", "baseline=3", stdin=SMALL)
    equal(good("detect", "-m", "ears-c2", "--set", "minSigma=5", "-s", "baseline=3", stdin=SMALL), ours)
    equal(good("detect", "-m", "ears-c2", "--set", "min_sigma=10/2", "-s", "baseline=3", stdin=SMALL), ours)
    assert ours != good("detect", "-m", "ears-c2", "-s", "baseline=3", stdin=SMALL)
    bad(2, "tocsin detect: --set: ears-c2 has no parameter 'basline'; did you mean baseline?", "detect", "-m",
        "ears-c2", "-s", "basline=3", stdin=SMALL)
    bad(2, "tocsin detect: --set: ears-c2 has no parameter 'xyz'; 'tocsin methods ears-c2' lists them", "detect",
        "-m", "ears-c2", "-s", "xyz=3", stdin=SMALL)
    bad(2, "tocsin detect: --set baseline: found '2.5'; allowed for ears-c2: a whole number from 3 to 366", "detect",
        "-m", "ears-c2", "-s", "baseline=2.5", stdin=SMALL)
    bad(2, "tocsin detect: --set alpha: found '1'; allowed for ears-c2: a number above 0 and below 1", "detect",
        "-m", "ears-c2", "-s", "alpha=1", stdin=SMALL)
    bad(2, "tocsin detect: --set weekdays: found 'maybe'; allowed for ears-c2: strata or pooled", "detect",
        "-m", "ears-c2", "-s", "weekdays=maybe", stdin=SMALL)
    bad(2, "tocsin detect: --set: found 'alpha'; allowed: NAME=VALUE, such as alpha=0.01", "detect", "-s", "alpha",
        stdin=SMALL)
    bad(2, "tocsin detect: no method 'ears-c4'; did you mean ears-c1?", "detect", "-m", "ears-c4", stdin=SMALL)


def test_vectors_of_r():
    """R's vectors take their elements with commas, R's words and TRUE or FALSE are understood."""
    words = ["detect", "-m", "farrington-flexible", "--last", 4, EXAMPLE]
    as_r = good(*words, "--set", "limit54=0,2", "--set", "thresholdMethod=delta", "--set", "powertrans=2/3",
                "--set", "reweight=FALSE", "--set", "w=3", "--set", "noPeriods=10")
    ours = good(*words, "--set", "min_cases=0", "--set", "min_cases_steps=2", "--set", "threshold=delta",
                "--set", "reweight=false", "--set", "half_window=3", "--set", "periods=10")
    equal(as_r, ours)
    code, _, err = run(*words, "--set", "limit54=1,2,3")
    equal((code, err), (2, "tocsin detect: --set limit54: found '1,2,3'; allowed: 2 values, with a comma between\n"))


def test_compat():
    """--compat r has R's numbers: C3 there does not count today."""
    text = weeks([5, 4, 6, 5, 4, 6, 5, 4, 6, 5, 5, 30])
    equal(rows(good("detect", "-m", "ears-c3", "-n1", stdin=text))[0]["alarm"], "1")
    equal(rows(good("detect", "-m", "ears-c3", "-n1", "--compat", "r", stdin=text))[0]["alarm"], "0")


def test_rules_of_r():
    """Where R says "no alarm" because its rule kept it from judging, its 0 stays and the note says what it is worth."""
    text = "date,count\n" + "".join(f"{year}-W{week:02d},{0 if (year, week) > (2023, 40) else 1 + week % 3}\n"
                                    for year in range(2017, 2024) for week in range(1, 53)
                                    ).replace("2020-W52,2\n", "2020-W52,2\n2020-W53,1\n")
    for method in ("farrington-flexible", "farrington"):
        words = ("detect", "-m", method, "--compat", "r", "--last", 4)
        got = rows(good(*words, stdin=text))
        equal([(row["alarm"], row["note"]) for row in got],
              [("0", "not assessed: too few recent cases to judge; R answers 0 all the same")] * 4)
        code, out, err = run(*words, "--rows", "assessed", stdin=text)
        equal((code, out.splitlines()[1:], err), (0, [], "tocsin detect: 0 alarms; 4 of 4 dates not assessed\n"))
        assert "not assessed: too few recent" in good(*words, "-f", "table", stdin=text)
        with folder() as name:
            plot = good(*words, "-o", os.path.join(name, "out.csv"), "-p", "-", stdin=text)
        assert ">not assessed</text>" in plot and ">no alarm</text>" not in plot
        ours = rows(good("detect", "-m", method, "--last", 4, stdin=text))
        equal({(row["alarm"], row["note"]) for row in ours}, {("", "not assessed: too few recent cases to judge")})


def test_rows():
    """--rows leaves rows out, and says how many dates were not assessed."""
    code, out, err = run("detect", *EARS, "--rows", "alarms", stdin=SMALL)
    equal((code, err), (0, "tocsin detect: 1 alarm; 7 of 8 dates not assessed\n"))
    equal([row["date"] for row in rows(out)], ["2024-W08"])
    out = run("detect", *EARS, "--rows", "assessed", stdin=weeks([3, 4, 5, 3, 5, 4, 4, 4, 9]))[1]
    equal([row["date"] for row in rows(out)], ["2024-W08", "2024-W09"])


def test_calendar():
    """--calendar names the holiday in the note; a calendar that ends too early is said, a faulty one refused."""
    with folder() as name:
        path = os.path.join(name, "holidays.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("holiday,from,to,steps,before,after\nSpring Festival,2024-02-10,2024-02-17,weeks,1,0\n")
        notes = [row["note"] for row in rows(good("detect", *EARS, "--calendar", path,
                                                  stdin=weeks([3, 4, 5, 3, 5, 4, 4, 9, 3])))]
        assert any(note.startswith("not assessed: ") and note.endswith("; holiday: Spring Festival")
                   for note in notes), notes
        assert any(note.endswith("; week 1 before Spring Festival") for note in notes), notes
        plot = good("detect", *EARS, "--calendar", path, "-o", os.path.join(name, "out.csv"), "-p", "-",
                    stdin=weeks([3, 4, 5, 3, 5, 4, 4, 9, 3]))
        assert "<title>holiday: Spring Festival</title>" in plot and ">holiday</text>" in plot
        code, _, err = run("detect", *EARS, "--calendar", path, stdin=SMALL.replace("2024-", "2026-"))
        equal((code, err), (0, f"tocsin detect: warning: {path} knows holidays from 2024 to 2024; other years are "
                               "judged without\n"))
        bad(2, "tocsin detect: --calendar and --compat r exclude each other: R knows no holidays", "detect", *EARS,
            "--calendar", path, "--compat", "r", stdin=SMALL)
        with open(path, "w", encoding="utf-8") as file:
            file.write("holiday,from\nSpring Festival,2024-02-30\n")
        code, out, err = run("detect", *EARS, "--calendar", path, stdin=SMALL)
        equal((code, out), (1, ""))
        assert err.startswith(f"{path}:2:2: from: "), err
    code, _, err = run("detect", *EARS, "--calendar", "no-such-file.csv", stdin=SMALL)
    equal(code, 3)
    assert err.startswith("no-such-file.csv: "), err


def test_default_method():
    """Without --method it is chosen by the length of the history, and said."""
    code, out, err = run("detect", "-n1", EXAMPLE)
    equal((code, err), (0, "tocsin detect: judged by farrington-flexible; --method sets another\n"))
    equal(out, good("detect", "-n1", "-m", "farrington-flexible", EXAMPLE))
    code, out, err = run("detect", stdin=SMALL)
    equal((code, err), (0, "tocsin detect: judged by ears-c2; --method sets another\n"))


def test_example():
    """The example that ships: the outbreak at the end is found, and the one of summer 2022."""
    alarms = [(row["series"], row["date"]) for row in
              rows(good("detect", "-m", "farrington-flexible", "--from", "2022-W20", EXAMPLE)) if row["alarm"] == "1"]
    assert ("East Gate 东门", "2023-W52") in alarms
    assert [date for series, date in alarms if series == "Lakeside 湖滨" and "2022-W27" <= date <= "2022-W33"], alarms


def test_threads():
    """Results are the same for any number of threads, for many short series and for few."""
    with folder() as name:
        path = os.path.join(name, "many.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write("date,series,count\n")
            for series in range(500):
                for week in range(1, 21):
                    file.write(f"2024-W{week:02d},s{series},{(series * 7 + week * week) % 11}\n")
        for words in (["-m", "ears-c2", path], ["-m", "farrington-flexible", EXAMPLE]):
            one = good("detect", *words, "--threads", 1)
            for threads in (2, 4, 9):
                equal(good("detect", *words, "--threads", threads) == one, True)
        plots = []
        for threads in (1, 4):
            plot = os.path.join(name, f"{threads}.svg")
            good("detect", "-m", "ears-c2", "-j", threads, "-p", plot, "-n", 5, path)
            with open(plot, encoding="utf-8") as file:
                plots.append(file.read())
        equal(plots[0] == plots[1], True)
        said = " ".join(re.sub("<[^>]*>", "", plots[0]).split())
        assert "Of 500 series the 60 with the most alarms are shown." in said


def test_plot():
    """The plot is well-formed, names every series, marks every alarm, and escapes what it is given."""
    with folder() as name:
        plot = os.path.join(name, "out.svg")
        text = weeks([3, 4, 5, 3, 5, 4, 4, 9], "<b>&") + weeks([3, 4, 5, 3, 5, 4, 4, 4], "老城").split("\n", 1)[1]
        equal(good("detect", *EARS, "--plot", plot, stdin=text), good("detect", *EARS, stdin=text))
        tree = xml.etree.ElementTree.parse(plot)
        space = "{http://www.w3.org/2000/svg}"
        texts = [element.text for element in tree.iter(space + "text")]
        for word in ["<b>&", "老城", "observed", "expected", "threshold", "alarm", "not assessed", "alarm 2024-W08",
                     "no alarm"]:
            assert word in texts, f"{word} is not in {texts}"
        titles = [element.text for element in tree.iter(space + "title")]
        equal([title for title in titles if title.startswith("2024-W08: observed 9, expected 4.0")], titles[1:])
        equal(sorted(os.listdir(name)), ["out.svg"])
        bad(3, f"tocsin detect: {name}/none/x.svg: No such file or directory", "detect", *EARS, "--plot",
            f"{name}/none/x.svg", stdin=text)


def test_plot_on_standard_output():
    """--plot - writes the picture to standard output where the results go elsewhere."""
    with folder() as name:
        path = os.path.join(name, "out.csv")
        assert good("detect", *EARS, "-o", path, "-p", "-", stdin=SMALL).startswith("<svg ")
        bad(2, "tocsin detect: --plot and the results would go to the same place, standard output; --output or --plot "
            "names another", "detect", *EARS, "-p", "-", stdin=SMALL)


def test_output_file():
    """--output replaces a file whole, and a fault leaves the old one."""
    with folder() as name:
        path = os.path.join(name, "out.csv")
        equal(good("detect", *EARS, "-o", path, stdin=SMALL), "")
        with open(path, encoding="utf-8") as file:
            equal(file.read(), good("detect", *EARS, stdin=SMALL))
        run("detect", *EARS, "-o", path, stdin="date,count\nx,y\n")
        with open(path, encoding="utf-8") as file:
            equal(file.read(), good("detect", *EARS, stdin=SMALL))
        equal(os.listdir(name), ["out.csv"])


def test_a_full_disk():
    """A full disk is told, with exit code 3, for results and for the plot."""
    bad(3, "tocsin detect: /dev/full: No space left on device", "detect", *EARS, "-o", "/dev/full", stdin=SMALL)
    bad(3, "tocsin detect: /dev/full: No space left on device", "detect", *EARS, "-p", "/dev/full", stdin=SMALL)
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run([PROGRAM, "detect", "-m", "ears-c1", EXAMPLE], stdout=full, stderr=subprocess.PIPE,
                                text=True, check=False)
    equal((result.returncode, result.stderr), (3, "tocsin detect: standard output: No space left on device\n"))


def test_a_reader_that_goes_away():
    """A reader that goes away ends the work quietly by SIGPIPE, whatever the number of threads."""
    for threads in ("1", "4"):
        out, into = os.pipe()
        os.close(out)
        result = subprocess.run([PROGRAM, "detect", "-m", "ears-c1", "-j", threads, EXAMPLE], stdout=into,
                                stderr=subprocess.PIPE, text=True, check=False)
        os.close(into)
        equal((result.returncode, result.stderr), (-signal.SIGPIPE, ""))


def asleep(process):
    """Whether it waits for something: a signal that came before it would, under a sanitizer, be told only after."""
    with open(f"/proc/{process}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "S"


def test_a_signal():
    """Interrupted while it writes, the program leaves no file behind and ends by the signal."""
    with folder() as name:
        reader, writer = os.pipe()  # a pipe as the plot: opening a FIFO for writing waits, with the output still open
        fifo = os.path.join(name, "plot.svg")
        os.mkfifo(fifo)
        process = subprocess.Popen([PROGRAM, "detect", "-m", "ears-c1", "-p", fifo, "-o", os.path.join(name, "out.csv"),
                                    EXAMPLE], stderr=subprocess.PIPE)
        try:
            assert wait_for(lambda: len(os.listdir(name)) == 2 and asleep(process.pid)), os.listdir(name)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        finally:
            process.kill()
        equal((process.returncode, os.listdir(name)), (-signal.SIGTERM, ["plot.svg"]))
        os.close(reader)
        os.close(writer)


def test_progress():
    """--progress tells how far it is; the results are the same."""
    code, out, err = run("detect", *EARS, "--progress", stdin=SMALL)
    equal((code, out), (0, good("detect", *EARS, stdin=SMALL)))
    assert "1 of 1 series" in err, err


main(dict(globals()))
