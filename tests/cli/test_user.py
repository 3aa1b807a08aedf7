# SPDX-License-Identifier: GPL-3.0-or-later
"""`tocsin user`: users, grants, links and leaving, as the operator meets them."""

import json
import re
import signal
import socket
import struct
import sys
import urllib.parse

from program import PROGRAM, ROOT, equal, folder, main
from program import run as run_program

sys.path.insert(0, str(ROOT / "tests/support"))
from serving import Server  # noqa: E402

LINK = re.escape("http://127.0.0.1:8420/set-up?link=") + r"[\w-]{22}\n"


def run(*words, **options):
    """Without what a test machine's clock has to say."""
    code, out, err = run_program(*words, **options)
    return code, out, "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)


def node(place):
    code, _, err = run("node", "init", f"{place}/node", "--lists", ROOT / "share/lists")
    equal((code, err), (0, ""))
    code, _, err = run("record", "create", "area", "code=540100", "name_en=County", "level=0", "--as", "program", "--node", f"{place}/node")
    equal((code, err), (0, ""))
    return f"{place}/node"


def states(path):
    code, out, err = run("user", "list", "--node", path)
    equal((code, err), (0, ""))
    return {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines()}


def test_from_invitation_to_leaving():
    """A user is invited, gets a password and another role, and leaves"""
    with folder() as place:
        path = node(place)
        code, out, err = run("user", "create", "dolma", "--role", "epidemiologist", "--area", "540100", "--node", path)
        equal((code, err), (0, ""))
        assert re.fullmatch(LINK, out), out
        equal(states(path), {"dolma": "invited epidemiologist", "operator": "no account"})
        equal(run("user", "password", "dolma", "--node", path, stdin="the kettle sings at dawn\n"), (0, "", ""))
        equal(run("user", "grant", "dolma", "--role", "analyst", "--everywhere", "--node", path), (0, "", ""))
        equal(states(path)["dolma"], "active epidemiologist analyst")
        equal(run("user", "revoke", "dolma", "--role", "analyst", "--node", path), (0, "1 grant ended.\n", ""))
        equal(states(path)["dolma"], "active epidemiologist")
        code, out, err = run("user", "reset", "dolma", "--node", path)
        assert code == 0 and re.fullmatch(LINK, out), (code, out, err)
        equal(run("user", "leave", "dolma", "--node", path), (0, "1 grant ended, 0 tasks handed over.\n", ""))
        equal(states(path)["dolma"], "gone")


def test_what_is_refused():
    """Unknown users and areas, weak passwords, roles without a scope"""
    with folder() as place:
        path = node(place)
        absent = "tocsin user: there is no such record, or you may not see it\n"
        equal(run("user", "leave", "nobody", "--node", path), (1, "", absent))
        equal(run("user", "create", "a.user", "--role", "tracer", "--area", "999999", "--node", path), (1, "", absent))
        code, out, err = run("user", "password", "operator", "--node", path, stdin="password1234\n")
        assert (code, out) == (1, "") and "tried first" in err and "password1234" not in err, err
        for words in (["create", "x"], ["grant", "operator"]):
            code, _, err = run("user", *words, "--role", "tracer", "--node", path)
            assert code == 2 and "--everywhere" in err, err
        code, _, err = run("user", "grant", "operator", "--role", "program", "--everywhere", "--node", path)
        assert code == 2 and "program itself" in err, err
        equal(states(path), {"operator": "no account"})


def sign_in(server, login, password):
    body = urllib.parse.urlencode({"login": login, "password": password})
    status, headers, _ = server.get("/sign-in", {"Content-Type": "application/x-www-form-urlencoded"}, "POST", body)
    return status, "; ".join(line.partition(";")[0] for line in headers.get_all("Set-Cookie") or [])


def test_while_a_server_runs():
    """A server at work on the node does it, with what it remembers; links and passwords work at once"""
    password = "the kettle sings at dawn"
    with folder() as place:
        path = node(place)
        with Server(PROGRAM, path) as server:
            server.wait_until_it_serves()
            equal(server.get("/sign-in")[0], 503)  # nobody has an account yet
            equal(run("user", "password", "operator", "--node", path, stdin=password + "\n"), (0, "", ""))
            equal(server.get("/sign-in")[0], 200)
            code, link, err = run("user", "create", "dolma", "--role", "epidemiologist", "--area", "540100", "--node", path)
            assert code == 0 and err == "" and re.fullmatch(LINK, link), (code, link, err)
            equal(server.get(link.strip()[len("http://127.0.0.1:8420"):])[0], 200)
            equal(run("user", "grant", "dolma", "--role", "analyst", "--everywhere", "--node", path), (0, "", ""))
            equal(run("user", "password", "dolma", "--node", path, stdin=password + "\n"), (0, "", ""))
            equal(states(path)["dolma"], "active epidemiologist analyst")
            status, cookies = sign_in(server, "dolma", password)
            equal(status, 303)
            equal(server.get("/api/v1/session", {"Cookie": cookies})[0], 200)
            equal(run("user", "leave", "dolma", "--node", path), (0, "2 grants ended, 0 tasks handed over.\n", ""))
            equal(server.get("/api/v1/session", {"Cookie": cookies})[0], 401)
            absent = "tocsin user: there is no such record, or you may not see it\n"
            equal(run("user", "leave", "nobody", "--node", path), (1, "", absent))
            code, out, err = run("user", "password", "operator", "--node", path, stdin="password1234\n")
            assert (code, out) == (1, "") and "tried first" in err and "password1234" not in err, err
            code, out, err = run("user", "leave", "--node", path)
            assert (code, out) == (2, "") and "one LOGIN is wanted" in err, err
            assert not [line for line in server.lines().splitlines() if "dolma" in line or "set-up?link" in line]
            equal(server.end(), 0)
        equal(states(path)["dolma"], "gone")


def test_a_socket_that_nobody_listens_at():
    """After a server was killed the commands write themselves"""
    with folder() as place:
        path = node(place)
        with Server(PROGRAM, path) as server:
            server.wait_until_it_serves()
            server.end(signal.SIGKILL)
        equal(run("user", "password", "operator", "--node", path, stdin="the kettle sings at dawn\n"), (0, "", ""))
        equal(states(path), {"operator": "active"})


def ending(connection):
    try:
        return connection.recv(100)
    except ConnectionResetError:
        return b""


def test_what_is_no_request():
    """Whatever else comes by the operator's socket is dropped, and the next is served"""
    many, large = struct.pack("=I", 33), struct.pack("=II", 1, 8192)
    words = struct.pack("=I", 2) + b"".join(struct.pack("=I", len(word)) + word for word in (b"record", b"list", b""))
    with folder() as place:
        path = node(place)
        with Server(PROGRAM, path) as server:
            server.wait_until_it_serves()
            for bytes_sent in (b"", b"\0", many, large, struct.pack("=I", 0), struct.pack("=II", 1, 2**32 - 1),
                               struct.pack("=II", 1, 4) + b"a\0bc" + struct.pack("=I", 0), b"GET / HTTP/1.1\r\n\r\n"):
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(f"{path}/operator")
                    connection.sendall(bytes_sent)
                    connection.shutdown(socket.SHUT_WR)
                    equal(ending(connection), b"")
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(f"{path}/operator")
                connection.sendall(words)
                exit_code, _, size = struct.unpack("=III", connection.recv(12))
                equal(exit_code, 2)
                assert b"'tocsin user', 'job' and 'watch' alone" in connection.recv(size)
            equal(states(path), {"operator": "no account"})
            server.end()


def test_the_privacy_report_is_the_model_s():
    """The record of processing names every record and every identifying field, in both languages; JSON has both"""
    report = json.loads(run("admin", "privacy-report", "--format", "json")[1])
    english, chinese = (run("admin", "privacy-report", "--language", word)[1] for word in ("en", "zh"))
    for record in report["records"]:
        assert record["title_en"] in english and record["title_zh"] in chinese, record
        for field in record["fields"]:
            if field["class"] == "identifying":
                assert f"**{field['label_en']}**" in english and f"**{field['label_zh']}**" in chinese, field
    assert {"role": "tracer", "purpose": "contact-follow-up", "record": "identity"}.items() <= next(
        row for row in report["identities"] if row["role"] == "tracer").items()
    assert not [row for row in report["identities"] if row["role"] in ("administrator", "analyst", "supervisor")]
    kept = [record["record"] for record in report["records"] if record["retained_days"]]
    equal(kept, ["message_raw", "message", "message_slice", "message_part", "sent_resource", "reconciliation", "credential", "event_report",
                 "job"])


main(globals())
