# SPDX-License-Identifier: GPL-3.0-or-later
"""A `tocsin serve` process for tests: started on any port of loopback or a unix socket, asked, ended."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, host="localhost", timeout=60):
        super().__init__(host, timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Server:
    def __init__(self, program, node, *options, listen="127.0.0.1:0", environment=None):
        self.log = tempfile.TemporaryFile("w+")
        self.listen, self.url = listen, None
        self.process = subprocess.Popen([program, "serve", "--node", str(node), "--listen", listen, *options],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True, env=environment)

    def wait_until_it_serves(self, seconds=60):
        """The address it prints; None where it ended without."""
        line = []
        reading = threading.Thread(target=lambda: line.append(self.process.stdout.readline()), daemon=True)
        reading.start()
        reading.join(seconds)
        assert line, "it does not say where it serves:\n" + self.lines()
        match = re.fullmatch(r"Tocsin serves at (http\S+)\n", line[0])
        self.url = match.group(1) if match else None
        return self.url

    def connection(self, timeout=60):
        if self.listen.startswith("unix:"):
            return UnixConnection(self.listen[5:], timeout=timeout)
        host, port = re.fullmatch(r"http://(.+):(\d+)", self.url).groups()
        return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=timeout)

    def get(self, path, headers=None, method="GET", body=None):
        """Status, headers, body."""
        with contextlib.closing(self.connection()) as connection:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def lines(self):
        self.log.seek(0)
        return self.log.read()

    def requests(self):
        """The log's lines about requests."""
        found = [json.loads(line) for line in self.lines().splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == "request"]

    def end(self, number=signal.SIGTERM, seconds=60):
        """Its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


def wait_for(what, seconds=60):
    """Until what() is true; False where it does not become so in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False
