# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin cert: a county's own authority. Python's ssl (OpenSSL's verifier) is the judge, as a browser would be."""

import os
import re
import socket
import ssl
import stat
import threading

from program import bad, equal, folder, good, main, run

HOSTS = ["--host", "county.example", "--host", "10.1.0.0/16"]


def authority(name, *more):
    return good("cert", "authority", "--name", "Example County", *HOSTS, *more, name + "/ca")


def shake(server_pem, trusted, host, client_pem=None, clients=None):
    """A TLS connection from one end of a socket pair to the other; answers None, or why it failed."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(server_pem)
    if clients is not None:
        server.load_verify_locations(clients)
        server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(trusted)
    if client_pem is not None:
        client.load_cert_chain(client_pem)
    ends = socket.socketpair()
    faults = []

    def serve():
        try:
            with server.wrap_socket(ends[0], server_side=True) as end:
                end.sendall(b"x")
        except (ssl.SSLError, OSError) as fault:
            faults.append(str(fault))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ends[1], server_hostname=host) as end:
            equal(end.recv(1), b"x")
    except (ssl.SSLError, OSError) as fault:
        faults.append(str(fault))
    thread.join()
    return "; ".join(faults) or None


def test_server():
    """A server's certificate is taken for its names and addresses, and for no other."""
    with folder() as name:
        authority(name)
        good("cert", "server", "--host", "tocsin.county.example", "--host", "10.1.2.3", "--to", name + "/s.pem",
             name + "/ca")
        equal(shake(name + "/s.pem", name + "/ca/authority.crt", "tocsin.county.example"), None)
        equal(shake(name + "/s.pem", name + "/ca/authority.crt", "10.1.2.3"), None)
        assert "Hostname mismatch" in shake(name + "/s.pem", name + "/ca/authority.crt", "other.county.example")
        equal(stat.S_IMODE(os.stat(name + "/s.pem").st_mode), 0o600)
        equal(stat.S_IMODE(os.stat(name + "/ca/authority.key").st_mode), 0o600)


def test_another_authority():
    """Another county's authority is not trusted for it."""
    with folder() as name, folder() as other:
        authority(name)
        authority(other)
        good("cert", "server", "--host", "tocsin.county.example", "--to", name + "/s.pem", name + "/ca")
        assert "certificate verify failed" in shake(name + "/s.pem", other + "/ca/authority.crt",
                                                    "tocsin.county.example")


def test_constraints():
    """Outside its own domain and net an authority vouches for nothing; the kind of address that was not named is shut."""
    with folder() as name:
        authority(name)
        for host in ("bank.example", "county.example.com", "10.2.0.1", "2001:db8::1"):
            code, out, err = run("cert", "server", "--host", host, "--to", name + "/s.pem", name + "/ca")
            equal((code, out), (1, ""))
            equal(err.strip(), "host: nobody who trusts the authority would take this certificate; allowed: hosts "
                               "within what the authority may vouch for ('tocsin cert show'), while it is valid")
            assert not os.path.exists(name + "/s.pem")
        good("cert", "authority", "--name", "Names alone", "--host", "county.example", name + "/names")
        equal(run("cert", "server", "--host", "10.1.2.3", "--to", name + "/s.pem", name + "/names")[0], 1)
        good("cert", "authority", "--name", "Net alone", "--host", "2001:db8::/32", name + "/net")
        equal(run("cert", "server", "--host", "a.county.example", "--to", name + "/s.pem", name + "/net")[0], 1)
        good("cert", "server", "--host", "2001:db8::1", "--to", name + "/s.pem", name + "/net")


def test_constraints_are_in_the_certificate():
    """The constraints hold for a verifier that was not asked by Tocsin: a leaf signed past them is refused."""
    with folder() as name:
        authority(name)
        commands = [
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {0}/k.pem -out {0}/r.pem -subj /CN=x",
            "x509 -req -in {0}/r.pem -CA {0}/ca/authority.crt -CAkey {0}/ca/authority.key -extfile {0}/e -out {0}/c.pem"]
        with open(name + "/e", "w", encoding="ascii") as file:
            file.write("subjectAltName=DNS:bank.example\n")
        for command in commands:
            equal(os.system("openssl " + command.format(name) + " 2>/dev/null"), 0)
        with open(name + "/s.pem", "w", encoding="ascii") as file:
            for part in ("k", "c"):
                with open(f"{name}/{part}.pem", encoding="ascii") as source:
                    file.write(source.read())
        assert "permitted subtree violation" in shake(name + "/s.pem", name + "/ca/authority.crt", "bank.example")


def test_sender():
    """A sender shows who it is: taken where this authority's senders are asked for; a server's is not a sender's."""
    with folder() as name:
        authority(name)
        good("cert", "server", "--host", "tocsin.county.example", "--to", name + "/s.pem", name + "/ca")
        for sender in ("县医院检验科", "lab1", "lab.county.example"):
            good("cert", "sender", "--name", sender, "--to", name + "/lab.pem", name + "/ca")
            equal(shake(name + "/s.pem", name + "/ca/authority.crt", "tocsin.county.example", name + "/lab.pem",
                        name + "/ca/authority.crt"), None)
        bad(1, "name: nobody who trusts the authority would take this certificate; allowed: while the authority is "
               "valid, a name that is not that of a host beyond its own", "cert", "sender", "--name",
            "lab.elsewhere.example", "--to", name + "/lab.pem", name + "/ca")
        assert shake(name + "/s.pem", name + "/ca/authority.crt", "tocsin.county.example", name + "/s.pem",
                     name + "/ca/authority.crt") is not None
        assert shake(name + "/s.pem", name + "/ca/authority.crt", "tocsin.county.example", None,
                     name + "/ca/authority.crt") is not None


def test_passphrase():
    """With a passphrase the key on the disk is encrypted; another one, or none, does not open it."""
    with folder() as name:
        for file, text in (("good", "correct horse\n"), ("other", "something else\n"), ("short", "1234567\n")):
            with open(f"{name}/{file}", "w", encoding="ascii") as stream:
                stream.write(text)
        authority(name, "--passphrase-file", name + "/good")
        with open(name + "/ca/authority.key", encoding="ascii") as stream:
            assert stream.read().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
        words = ["cert", "server", "--host", "a.county.example", "--to", name + "/s.pem", name + "/ca"]
        refusal = ("authority: the authority's key cannot be read, or its passphrase is another; allowed: the files "
                   "that 'tocsin cert authority' has made")
        bad(1, refusal, *words)
        bad(1, refusal, *words, "--passphrase-file", name + "/other")
        bad(1, f"tocsin cert: {name}/short: a passphrase of 8 bytes or more is needed in its first line", *words,
            "--passphrase-file", name + "/short")
        good(*words, "--passphrase-file", name + "/good")


def test_show():
    """What is shown: name, hosts, how long, the fingerprint that OpenSSL has too."""
    with folder() as name:
        text = authority(name)
        assert "  hosts        county.example, 10.1.0.0/16\n" in text, text
        assert "  use          authority\n" in text, text
        with os.popen(f"openssl x509 -in {name}/ca/authority.crt -noout -fingerprint -sha256") as stream:
            expected = stream.read().strip().split("=")[1]
        equal(re.search("fingerprint  (.*)", text).group(1), expected)
        text = good("cert", "server", "--host", "a.county.example", "--days", 29, "--to", name + "/s.pem", name + "/ca")
        assert ": ENDS IN 28 DAYS, make a new one\n" in text or ": ENDS IN 29 DAYS, make a new one\n" in text, text
        assert "  signed by    Example County\n" in text, text


def test_nothing_is_lost():
    """An authority is never overwritten; a server's file is replaced whole or stays."""
    with folder() as name:
        authority(name)
        with open(name + "/ca/authority.key", "rb") as stream:
            before = stream.read()
        bad(1, f"tocsin cert: {name}/ca/authority.key: there is an authority already; what it has signed would no "
               "longer be trusted", "cert", "authority", "--name", "x", *HOSTS, name + "/ca")
        with open(name + "/ca/authority.key", "rb") as stream:
            equal(stream.read(), before)
        code, out, _ = run("cert", "server", "--host", "a.county.example", "--to", name + "/no/s.pem", name + "/ca")
        equal((code, out), (3, ""))


def test_bad_use():
    """What cannot be done is said in a sentence."""
    with folder() as name:
        allowed = ("a name in small letters (tocsin.county.example), an address (10.1.2.3), or a net named by its "
                   "first address (10.1.0.0/16)")
        for host in ("County.example", "a..b", "-a.example", "a-.example", "1.2.3", "10.1.0.1/16", "10.1.2.300", "*.b",
                     "a" * 64 + ".example", ".".join(["a" * 49] * 5) + ".abcd", "10.0.0.0/33", ""):
            code, out, err = run("cert", "server", "--host", host, "--to", "x", name)
            equal((code, out), (2, ""))
            assert allowed in err, f"{host}: {err}"
        bad(2, "tocsin cert: what to do? authority, server, sender or show", "cert")
        bad(2, "tocsin cert: authority: --name NAME is needed", "cert", "authority", *HOSTS, name)
        bad(2, "tocsin cert: server: --to FILE is needed", "cert", "server", "--host", "a.example", name)
        bad(1, "name: a name of 65 bytes; allowed: 1 to 64 bytes of UTF-8", "cert", "authority", "--name", "n" * 65,
            *HOSTS, name + "/ca")
        good("cert", "authority", "--name", "n" * 64, "--host", ".".join(["a" * 49] * 5) + ".abc", name + "/ca")
        with open(name + "/text", "w", encoding="ascii") as stream:
            stream.write("no certificate\n")
        bad(1, f"{name}/text: no certificate; allowed: PEM, of at most 64 KiB", "cert", "show", name + "/text")
        with open(name + "/long", "w", encoding="ascii") as stream:
            stream.write("x" * (64 * 1024 + 1))
        bad(1, f"tocsin cert: {name}/long: longer than 64 KiB", "cert", "show", name + "/long")


main(dict(globals()))
