# SPDX-License-Identifier: GPL-3.0-or-later
"""What the command line costs: 3,000 series of 520 weeks, the last 52 judged with the Noufaily set, by two threads.

usage: command_line.py BUILD [--gigabyte]

Elapsed time on two idle cores is at least half the CPU time; both are printed. Memory is the peak of the process.
With --gigabyte, a file of 1 GB is read too. Lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no` are for ./dev show.
"""

import hashlib
import os
import pathlib
import resource
import subprocess
import sys
import time

BUILD = pathlib.Path(sys.argv[1])
FOLDER = BUILD / "bench-data"
NOUFAILY = ["--method", "farrington-flexible", "--compat", "r"] + [
    word for setting in ["noPeriods=10", "b=5", "w=3", "weightsThreshold=2.58", "pastWeeksNotIncluded=26", "pThresholdTrend=1",
                         "thresholdMethod=nbPlugin", "alpha=0.005"] for word in ("--set", setting)]


def row(measure, bar, measured, holds):
    print("row", measure, bar, measured, "yes" if holds else "no", sep="\t", flush=True)


def counts(series, weeks=520):
    path = FOLDER / f"counts-{series}-{weeks}.csv"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            subprocess.run([BUILD / "bench/make_counts", str(series), str(weeks)], stdout=file, check=True)
    return path


def run(path, *options, threads=2, **environment):
    """(elapsed seconds, CPU seconds, peak MB, digest of the output, standard error) of one `tocsin detect`."""
    started = time.monotonic()
    process = subprocess.Popen([BUILD / "tocsin", "detect", *NOUFAILY, "--threads", str(threads), *options, path],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **environment})
    digest = hashlib.sha256()
    while block := process.stdout.read(1 << 16):
        digest.update(block)
    message = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"tocsin detect failed on {path}: {message}")
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, digest.hexdigest(), message


def many_series():
    few, many = counts(300), counts(3000)
    elapsed, cpu, memory, digest, _ = min(run(many, "--last", "52") for _ in range(3))
    _, _, memory_few, _, _ = run(few, "--last", "52")
    print(f"3,000 series x 520 weeks, last 52: {elapsed:.2f} s elapsed, {cpu:.2f} s CPU, {memory:.1f} MB "
          f"({memory_few:.1f} MB for 300 series)")
    row("3,000 series x 520 weeks, last 52, Noufaily set, 2 threads", "<= 5 s", f"{elapsed:.2f} s ({cpu:.2f} s CPU)",
        elapsed <= 5)
    row("its memory, against 300 series", "flat (within 10 %)", f"{memory:.1f} MB against {memory_few:.1f} MB",
        memory <= 1.1 * memory_few)
    others = [run(many, "--last", "52", threads=n)[3] for n in (1, 3)]
    row("the same output with 1, 2 and 3 threads", "equal", "equal" if set(others) == {digest} else "DIFFERENT",
        set(others) == {digest})


def allocations():
    preload = str((BUILD / "bench/count_allocations.so").resolve())

    def requests(weeks):
        message = run(counts(20), "--last", str(weeks), threads=1, LD_PRELOAD=preload)[4]
        return int(message.split("allocations,")[1].split()[0])

    short, long = requests(52), requests(156)
    row("requests for memory, 52 weeks judged against 156", "equal", f"{short} against {long}", short == long)


def gigabyte():
    path = counts(76000)
    size = path.stat().st_size / 1e9
    _, cpu, memory, _, _ = run(path, "--last", "1")
    _, _, memory_few, _, _ = run(counts(3000), "--last", "1")
    print(f"{size:.2f} GB: {cpu:.1f} s CPU, {memory:.1f} MB")
    row(f"a file of {size:.2f} GB, last week judged: memory against a file of 42 MB", "constant (within 10 %)",
        f"{memory:.1f} MB against {memory_few:.1f} MB, {cpu:.0f} s CPU", size >= 1 and memory <= 1.1 * memory_few)
    path.unlink()


resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
if "--gigabyte" in sys.argv:
    gigabyte()
else:
    many_series()
    allocations()
