# SPDX-License-Identifier: GPL-3.0-or-later
"""Tocsin behind the shipped nginx configuration: hostile and slow clients, names, what is logged, nothing on disk."""

import json
import pathlib
import re
import socket
import ssl
import subprocess
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from program import ENVIRONMENT, PROGRAM, ROOT, equal, folder, main, run  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/support"))
import nginx  # noqa: E402
from serving import Server  # noqa: E402

PLACE = folder()
SERVER = FRONT = None


def client(name=nginx.NAME, timeout=15, protocol=None):
    context = ssl.create_default_context(cafile=str(FRONT.place / "server.pem"))
    if protocol:
        context.set_alpn_protocols([protocol])
    plain = socket.create_connection(("127.0.0.1", FRONT.tls), timeout)
    return context.wrap_socket(plain, server_hostname=name)


def receive(connection):
    answer = b""
    try:
        while more := connection.recv(65536):
            answer += more
            head, found, body = answer.partition(b"\r\n\r\n")
            length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            if found and length and len(body) >= int(length[0].split(b":")[1]):
                break
    except (ConnectionError, ssl.SSLError):
        pass
    return answer


def ask(text):
    """The status of bytes sent as they are; 0: closed without an answer."""
    with client() as connection:
        connection.sendall(text if isinstance(text, bytes) else text.encode("latin-1"))
        answer = receive(connection)
    return int(answer[9:12]) if answer.startswith(b"HTTP/1.") else 0


def good():
    equal(ask(f"GET /healthz HTTP/1.1\r\nHost: {nginx.NAME}\r\nConnection: close\r\n\r\n"), 200)


def test_it_answers_through_tls():
    """A page and the API, with Tocsin's own headers, over TLS"""
    with client() as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {nginx.NAME}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while more := connection.recv(65536):
            answer += more
    assert answer.startswith(b"HTTP/1.1 200 ") and b"Strict-Transport-Security: max-age" in answer, answer
    assert b"/metrics" not in answer, "the page offers what is not served here"
    assert b"Server: nginx\r\n" in answer, answer
    with client(protocol="h2") as connection:
        equal(connection.selected_alpn_protocol(), "h2")


def test_hostile_requests():
    """What no client has a reason to send is refused, and others are served"""
    host = f"Host: {nginx.NAME}\r\n"
    for text, allowed in [
        (f"POST / HTTP/1.1\r\n{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", (400,)),
        (f"GET / HTTP/1.1\r\n{host}Content-Length: 0\r\nContent-Length: 4\r\n\r\n", (400,)),
        (f"GET / HTTP/1.1\r\n{host}Content-Length: +5\r\n\r\n", (400,)),
        (f"GET / HTTP/1.1\r\n{host}Content-Length: -1\r\n\r\n", (400,)),
        (f"GET / HTTP/1.1\r\nHost : {nginx.NAME}\r\n\r\n", (400,)),
        ("GET / HTTP/1.1\r\nA: b\r\n\r\n", (400,)),
        (f"GET / HTTP/1.1\r\n{host}{host}\r\n", (400,)),
        (f"GET / HTTP/1.1\r\n{host}A: b\0c\r\n\r\n", (400,)),
        (f"GET / HTTP/1.1\r\n{host}A: b\rC: d\r\n\r\n", (400,)),
        (f"GET / HTTP/1.1\r\n{host}A: {'a' * 100000}\r\n\r\n", (400, 431, 0)),
        (f"GET /{'a' * 5000} HTTP/1.1\r\n{host}\r\n", (414,)),
        (f"GET /a%00 HTTP/1.1\r\n{host}\r\n", (400,)),
        (f"GET /%ff HTTP/1.1\r\n{host}\r\n", (400,)),
        (f"GET /a%2fb HTTP/1.1\r\n{host}\r\n", (400,)),
        (f"GET /../../etc/passwd HTTP/1.1\r\n{host}\r\n", (400,)),
        (f"OPTIONS / HTTP/1.1\r\n{host}\r\n", (405,)),
        (f"TRACE / HTTP/1.1\r\n{host}\r\n", (405,)),
        (f"GET / HTTP/1.1\r\n{host}Origin: https://attacker.example\r\n\r\n", (403,)),
        (f"POST / HTTP/1.1\r\n{host}Origin: https://attacker.example\r\nContent-Length: 0\r\n\r\n", (403,)),
        (f"GET / HTTP/1.1\r\n{host}Sec-Fetch-Site: cross-site\r\n\r\n", (403,)),
        ("GET / HTTP/1.1\r\nHost: attacker.example\r\n\r\n", (403, 421)),
        (f"GET /metrics HTTP/1.1\r\n{host}\r\n", (404,)),
        (f"POST /api/v1/search HTTP/1.1\r\n{host}Content-Length: 2000000\r\n\r\n", (413,)),
        (f"POST /api/v1/search HTTP/1.1\r\n{host}Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n"
         + "[" * 100000, (401,)),
    ]:
        found = ask(text)
        assert found in allowed, f"{text[:200]!r}: {found}"
        good()


def test_another_name_gets_no_handshake():
    """A name that is not ours ends in TLS"""
    try:
        client("attacker.example")
    except ssl.SSLError:
        return
    raise AssertionError("a handshake for another name")


def test_the_client_does_not_say_where_it_comes_from():
    """X-Forwarded-For of a client is not passed on, and metrics stay closed whatever it says"""
    equal(ask(f"GET /metrics HTTP/1.1\r\nHost: {nginx.NAME}\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n"), 404)


def test_slow_headers_end():
    """A header that trickles is cut off; others are served meanwhile"""
    with client(timeout=30) as connection:
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {nginx.NAME}\r\nA: ".encode())
        began, ended = time.monotonic(), False
        connection.settimeout(1)
        while not ended and time.monotonic() - began < 20:
            try:
                connection.sendall(b"a")
                ended = connection.recv(100) == b""
            except TimeoutError:
                pass
            except (ConnectionError, ssl.SSLError):
                ended = True
        assert ended and time.monotonic() - began < 15, time.monotonic() - began
    good()


def test_nothing_of_a_person_in_its_logs():
    """No query, body or address in nginx's logs; plain HTTP is sent on without its query"""
    ask(f"GET /api/v1/cases?note=CANARY1 HTTP/1.1\r\nHost: {nginx.NAME}\r\nReferer: https://a.example/CANARY2\r\n\r\n")
    ask(f"GET /%ff?CANARY3 HTTP/1.1\r\nHost: {nginx.NAME}\r\nUser-Agent: CANARY4\r\n\r\n")
    with socket.create_connection(("127.0.0.1", FRONT.plain), 5) as connection:
        connection.sendall(f"GET /page?name=CANARY5 HTTP/1.1\r\nHost: {nginx.NAME}\r\nConnection: close\r\n\r\n".encode())
        answer = receive(connection)
    assert answer.startswith(b"HTTP/1.1 301 ") and b"CANARY" not in answer, answer
    time.sleep(0.3)
    for name in ["tocsin.log", "error.log"]:
        text = (FRONT.place / name).read_text(encoding="utf-8")
        assert "CANARY" not in text and "127.0.0.1" not in text, text
    for line in (FRONT.place / "tocsin.log").read_text(encoding="utf-8").splitlines():
        json.loads(line)


def test_bodies_stay_in_memory():
    """A body as large as is taken touches no file"""
    with client() as connection:
        connection.sendall(f"POST /api/v1/search HTTP/1.1\r\nHost: {nginx.NAME}\r\nContent-Type: application/json\r\n"
                           f"Authorization: Bearer x\r\nContent-Length: {1 << 20}\r\n\r\n".encode() + b" " * (1 << 20))
        assert receive(connection).startswith(b"HTTP/1.1 401 ")
    equal([path for path in FRONT.place.rglob("*") if path.parent.name in ("client_body", "proxy") and path.is_file()], [])


class Stream:
    """Server-sent events through TLS, read as they come."""

    def __init__(self, cookies, after=None):
        self.connection, self.rest = client(timeout=60), b""
        again = f"Last-Event-ID: {after}\r\n" if after else ""
        self.connection.sendall(f"GET /api/v1/live HTTP/1.1\r\nHost: {nginx.NAME}\r\nCookie: {cookies}\r\n{again}\r\n".encode())
        head = self.until(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and b"text/event-stream" in head, head

    def until(self, mark):
        while mark not in self.rest:
            more = self.connection.recv(65536)
            assert more, "the stream has ended: " + self.rest.decode()
            self.rest += more
        found, _, self.rest = self.rest.partition(mark)
        return found

    def event(self):
        """The next change: its number and what it says."""
        while True:
            lines = dict(line.split(": ", 1) for line in re.findall(r"(?m)^\w+: .*", self.until(b"\n\n").decode()))
            if lines.get("event") == "change":
                return lines["id"], json.loads(lines["data"])


def request(cookies, method, path, body=None, kind="application/json"):
    """Status, cookies that are set, body."""
    text = (f"{method} {path} HTTP/1.1\r\nHost: {nginx.NAME}\r\nCookie: {cookies}\r\nOrigin: https://{nginx.NAME}\r\n"
            f"Idempotency-Key: {uuid.uuid4()}\r\n")
    if body is not None:
        text += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    with client() as connection:
        connection.sendall((text + "\r\n" + (body or "")).encode())
        head, _, answer = receive(connection).partition(b"\r\n\r\n")
    found = re.findall(r"(?mi)^Set-Cookie: ([^;]*)", head.decode())
    return int(head[9:12]), "; ".join(found), answer


def test_live_events():
    """Events come through TLS as they happen, none twice, none lost while a client was away, and end with the session"""
    place = str(FRONT.place / "node")
    password = "wool for forty winters"
    code, _, err = run("user", "create", "tashi", "--role", "epidemiologist", "--everywhere", "--node", place)
    assert code == 0, err
    code, _, err = run("user", "password", "tashi", "--node", place, stdin=password + "\n")
    assert code == 0, err
    status, cookies, _ = request("", "POST", "/sign-in", f"login=tashi&password={password.replace(' ', '+')}",
                                 "application/x-www-form-urlencoded")
    assert status == 303 and "__Host-tocsin=" in cookies, (status, cookies)

    def change():
        status, _, answer = request(cookies, "POST", "/api/v1/persons", json.dumps({"area": AREA}))
        assert status == 201, answer
        return json.loads(answer)["id"]

    stream, began = Stream(cookies), time.monotonic()
    for _ in range(5):
        made = change()
        number, event = stream.event()
        equal((event["type"], event["id"], event["version"], event["area"]), ("person", made, 1, AREA))
    assert time.monotonic() - began < 10, "events wait in a buffer"
    stream.connection.close()
    missed = [change() for _ in range(3)]
    stream = Stream(cookies, number)
    equal([stream.event()[1]["id"] for _ in range(3)], missed)
    code, _, err = run("user", "leave", "tashi", "--node", place)
    assert code == 0, err
    assert b"access" in stream.until(b"event: end") + stream.until(b"\n\n")
    equal(request(cookies, "GET", "/api/v1/cases")[0], 401)


if not nginx.NGINX:
    print("1..0 # SKIP nginx is not installed")
    sys.exit(0)
with PLACE as name:
    run("node", "init", f"{name}/node", "--lists", ROOT / "share/lists")
    run("user", "password", "operator", "--node", f"{name}/node", stdin="the kettle sings at dawn\n")
    AREA = json.loads(run("record", "create", "area", "code=540100", "name_en=County", "level=0", "--as", "program", "--node",
                          f"{name}/node")[1])["id"]
    with Server(PROGRAM, f"{name}/node", "--public-url", f"https://{nginx.NAME}", "--quiet", listen=f"unix:{name}/http",
                environment=ENVIRONMENT) as SERVER:
        SERVER.wait_until_it_serves()
        subprocess.run(["chmod", "666", f"{name}/http"], check=True)  # nginx's worker is another user
        subprocess.run(["chmod", "711", name], check=True)
        with nginx.Nginx(name, f"{name}/http") as FRONT:
            main(dict(globals()))
