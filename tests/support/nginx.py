# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped nginx configuration, run in a folder of its own: other places, ports and certificate, everything else as it
is shipped."""

import pathlib
import re
import shutil
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
NAME = "tocsin.county.example"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Nginx:
    def __init__(self, place, upstream, encrypted=True):
        """place: a folder; upstream: the path of Tocsin's unix socket; not encrypted: for clients that measure."""
        self.place = pathlib.Path(place)
        self.tls, self.plain = free_port(), free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", self.place / "server.key", "-out", self.place / "server.pem", "-days", "2",
                        "-subj", "/CN=" + NAME, "-addext", "subjectAltName=DNS:" + NAME], check=True,
                       capture_output=True)
        text = (ROOT / "packaging/nginx/tocsin.conf").read_text(encoding="utf-8")
        for old, new in [
            ("/run/nginx.pid", f"{self.place}/nginx.pid"),
            ("/var/log/nginx/", f"{self.place}/"),
            ("unix:/run/tocsin/http", f"unix:{upstream}"),
            ("/etc/tocsin/server.", f"{self.place}/server."),
            ("worker_processes auto", "worker_processes 1"),
            ("worker_rlimit_nofile 65536", "worker_rlimit_nofile 20000"),
            ("listen 443", f"listen 127.0.0.1:{self.tls}"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain};"),
        ]:
            assert old in text, old
            text = text.replace(old, new)
        text = re.sub(r"\n\s*listen \[::\][^\n]*", "", text)
        if not encrypted:
            text = text.replace("limit_conn peers 256", "limit_conn peers 20000").replace(" ssl http2;", ";")
            text = re.sub(r"\n    server \{\n[^}]*ssl_reject_handshake[^}]*\}\n", "", text)
        text = text.replace("http {\n", "http {\n" + "".join(
            f"    {name}_temp_path {self.place}/{name};\n" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]), 1)
        self.configuration = self.place / "nginx.conf"
        self.configuration.write_text(text, encoding="utf-8")
        self.process = subprocess.Popen([NGINX, "-e", str(self.place / "error.log"), "-c", str(self.configuration), "-p",
                                         str(self.place), "-g", "daemon off;"], stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.tls), 1).close()
                return
            except OSError:
                assert self.process.poll() is None, self.process.stderr.read()
                time.sleep(0.05)
        raise AssertionError("nginx does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stderr.close()
