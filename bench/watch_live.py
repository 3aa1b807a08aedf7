# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that watches, under load: from a case that is acknowledged to its signal as a live event, and from the signal
to the mail that the mail server was handed; what the watch costs meanwhile. Over HTTP on this machine, SQLite; with
--mllp from a laboratory's result that begins to be sent by MLLP, beside as many negative results a second.

usage: watch_live.py BUILD [--mllp] [--rate A_SECOND] [--signals N]
"""

import argparse
import csv
import json
import pathlib
import re
import socket
import sys
import tempfile
import threading
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[1]
SENDERS = 8
TOWNSHIPS = 20


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--signals", type=int, default=100)
    parser.add_argument("--mllp", action="store_true", help="results by MLLP instead of cases over HTTP")
    return parser.parse_args()


given = read_arguments()
sys.argv[1:] = [f"{given.build}/tocsin"]  # what the tests' own modules read
sys.path[:0] = [str(ROOT / "tests/support"), str(ROOT / "tests/cli")]
from program import PROGRAM, run  # noqa: E402
from receivers import Mail  # noqa: E402
from serving import Server, wait_for  # noqa: E402
from watched import PASSWORD, Client  # noqa: E402


def must(*words, **options):
    code, out, err = run(*words, **options)
    assert code == 0, f"{words}: {err}"
    return out


def make_county(place, townships):
    """A node, and the townships' ids."""
    node, file = pathlib.Path(place) / "node", pathlib.Path(place) / "rows.csv"
    must("node", "init", node, "--lists", ROOT / "share/lists")
    file.write_text("code,name_en,parent\n1001,County,\n" +
                    "".join(f"10{1000 + i},Township {i},1001\n" for i in range(townships)))
    must("area", "import", "--node", node, file)
    areas = {row["code"]: row["id"] for row in csv.DictReader(must("area", "list", file).splitlines())}
    must("user", "password", "operator", "--node", node, stdin=PASSWORD + "\n")
    must("user", "grant", "operator", "--role", "epidemiologist", "--everywhere", "--node", node)
    return node, file, areas, [areas[f"10{1000 + i}"] for i in range(townships)]


def make_node(place, mail):
    """Townships with streams of each single-case disease, one of measles for the load, and somebody on duty."""
    node, file, areas, places = make_county(place, TOWNSHIPS)
    with open(ROOT / "share/lists/single_case_disease.csv", encoding="utf-8") as lines:
        diseases = [row["code"] for row in csv.DictReader(lines)]
    file.write_text("code,indicator,disease,area,period,feed,counter\n" + "".join(
        f"{disease}-{i},cases,{disease},{where},day,counter,case_by_received\n"
        for disease in [*diseases, "measles"] for i, where in enumerate(places)))
    must("record", "create", "--node", node, "--file", file, "stream")
    rows = json.loads(must("record", "list", "users", "--as", "administrator", "--node", node))["rows"]
    must("record", "change", "user", rows[0]["id"], "work_mail=on@county.test", "--as", "administrator", "--node", node)
    starts, ends = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + by)) for by in (-9000, 90000))
    must("record", "create", "duty", f"user={rows[0]['id']}", f"area={areas['1001']}", "role=epidemiologist",
         f"starts={starts}", f"ends={ends}", "--as", "administrator", "--node", node)
    with open(node / "tocsin.conf", "a", encoding="utf-8") as conf:
        conf.write(f"call_mail = {mail.url}\ncall_mail_from = tocsin@county.test\n")
    return node, diseases, places


class Live:
    """Signals as they come: id to instant."""

    def __init__(self, client):
        self.signals = {}
        connection = client.server.connection(timeout=600)
        connection.request("GET", "/api/v1/live", headers=client.headers)
        self.answer, self.connection = connection.getresponse(), connection
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while line := self.answer.readline():
            if line.startswith(b'data: {"type":"signal"'):
                self.signals.setdefault(json.loads(line[6:])["id"], time.time())


class Load:
    """Cases of measles at a steady rate over connections that stay open, until it is ended."""

    def __init__(self, client, person, places):
        self.client, self.person, self.places = client, person, places
        self.sent, self.ending, self.lock = 0, threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self.send, daemon=True) for _ in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def send(self):
        connection = self.client.server.connection(timeout=60)
        next_at = time.monotonic()
        while not self.ending.is_set():
            next_at += SENDERS / given.rate
            time.sleep(max(0, next_at - time.monotonic()))
            body = json.dumps({"person": self.person, "disease": "measles", "classification": "suspected",
                               "responsible_area": self.places[self.sent % TOWNSHIPS],
                               "received_date": time.strftime("%Y-%m-%d", time.gmtime())})
            connection.request("POST", "/api/v1/cases", body, {**self.client.headers, "Content-Type": "application/json",
                                                               "Idempotency-Key": str(uuid.uuid4())})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 201, answer.status
            with self.lock:
                self.sent += 1

    def end(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(60)


class Laboratories:
    """A feed in every township, each with a stream of positives that one is enough for; the first takes the load."""

    def __init__(self, place):
        self.node, file, _, places = make_county(place, given.signals + 1)
        file.write_text("area,name,channel,status,sending_facility\n" + "".join(
            f"{where},Laboratory {i},mllp,live,LAB{i}\n" for i, where in enumerate(places)))
        must("record", "create", "--node", self.node, "--file", file, "feed")
        file.write_text("code,indicator,disease,area,period,feed,counter,threshold\n" + "".join(
            f"positives-{i},positives,covid-19,{where},day,counter,result_by_day,1\n" for i, where in enumerate(places)))
        must("record", "create", "--node", self.node, "--file", file, "stream")
        with open(self.node / "tocsin.conf", "a", encoding="utf-8") as conf:
            conf.write("\n[mllp laboratories]\nlisten = 127.0.0.1:0\n")
        self.number, self.lock, self.ending, self.sent = 0, threading.Lock(), threading.Event(), 0

    def message(self, laboratory, detected):
        with self.lock:
            self.number += 1
            number = self.number
        day, found = time.strftime("%Y%m%d", time.gmtime()), "260373001^Detected" if detected else "260415000^Not detected"
        return (f"\x0bMSH|^~\\&|LIS|LAB{laboratory}|||{day}||ORU^R01|C{number}|P|2.5.1\r"
                f"PID|1||{number}^^^LAB^MR||Family{number}^Given||1980{number % 12 + 1:02}03|F\r"
                f"OBR|1||A{number}|94500-6^C^LN|||{day}\r"
                f"OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||{found}^SCT||||||F|||{day}|||||{day}\r\x1c\r").encode()

    def send(self, link, content):
        link.sendall(content)
        answer = b""
        while not answer.endswith(b"\x1c\r"):
            part = link.recv(4096)
            assert part, "the listener has hung up"
            answer += part
        assert b"MSA|AA" in answer or b"MSA|CA" in answer, answer

    def load(self, port):
        with socket.create_connection(("127.0.0.1", port)) as link:
            next_at = time.monotonic()
            while not self.ending.is_set():
                next_at += SENDERS / given.rate
                time.sleep(max(0, next_at - time.monotonic()))
                self.send(link, self.message(0, False))
                with self.lock:
                    self.sent += 1


def by_mllp():
    """From the first byte of a positive result to its signal as a live event, beside negative results."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as place:
        laboratories = Laboratories(place)
        with Server(PROGRAM, laboratories.node) as server:
            assert server.wait_until_it_serves(60), server.lines()
            port = int(re.search(r":(\d+)\n$", server.process.stdout.readline()).group(1))
            live, events = Live(Client(server)), []
            threads = [threading.Thread(target=laboratories.load, args=(port,), daemon=True) for _ in range(SENDERS)]
            for thread in threads:
                thread.start()
            began = time.monotonic()
            time.sleep(2)
            with socket.create_connection(("127.0.0.1", port)) as link:
                for number in range(1, given.signals + 1):
                    known, sent = set(live.signals), time.time()
                    laboratories.send(link, laboratories.message(number, True))
                    wait_for(lambda seen=known: set(live.signals) - seen, 30)
                    events += [at - sent for one, at in live.signals.items() if one not in known][:1]
                    time.sleep(0.05)
            seconds = time.monotonic() - began
            laboratories.ending.set()
            for thread in threads:
                thread.join(60)
            server.end()
    rate, event = laboratories.sent / seconds, percentile(events, 0.99)
    print(f"{len(events)} signals in {seconds:.0f} s beside {rate:.0f} results/s; {given.signals + 1} streams; "
          f"median event {percentile(events, 0.5) * 1e3:.0f} ms")
    row(f"result by MLLP to its stream, signal and live event, {rate:.0f} results/s, p99", "< 500 ms", f"{event * 1e3:.0f} ms",
        event < 0.5 and rate >= 0.95 * given.rate and len(events) == given.signals)


def cpu_seconds(server, name):
    """Of the server's threads of that name."""
    total = 0
    for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        if (task / "comm").read_text().strip() == name:
            total += (int(fields[11]) + int(fields[12])) / 100
    return total


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def row(measure, bar, value, holds):
    print(f"row\t{measure}\t{bar}\t{value}\t{'yes' if holds else 'no'}")


def main():
    mail = Mail()
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as place:
        node, diseases, places = make_node(place, mail)
        with Server(PROGRAM, node, "--quiet") as server:
            server.wait_until_it_serves(60)
            client = Client(server)
            live, person = Live(client), client.person(places[0])
            load, began, events = Load(client, person, places), time.monotonic(), []
            before = cpu_seconds(server, "tocsin-detect")
            for number in range(given.signals):
                known = set(live.signals)
                client.case(person, places[number // len(diseases) % TOWNSHIPS], diseases[number % len(diseases)])
                acknowledged = time.time()
                wait_for(lambda seen=known: set(live.signals) - seen, 30)
                events += [at - acknowledged for one, at in live.signals.items() if one not in known][:1]
                time.sleep(0.05)
            seconds = time.monotonic() - began
            load.end()
            wait_for(lambda: len(mail.taken) >= given.signals, 60)
            cost = (cpu_seconds(server, "tocsin-detect") - before) / seconds
            noticed = {one["id"]: live.signals[one["id"]] for one in client.get("/api/v1/signals?page_size=200")["rows"]
                       if one["id"] in live.signals}
            calls = []
            handed = {message["X-Tocsin-Notice"]: at for at, _, _, message in mail.taken}
            for signal, at in noticed.items():
                calls += [handed[one["id"]] - at for one in client.get(f"/api/v1/signals/{signal}/timeline")["notices"]
                          if one["id"] in handed]
            server.end()
    rate = load.sent / seconds
    event, call = percentile(events, 0.99), percentile(calls, 0.99)
    print(f"{len(events)} signals in {seconds:.0f} s beside {rate:.0f} cases/s; {len(diseases) * TOWNSHIPS + TOWNSHIPS} streams; "
          f"median event {percentile(events, 0.5) * 1e3:.0f} ms, median call {percentile(calls, 0.5) * 1e3:.0f} ms; "
          f"the watch took {100 * cost:.0f} % of a core")
    row(f"case acknowledged to signal as live event, {rate:.0f} cases/s, p99", "< 500 ms", f"{event * 1e3:.0f} ms",
        event < 0.5 and rate >= 0.95 * given.rate and len(events) == given.signals)
    row("signal to call handed to the mail server, p99", "< 5 s", f"{call:.2f} s", call < 5 and len(calls) == given.signals)
    row("calls lost, doubled", "0, 0", f"{given.signals - len(set(handed))}, {len(mail.taken) - len(set(handed))}",
        len(set(handed)) == given.signals == len(mail.taken))


by_mllp() if given.mllp else main()
