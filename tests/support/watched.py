# SPDX-License-Identifier: GPL-3.0-or-later
"""A node whose streams are watched, for tests of a server that runs; a client that enters cases; the metrics."""

import json
import pathlib
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from program import ROOT, equal, good, run  # noqa: E402

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


def metrics(server, prefix="tocsin_watch_"):
    lines = server.get("/metrics")[2].decode().splitlines()
    return {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith(prefix)}
