# SPDX-License-Identifier: GPL-3.0-or-later
"""A small identity provider (OpenID Connect, authorization code with PKCE) for tests; openssl makes its keys and
signatures. It signs in whoever comes, at once. What is wrong with it is said by its twists, a dictionary of texts:

    sub, alg (RS256, PS256, ES256, none, HS256), kid, signer (a key that is not published), claims (JSON, merged into the
    token's; null takes one away), keys (html, huge, many, none), status (of every answer), issuer (what it calls itself),
    error (instead of a code), description (JSON, merged into it), answer (huge), slow (seconds)

As a program it prints its address and serves until standard input ends; GET /twist?name=value sets a twist ("" takes it
away), GET /counts tells how often each path was asked.

usage: provider.py FOLDER
"""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

CLIENT, SECRET = "tocsin", "quite+secret &more"


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*words, data=None):
    return subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=True).stdout


def curve_numbers(der):
    """The two numbers of an ECDSA signature, 32 bytes each."""
    numbers, at = b"", 2
    for _ in range(2):
        size = der[at + 1]
        numbers += der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + size
    return numbers


class Key:
    def __init__(self, place, name, kind):
        self.path, self.kind, self.kid = pathlib.Path(place, f"{name}.pem"), kind, name
        options = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if kind == "RSA" else \
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        openssl("genpkey", *options, "-out", self.path)

    def public(self):
        if self.kind == "RSA":
            modulus = openssl("rsa", "-in", self.path, "-noout", "-modulus").decode().strip().partition("=")[2]
            numbers = {"kty": "RSA", "n": text(bytes.fromhex(modulus)), "e": "AQAB"}
        else:
            point = openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-64:]
            numbers = {"kty": "EC", "crv": "P-256", "x": text(point[:32]), "y": text(point[32:])}
        return {**numbers, "kid": self.kid, "use": "sig"}

    def sign(self, algorithm, data):
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] if algorithm == "PS256" else []
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            signature = openssl("dgst", "-sha256", "-sign", self.path, *pss, file.name)
        return curve_numbers(signature) if self.kind == "EC" else signature


class Provider:
    def __init__(self, place, authority=None):
        """authority: (certificate, key), to speak TLS."""
        self.place = place
        self.keys = {"RS256": Key(place, "r1", "RSA"), "ES256": Key(place, "e1", "EC")}
        self.keys["PS256"] = self.keys["RS256"]
        self.stranger = Key(place, "s1", "EC")
        self.twists, self.counts, self.codes = {}, {}, {}
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        if authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*authority)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"http{'s' if authority else ''}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()

    # ---- what it answers ----

    def description(self):
        issuer = self.twists.get("issuer", self.url)
        return {"issuer": issuer, "authorization_endpoint": self.url + "/authorize", "token_endpoint": self.url + "/token",
                "jwks_uri": self.url + "/keys", "end_session_endpoint": self.url + "/out",
                "authorization_response_iss_parameter_supported": True, **json.loads(self.twists.get("description", "{}"))}

    def published(self):
        how = self.twists.get("keys")
        if how == "html":
            return b"<html>"
        keys = [] if how == "none" else [self.keys["RS256"].public(), self.keys["ES256"].public()]
        if how == "many":
            keys = keys * 33
        return json.dumps({"keys": keys, "more": " " * (300_000 if how == "huge" else 0)}).encode()

    def rotate(self):
        """A new key of P-256; the earlier one is no longer published."""
        self.keys["ES256"] = Key(self.place, f"e{len(self.codes) + 2}", "EC")

    def authorize(self, query):
        code = text(hashlib.sha256(str((len(self.codes), query)).encode()).digest())
        self.codes[code] = query
        back = {"state": query["state"], "iss": self.url}
        back.update({"error": self.twists["error"]} if "error" in self.twists else {"code": code})
        return code, query["redirect_uri"] + "?" + urllib.parse.urlencode(back)

    def token(self, form, authorization):
        basic = base64.b64encode(":".join(urllib.parse.quote(part, safe="") for part in (CLIENT, SECRET)).encode()).decode()
        asked = self.codes.get(form.get("code"))
        if authorization != "Basic " + basic:
            return 401, {"error": "invalid_client"}
        if asked is None or asked.get("used") or asked["redirect_uri"] != form["redirect_uri"] or \
                asked["code_challenge"] != text(hashlib.sha256(form["code_verifier"].encode()).digest()):
            return 400, {"error": "invalid_grant"}
        asked["used"] = True
        access = "an access token"
        answer = {"access_token": access, "token_type": "Bearer", "id_token": self.id_token(asked, access)}
        if self.twists.get("answer") == "huge":
            answer["more"] = " " * 70_000
        return 200, answer

    def id_token(self, asked, access):
        now = int(time.time()) + int(self.twists.get("clock", 0))
        claims = {"iss": self.url, "sub": self.twists.get("sub", "248289761001"), "aud": CLIENT, "nonce": asked["nonce"],
                  "iat": now, "exp": now + 300, "at_hash": text(hashlib.sha256(access.encode()).digest()[:16]),
                  **json.loads(self.twists.get("claims", "{}"))}
        algorithm = self.twists.get("alg", "RS256")
        key = self.stranger if "signer" in self.twists else self.keys.get(algorithm)
        header = {"alg": algorithm, "kid": self.twists.get("kid", key.kid if key else "r1")}
        signed = ".".join(text(json.dumps(part).encode())
                          for part in (header, {name: value for name, value in claims.items() if value is not None}))
        if algorithm == "none":
            return signed + "."
        if algorithm == "HS256":
            public = openssl("pkey", "-in", self.keys["RS256"].path, "-pubout")
            return signed + "." + text(hmac.new(public, signed.encode(), hashlib.sha256).digest())
        return signed + "." + text(key.sign("ES256" if key.kind == "EC" else algorithm, signed.encode()))

    # ---- the network ----

    def answer(self, path, query, form, authorization):
        """Status, body, Location."""
        self.counts[path] = self.counts.get(path, 0) + 1
        time.sleep(float(self.twists.get("slow", 0)))
        if "status" in self.twists:
            return int(self.twists["status"]), b"no", None
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self.description()).encode(), None
        if path == "/keys":
            return 200, self.published(), None
        if path == "/authorize":
            code, back = self.authorize(query)
            return 302, code.encode(), back
        if path == "/token":
            status, body = self.token(form, authorization)
            return status, json.dumps(body).encode(), None
        return 404, b"nothing", None

    def control(self, path, query):
        if path == "/counts":
            return json.dumps(self.counts).encode()
        for name, value in query.items():
            if name == "rotate":
                self.rotate()
            elif value:
                self.twists[name] = value
            else:
                self.twists.pop(name, None)
        return b"{}"

    def handler(provider):  # noqa: N805
        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def reply(self):
                path, _, rest = self.path.partition("?")
                query = dict(urllib.parse.parse_qsl(rest, keep_blank_values=True))
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if path in ("/twist", "/counts"):
                    status, data, location = 200, provider.control(path, query), None
                else:
                    form = dict(urllib.parse.parse_qsl(body.decode()))
                    status, data, location = provider.answer(path, query, form, self.headers.get("Authorization"))
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                if location:
                    self.send_header("Location", location)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = reply

        return Handler


if __name__ == "__main__":
    served = Provider(sys.argv[1])
    print(served.url, flush=True)
    sys.stdin.read()
