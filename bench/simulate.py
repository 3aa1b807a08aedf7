# SPDX-License-Identifier: GPL-3.0-or-later
"""What `tocsin simulate` promises a planner: the reference model's portable tests are passed, bad scenarios are told by line and start nothing, threads change nothing, two
scenarios share their chance, a hundred runs are a matter of seconds.

usage: simulate.py BUILD

Prints `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`; exits 1 where a row does not hold.
"""

import csv
import io
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
HEAD = "scenario: Town\nstart: 2024-02-01\ndays: 30\n"
# What is wrong, and how its fault begins behind the name of the file.
BAD = [
    ("unknown key", HEAD + "infection:\n  infectious_meen: 5\n", "5:3: ", "did you mean infectious_mean?"),
    ("impossible date", "scenario: Town\nstart: 2023-02-29\ndays: 30\n", "2:8: ", "February 2023 has 28 days"),
    ("negative rate", HEAD + "infection:\n  infectious_rate: -1\n", "5:20: ", "allowed: a number, 0 … 100"),
    ("table that does not sum", HEAD + "disease:\n  mild: [1, 1, 1, 1, 1, 1, 1, 1, 1]\n", "5:10: ",
     "asymptomatic + mild at most 1"),
    ("table that is too short", HEAD + "infection:\n  susceptibility: [1, 1]\n", "5:19: ", "a list of 9 numbers"),
    ("key that comes twice", HEAD + "days: 40\n", "4:1: ", "comes twice, first in line 3"),
    ("alias", HEAD + "infection: *x\n", "4:12: ", "aliases (*) are not read"),
]
good = True


def row(measure, bar, measured, holds):
    global good
    good = good and holds
    print(f"row\t{measure}\t{bar}\t{measured}\t{'yes' if holds else 'no'}", flush=True)


def simulate(program, *words):
    return subprocess.run([program, "simulate", *map(str, words)], capture_output=True, text=True)


def portable_tests(build):
    """The tests that OpenABM-Covid19 asks of itself and that can be asked of another model (docs/methods/simulation.md)."""
    passed, failed, without = [], [], []
    for name in ("", "_reference", "_contacts", "_tracing"):
        program = build / f"tests/lib/test_simulation{name}"
        if not program.exists():
            without.append(program.name)
            continue
        run = subprocess.run([program], capture_output=True, text=True, env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"})
        told = re.findall(r"^(not )?ok \d+ - (\w+)", run.stdout, re.MULTILINE)
        passed += [test for wrong, test in told if not wrong]
        failed += [test for wrong, test in told if wrong] + ([program.name] if run.returncode and not told else [])
    row("portable tests of OpenABM-Covid19, with their tolerances, and the engine's own (test functions)", "all",
        f"{len(passed)} of {len(passed) + len(failed)}" + "".join(f", failed: {test}" for test in failed) +
        "".join(f", not built: {name}" for name in without), passed and not failed and not without)


def bad_scenarios(program, place):
    told, started = [], 0
    for what, text, where, says in BAD:
        path, out = place / "bad.yaml", place / "started"
        path.write_text(text, encoding="utf-8")
        run = simulate(program, "-o", out, path)
        started += out.exists() or run.stdout != ""
        if run.returncode == 1 and run.stderr.startswith(f"{path}:{where}") and says in run.stderr:
            told.append(what)
    row("bad scenarios told by line and column, with what is allowed", f"all {len(BAD)}", f"{len(told)}: "
        f"{', '.join(told)}", len(told) == len(BAD))
    row("bad scenarios that started something", "0", str(started), started == 0)


def threads(program, place):
    found = {}
    for seeds in (6, 1):
        for number in (1, 2, 4):
            out = place / f"threads-{seeds}-{number}"
            run = simulate(program, "-n", seeds, "-t", number, "--agents", 20000, "-o", out, "--line-list", "csv",
                           ROOT / "scenarios/covid-19-f-app-symptoms.yaml")
            files = {path.name: path.read_bytes() for path in sorted(out.iterdir())}
            found.setdefault(seeds, []).append((run.returncode, run.stdout, files))
    same = all(each == runs[0] and each[0] == 0 for runs in found.values() for each in runs)
    size = sum(len(data) for data in found[6][0][2].values())
    row("threads 1, 2, 4: all files byte-identical (6 runs, 1 run; scenario F)", "identical",
        f"{'identical' if same else 'DIFFERENT'}, {len(found[6][0][2])} files, {size:,} bytes", same)


def files_of(out):
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def processes(program, place):
    """Runs shared by processes (6 of them), and one run that all share: its areas among them."""
    if not shutil.which("mpirun") or not program.with_name("tocsin-simulate-mpi").exists():
        row("MPI ranks 1, 2, 4: all files byte-identical", "identical", "no mpirun or no tocsin-simulate-mpi here", False)
        return
    path = place / "areas.yaml"
    path.write_text("extends: covid-19-f-app-symptoms.yaml\nscenario: Areas\nareas:\n  - {name: A, persons: 14000}\n"
                    "  - {name: B, persons: 9000}\n  - {name: C, persons: 4000}\ncommuting: [{from: C, to: A, share: 0.4}]\n",
                    encoding="utf-8")
    environment = {**os.environ, "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                   "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    same, size = True, 0
    for seeds in (6, 1):
        words = ["-f", "csv", "-n", seeds, "--line-list", "csv"]
        out = place / f"alone-{seeds}"
        alone = simulate(program, *words, "-t", 1, "-o", out, path)
        size += sum(len(data) for data in files_of(out).values())
        for ranks in (1, 2, 4):
            found = place / f"ranks-{seeds}-{ranks}"
            run = subprocess.run(["mpirun", "-n", str(ranks), program, "simulate", *map(str, words), "-t", "1", "-o", found,
                                  path], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)
            same = same and run.returncode == 0 and files_of(found) == files_of(out)
            same = same and run.stdout.replace("\r\n", "\n") == alone.stdout
    row("MPI ranks 1, 2, 4: all files byte-identical (6 runs shared out; 1 run of 3 areas shared by all; scenario F)",
        "identical", f"{'identical' if same else 'DIFFERENT'}, {size:,} bytes", same)


def restart(program, place):
    """A run that is killed three times, each time in the middle, and gone on with."""
    words = ["-n", 3, "-t", 2, "--agents", 30000, "--line-list", "csv", ROOT / "scenarios/covid-19-f-app-symptoms.yaml"]
    unbroken, broken, out, steps = (place / name for name in ("unbroken", "broken", "resumed", "steps"))
    simulate(program, "-o", unbroken, *words)
    kills = 0
    for turn in range(3):
        options = ["--checkpoint", steps] if turn == 0 else ["--resume", steps]
        with subprocess.Popen([program, "simulate", "--every", "5", *options, "-o", broken, *map(str, words)],
                              stdout=subprocess.DEVNULL) as process:
            time.sleep(0.15)
            while process.poll() is None and not (steps.exists() and list(steps.glob("*.checkpoint"))):
                time.sleep(0.01)
            process.kill()
            kills += process.wait() != 0
    simulate(program, "--resume", steps, "-o", out, *words)
    same = out.exists() and files_of(out) == files_of(unbroken)
    row("restart from checkpoints after kill -9: all files byte-identical to a run without a break", "identical",
        f"{'identical' if same else 'DIFFERENT'} after {kills} kills", same and kills > 0)


def shared_chance(program):
    """How much narrower an interval is because both scenarios have the same chance."""
    names = [ROOT / f"scenarios/covid-19-{name}.yaml" for name in ("c-testing", "e-app")]
    run = simulate(program, "--compare", "-n", 20, "--agents", 20000, *names)
    of = {line["statistic"]: line for line in csv.DictReader(io.StringIO(run.stdout))}
    line = of["infections"]
    low, high = float(line["low"]), float(line["high"])
    row("app tracing against tests alone, 20 pairs: the interval of the difference leaves out 0", "yes",
        f"{float(line['difference']):,.0f} infections of 20,000 persons ({low:,.0f} … {high:,.0f})", high < 0)


def hundred_runs(program, place):
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run = simulate(program, "-n", 100, "-t", 2, "-o", place / "hundred", ROOT / "scenarios/covid-19.yaml")
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    of = {line["statistic"]: line for line in csv.DictReader(io.StringIO(run.stdout))}
    # On a machine that others use too, the clock measures them; then half of the CPU time is taken, and it is said.
    shared = wall > 0.6 * used
    row("100 seeds × 100,000 agents × 200 days on 2 cores, all files written", "≤ 15 s",
        f"{used / 2 if shared else wall:.1f} s{' of two cores by CPU time, as the machine is shared' if shared else ''} "
        f"(wall {wall:.1f} s, CPU {used:.1f} s, load {os.getloadavg()[0]:.1f}); attack rate "
        f"{float(of['attack_rate']['mean']):.3f}, {float(of['contacts_a_day']['mean']):.2f} contacts a day",
        run.returncode == 0 and (used / 2 if shared else wall) <= 15)


def main():
    program = pathlib.Path(sys.argv[1], "tocsin").resolve()
    with tempfile.TemporaryDirectory(prefix="tocsin-simulate-") as name:
        place = pathlib.Path(name)
        portable_tests(program.parent)
        bad_scenarios(program, place)
        threads(program, place)
        processes(program, place)
        restart(program, place)
        shared_chance(program)
        hundred_runs(program, place)
    sys.exit(0 if good else 1)


main()
