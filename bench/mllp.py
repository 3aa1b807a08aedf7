# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages end to end: `tocsin serve`, an MLLP listener, laboratories that wait for each answer (bench_mllp), and how
soon records follow; on both databases.

usage: mllp.py BUILD [MESSAGES]

MESSAGES is the backlog, 300,000 in the issue; 15,000 by default, and the row says so. A row has the processor time that
a message took, which other programs of the machine change little: of the server's threads (doors: a connection each;
writer; intake: reads what waits; watch: detection, which goes on meanwhile), of the keeper, of the database's server; and
the load then. For one connection, which waits for the disk at each message, it has the time of one sync too.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/support"))
import postgresql  # noqa: E402
from serving import Server  # noqa: E402

ISSUE_BACKLOG = 300_000
SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB", "wal_compression": "on"}  # of PostgreSQL


PARTS = {"tocsin-mllp": "doors", "tocsin-writer": "writer", "tocsin-intake": "intake", "tocsin-detect": "watch"}


def stat(place):
    """Name, processor seconds, parent and processor seconds of the children that have ended, of a process or thread."""
    try:
        before, _, after = place.read_text(encoding="utf-8").rpartition(")")
    except OSError:
        return "", 0, 0, 0
    fields, tick = after.split(), os.sysconf("SC_CLK_TCK")
    return (before.partition("(")[2], (int(fields[11]) + int(fields[12])) / tick, int(fields[1]),
            (int(fields[13]) + int(fields[14])) / tick)


def sync_milliseconds(folder):
    """The median time in which 4 kB more of a file are on the disk."""
    with open(pathlib.Path(folder, "sync"), "wb", buffering=0) as file:
        times = []
        for _ in range(101):
            began = time.monotonic()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append(time.monotonic() - began)
    return sorted(times)[50] * 1e3


def say_spent(before, after, messages):
    spent = {part: (after[part] - before[part]) / messages * 1e6 for part in after}
    parts = ", ".join(f"{part} {each:.0f}" for part, each in spent.items() if each >= 1)
    return f"{sum(spent.values()):.0f} us CPU a message ({parts})"


class Node:
    """A node with one feed, which whoever connects from this machine is, and a listener."""

    def __init__(self, build, folder, cluster=None):
        self.build, self.path, self.sent = build, pathlib.Path(folder, "node"), 0
        self.database = cluster.postmaster.pid if cluster else None
        database = cluster.url() if cluster else None
        self.tocsin("node", "init", "--lists", ROOT / "share/lists", *(["--database", database] if database else []),
                    self.path)
        self.tocsin("user", "password", "operator", "--node", self.path, stdin="the kettle sings at dawn\n")
        area = json.loads(self.tocsin("record", "create", "area", "code=540100", "name_en=County", "level=0", "--as",
                                      "program", "--node", self.path))["id"]
        self.tocsin("record", "create", "feed", f"area={area}", "name=Laboratories", "channel=mllp", "status=live",
                    "--node", self.path)
        with open(self.path / "tocsin.conf", "a", encoding="utf-8") as settings:
            print("\n[mllp lab]\nlisten = 127.0.0.1:0", file=settings)
        self.server = Server(f"{build}/tocsin", self.path, "--quiet")
        assert self.server.wait_until_it_serves(60), self.server.lines()
        self.port = re.search(r":(\d+)$", self.server.process.stdout.readline().strip()).group(1)

    def tocsin(self, *words, stdin=""):
        done = subprocess.run([f"{self.build}/tocsin", *map(str, words)], input=stdin, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def send(self, connections, messages):
        """Seconds, median, 99 %, longest (ms), the sender's processor seconds."""
        words = [f"{self.build}/bench/bench_mllp", self.port, str(connections), str(messages), str(self.sent)]
        self.sent += messages
        *numbers, bad = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
        assert bad == "0", f"{bad} answers were not AA"
        return [float(number) for number in numbers]

    def metric(self, name):
        return float(re.search(rf"^{name} (\S+)$", self.server.get("/metrics")[2].decode(), re.M).group(1))

    def processor_seconds(self):
        """Of the server's threads, its children (the keeper) and the database's server."""
        own, spent = self.server.process.pid, dict.fromkeys([*PARTS.values(), "other", "keeper", "database"], 0)
        for place in pathlib.Path("/proc").glob("[0-9]*/stat"):
            parent = stat(place)[2]
            if parent == own:
                spent["keeper"] += stat(place)[1]
            elif self.database and (parent == self.database or int(place.parent.name) == self.database):
                spent["database"] += sum(stat(place)[1::2])
        for place in pathlib.Path(f"/proc/{own}/task").glob("*/stat"):
            name, seconds, *_ = stat(place)
            spent[PARTS.get(name, "other")] += seconds
        spent["doors"] = stat(pathlib.Path(f"/proc/{own}/stat"))[1] - sum(  # their threads end with the connections
            spent[part] for part in (*PARTS.values(), "other") if part != "doors")
        return spent

    def wait_until_worked_off(self):
        """Seconds; the age of the oldest while it lasted, at most."""
        began, oldest = time.monotonic(), 0.0
        while self.metric("tocsin_messages_waiting") > 0:
            oldest = max(oldest, self.metric("tocsin_messages_oldest_seconds"))
            time.sleep(0.2)
        assert self.metric("tocsin_messages_failed_total") == 0
        return time.monotonic() - began, oldest


def row(measure, bar, measured, met):
    load = os.getloadavg()[0]
    print(f"row\t{measure}\t{bar}\t{measured}; load {load:.1f} on {os.cpu_count()} cores\t{'yes' if met else 'no'}",
          flush=True)


def answers(node, name, connections, messages, bar):
    """The answers' time, while records are made; and how long those take then."""
    node.wait_until_worked_off()
    sync = f"; one sync of this disk {sync_milliseconds(node.path.parent):.2f} ms" if connections == 1 else ""
    before = node.processor_seconds()
    took, median, late, longest, own = node.send(connections, messages)
    spent = say_spent(before, node.processor_seconds(), messages)
    left = node.metric("tocsin_messages_waiting")
    node.wait_until_worked_off()
    rate = messages / took
    met = rate >= bar and (connections == 1 or late < 50)
    row(f"MLLP, {name}, {connections} connection{'s' if connections > 1 else ''}: kept, then answered",
        f">= {bar:,}/s" + (", p99 < 50 ms" if connections > 1 else ""),
        f"{rate:,.0f}/s, median {median:.1f}, p99 {late:.1f}, longest {longest:.0f} ms; {messages:,} messages, of which "
        f"{messages - left:,.0f} in records by then; {spent}, senders {own / messages * 1e6:.0f} us{sync}", met)


def backlog(node, name, messages):
    before = node.processor_seconds()
    took, _, late, _, _ = node.send(64, messages)
    answered = node.processor_seconds()
    after, oldest = node.wait_until_worked_off()
    done = node.processor_seconds()
    part = messages / ISSUE_BACKLOG
    scaled = "" if messages == ISSUE_BACKLOG else f" (a {ISSUE_BACKLOG / messages:.0f}th of the issue's backlog, bars scaled)"
    row(f"MLLP, {name}: {messages:,} messages at once, answered{scaled}", f"< {60 * part:g} s",
        f"{took:.1f} s, p99 {late:.1f} ms; {say_spent(before, answered, messages)}", took < 60 * part)
    row(f"MLLP, {name}: the same, in records{scaled}", f"< {200 * part:g} s",
        f"{took + after:.1f} s; oldest unprocessed at most {oldest:.1f} s", took + after < 200 * part)
    rate = messages / (took + after)
    row(f"MLLP, {name}: records follow", ">= 1,500/s",
        f"{rate:,.0f}/s; from socket to records {say_spent(before, done, messages)}", rate >= 1500)


def measure(build, name, messages, bar, cluster=None):
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-", dir=os.environ.get("TOCSIN_BENCH_FOLDER")) as folder:
        node = Node(build, folder, cluster)
        with node.server:
            node.send(1, 200)  # caches, plans
            answers(node, name, 1, min(messages, 3_000), 1500)
            answers(node, name, 64, min(messages, 10_000), bar)
            backlog(node, name, messages)
            node.server.end()


def main():
    build, messages = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 15_000
    measure(build, "SQLite", messages, 10_000)
    try:
        with postgresql.Cluster(SETTINGS) as cluster:
            measure(build, "PostgreSQL", messages, 5_000, cluster)
    except postgresql.Absent as why:
        row("MLLP, PostgreSQL", ">= 5,000/s", f"not measured: {why}", False)


main()
