# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server promises: start to first answer, memory when idle, processor time a request, live events.

usage: server.py BUILD [--cases N] [--streams N] [--seconds S] [--node DIR | --start-cases N]

Prints, for `./dev show`, lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`. --node: a node with many cases, whose
start is measured too; --start-cases: such a node is made below BUILD/bench-server, which takes minutes, and kept for the
next time. Everything else is made in a temporary folder and removed.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
import nginx  # noqa: E402
from serving import Server  # noqa: E402

STARTS = 5
TICKS = os.sysconf("SC_CLK_TCK")


def row(measure, bar, measured, holds):
    print("row", measure, bar, measured, "yes" if holds else "no", sep="\t", flush=True)


def family(pid):
    """A process and all below it."""
    found = [pid]
    for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += family(int(child))
    return found


def memory(pid):
    """Resident bytes; what processes share is counted once."""
    total = 0
    for one in family(pid):
        for line in pathlib.Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def cpu(pid):
    total = 0
    for one in family(pid):
        words = pathlib.Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(words[11]) + int(words[12])
    return total / TICKS


def start(tocsin, node, what, bar):
    times, idle = [], 0
    for _ in range(STARTS):
        began = time.monotonic()
        with Server(tocsin, node, "--quiet") as server:
            server.wait_until_it_serves()
            assert server.get("/healthz")[0] == 200
            times.append(time.monotonic() - began)
            time.sleep(0.5)
            idle = max(idle, memory(server.process.pid))
            server.end()
    row(f"start to first answer, {what}", f"< {bar} s", f"{min(times):.2f} s (of {STARTS}, slowest {max(times):.2f} s)",
        min(times) < bar)
    return idle


def behind_nginx(bench, streams, seconds):
    if not nginx.NGINX:
        return
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        path = f"{name}/http"
        os.chmod(name, 0o711)
        with nginx.Nginx(name, path, encrypted=False) as front:
            with subprocess.Popen([bench, "live", str(streams), str(seconds), path, str(front.tls), nginx.NAME],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
                assert server.stdout.readline() == "ready\n"
                os.chmod(path, 0o666)
                before, began = cpu(front.process.pid), time.monotonic()
                server.stdin.write("go\n")
                server.stdin.flush()
                print(server.stdout.read(), end="", flush=True)
                share = (cpu(front.process.pid) - before) / (time.monotonic() - began) * 100
            print(f"nginx itself took {share:.1f} % of a core meanwhile, connecting included", flush=True)


def node_with(build, cases):
    """A node with so many cases, made with bench_store where it is not there yet: at 5,000 a second or more, while others
    create some too in the first half of the time that this takes."""
    node = build / "bench-server" / f"{cases}-cases"
    if node.exists():
        return node
    half_made = node.with_name(f"{cases}-being-made")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.parent.mkdir(exist_ok=True)
    for words in [["make", half_made, "sqlite:tocsin.db"], ["import", half_made, 0, cases, 5000, 100000]]:
        subprocess.run([build / "bench/bench_store", *map(str, words)], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "TOCSIN": str(build / "tocsin")})
    half_made.rename(node)
    return node


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--streams", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--node")
    parser.add_argument("--start-cases", type=int)
    options = parser.parse_args()
    build = pathlib.Path(options.build).resolve()
    if options.start_cases:
        options.node = node_with(build, options.start_cases)
    tocsin, bench = str(build / "tocsin"), str(build / "bench/bench_server")
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        node = f"{name}/node"
        subprocess.run([tocsin, "node", "init", node, "--lists", ROOT / "share/lists"], check=True, capture_output=True)
        idle = start(tocsin, node, "empty", 0.3)
    if options.node:
        idle = start(tocsin, options.node, "with the cases of " + pathlib.Path(options.node).name, 1.0)
    row("resident memory of all processes, idle", "< 80 MB", f"{idle / 1e6:.1f} MB", idle < 80e6)
    subprocess.run([bench, "requests", str(options.cases)], check=True)
    subprocess.run([bench, "live", str(options.streams), str(options.seconds)], check=True)
    behind_nginx(bench, options.streams, options.seconds)


main()
