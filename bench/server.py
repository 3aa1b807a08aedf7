# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server promises: start to first answer, memory when idle, processor time a request, live events.

usage: server.py BUILD [--quick] [--cases N] [--streams N] [--seconds S] [--node DIR | --start-cases N] [PART…]

Prints, for `./dev show`, lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`. Parts, all of them where none is named:
    start     to the first answer, of an empty node and of one with many cases; memory of all processes
    requests  processor time of a request
    live      streams of live events, directly
    nginx     and through the nginx configuration that is shipped
--node: the node with many cases; --start-cases (1,000,000): it is made below BUILD/bench-server, which takes minutes, and
kept for the next time; 0: no such node. --quick: 20,000 cases, 5 seconds of live events; it says nothing of a million.
Everything else is made in a temporary folder and removed.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
import nginx  # noqa: E402
from many_cases import node_with  # noqa: E402
from serving import Server  # noqa: E402

STARTS = 5
PARTS = ("start", "requests", "live", "nginx")
QUICK = {"start_cases": 20000, "seconds": 5}
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
        row(f"live events, {streams} clients, one a second, through nginx", "none lost", "nginx is not installed", False)
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


def starts(tocsin, many):
    """How long until the first answer, without cases and with many; and what all processes hold then."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name:
        node = f"{name}/node"
        subprocess.run([tocsin, "node", "init", node, "--lists", ROOT / "share/lists"], check=True, capture_output=True)
        idle = start(tocsin, node, "empty", 0.3)
    if many:
        idle = start(tocsin, many, "with the cases of " + pathlib.Path(many).name, 1.0)
    row("resident memory of all processes, idle", "< 80 MB", f"{idle / 1e6:.1f} MB", idle < 80e6)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cases", type=int, default=4000)
    parser.add_argument("--streams", type=int, default=5000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--node")
    parser.add_argument("--start-cases", type=int, default=1000000)
    if "--quick" in sys.argv:
        parser.set_defaults(**QUICK)
    options = parser.parse_intermixed_args()
    if set(options.parts) - set(PARTS):
        parser.error(f"parts are {', '.join(PARTS)}")
    build, parts = pathlib.Path(options.build).resolve(), options.parts or PARTS
    tocsin, bench = str(build / "tocsin"), str(build / "bench/bench_server")
    if "start" in parts:
        starts(tocsin, options.node or (node_with(build, options.start_cases) if options.start_cases else None))
    if "requests" in parts:
        with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as name: # as the shipped nginx file reaches it
            subprocess.run([bench, "requests", str(options.cases), f"{name}/http", "tocsin.example"], check=True)
        subprocess.run([bench, "requests", str(options.cases)], check=True)
    if "live" in parts:
        subprocess.run([bench, "live", str(options.streams), str(options.seconds)], check=True)
    if "nginx" in parts:
        behind_nginx(bench, options.streams, options.seconds)


main()
