# SPDX-License-Identifier: GPL-3.0-or-later
"""`tocsin serve` as whoever runs a node meets it: starting, answering, the log, stopping, taking over."""

import gzip
import json
import pathlib
import re
import signal
import socket
import sys
import time

from program import ENVIRONMENT, PROGRAM, ROOT, equal, folder, main, run

sys.path.insert(0, str(ROOT / "tests/support"))
from serving import Server, wait_for  # noqa: E402


def made(place):
    """A new node in a folder."""
    node = pathlib.Path(place) / "node"
    code, _, err = run("node", "init", node, "--lists", ROOT / "share/lists")
    equal(code, 0)
    code, _, err = run("user", "password", "operator", "--node", node, stdin="the kettle sings at dawn\n")
    equal((code, err), (0, "")) if "CLOCK" not in err else equal(code, 0)
    return node


def serving(node, *options, **more):
    return Server(PROGRAM, node, *options, environment=ENVIRONMENT, **more)


def test_it_answers_and_ends():
    """It says where it serves, answers, and ends with 0 when told to"""
    with folder() as place, serving(made(place)) as server:
        assert server.wait_until_it_serves().startswith("http://127.0.0.1:")
        status, headers, body = server.get("/healthz")
        equal((status, body), (200, b'{"status":"ok"}'))
        equal(server.get("/api/v1/cases")[0], 401)
        status, headers, body = server.get("/")
        if headers["Content-Encoding"] == "gzip":  # the pages were built in
            assert status == 200 and b'<div id="app">' in gzip.decompress(body), headers
        else:
            assert status == 200 and "运行正常".encode() in body, body
        status, headers, body = server.get("/metrics")
        assert status == 200 and b'route="/healthz",status="200"} 1\n' in body, body
        equal(server.end(), 0)


def test_the_log_tells_nothing_of_a_person():
    """The log has a line a request: its route, never its path, query, headers or body"""
    with folder() as place, serving(made(place)) as server:
        server.wait_until_it_serves()
        server.get("/api/v1/persons/01a2008d-7400-7c31-90fe-ad58247cb2e1?note=CANARY1", {"Tocsin-Role": "CANARY2"})
        server.get("/CANARY3/%E5%90%8D")
        server.get("/api/v1/search", {"Content-Type": "application/json"}, "POST", '{"CANARY4":1}')
        equal(server.end(), 0)
        lines = server.requests()
        equal(sorted((line["method"], line["route"], line["status"]) for line in lines),
              [("GET", "", 404), ("GET", "/api/v1/persons/{id}", 401), ("POST", "/api/v1/search", 401)])
        for line in lines:
            equal(sorted(line), sorted(["time", "level", "event", "method", "route", "status", "us", "bytes",
                                        "request"]))
        text = server.lines()
        assert "CANARY" not in text and "01a2008d" not in text and "127.0.0.1:" in text, text


def test_behind_a_proxy():
    """Through a unix socket it is asked by its public name; metrics are for this machine alone"""
    with folder() as place:
        path = f"{place}/http"
        node = made(place)
        with serving(node, "--public-url", "https://tocsin.county.example", listen=f"unix:{path}") as server:
            server.wait_until_it_serves()
            name = {"Host": "tocsin.county.example"}
            status, headers, _ = server.get("/healthz", name)
            equal((status, headers["Strict-Transport-Security"]), (200, "max-age=31536000"))
            equal(server.get("/healthz", {"Host": "other.example"})[0], 403)
            equal(server.get("/metrics", name)[0], 200)
            equal(server.get("/metrics", {**name, "X-Forwarded-For": "192.0.2.7"})[0], 404)
            equal(server.end(), 0)
            assert not pathlib.Path(path).exists(), "the socket is left behind"
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(path)
        stale.close()
        with serving(node, listen=f"unix:{path}") as server:  # takes the place of one that nobody listens on
            server.wait_until_it_serves()
            equal(server.get("/healthz")[0], 200)


def test_what_it_refuses_to_start_with():
    """Invented data off loopback, an address for everybody without a name, a place that is none"""
    with folder() as place:
        node = made(place)
        for options, message in [
            (["--demo", "--listen", "0.0.0.0:0", "--public-url", "https://a.example"],
             "demo: invented data on an address that others can reach; allowed: a loopback address"),
            (["--demo", "--listen", "127.0.0.1:0", "--public-url", "https://a.example"],
             "demo: invented data on an address that others can reach; allowed: a loopback address"),
            (["--listen", "0.0.0.0:0"],
             "public-url: missing, and the address is not loopback; allowed: the address by which people reach the "
             "server, through TLS"),
            (["--listen", "nowhere"],
             'listen: "nowhere" is no place to listen; allowed: ADDRESS:PORT ([::1]:8420 for IPv6) or unix:PATH'),
            (["--listen", "127.0.0.1:0", "--public-url", "https://a.example/path"],
             "public-url: not an address; allowed: https://tocsin.county.example, perhaps with a port, nothing behind it"),
        ]:
            code, out, err = run("serve", "--node", node, *options)
            said = [line for line in err.splitlines() if "THE CLOCK" not in line and not line.startswith("{")]
            assert any(message in line for line in said), f"{options}: {said}"
            assert code in (1, 3) and out == "", (code, out)
        with (node / "tocsin.conf").open("a") as file:
            file.write("\ndemo = yes\n")
        code, _, err = run("serve", "--node", node, "--listen", "0.0.0.0:0", "--public-url", "https://a.example")
        assert code == 1 and "invented data" in err, err


def test_routes():
    """--routes prints what it answers, and who may ask"""
    code, out, err = run("serve", "--routes")
    equal((code, err), (0, ""))
    lines = out.splitlines()
    assert any(line.split()[:3] == ["GET", "anybody", "/healthz"] for line in lines), out
    assert any("signed in" in line and "/api/v1/cases/{id}" in line for line in lines), out


def test_another_takes_over():
    """A second process waits, and serves within five seconds of the first one's death"""
    with folder() as place:
        node = made(place)
        with serving(node) as first:
            first.wait_until_it_serves()
            with serving(node) as second:
                assert wait_for(lambda: "waiting for it to end" in second.lines()), second.lines()
                equal(first.get("/healthz")[0], 200)
                began = time.monotonic()
                first.end(signal.SIGKILL)
                second.wait_until_it_serves()
                equal(second.get("/healthz")[0], 200)
                assert time.monotonic() - began < 5, time.monotonic() - began
                equal(second.end(), 0)


def test_whoever_waits_can_be_ended():
    """A process that waits for another ends when it is told to"""
    with folder() as place:
        node = made(place)
        with serving(node) as first:
            first.wait_until_it_serves()
            with serving(node) as second:
                assert wait_for(lambda: "waiting for it to end" in second.lines()), second.lines()
                equal(second.end(), 0)
            equal(first.get("/healthz")[0], 200)


def test_what_was_begun_is_answered():
    """Told to end, it answers the request that has half arrived, and takes no new connection"""
    with folder() as place, serving(made(place)) as server:
        server.wait_until_it_serves()
        connection = server.connection()
        connection.connect()
        host = server.url[7:]
        connection.sock.sendall(f"POST /api/v1/search HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n"
                                "Content-Type: application/json\r\n\r\n{".encode())
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        assert wait_for(lambda: "no new connections" in server.lines()), server.lines()
        connection.sock.sendall(b'"":')
        answer = connection.sock.recv(4096)
        assert answer.startswith(b"HTTP/1.1 401 ") and b"Connection: close" in answer, answer
        connection.close()
        equal(server.process.wait(10), 0)


def test_the_audit_head_is_given_out_while_it_serves():
    """The hourly unit gives the signed head out beside the server that writes; verification takes what it gave"""
    unit = (ROOT / "packaging/systemd/tocsin-audit-head.service").read_text()
    timer = (ROOT / "packaging/systemd/tocsin-audit-head.timer").read_text()
    assert "\nOnCalendar=hourly\n" in timer and "\nPersistent=yes\n" in timer, timer
    words = re.search(r"^ExecStart=@bindir@/tocsin (.*)$", unit, re.M).group(1).split()
    with folder() as place:
        node = made(place)
        words[words.index("--node") + 1] = node
        with serving(node) as server:
            server.wait_until_it_serves()
            journal = []
            for _ in range(2):
                code, out, err = run(*words)
                equal((code, err), (0, ""))
                assert re.fullmatch(r"tocsin-audit-1 \d+ \S+Z [0-9a-f]{64} \d+ [0-9a-f]{64} [0-9a-f]{128}\n", out), out
                journal.append(out)
                status, _, _ = server.get("/api/v1/session", {"Content-Type": "application/json"}, "POST", json.dumps(
                    {"login": "operator", "password": "the kettle sings at dawn", "program": True}))
                equal(status, 201)  # an entry of the trail
            assert int(journal[0].split()[1]) < int(journal[1].split()[1]), journal
            equal(run("audit", "verify", "--node", node, "-", stdin="".join(journal))[0], 0)
            number, letter = journal[0].split()[3], "0" if journal[0].split()[3][0] != "0" else "1"
            forged = journal[0].replace(number, letter + number[1:])
            equal(run("audit", "verify", "--node", node, "-", stdin=forged)[0], 1)
            equal(server.end(), 0)


main(dict(globals()))
