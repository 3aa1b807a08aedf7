# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that is killed half-way through the rows of a file goes on where it was: in the end each row is in the
records exactly once, and the upload says so; on both databases."""

import contextlib
import json
import pathlib
import signal
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from program import PROGRAM, ROOT, Skip, equal, folder, main, run  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/support"))
import postgresql  # noqa: E402
from serving import Server, wait_for  # noqa: E402
from watched import PASSWORD  # noqa: E402

ROWS, BAD = 6000, 60  # every hundredth row has a sex that no table knows
PAUSES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)  # seconds after the server serves, or after the file is confirmed


def rows():
    lines = ["case number,name,sex,birth date,disease,onset date"]
    for number in range(ROWS):
        sex = "Q" if number % (ROWS // BAD) == 7 else "F"
        lines.append(f"{number},Given{number} Family{number},{sex},19{50 + number % 50}-0{number % 9 + 1}-11,measles,2026-11-01")
    return "\n".join(lines) + "\n"


def must(*words, stdin=""):
    code, out, err = run(*words, stdin=stdin)
    assert code == 0, err
    return out


def made(place, *options):
    node = pathlib.Path(place, "node")
    must("node", "init", "--lists", ROOT / "share/lists", *options, node)
    must("user", "password", "operator", "--node", node, stdin=PASSWORD + "\n")
    must("user", "grant", "operator", "--role", "data-manager", "--everywhere", "--node", node)

    def create(*words):
        return json.loads(must("record", "create", *words, "--node", node))["id"]

    area = create("area", "code=540100", "name_en=County", "level=0", "--as", "program")
    return node, create("feed", f"area={area}", "name=Clinic", "channel=upload", "status=live")


class Client:
    """Signed in; `before`: with the session of this one, for signing in takes longer than thousands of rows."""

    def __init__(self, server, before=None):
        self.server = server
        if before is not None:
            self.headers = before.headers
            return
        status, _, body = server.get("/api/v1/session", {"Content-Type": "application/json"}, "POST",
                                     json.dumps({"login": "operator", "password": PASSWORD, "program": True}))
        equal(status, 201)
        self.headers = {"Authorization": "Bearer " + json.loads(body)["token"], "Tocsin-Role": "data-manager"}

    def send(self, path, body, kind):
        headers = {**self.headers, "Content-Type": kind, "Idempotency-Key": str(uuid.uuid4())}
        status, _, text = self.server.get(path, headers, "POST", body)
        assert status in (200, 201), f"{path}: {status} {text}"
        return json.loads(text)

    def get(self, path):
        status, _, text = self.server.get(path, self.headers)
        equal((path, status), (path, 200))
        return json.loads(text)


def kill_in_between(node, feed):
    """How many rows had been taken in after each death, and what the upload says in the end, with the number of cases."""
    seen, file, client = [], None, None
    for pause in PAUSES:
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves(60)
            client = Client(server, client)
            if file is None:
                kept = client.send(f"/api/v1/uploads?feed={feed}", rows(), "text/csv")
                file = f"/api/v1/uploads/{kept['id']}"
                client.send(f"{file}/mapping", json.dumps(kept["mapping"]), "application/json")
            else:
                seen.append(sum(client.get(file)["rows"].values()))
            time.sleep(pause)
            server.end(signal.SIGKILL)
    with Server(PROGRAM, node) as server:
        server.wait_until_it_serves(60)
        client = Client(server, client)

        def is_done():
            told = client.get(file)
            return told["verdict"] not in ("received", "held") and told["rows"]["waiting"] == 0

        assert wait_for(is_done, 120), client.get(file)
        told, total = client.get(file), client.get("/api/v1/cases?disease=measles&total=true&page_size=1")["total"]
        again = client.send(f"/api/v1/uploads?feed={feed}", rows(), "text/csv")
        equal((again["repeats"], again["id"]), (True, kept["id"]))
        server.end()
    return seen, told, total


def check(place, *options):
    node, feed = made(place, *options)
    seen, told, total = kill_in_between(node, feed)
    print(f"# rows that were taken in after each death: {seen}")
    assert any(0 < one < ROWS for one in seen), seen  # else nothing was cut in between
    equal((told["verdict"], told["reason"]), ("accepted-with-faults", f"{BAD} of {ROWS} rows cannot be used"))
    equal(told["rows"], {"waiting": 0, "accepted": ROWS - BAD, "accepted_with_faults": 0, "held": 0, "rejected": BAD})
    equal(total, ROWS - BAD)
    out = must("check", "--node", node)
    assert "WRONG" not in out, out


def test_on_sqlite():
    """SQLite: eight deaths while the rows of a file are loaded; each row is there once, and the upload says so"""
    with folder() as place:
        check(place)


def test_on_postgresql():
    """PostgreSQL: the same"""
    with contextlib.ExitStack() as stack:
        try:
            cluster = stack.enter_context(postgresql.Cluster())
        except postgresql.Absent as why:
            raise Skip(f"no PostgreSQL: {why}") from why
        check(stack.enter_context(folder()), "--database", cluster.url())


main(dict(globals()))
