# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin simulate, seen from outside."""

import csv
import io
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time
import xml.etree.ElementTree

from program import ENVIRONMENT, PROGRAM, ROOT, Skip, bad, equal, folder, good, main, run

SCENARIOS = ROOT / "scenarios"
HEAD = "scenario: Town\nstart: 2024-02-01\ndays: 60\npopulation: {agents: 3000}\n"
SMALL = ["--agents", 3000, "--days", 60]
STATES = ["susceptible", "asymptomatic", "presymptomatic", "mild", "severe", "hospitalised", "intensive_care",
          "recovering", "recovered", "dead"]


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def read(place, name):
    return rows(pathlib.Path(place, name).read_text(encoding="utf-8"))


def write(place, text, name="s.yaml"):
    path = pathlib.Path(place, name)
    path.write_text(text, encoding="utf-8")
    return path


def contents(place):
    return {path.name: path.read_bytes() for path in pathlib.Path(place).iterdir()}


def test_files_agree():
    """Series, runs, fans and summary say the same; everybody is in one state; the picture is well-formed SVG."""
    with folder() as place:
        out = pathlib.Path(place, "out")
        summary = rows(good("simulate", "-n", 3, "-o", out, *SMALL, SCENARIOS / "covid-19.yaml"))
        equal({path.name for path in out.iterdir()}, {"series.csv", "runs.csv", "fans.csv", "summary.csv",
                                                      "report.svg"})
        series, runs = read(out, "series.csv"), read(out, "runs.csv")
        equal(len(series), 3 * 60 * 9)
        equal([row["age"] for row in series[:9]], ["0-9", "10-19", "20-29", "30-39", "40-49", "50-59", "60-69",
                                                   "70-79", "80+"])
        equal((series[-1]["scenario"], series[-1]["seed"], series[-1]["day"], series[-1]["date"]),
              ("covid-19", "3", "60", "2020-03-31"))
        for seed in "123":
            for day in ("1", "37", "60"):
                equal(sum(int(row[state]) for row in series if (row["seed"], row["day"]) == (seed, day)
                          for state in STATES), 3000)
            for column in ("infections", "deaths", "specimens", "onsets"):
                equal(sum(int(row[column]) for row in series if row["seed"] == seed),
                      int(runs[int(seed) - 1][column]))
            equal(max(sum(int(row["infections"]) for row in series if (row["seed"], row["day"]) == (seed, str(day)))
                      for day in range(1, 61)), int(runs[int(seed) - 1]["peak_infections"]))
        of = {row["statistic"]: row for row in summary}
        infections = sorted(int(row["infections"]) for row in runs)
        equal(float(of["infections"]["median"]), infections[1])
        assert abs(float(of["infections"]["mean"]) - sum(infections) / 3) < 1e-9
        assert abs(float(of["infections"]["p05"]) - (infections[0] + 0.1 * (infections[1] - infections[0]))) < 1e-9
        equal(read(out, "summary.csv"), summary)
        fan = [row for row in read(out, "fans.csv") if (row["curve"], row["day"]) == ("dead", "60")][0]
        dead = sorted(sum(int(row["dead"]) for row in series if (row["seed"], row["day"]) == (seed, "60"))
                      for seed in "123")
        equal((float(fan["median"]), float(fan["p95"])), (dead[1], dead[1] + 0.9 * (dead[2] - dead[1])))
        text = (out / "report.svg").read_text(encoding="utf-8")
        xml.etree.ElementTree.fromstring(text)
        assert "90 % of the runs" in text and "not what will happen" in text


def test_threads_change_nothing():
    """1, 2, 3 and 4 threads give the same bytes in every file, with more runs than threads and with fewer."""
    with folder() as place:
        area = write(place, HEAD + "areas:\n  - {name: Town, persons: 9000}\n  - {name: 'A, \"B\"', persons: 3000}\n"
                     "commuting: [{from: 'A, \"B\"', to: Town, share: 0.3}]\n"
                     "measures: [{measure: isolation}, {measure: testing}, {measure: app_on_positive}, "
                     "{measure: tracers}]\n")
        for seeds in (5, 1):
            found = []
            for threads in (1, 2, 3, 4):
                out = pathlib.Path(place, f"{seeds}-{threads}")
                summary = good("simulate", "-n", seeds, "-t", threads, "-o", out, "--line-list", "csv", area)
                found.append((summary, contents(out)))
            equal(set(found[0][1]), {"series.csv", "runs.csv", "fans.csv", "summary.csv", "report.svg", "areas.svg",
                                     "infections.csv"})
            for other in found[1:]:
                assert other == found[0], f"{seeds} seeds"


def test_a_seed_is_a_run():
    """A run depends on its seed alone, not on the others that are run with it."""
    with folder() as place:
        one, other = pathlib.Path(place, "a"), pathlib.Path(place, "b")
        good("simulate", "-n", 4, "-o", one, *SMALL, SCENARIOS / "covid-19.yaml")
        good("simulate", "-n", 2, "--first-seed", 3, "-o", other, *SMALL, SCENARIOS / "covid-19.yaml")
        equal([row for row in read(one, "series.csv") if row["seed"] in "34"], read(other, "series.csv"))
        assert len({row["infections"] for row in read(one, "runs.csv")}) > 1


def test_details_of_the_series():
    """By area, by age, in all or not at all: the same sums."""
    with folder() as place:
        path = write(place, HEAD + "areas:\n  - {name: Town, persons: 2000}\n  - {name: Village, persons: 1000}\n")
        sums = set()
        for detail, size, extra in (("full", 18, {"area", "age"}), ("areas", 2, {"area"}), ("ages", 9, {"age"}),
                                    ("total", 1, set())):
            out = pathlib.Path(place, detail)
            good("simulate", "-n", 1, "--series", detail, "-o", out, path)
            series = read(out, "series.csv")
            equal(len(series), 60 * size)
            equal(set(series[0]) & {"area", "age"}, extra)
            sums.add(tuple(sum(int(row[column]) for row in series) for column in ("susceptible", "infections")))
        equal(len(sums), 1)
        out = pathlib.Path(place, "none")
        good("simulate", "-n", 1, "--series", "none", "-o", out, path)
        assert not (out / "series.csv").exists()
        xml.etree.ElementTree.parse(out / "areas.svg")


def test_the_villages_of_a_county():
    """An invented county from its own files: everybody lives where the population says, and townships are shown."""
    with folder() as place:
        good("county", "--out", place)
        path = write(place, "extends: covid-19.yaml\nscenario: County\nstart: 2025-06-01\ndays: 3\n"
                     "area_tree: {codes: areas.csv, population: population.csv, level: 5, report: 4}\n"
                     "measures: [{measure: lockdown, level: 4, on_above: 5, off_below: 1}]\n")
        out = pathlib.Path(place, "out")
        good("simulate", "-n", 1, "--series", "full", "--line-list", "csv", "-o", out, path)
        areas = {row["code"]: row for row in csv.DictReader(open(pathlib.Path(place, "areas.csv"), encoding="utf-8"))}
        expected = dict.fromkeys((code for code in areas if areas[code]["level"] == "4"), 0)
        with open(pathlib.Path(place, "population.csv"), encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if areas[row["area"]]["level"] == "5":
                    expected[areas[row["area"]]["parent"]] += int(row["number"])
        states = ("susceptible asymptomatic presymptomatic mild severe hospitalised intensive_care recovering recovered "
                  "dead").split()
        found = dict.fromkeys(expected, 0)
        for row in read(out, "series.csv"):
            if row["day"] == "1":
                found[row["area"]] += sum(int(row[state]) for state in states)
        equal(found, expected)
        equal({areas[row["area"]]["level"] for row in read(out, "infections.csv")}, {"5"})
        assert areas["900101100"]["name_en"] in (out / "areas.svg").read_text(encoding="utf-8")


def test_line_list_is_a_tree():
    """Each infection names the person it came from, who was infected before; CSV and NDJSON agree."""
    with folder() as place:
        out = pathlib.Path(place, "out")
        for form in ("csv", "ndjson"):
            good("simulate", "-n", 2, "-o", out, "--line-list", form, *SMALL, SCENARIOS / "covid-19.yaml")
        lines, runs = read(out, "infections.csv"), read(out, "runs.csv")
        day, from_before = {}, 0
        for row in lines:
            day[row["seed"], row["person"]] = int(row["day"])
            from_before += row["day"] == "0"
        for row in lines:
            if row["infected_by"]:
                assert day[row["seed"], row["infected_by"]] < int(row["day"]), row
                assert row["network"] in ("household", "ring", "random"), row
            else:
                equal(row["network"], "imported")
        equal(from_before, 20)  # ten before the first day, in two runs
        equal(len(lines) - from_before, sum(int(row["infections"]) for row in runs))
        objects = [json.loads(line) for line in (out / "infections.ndjson").read_text(encoding="utf-8").splitlines()]
        equal([(str(one["person"]), one["area"], one["severity"]) for one in objects],
              [(row["person"], row["area"], row["severity"]) for row in lines])


def test_compare():
    """A scenario compared with itself has no difference at all; isolation lowers infections in every pair."""
    with folder() as place:
        same = write(place, HEAD.replace("Town", "Same"), "same.yaml")
        other = write(place, "extends: same.yaml\nscenario: Other\nmeasures: [{measure: isolation}]\n", "other.yaml")
        for row in rows(good("simulate", "--compare", "-n", 4, same, same)):
            equal((float(row["difference"]), float(row["share_lower"])), (0, 0))
        out = pathlib.Path(place, "out")
        of = {row["statistic"]: row for row in rows(good("simulate", "-c", "-n", 4, "-o", out, same, other))}
        infections, restricted = of["infections"], of["restricted_days"]
        assert float(infections["difference"]) < 0 and float(infections["high"]) < 0, infections
        equal((float(infections["share_lower"]), infections["pairs"]), (1, "4"))
        assert float(restricted["low"]) > 0
        runs = read(out, "runs.csv")
        equal([(row["scenario"], row["seed"]) for row in runs],
              [(name, seed) for name in ("same", "other") for seed in "1234"])
        pairs = [int(runs[4 + i]["infections"]) - int(runs[i]["infections"]) for i in range(4)]
        assert abs(float(infections["difference"]) - sum(pairs) / 4) < 1e-9
        spread = (sum((pair - sum(pairs) / 4) ** 2 for pair in pairs) / 3 / 4) ** 0.5
        assert abs(float(infections["low"]) - (sum(pairs) / 4 - 3.182446305284263 * spread)) < 1e-6
        assert (out / "comparison.csv").exists() and not (out / "summary.csv").exists()
        xml.etree.ElementTree.parse(out / "report.svg")
        bad(2, "tocsin simulate: --compare: two scenarios are wanted; found 1", "simulate", "-c", same)
        longer = write(place, "extends: same.yaml\nscenario: Longer\ndays: 61\n", "longer.yaml")
        bad(2, "tocsin simulate: the scenarios have 60 and 61 days; --days makes them alike", "simulate", "-c", same,
            longer)


def test_measures_are_ordered():
    """Without measures, with isolation, with households too: each has fewer infections than the one before."""
    attack = []
    for name in ("covid-19", "covid-19-a-isolation", "covid-19-b-households"):
        summary = rows(good("simulate", "-n", 2, "--agents", 20000, SCENARIOS / f"{name}.yaml"))
        attack.append(float(summary[0]["mean"]))
    assert attack[0] > attack[1] > attack[2] > 0.3, attack


def test_bad_scenarios():
    """An unknown key, an impossible date, a negative rate and a table that does not sum: by line; nothing is run."""
    with folder() as place:
        path = write(place, "scenario: Town\nstart: 2023-02-29\ndays: 60\ninfection:\n  infectious_rate: -1\n"
                     "  infectious_meen: 5\ndisease:\n  mild: [1, 1]\n")
        out = pathlib.Path(place, "out")
        code, text, err = run("simulate", "-o", out, path)
        equal((code, text), (1, ""))
        equal(err.replace(str(path), "s.yaml").splitlines(), [
            's.yaml:2:8: start: "2023-02-29": day 29 does not exist: February 2023 has 28 days; allowed: a day '
            "(2024-02-26)",
            's.yaml:5:20: infection.infectious_rate: "-1" is negative; allowed: a number, 0 … 100 (infections)',
            's.yaml:6:3: infection: the key "infectious_meen" is unknown; allowed: did you mean infectious_mean?',
            "s.yaml:8:9: disease.mild: 2 numbers; allowed: a list of 9 numbers, one for each age group: 0-9, 10-19, … "
            "70-79, 80 and over"])
        assert not out.exists()
        write(place, HEAD + "disease:\n  mild: [1, 1, 1, 1, 1, 1, 1, 1, 1]\n")
        bad(1, f"{path}:6:10: disease.mild: 1.456 does not fit the other values; allowed: asymptomatic + mild at most 1",
            "simulate", "-o", out, path)
        assert not out.exists()
        bad(3, "none.yaml: cannot be opened: No such file or directory", "simulate", "none.yaml", cwd=place)


def test_wrong_use():
    """What does not fit together is told before anything is run."""
    name = SCENARIOS / "covid-19.yaml"
    bad(2, "tocsin simulate: one scenario is wanted; found 0", "simulate")
    bad(2, "tocsin simulate: one scenario is wanted; found 2", "simulate", name, name)
    bad(2, "tocsin simulate: --line-list needs --output DIR", "simulate", "--line-list", "csv", name)
    bad(2, "tocsin simulate: --seeds: found '0'; allowed: a whole number from 1 to 10000", "simulate", "-n", 0, name)
    bad(2, "tocsin simulate: --from: found '2024-W05'; allowed: a day (2024-02-26)", "simulate", "--from", "2024-W05",
        name)
    with folder() as place:
        write(place, "x", "file")
        bad(3, f"tocsin simulate: {place}/file: Not a directory", "simulate", "-o", f"{place}/file", name)
        path = write(place, "scenario: a\nstart: 2024-01-01\ndays: 3660\nareas:\n" +
                     "".join(f"  - {{name: a{i}, persons: 1}}\n" for i in range(9000)))
        code, _, err = run("simulate", "-t", 4, path)
        equal(code, 2)
        assert err.startswith("tocsin simulate: the counts of these areas, days and seeds would take "), err


def test_check():
    """--check lists every parameter with its value and line; every scenario that comes with Tocsin is read."""
    for path in sorted(SCENARIOS.glob("*.yaml")):
        listed = rows(good("simulate", "--check", path))
        assert len(listed) > 80 and all(row["meaning"] for row in listed)
    of = {row["parameter"]: row for row in rows(good("simulate", "--check", SCENARIOS / "covid-19-i-slow-tests.yaml"))}
    equal((of["testing.test_result_days"]["value"], of["testing.test_result_days"]["from"]),
          ("3", "covid-19-i-slow-tests.yaml:6"))
    assert of["isolation.isolation_share"]["from"].startswith("covid-19-a-isolation.yaml:")
    equal(of["vaccination.vaccine_oldest_first"]["from"], "default")


def test_scenarios_that_came_along():
    """A name that is no file here is looked for among the program's own, also where a scenario extends it."""
    with folder() as place:
        write(place, "extends: influenza.yaml\nscenario: Here\n")
        good("simulate", "--check", "influenza.yaml", cwd=place)
        good("simulate", "--check", "s.yaml", cwd=place)


def test_zones():
    """The city of districts: zones end, beds of shelters are used, contacts of buses and trains infect, costs add up."""
    with folder() as place:
        out = pathlib.Path(place, "out")
        summary = good("simulate", "-n", 2, "--days", 120, "-o", out, "--line-list", "csv",
                       SCENARIOS / "covid-19-zones.yaml")
        of = {row["statistic"]: float(row["mean"]) for row in rows(summary)}
        assert 50 < of["infections"] < 5000, of
        assert 100 < of["tubes"] < of["specimens"] / 4, of
        assert 0 < of["peak_sheltered"] <= 400, of
        series = read(out, "series.csv")
        for statistic, columns in (("hospital_days", ("hospitalised", "intensive_care", "recovering")),
                                   ("intensive_care_days", ("intensive_care",)), ("shelter_days", ("sheltered",)),
                                   ("restricted_days", ("restricted",))):
            equal(of[statistic], sum(int(row[column]) for row in series for column in columns) / 2)
        closed = [sum(int(row["school_days_lost"]) for row in series if row["day"] == day and row["age"] == "0-9")
                  for day in ("30", "120")]
        assert closed[1] < closed[0] / 4, closed
        networks = {row["network"] for row in read(out, "infections.csv")}
        equal(networks, {"household", "ring", "random", "imported", "transport"})


def test_progress():
    """--progress tells how far the work is; without it, and without a terminal, nothing is told."""
    code, _, err = run("simulate", "--progress", "-n", 2, "--agents", 60000, SCENARIOS / "covid-19.yaml")
    equal(code, 0)
    assert err.startswith("tocsin simulate: ") and "days of all runs" in err and err.rstrip().endswith("left"), err


def test_interrupted():
    """A run that is interrupted ends by the signal and leaves the files of the run before, whole."""
    with folder() as place:
        out = pathlib.Path(place, "out")
        good("simulate", "-n", 1, "-o", out, *SMALL, SCENARIOS / "covid-19.yaml")
        before = contents(out)
        with subprocess.Popen([PROGRAM, "simulate", "-n", "10000", "-o", out, SCENARIOS / "covid-19.yaml"],
                              env=ENVIRONMENT) as process:
            while len(list(out.iterdir())) == len(before):  # the temporary file of series.csv
                time.sleep(0.01)
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            equal(process.wait(20), -signal.SIGINT)
        assert contents(out) == before


TWO_AREAS = ("extends: covid-19-f-app-symptoms.yaml\nscenario: Two\ndays: 70\nareas:\n  - {name: Town, persons: 9000}\n"
             "  - {name: Village, persons: 5000}\ncommuting: [{from: Village, to: Town, share: 0.3}]\n"
             "measures: [{measure: tracers}, {measure: screening, from: 20, to: 30}]\nimports: [{day: 9, persons: 9}]\n")


def unbroken(place, seeds):
    """A scenario and what it gives without a break: summary and files."""
    path, out = write(place, TWO_AREAS, "two.yaml"), pathlib.Path(place, f"unbroken-{seeds}")
    return path, (good("simulate", "-n", seeds, "-o", out, "--line-list", "csv", path), contents(out))


def test_checkpoints():
    """Writing checkpoints changes nothing; ended runs are read again; a run goes on from the middle with any threads."""
    with folder() as place:
        path, expected = unbroken(place, 3)
        steps = pathlib.Path(place, "steps")
        words = ["simulate", "-n", 3, "--line-list", "csv"]
        for number, options in enumerate((["--checkpoint", steps, "--every", 9], ["--resume", steps])):
            out = pathlib.Path(place, f"out-{number}")
            equal((good(*words, *options, "-o", out, path), contents(out)), expected)
        equal(sorted(contents(steps)), [f"two-seed-{seed}.checkpoint" for seed in (1, 2, 3)])
        (steps / "two-seed-2.checkpoint").unlink()  # this one begins again
        for threads in (1, 4):
            out = pathlib.Path(place, f"again-{threads}")
            equal((good(*words, "-t", threads, "--resume", steps, "-o", out, path), contents(out)), expected)


def test_killed_and_resumed():
    """A run that is killed at any moment goes on from its checkpoints, with the bytes of one that never was."""
    for seeds in (1, 3):
        with folder() as place:
            path, expected = unbroken(place, seeds)
            steps, broken, out = (pathlib.Path(place, name) for name in ("steps", "broken", "out"))
            words = ["simulate", "-n", seeds, "-t", 2, "--line-list", "csv", "--every", 2]
            for kill in range(3):  # each time the run before is gone on with, and killed
                options = ["--checkpoint", steps] if kill == 0 else ["--resume", steps]
                with subprocess.Popen([str(word) for word in [PROGRAM, *words, *options, "-o", broken, path]],
                                      stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
                    before = contents(steps) if kill > 0 else {}
                    while process.poll() is None and (not steps.exists() or contents(steps) == before):
                        time.sleep(0.002)
                    time.sleep(0.01 * kill)
                    process.kill()
            assert contents(steps), "no checkpoint was written"
            equal((good(*words, "--resume", steps, "-o", out, path), contents(out)), expected)


def test_wrong_checkpoints():
    """A checkpoint that is damaged, of another scenario, version or use is refused with a sentence; nothing is written."""
    with folder() as place:
        path, steps, out = write(place, HEAD), pathlib.Path(place, "steps"), pathlib.Path(place, "out")
        words = ["simulate", "-n", 1, "-o", out, "--resume", steps]
        good("simulate", "-n", 1, "--checkpoint", steps, path)
        file = steps / "s-seed-1.checkpoint"
        whole = file.read_bytes()
        refused = lambda says, *more: (bad(1, f"tocsin simulate: {file}: {says}", *words, *more, path),  # noqa: E731
                                       equal(list(out.glob("*")) if out.exists() else [], []))
        other = "is of another scenario; allowed: one of this scenario, with the same --days, --from and --agents"
        refused(other, "--days", 61)
        refused(other, "--agents", 3001)
        refused("was written with other output; --line-list has to be as it was", "--line-list", "csv")
        for at, says in ((0, "is no checkpoint of a simulation"),
                         (33, "was written by another version of tocsin; allowed: one of this version"),
                         (56, "is of another seed; files of a folder of checkpoints keep their names"),
                         (200, "was cut short or damaged"), (len(whole) - 1, "was cut short or damaged")):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
            refused(says)
        for size, says in ((0, "is no checkpoint of a simulation"), (127, "is no checkpoint of a simulation"),
                           (128, "was cut short or damaged"), (len(whole) - 1, "was cut short or damaged")):
            file.write_bytes(whole[:size])
            refused(says)
        file.write_bytes(whole + b"x")
        refused("was cut short or damaged")
        write(place, HEAD + "measures: [{measure: isolation}]\n")
        file.write_bytes(whole)
        refused(other)
        write(place, HEAD)
        good(*words, path)
        missing = pathlib.Path(place, "missing")
        bad(3, f"tocsin simulate: --resume: {missing}: there is no such folder", "simulate", "--resume", missing, path)
        bad(3, f"tocsin simulate: {file}: Not a directory", "simulate", "--checkpoint", file, path)
        bad(2, "tocsin simulate: --checkpoint and --resume exclude each other: a run that goes on keeps on writing "
            "checkpoints", "simulate", "--checkpoint", steps, "--resume", steps, path)
        bad(2, "tocsin simulate: --every needs --checkpoint DIR or --resume DIR", "simulate", "--every", 3, path)


def on_ranks(ranks, *words):
    """The command under mpirun: exit code and what rank 0 said, without mpirun's own words."""
    if not shutil.which("mpirun") or not pathlib.Path(PROGRAM).with_name("tocsin-simulate-mpi").exists():
        raise Skip("no mpirun here, or tocsin-simulate-mpi was not built (libopenmpi-dev, openmpi-bin)")
    environment = {**ENVIRONMENT, "ASAN_OPTIONS": "detect_leaks=0", "OMPI_MCA_rmaps_base_oversubscribe": "1",
                   "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    result = subprocess.run(["mpirun", "-n", str(ranks), PROGRAM, *map(str, words)], env=environment, timeout=100,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    said = [line for line in result.stderr.splitlines() if line.startswith("tocsin simulate: ")]
    return result.returncode, result.stdout.replace("\r\n", "\n"), said


def test_processes_change_nothing():
    """1, 2 and 4 processes, more runs than processes and fewer, give the same bytes in every file."""
    with folder() as place:
        for seeds in (5, 1):
            path, expected = unbroken(place, seeds)
            for ranks, threads in ((1, 2), (2, 1), (2, 2), (4, 1)):
                out = pathlib.Path(place, f"{seeds}-{ranks}-{threads}")
                code, text, said = on_ranks(ranks, "simulate", "-f", "csv", "-n", seeds, "-t", threads, "-o", out,
                                            "--line-list", "csv", path)
                equal((code, said), (0, []))
                assert (text, contents(out)) == expected, f"{seeds} seeds, {ranks} processes"
        text = good("simulate", "-c", "-n", 1, path, path)
        equal(on_ranks(2, "simulate", "-c", "-n", 1, path, path), (0, text, []))


def test_processes_and_checkpoints():
    """Checkpoints of one process go on with several, and the other way round."""
    with folder() as place:
        for seeds in (3, 1):
            path, expected = unbroken(place, seeds)
            steps = pathlib.Path(place, f"steps-{seeds}")
            words = ["simulate", "-f", "csv", "-n", seeds, "--line-list", "csv", "--every", 3]
            with subprocess.Popen([str(word) for word in [PROGRAM, *words, "--checkpoint", steps, path, "-o",
                                                          pathlib.Path(place, "broken")]],
                                  stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
                while process.poll() is None and (not steps.exists() or not contents(steps)):
                    time.sleep(0.002)
                process.kill()
            out = pathlib.Path(place, f"out-{seeds}")
            code, text, said = on_ranks(2, *words, "--resume", steps, "-o", out, path)
            equal((code, said), (0, []))
            assert (text, contents(out)) == expected, f"{seeds} seeds"
            (steps / "two-seed-1.checkpoint").unlink()
            equal(on_ranks(2, *words, "--resume", steps, "-o", out, path)[0], 0)
            again = pathlib.Path(place, f"again-{seeds}")
            equal((good(*words, "--resume", steps, "-o", again, path), contents(again)), expected)


def test_processes_and_faults():
    """Faults are told once, nothing is written, and no process is left waiting."""
    with folder() as place:
        out, path = pathlib.Path(place, "out"), write(place, HEAD + "infection:\n  infectious_rate: -1\n")
        code, text, _ = on_ranks(2, "simulate", "-o", out, path)
        equal((code, text, out.exists()), (1, "", False))
        path = write(place, HEAD)
        equal(on_ranks(2, "simulate", "--every", 2, path)[::2],
              (2, ["tocsin simulate: --every needs --checkpoint DIR or --resume DIR"]))
        for seeds in (1, 3):
            steps = pathlib.Path(place, f"steps-{seeds}")
            equal(on_ranks(2, "simulate", "-n", seeds, "--checkpoint", steps, path)[0], 0)
            damaged = sorted(steps.iterdir())[seeds // 2]  # of three, that of the second process
            damaged.write_bytes(damaged.read_bytes()[:-1])
            code, text, said = on_ranks(2, "simulate", "-n", seeds, "--resume", steps, "-o", out, path)
            equal((code, text, said), (1, "", [f"tocsin simulate: {damaged}: was cut short or damaged"]))
            assert not (out / "summary.csv").exists()


def test_a_full_disk_names_the_file():
    """A file that cannot be written is named; the files of the run before stay."""
    with folder() as place:
        out = pathlib.Path(place, "out")
        good("simulate", "-n", 1, "-o", out, *SMALL, SCENARIOS / "covid-19.yaml")
        before = contents(out)
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))  # noqa: E731
        bad(3, f"tocsin simulate: {out}/series.csv: File too large", "simulate", "-n", 4, "-o", out, *SMALL,
            SCENARIOS / "covid-19.yaml", preexec_fn=limit)
        assert contents(out) == before
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))  # noqa: E731
        code, _, err = run("simulate", "-n", 4, "-o", out, "--series", "none", *SMALL, SCENARIOS / "covid-19.yaml",
                           preexec_fn=limit)
        equal((code, err), (3, f"tocsin simulate: {out}/fans.csv: File too large\n"))
        assert not [name for name in os.listdir(out) if name.count(".") > 1], os.listdir(out)


main(dict(globals()))
