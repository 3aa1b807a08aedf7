# SPDX-License-Identifier: GPL-3.0-or-later
"""`tocsin serve` under load while its processes are killed: the worker, the keeper, the server with its writer. Others
take over within five seconds; nothing that was acknowledged is lost, and what is sent again is written once."""

import contextlib
import json
import os
import pathlib
import signal
import sys
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from program import ENVIRONMENT, PROGRAM, ROOT, equal, folder, good, main, run  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/support"))
from serving import Server, wait_for  # noqa: E402

PASSWORD = "the kettle sings at dawn"
SENDERS = 4
TAKE_OVER_SECONDS = 5


def made(place):
    """A node with four areas and an operator who may write cases everywhere."""
    node = pathlib.Path(place) / "node"
    areas = pathlib.Path(place) / "areas.csv"
    areas.write_text("code,name_en,parent\n10,Province,\n1001,County,10\n100101,East,1001\n100102,West,1001\n")
    equal(run("node", "init", node, "--lists", ROOT / "share/lists")[0], 0)
    equal(run("area", "import", "--node", node, areas)[0], 0)
    equal(run("user", "password", "operator", "--node", node, stdin=PASSWORD + "\n")[0], 0)
    equal(run("user", "grant", "operator", "--role", "epidemiologist", "--everywhere", "--node", node)[0], 0)
    rows = good("area", "list", areas).splitlines()
    head = rows[0].split(",")
    east = dict(zip(head, next(row for row in rows if "100101" in row).split(",")))
    return node, east["id"]


class Client:
    """A program that is signed in. A request that is not answered is None."""

    def __init__(self, server):
        self.server = server
        status, _, body = server.get("/api/v1/session", {"Content-Type": "application/json"}, "POST",
                                     json.dumps({"login": "operator", "password": PASSWORD, "program": True}))
        equal(status, 201)
        self.token = json.loads(body)["token"]

    def ask(self, method, path, body=None, key=None):
        headers = {"Authorization": "Bearer " + self.token, "Tocsin-Role": "epidemiologist"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        try:
            status, answer, text = self.server.get(path, headers, method, json.dumps(body) if body is not None else None)
        except OSError:
            return None, None, None
        except Exception as error:  # http.client: the connection broke within the answer
            assert type(error).__module__ == "http.client", error
            return None, None, None
        return status, answer, text


class Load:
    """Senders that create persons with identity and case, each with its key, and keep what became of it."""

    def __init__(self, client, area):
        self.client, self.area = client, area
        self.acknowledged, self.unknown, self.refused = [], [], []
        self.answered = time.monotonic()
        self.stalled = 0.0
        self.ending = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.send, daemon=True) for _ in range(SENDERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        for thread in self.threads:
            thread.join(30)

    def bodies(self):
        person, identity, illness = (str(uuid.uuid4()) for _ in range(3))
        return [("persons", person, {"id": person, "area": self.area, "sex": "female"}),
                ("identities", identity, {"id": identity, "person": person, "name": "卓玛CANARY"}),
                ("cases", illness, {"id": illness, "person": person, "disease": "measles",
                                    "responsible_area": self.area, "classification": "suspected",
                                    "received_date": "2026-11-22"})]

    def note(self, status, sent):
        with self.lock:
            now = time.monotonic()
            if status == 201:
                self.acknowledged.append(sent)
                self.stalled = max(self.stalled, now - self.answered)
                self.answered = now
            elif status is None or status >= 500:
                self.unknown.append(sent)
            else:
                self.refused.append((status, sent))

    def send(self):
        while not self.ending.is_set():
            for path, record, body in self.bodies():
                status, _, _ = self.client.ask("POST", f"/api/v1/{path}", body, key=record)
                self.note(status, (path, record, body))
                if status != 201:
                    time.sleep(0.05)
                    break

    def num(self):
        with self.lock:
            return len(self.acknowledged)

    def goes_on(self, seconds=TAKE_OVER_SECONDS + 5):
        """Some more are acknowledged."""
        now = self.num()
        return wait_for(lambda: self.num() > now + 20, seconds)


def check(client, load):
    """All that was acknowledged is there; what was not is sent again, twice, and is there once."""
    equal(load.refused, [])
    assert load.num() > 0
    for path, record, _ in load.acknowledged:
        status, _, text = client.ask("GET", f"/api/v1/{path}/{record}")
        assert status == 200, f"acknowledged and lost: {path} {record}: {status} {text}"
    for path, record, body in load.unknown:
        for _ in range(2):
            status, headers, text = client.ask("POST", f"/api/v1/{path}", body, key=record)
            equal(status, 201)
            assert headers["Location"].endswith(record), headers["Location"]
        status, _, text = client.ask("GET", f"/api/v1/{path}/{record}")
        equal((status, json.loads(text)["version"]), (200, 1))


def children(server, word):
    """Processes of a server that were started as its keeper or worker."""
    found = []
    for path in pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/children"):
        for child in path.read_text().split():
            with contextlib.suppress(OSError):
                if word.encode() in pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                    found.append(int(child))
    return found


def job(client, body):
    status, headers, text = client.ask("POST", "/api/v1/jobs", body, key=str(uuid.uuid4()))
    assert status == 201, (status, text)
    return headers["Location"]


def shown(client, path):
    status, _, text = client.ask("GET", path)
    equal(status, 200)
    return json.loads(text)


EXPORT = {"kind": "export", "list": "cases", "as": "ndjson"}


def ends(client, path, status):
    """The job ends so."""
    assert wait_for(lambda: shown(client, path)["status"] == status, 30), shown(client, path)


def serving(node):
    return Server(PROGRAM, node, environment=ENVIRONMENT)


def test_the_keeper_is_killed():
    """The keeper is killed under load, again and again: another is there within five seconds, nothing is lost"""
    with folder() as place:
        node, area = made(place)
        with serving(node) as server:
            server.wait_until_it_serves()
            client = Client(server)
            with Load(client, area) as load:
                for _ in range(5):
                    assert load.goes_on()
                    keepers = children(server, "keeper")
                    equal(len(keepers), 1)
                    os.kill(keepers[0], signal.SIGKILL)
                    assert wait_for(lambda: children(server, "keeper") not in ([], keepers), TAKE_OVER_SECONDS)
                assert load.goes_on()
            assert load.stalled < TAKE_OVER_SECONDS, load.stalled
            check(client, load)
            equal(server.end(), 0)
            equal(run("check", "--node", node)[0], 0)


def test_the_worker_is_killed():
    """The worker is killed while it works, under load: the job is taken up again and done within five seconds"""
    with folder() as place:
        node, area = made(place)
        with serving(node) as server:
            server.wait_until_it_serves()
            client = Client(server)
            with Load(client, area) as load:
                assert load.goes_on()
                ends(client, job(client, EXPORT), "done")
                for _ in range(3):
                    worker = children(server, "worker")
                    equal(len(worker), 1)
                    os.kill(worker[0], signal.SIGSTOP)
                    path = job(client, EXPORT)
                    assert wait_for(lambda: shown(client, path)["status"] == "running")
                    os.kill(worker[0], signal.SIGKILL)
                    began = time.monotonic()
                    ends(client, path, "done")
                    assert time.monotonic() - began < TAKE_OVER_SECONDS, time.monotonic() - began
                    equal(shown(client, path)["attempts"], 2)
                assert load.goes_on()
            assert load.stalled < TAKE_OVER_SECONDS, load.stalled
            check(client, load)
            for file in (node / "results").iterdir():
                assert b"CANARY" not in file.read_bytes()
            assert "CANARY" not in server.lines()
            equal(server.end(), 0)


def test_the_server_is_killed():
    """The server is killed with its writer under load, a job running: the one that waited serves within five seconds"""
    with folder() as place:
        node, area = made(place)
        first = serving(node)
        first.wait_until_it_serves()
        client = Client(first)
        with Load(client, area) as load:
            assert load.goes_on()
            ends(client, job(client, EXPORT), "done")
            for _ in range(3):
                worker = children(first, "worker") or children(first, "keeper")
                waits = [path for path in [job(client, EXPORT)] if path]
                second = serving(node)
                assert wait_for(lambda: "waiting for it to end" in second.lines()), second.lines()
                began = time.monotonic()
                first.end(signal.SIGKILL)
                second.wait_until_it_serves()
                client.server = second
                assert load.goes_on()
                assert load.stalled < TAKE_OVER_SECONDS, load.stalled
                assert time.monotonic() - began < TAKE_OVER_SECONDS + 5
                assert wait_for(lambda: not pathlib.Path(f"/proc/{worker[0]}").exists()), "a child outlives its server"
                ends(client, waits[0], "done")
                first.__exit__()
                first = second
        check(client, load)
        equal(first.end(), 0)
        first.__exit__()
        equal(run("check", "--node", node)[0], 0)


main(dict(globals()))
