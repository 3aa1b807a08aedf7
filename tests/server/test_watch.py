# SPDX-License-Identifier: GPL-3.0-or-later
"""The watch of a server that runs: a case that comes in becomes a signal by itself, an open browser hears of it, and
killing the server in between loses or doubles none."""

import contextlib
import json
import pathlib
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from program import PROGRAM, ROOT, equal, folder, main  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/support"))
from serving import Server, wait_for  # noqa: E402
from watched import DISEASES, Client, made, metrics, quiet  # noqa: E402


class Stream:
    """Live events as they come, in a thread: (seconds, type)."""

    def __init__(self, client):
        self.connection = client.server.connection(timeout=60)
        self.connection.request("GET", "/api/v1/live", headers=client.headers)
        self.answer = self.connection.getresponse()
        equal(self.answer.status, 200)
        self.events = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        with contextlib.suppress(Exception):
            while line := self.answer.readline():
                if line.startswith(b"data: {"):
                    self.events.append((time.monotonic(), json.loads(line[6:])["type"]))

    def when(self, kind):
        return next((at for at, found in self.events if found == kind), None)


def test_a_signal_by_itself():
    """A case comes in: a signal, as a live event, with its task, and the metrics say when"""
    with folder() as place:
        node, ids = made(place)
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves()
            client = Client(server)
            stream = Stream(client)
            person = client.person(ids["100101"])
            assert wait_for(lambda: metrics(server)["tocsin_watch_rounds_total"] >= 1)
            began = time.monotonic()
            client.case(person, ids["100101"], "plague")
            assert wait_for(lambda: stream.when("signal")), stream.events
            took = stream.when("signal") - began
            assert took < 5, took
            equal([(row["disease"], row["status"]) for row in client.signals()], [("plague", "new")])
            assert wait_for(lambda: metrics(server)["tocsin_watch_waiting_seconds"] == 0)
            shown = metrics(server)
            equal((shown["tocsin_watch_signals_total"], shown["tocsin_watch_failures_total"]), (1, 0))
            assert shown["tocsin_watch_streams"] == 3 * len(DISEASES), shown
            assert abs(shown["tocsin_watch_last_run_seconds"] - time.time()) < 60, shown
            server.end()


def test_the_operator_beside_a_server():
    """`watch run` and `answer` are done by the server that has the node; `signals` and `streams` are read beside it"""
    with folder() as place:
        node, ids = made(place, "watch = no\n")
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves()
            client = Client(server)
            client.case(client.person(ids["100101"]), ids["100101"], "plague")
            time.sleep(0.5)
            equal((client.signals(), metrics(server)), ([], {}))  # switched off
            code, out, err = quiet("watch", "run", "--node", node)
            assert code == 0 and "2 new alarms, 1 new signals" in err and out.count("single-case") == 2, (code, out, err)
            code, out, err = quiet("watch", "run", "--node", node, "--format", "ndjson")
            assert code == 0 and out == "" and "0 new alarms" in err, (code, out, err)
            code, out, err = quiet("watch", "run", "--node", node, "--output", f"{place}/rows.csv")
            assert code == 2 and err.startswith("tocsin watch: --output: a server is at work"), (code, out, err)
            found = json.loads(quiet("watch", "signals", "--node", node)[1])["rows"][0]["id"]
            code, out, err = quiet("watch", "answer", found, "triage", "--node", node)
            equal((code, json.loads(out), err), (0, {"id": found, "answered": "triage"}, ""))
            code, out, err = quiet("watch", "answer", found, "triage", "--node", node)
            assert code == 1 and err.startswith("/status: verifying"), (code, out, err)
            equal(client.signals()[0]["status"], "verifying")
            server.end()


def test_killed_in_between():
    """kill -9 at any moment after cases came in: each has one signal in the end, and no other is there"""
    with folder() as place:
        node, ids = made(place)
        sent = 0
        for number, disease in enumerate(DISEASES):
            with Server(PROGRAM, node) as server:
                server.wait_until_it_serves()
                client = Client(server)
                client.case(client.person(ids["100101"]), ids["100101"], disease)
                sent += 1
                time.sleep(0.01 * number * number)
                server.end(signal.SIGKILL)
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves()
            client = Client(server)
            assert wait_for(lambda: len(client.signals()) == sent), client.signals()
            assert wait_for(lambda: metrics(server)["tocsin_watch_waiting_seconds"] == 0)
            equal(sorted(row["disease"] for row in client.signals()), sorted(DISEASES))
            server.end()
        alarms = json.loads(quiet("record", "list", "--node", node, "alarms")[1])["rows"]
        equal(len(alarms), 2 * sent)
        equal(len({(row["stream"], row["day"]) for row in alarms}), len(alarms))


main(dict(globals()))
