# SPDX-License-Identifier: GPL-3.0-or-later
"""A small mail server (SMTP) and a receiver of web-hooks for tests: what they took, and when; they can be made to refuse,
and to call somebody when a message has come whole, before they answer."""

import email
import email.policy
import http.server
import socketserver
import threading
import time


class Mail(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    class Talk(socketserver.StreamRequestHandler):
        def say(self, line):
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self):
            self.say("220 mail.test ESMTP")
            sender, to = None, []
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].upper()
                if word in ("EHLO", "HELO"):
                    self.say("250 mail.test")
                elif word == "MAIL":
                    sender = line.partition("<")[2].partition(">")[0]
                    self.say("250 2.1.0 Ok")
                elif word == "RCPT":
                    to.append(line.partition("<")[2].partition(">")[0])
                    self.say("550 5.1.1 nobody of that name" if to[-1] in self.server.unknown else "250 2.1.5 Ok")
                elif word == "DATA":
                    self.say("354 go on")
                    self.take(sender, to)
                elif word == "QUIT":
                    self.say("221 2.0.0 bye")
                    return
                else:
                    self.say("502 5.5.2 no such word")

        def take(self, sender, to):
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b"..") else line)
            if self.server.refusing:
                self.server.refused += 1
                self.say("451 4.3.0 not now")
                return
            message = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
            self.server.taken.append((time.time(), sender, to, message))
            if self.server.meanwhile:
                self.server.meanwhile()
            self.say("250 2.0.0 Ok: queued as 4F1")

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Mail.Talk)
        self.taken, self.unknown, self.refusing, self.refused, self.meanwhile = [], set(), False, 0, None
        self.url = f"smtp://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def ids(self):
        return [message["X-Tocsin-Notice"] for _, _, _, message in self.taken]

    def handle_error(self, *_):
        """A connection that a killed server has left."""


class Hook(http.server.ThreadingHTTPServer):
    daemon_threads = True

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = self.server.answer
            if status < 300:
                self.server.taken.append((time.time(), dict(self.headers), body))
            else:
                self.server.refused += 1
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Hook.Answer)
        self.taken, self.refused, self.answer = [], 0, (200, {})
        self.url = f"http://127.0.0.1:{self.server_address[1]}/called"
        threading.Thread(target=self.serve_forever, daemon=True).start()
