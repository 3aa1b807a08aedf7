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
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from program import PROGRAM, ROOT, equal, folder, good, main, run  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/support"))
from serving import Server, wait_for  # noqa: E402

PASSWORD = "the kettle sings at dawn"
DISEASES = ("plague", "cholera", "anthrax", "diphtheria")  # of single_case_disease: one case is one signal


def quiet(*words, **options):
    """Without what a test machine's clock has to say."""
    code, out, err = run(*words, **options)
    err = "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)
    return code, out, err


def made(place, settings=""):
    """A node of a county with two townships, streams of single-case diseases by day, and an operator who may write."""
    node, areas, streams = (pathlib.Path(place) / name for name in ("node", "areas.csv", "stream.csv"))
    areas.write_text("code,name_en,parent\n10,Province,\n1001,County,10\n100101,East,1001\n100102,West,1001\n")
    equal(run("node", "init", node, "--lists", ROOT / "share/lists")[0], 0)
    equal(run("area", "import", "--node", node, areas)[0], 0)
    rows = [line.split(",") for line in good("area", "list", areas).splitlines()]
    ids = {row[rows[0].index("code")]: row[rows[0].index("id")] for row in rows[1:]}
    equal(run("user", "password", "operator", "--node", node, stdin=PASSWORD + "\n")[0], 0)
    equal(run("user", "grant", "operator", "--role", "epidemiologist", "--everywhere", "--node", node)[0], 0)
    lines = ["code,indicator,disease,area,period,feed,counter"]
    lines += [f"{disease}-{code},cases,{disease},{ids[code]},day,counter,case_by_received"
              for disease in DISEASES for code in ("1001", "100101", "100102")]
    streams.write_text("\n".join(lines) + "\n")
    equal(quiet("record", "create", "--node", node, "--file", streams, "stream")[0], 0)
    with open(node / "tocsin.conf", "a", encoding="utf-8") as file:
        file.write(settings)
    return node, ids


class Client:
    """A program that is signed in."""

    def __init__(self, server):
        self.server = server
        status, _, body = server.get("/api/v1/session", {"Content-Type": "application/json"}, "POST",
                                     json.dumps({"login": "operator", "password": PASSWORD, "program": True}))
        equal(status, 201)
        self.headers = {"Authorization": "Bearer " + json.loads(body)["token"], "Tocsin-Role": "epidemiologist"}

    def send(self, path, body, key=None):
        headers = {**self.headers, "Content-Type": "application/json", "Idempotency-Key": key or str(uuid.uuid4())}
        status, _, text = self.server.get(f"/api/v1/{path}", headers, "POST", json.dumps(body))
        assert status in (200, 201), f"{path}: {status} {text}"
        return json.loads(text)

    def get(self, path):
        status, _, text = self.server.get(path, self.headers)
        equal(status, 200)
        return json.loads(text)

    def person(self, area):
        return self.send("persons", {"area": area, "sex": "female"})["id"]

    def case(self, person, area, disease):
        return self.send("cases", {"person": person, "disease": disease, "responsible_area": area,
                                   "classification": "suspected", "received_date": time.strftime("%Y-%m-%d", time.gmtime())})

    def signals(self):
        return self.get("/api/v1/signals")["rows"]


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


def metrics(server):
    lines = server.get("/metrics")[2].decode().splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith("tocsin_watch_")}


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
