# SPDX-License-Identifier: GPL-3.0-or-later
"""A laboratory is connected to `tocsin serve` as docs/intake.md says: TLS with the county's own authority, the feed, what
is sent; and the server is killed while messages come."""

import contextlib
import hashlib
import json
import pathlib
import re
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/cli"))
sys.path.insert(0, str(ROOT / "tests/support"))
from program import ENVIRONMENT, PROGRAM, equal, main, run  # noqa: E402
from serving import Server, wait_for  # noqa: E402

BEGIN, END = b"\x0b", b"\x1c\r"


def message(number):
    return (f"MSH|^~\\&|LIS|LAB|||20261122||ORU^R01|C{number}|P|2.5.1\r"
            f"PID|1||{number}^^^LAB^MR||Family{number}^Given||1980{number % 12 + 1:02}03|F\r"
            f"OBR|1||A{number}|94500-6^C^LN|||20261121\r"
            "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||260373001^Detected^SCT||||||F|||20261121\r").encode()


def must(*words, stdin=""):
    """Standard output; a warning about the machine's clock is no failure."""
    code, out, err = run(*words, stdin=stdin)
    assert code == 0, err
    return out


class Node:
    def __init__(self, place, *listener, certificate=""):
        self.place, self.path = pathlib.Path(place), pathlib.Path(place, "node")
        must("node", "init", "--lists", ROOT / "share/lists", self.path)
        must("user", "password", "operator", "--node", self.path, stdin="the kettle sings at dawn\n")
        area = self.create("area", "code=540100", "name_en=County", "level=0", "--as", "program")
        self.feed = self.create("feed", f"area={area}", "name=Laboratory", "channel=mllp", "status=live",
                                "sending_facility=LAB", *([f"certificate={certificate}"] if certificate else []))
        with open(self.path / "tocsin.conf", "a", encoding="utf-8") as settings:
            print("\n[mllp hospital]", "listen = 127.0.0.1:0", *listener, sep="\n", file=settings)

    def create(self, *words):
        return json.loads(must("record", "create", *words, "--node", self.path))["id"]

    def count(self, verdict):
        with contextlib.closing(sqlite3.connect(self.path / "tocsin.db")) as database:
            return database.execute("SELECT count(*) FROM message WHERE verdict = ?", (verdict,)).fetchone()[0]

    def serve(self):
        server = Server(PROGRAM, self.path, environment=ENVIRONMENT)
        assert server.wait_until_it_serves(60), server.lines()
        line = server.process.stdout.readline()
        server.port = int(re.fullmatch(r"HL7 v2 over MLLP at 127\.0\.0\.1:(\d+)\n", line).group(1))
        return server


def metric(server, name):
    body = server.get("/metrics")[2].decode()
    return float(re.search(rf"^{name} (\S+)$", body, re.M).group(1))


def all_worked_off(server):
    return wait_for(lambda: metric(server, "tocsin_messages_waiting") == 0, 120)


def exchange(link, content):
    """The answer's text; None where the connection has ended."""
    answer = b""
    try:
        link.sendall(BEGIN + content + END)
        while not answer.endswith(END):
            piece = link.recv(65536)
            if not piece:
                return None
            answer += piece
    except (ConnectionError, ssl.SSLError):
        return None
    return answer[1:-2].decode()


def make_certificates(place):
    """The county's own authority, a listener, a laboratory; and the laboratory of another authority."""
    for name in ("authority", "stranger"):
        must("cert", "authority", "--name", name, "--host", "localhost", place / name)
        must("cert", "sender", "--name", f"Laboratory of {name}", "--to", place / f"{name}.pem", place / name)
    must("cert", "server", "--host", "localhost", "--to", place / "mllp.pem", place / "authority")


def fingerprint(path):
    text = path.read_text(encoding="utf-8")
    first = text[text.index("-----BEGIN CERTIFICATE-----"):]
    first = first[:first.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----\n")]
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()


def connect(server, place, sender):
    context = ssl.create_default_context(cafile=place / "authority/authority.crt")
    if sender:
        context.load_cert_chain(place / f"{sender}.pem")
    link = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    return context.wrap_socket(link, server_hostname="localhost")


def test_over_tls():
    """A certificate of the county's authority is needed, and the feed's own one to be that feed"""
    with tempfile.TemporaryDirectory(prefix="tocsin-mllp-") as folder:
        place = pathlib.Path(folder)
        make_certificates(place)
        node = Node(place, f"certificate = {place}/mllp.pem", f"authority = {place}/authority/authority.crt",
                    certificate=fingerprint(place / "authority.pem"))
        with node.serve() as server:
            with connect(server, place, "authority") as link:
                assert "\rMSA|AA|C1\r" in exchange(link, message(1))
                half = BEGIN + message(2)
                link.sendall(half[:20])
                link.sendall(half[20:] + END)
                assert b"MSA|AA|C2" in link.recv(65536)
            for sender in (None, "stranger"):
                answer = None
                try:
                    with connect(server, place, sender) as link:
                        answer = exchange(link, message(3))
                except (ConnectionError, ssl.SSLError):
                    pass
                equal(answer, None)
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link:  # no TLS at all
                answer = exchange(link, message(3))
                assert answer is None or "MSA" not in answer, answer
            assert wait_for(lambda: metric(server, "tocsin_mllp_refused_total") == 3, 30)
            assert all_worked_off(server)
            out = must("mllp", "send", "--tls", "--authority", place / "authority/authority.crt", "--certificate",
                       place / "authority.pem", "--key", place / "authority.pem", f"localhost:{server.port}",
                       write(place, message(4)))
            equal(json.loads(out)["answer"], "AA")
            assert all_worked_off(server)
            equal(server.end(), 0)
            text = server.lines()
            assert "hospital: a connection without TLS" in text and "Family" not in text, text
        equal((node.count("accepted"), node.count("held")), (3, 0))


def write(place, content):
    path = place / "one.hl7"
    path.write_bytes(content)
    return path


def test_another_certificate_is_another_sender():
    """Who shows a certificate of the authority's that is not the feed's is kept and held"""
    with tempfile.TemporaryDirectory(prefix="tocsin-mllp-") as folder:
        place = pathlib.Path(folder)
        make_certificates(place)
        node = Node(place, f"certificate = {place}/mllp.pem", f"authority = {place}/authority/authority.crt",
                    certificate="00" * 32)
        with node.serve() as server:
            with connect(server, place, "authority") as link:
                assert "this sender is not known here" in exchange(link, message(1))
            equal(server.end(), 0)
        equal(node.count("held"), 1)


def test_killed_while_messages_come():
    """What was acknowledged before kill -9 is there after it; what was not is sent again and counts once"""
    with tempfile.TemporaryDirectory(prefix="tocsin-mllp-") as folder:
        node = Node(folder)
        acknowledged, number = set(), 0
        for cycle in range(4):
            with node.serve() as server:
                with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link:
                    for at in range(12):
                        if at == 8:
                            server.process.send_signal(signal.SIGKILL)
                        answer = exchange(link, message(number))
                        if answer is None:
                            break  # whether it was kept is not known: it goes again in the next round
                        assert f"\rMSA|AA|C{number}\r" in answer, answer
                        acknowledged.add(number)
                        number += 1
                server.end(signal.SIGKILL)
        with node.serve() as server:
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as link:
                assert f"\rMSA|AA|C{number}\r" in exchange(link, message(number))
                acknowledged.add(number)
            assert all_worked_off(server)
            equal(server.end(), 0)
        assert len(acknowledged) > 30, acknowledged
        equal((node.count("accepted"), node.count("received")), (len(acknowledged), 0))


def test_settings_at_fault():
    """A listener that others could reach without TLS does not start, and the reason is said"""
    with tempfile.TemporaryDirectory(prefix="tocsin-mllp-") as folder:
        node = Node(folder)
        text = (node.path / "tocsin.conf").read_text(encoding="utf-8")
        (node.path / "tocsin.conf").write_text(text.replace("listen = 127.0.0.1:0", "listen = 0.0.0.0:2575"),
                                               encoding="utf-8")
        made = subprocess.run([PROGRAM, "serve", "--node", str(node.path), "--listen", "127.0.0.1:0"], text=True,
                              capture_output=True, timeout=60, env=ENVIRONMENT)
        assert made.returncode != 0 and "[mllp hospital] listen: plain, and other machines reach it" in made.stderr, made


if __name__ == "__main__":
    main(globals())
