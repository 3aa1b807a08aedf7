# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin mllp send, against listeners that answer as real ones do, and as they should not."""

import contextlib
import json
import pathlib
import socket
import ssl
import subprocess
import threading

from program import equal, folder, good, main, run

BEGIN, END = b"\x0b", b"\x1c\r"


def message(control, accept=""):
    return (f"MSH|^~\\&|LIS|LAB|||20261122||ORU^R01|{control}|P|2.5.1|||{accept}\r"
            "PID|1||7^^^LAB^MR||Doe^Anna\rOBR|1||A1|94500-6^C^LN\rOBX|1|CWE|94500-6^C^LN||260373001^D^SCT||||||F\r")


def acknowledgement(control, code="AA", error=""):
    segments = f"MSH|^~\\&|HUB|COUNTY|||20261122||ACK|1|P|2.5.1\rMSA|{code}|{control}\r"
    return (segments + (f"ERR||PID^1^3|101^Required^HL70357|E||||{error}\r" if error else "")).encode()


def frame(content):
    return BEGIN + content + END


@contextlib.contextmanager
def listener(answer, context=None, host="127.0.0.1"):
    """One connection at a time; answer(received message as text, its number) gives the bytes to send back, None ends
    the connection. Yields the port and the list of messages that came."""
    door = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    came = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                link, _ = door.accept()
                with contextlib.suppress(OSError), link:
                    stream = context.wrap_socket(link, server_side=True) if context else link
                    kept = b""
                    while True:
                        kept += stream.recv(65536) or exit_thread()
                        while END in kept:
                            one, kept = kept.split(END, 1)
                            came.append(one.lstrip(b"\r\n")[1:].decode())
                            back = answer(came[-1], len(came))
                            if back is None:
                                raise OSError
                            stream.sendall(back)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield door.getsockname()[1], came
    finally:
        door.close()


def exit_thread():
    raise OSError


def control_of(text):
    return text.split("\r")[0].split("|")[9]


def write(place, *messages, name="results.hl7"):
    path = pathlib.Path(place, name)
    path.write_text("".join(messages), encoding="utf-8", newline="")
    return path


def answers(out):
    return [(row["message"], row["answer"], row.get("control_id"), row.get("error")) for row in
            map(json.loads, out.splitlines())]


def test_each_message_waits_for_its_answer():
    """Batches too; what came is what stands in the file, byte for byte."""
    with folder() as place, listener(lambda text, number: frame(acknowledgement(control_of(text)))) as (port, came):
        one, two = message("C1"), message("C2")
        path = write(place, "FHS|^~\\&\rBHS|^~\\&\r", one, two, "BTS|2\rFTS|1\r")
        equal(answers(good("mllp", "send", f"127.0.0.1:{port}", path)), [(1, "AA", "C1", None), (2, "AA", "C2", None)])
        equal([text.rstrip("\r") for text in came], [one.rstrip("\r"), two.rstrip("\r")])


def test_refusals_are_told_and_the_rest_is_sent():
    """AE and AR with the first error in words; exit code 1."""
    def reply(text, number):
        return frame(acknowledgement(control_of(text), ("AE", "AR", "AA")[number - 1],
                                     "no patient number" if number == 1 else ""))

    with folder() as place, listener(reply) as (port, came):
        code, out, err = run("mllp", "send", f"localhost:{port}", write(place, *map(message, ("A", "B", "C"))))
        equal((code, err), (1, ""))
        equal(answers(out), [(1, "AE", "A", "no patient number"), (2, "AR", "B", None), (3, "AA", "C", None)])


def test_enhanced_mode_has_two_answers():
    """Where both are asked for, both are waited for; with a commit alone, one."""
    def reply(text, number):
        both = text.split("\r")[0].endswith("|AL|AL")
        answer = frame(acknowledgement(control_of(text), "CA"))
        return answer + frame(acknowledgement(control_of(text))) if both else answer

    with folder() as place, listener(reply) as (port, _):
        path = write(place, message("A", "AL|AL"), message("B", "AL|NE"))
        equal(answers(good("mllp", "send", f"127.0.0.1:{port}", path)),
              [(1, "CA", "A", None), (1, "AA", "A", None), (2, "CA", "B", None)])


def test_answers_in_pieces_and_with_junk():
    """A frame that comes byte by byte is one; bytes before it are not part of it."""
    def reply(text, number):
        return b"\r\njunk" + frame(acknowledgement(control_of(text)))

    with folder() as place, listener(reply) as (port, _):
        equal(len(answers(good("mllp", "send", f"127.0.0.1:{port}", write(place, message("A"))))), 1)


def told(code, *words):
    found, out, err = run(*words)
    equal((found, out), (code, ""))
    return err


def test_no_answer_is_no_success():
    """The connection ends, nothing comes in time, or something that is no acknowledgement: said, exit code 3."""
    with folder() as place:
        path = write(place, message("A"), message("B"))
        with listener(lambda text, number: None) as (port, came):
            said = told(3, "mllp", "send", f"127.0.0.1:{port}", path)
            assert "message 1 of" in said and "whether it was kept is not known" in said, said
            equal(len(came), 1)
        with listener(lambda text, number: b"") as (port, _):
            said = told(3, "mllp", "send", "--timeout", 1, f"127.0.0.1:{port}", path)
            assert "no answer in time" in said, said
        with listener(lambda text, number: frame(b"hello")) as (port, _):
            said = told(3, "mllp", "send", f"127.0.0.1:{port}", path)
            assert "no acknowledgement" in said, said
        with listener(lambda text, number: BEGIN + b"x" * (2 << 20) + END) as (port, _):
            assert "too large" in told(3, "mllp", "send", f"127.0.0.1:{port}", path)
    with folder() as place, socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        door.close()
        said = told(3, "mllp", "send", f"127.0.0.1:{port}", write(place, message("A")))
        assert "cannot connect: Connection refused" in said, said


def test_wrong_use():
    """Where to, which files, what belongs together; other machines only with TLS or --plain."""
    with folder() as place:
        path = write(place, message("A"))
        for target in ("here", "here:", "here:0", "here:65536", "here:2x", ":1", "[::1]", "::1:5", "[]:5"):
            assert "where to? allowed: HOST:PORT" in told(2, "mllp", "send", target, path), target
        assert "which files" in told(2, "mllp", "send", "here:1")
        assert "allowed: send" in told(2, "mllp", "give", "here:1", path)
        assert "belong together" in told(2, "mllp", "send", "--tls", "--key", path, "here:1", path)
        assert "need --tls" in told(2, "mllp", "send", "--authority", path, "here:1", path)
        assert "without TLS only to this machine" in told(3, "mllp", "send", "192.0.2.1:2575", path)
        assert "nowhere.hl7" in told_with_listener(place)


def told_with_listener(place):
    with listener(lambda text, number: None) as (port, _):
        return told(3, "mllp", "send", f"127.0.0.1:{port}", pathlib.Path(place, "nowhere.hl7"))


def make(place, *words):
    subprocess.run(["openssl", *words], cwd=place, check=True, capture_output=True)


def make_certificates(place):
    """An authority, a listener for 127.0.0.1, a sender; and an authority that nobody trusts."""
    for name in ("ca", "other"):
        make(place, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    for name in ("hub", "lab"):
        pathlib.Path(place, f"{name}.ext").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
        make(place, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
             "-keyout", f"{name}.key", "-out", f"{name}.csr")
        make(place, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
             "2", "-extfile", f"{name}.ext", "-out", f"{name}.pem")


def test_tls_both_ways():
    """The listener is known by its certificate, and knows the sender by hers; a stranger's is not trusted."""
    with folder() as place:
        make_certificates(place)
        inside = pathlib.Path(place)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(inside / "hub.pem", inside / "hub.key")
        context.load_verify_locations(inside / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        path = write(place, message("A"))
        mine = ("--certificate", inside / "lab.pem", "--key", inside / "lab.key")
        with listener(lambda text, number: frame(acknowledgement(control_of(text))), context) as (port, came):
            send = ("mllp", "send", "--tls", "--timeout", 5)
            out = good(*send, "--authority", inside / "ca.pem", *mine, f"127.0.0.1:{port}", path)
            equal(answers(out), [(1, "AA", "A", None)])
            said = told(3, *send, "--authority", inside / "other.pem", *mine, f"127.0.0.1:{port}", path)
            assert "its certificate is not trusted" in said, said
            said = told(3, *send, "--authority", inside / "ca.pem", *mine, f"localhost:{port}", path)
            assert "its certificate is not trusted: hostname mismatch" in said, said
            told(3, *send, "--authority", inside / "ca.pem", f"127.0.0.1:{port}", path)
            told(3, *send, "--authority", inside / "ca.pem", "--certificate", inside / "lab.pem", "--key",
                 inside / "hub.key", f"127.0.0.1:{port}", path)
            equal(len(came), 1)


main(dict(globals()))
