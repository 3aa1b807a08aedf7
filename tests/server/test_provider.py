# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in by an identity provider, as a browser meets it: invitation, sign-in, second factor, and every wrong token."""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from program import PROGRAM, ROOT, equal, folder, main, run  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/support"))
from provider import CLIENT, SECRET, Provider  # noqa: E402
from serving import Server  # noqa: E402

PLACE = folder()
SERVER = PROVIDER = NODE = None
LINKS = {}


class Browser:
    """At an address of its own, as far as it is not said: tries are counted by address."""

    number = 0

    def __init__(self, address=None):
        Browser.number += 1
        self.cookies, self.address = {}, address or f"10.1.{Browser.number // 250}.{Browser.number % 250 + 1}"

    def get(self, path, method="GET", body=None):
        """Status, headers, text; cookies are kept."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
                   "X-Forwarded-For": self.address}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        status, headers, text = SERVER.get(path, headers, method, body)
        for line in headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            assert "; HttpOnly" in line, line
            assert ("; SameSite=Lax" in line) == (name == "tocsin-provider"), line
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return status, headers, text.decode()

    def go(self, link=None):
        """To the provider and its answer: the path and query with which it sends the browser back."""
        status, headers, text = self.get("/sign-in/provider" + (f"?link={link}" if link else ""))
        assert status == 303, (status, text)
        address = urllib.parse.urlsplit(headers["Location"])
        equal(f"{address.scheme}://{address.netloc}", PROVIDER.url)
        query = dict(urllib.parse.parse_qsl(address.query))
        equal((query["redirect_uri"], query["response_type"], query["scope"]), (SERVER.url + "/sign-in/callback", "code", "openid"))
        equal(query["code_challenge_method"], "S256")
        _, back = PROVIDER.authorize(query)
        return back.removeprefix(SERVER.url)

    def sign_in(self, link=None):
        status, _, text = self.get(self.go(link))
        return status, text

    def account(self):
        """The login that /account shows; None where nobody is signed in."""
        status, _, text = self.get("/account")
        return re.search("<strong>(.*?)</strong>", text).group(1) if status == 200 else None


def tocsin(*words, stdin=None):
    code, out, err = run(*words, "--node", NODE, stdin=stdin)
    assert code == 0, (code, err)
    return out


def invite(login, *more):
    return tocsin("user", *more, login).strip().partition("link=")[2]


def begin():
    global SERVER, PROVIDER, NODE
    place = PLACE.__enter__()
    NODE = f"{place}/node"
    code, _, err = run("node", "init", NODE, "--lists", ROOT / "share/lists")
    assert code == 0, (code, err)
    PROVIDER = Provider(place)
    pathlib.Path(NODE, "provider-secret").write_text(SECRET + "\n")
    os.chmod(f"{NODE}/provider-secret", 0o600)
    with open(f"{NODE}/tocsin.conf", "a") as conf:
        conf.write(f"sign_in_issuer = {PROVIDER.url}\nsign_in_client = {CLIENT}\nsign_in_secret = provider-secret\n"
                   "sign_in_name = County <sign-in>\nsign_in_second_factor = amr:mfa,hwk\ntrusted_proxy = 127.0.0.1\n")
    tocsin("user", "password", "operator", stdin="the kettle sings at dawn\n")
    for login in ("dolma", "tashi"):
        LINKS[login] = tocsin("user", "create", login, "--role", "epidemiologist", "--everywhere").strip().partition("link=")[2]
    SERVER = Server(PROGRAM, NODE)
    assert SERVER.wait_until_it_serves()


def refused(status, word, **twists):
    """A sign-in of dolma under these twists."""
    PROVIDER.twists.update(twists)
    try:
        browser = Browser()
        got, text = browser.sign_in()
        assert got == status and word in text, (twists, got, text)
        equal(browser.account(), None)
    finally:
        for name in twists:
            PROVIDER.twists.pop(name, None)


def test_an_invitation_binds():
    """An invitation binds a user to their account there; then the account alone signs in; it brings no grant"""
    begin()
    browser = Browser()
    _, _, text = browser.get(f"/set-up?link={LINKS['dolma']}")
    assert f'href="/sign-in/provider?link={LINKS["dolma"]}"' in text and "County &lt;sign-in&gt;" in text, text
    status, text = Browser().sign_in()
    assert status == 403 and "ask an administrator" in text, (status, text)
    status, text = browser.sign_in(LINKS["dolma"])
    assert status == 200 and 'content="0;url=/account"' in text, (status, text)
    equal(browser.account(), "dolma")
    other = Browser()
    equal((other.sign_in()[0], other.account()), (200, "dolma"))
    listed = {line.split()[0]: line.split()[1:] for line in tocsin("user", "list").splitlines()}
    equal((listed["dolma"], listed["tashi"]), (["active", "provider", "epidemiologist"], ["invited", "epidemiologist"]))
    _, _, text = other.get("/account")
    assert "<ul><li>epidemiologist</li></ul>" in text, text
    status, text = Browser().sign_in(LINKS["dolma"])
    assert status == 401 and "has ended" in text, "a link has served twice"


def test_algorithms():
    """RS256, PS256 and ES256"""
    for algorithm in ("RS256", "PS256", "ES256"):
        PROVIDER.twists["alg"] = algorithm
        browser = Browser()
        equal((browser.sign_in()[0], browser.account()), (200, "dolma"))
    del PROVIDER.twists["alg"]


def test_one_account_one_user():
    """An account there that is somebody's here is nobody else's, and the invitation stays"""
    status, text = Browser().sign_in(LINKS["tashi"])
    assert status == 409 and "belongs to another user" in text, (status, text)
    PROVIDER.twists["sub"] = "tashi@mail.example"
    browser = Browser()
    equal((browser.sign_in(LINKS["tashi"])[0], browser.account()), (200, "tashi"))
    del PROVIDER.twists["sub"]


def test_the_same_name_of_another_issuer():
    """A mail address in other claims is nobody: the subject alone counts"""
    refused(403, "ask an administrator", sub="248289761002", claims='{"email":"dolma@county.example","preferred_username":"dolma"}')


def test_wrong_tokens():
    """Tokens that are unsigned, forged, of others, for others, too old, of another sign-in"""
    now = __import__("time").time()
    for word, twists in [
        ("alg", {"alg": "none"}), ("alg", {"alg": "HS256"}),
        ("signature", {"alg": "ES256", "signer": "s1", "kid": "e1"}),
        ("signature", {"kid": "e1", "alg": "ES256", "signer": "yes"}),
        ("iss", {"claims": '{"iss":"https://other.example"}'}), ("iss", {"claims": '{"iss":null}'}),
        ("aud", {"claims": '{"aud":"another"}'}), ("azp", {"claims": '{"aud":["tocsin","x"]}'}),
        ("azp", {"claims": '{"azp":"another"}'}),
        ("exp", {"claims": json.dumps({"exp": int(now) - 61, "iat": int(now) - 200})}),
        ("iat", {"claims": json.dumps({"iat": int(now) + 120})}),
        ("nonce", {"claims": '{"nonce":"another"}'}), ("nonce", {"claims": '{"nonce":null}'}),
        ("at_hash", {"claims": '{"at_hash":"AAAAAAAAAAAAAAAAAAAAAA"}'}),
        ("sub", {"claims": '{"sub":null}'}), ("sub", {"claims": '{"sub":"\\u5353\\u739b"}'}),
        ("too large", {"answer": "huge"}),
    ]:
        refused(503 if word == "too large" else 502, word, **twists)


def test_codes_and_states_serve_once():
    """A code, a state, a cookie: of this browser, of this sign-in, once"""
    browser = Browser()
    path = browser.go()
    cookie = dict(browser.cookies)
    equal(browser.get(path)[0], 200)
    browser.cookies.update(cookie)
    for again in (browser, Browser()):
        status, _, text = again.get(path)
        assert status == 400 and "not begun in this browser" in text, (status, text)
    code = re.search("code=([^&]+)", path).group(1)
    fresh = Browser()
    path = re.sub("code=[^&]+", "code=" + code, fresh.go())
    status, _, text = fresh.get(path)
    assert status == 502 and "invalid_grant" in text, (status, text)
    one, other = Browser(), Browser()
    path = one.go()
    other.go()
    equal(other.get(path)[0], 400)
    equal(one.get(path.replace("state=", "state=A"))[0], 400)
    for wrong in (path + "&state=x", re.sub("state=[^&]+&", "", path), path.replace("?", "?state=x&")):
        browser = Browser()
        browser.cookies = dict(one.cookies)
        equal(browser.get(wrong)[0], 400)
    equal(one.get(path)[0], 400)  # its cookie went with the failure


def test_mixed_up():
    """A code that says that it is another provider's, one that says nothing, and a refusal there"""
    browser = Browser()
    path = re.sub("iss=[^&]+", "iss=https%3A%2F%2Fother.example", browser.go())
    status, _, text = browser.get(path)
    assert status == 502 and "iss" in text, (status, text)
    browser = Browser()
    equal(browser.get(re.sub("&iss=[^&]+", "", browser.go()))[0], 502)
    refused(403, "has not let you in", error="access_denied")


def test_tries_are_counted():
    """Coming back from the provider counts as a try of the address; whoever is let in has not tried"""
    for expected in [400] * 20 + [429]:
        equal(Browser("192.0.2.7").get("/sign-in/callback?state=x&code=y")[0], expected)
    for _ in range(25):
        equal(Browser("192.0.2.8").sign_in()[0], 200)


def test_nowhere_else():
    """No parameter of a request leads a browser elsewhere"""
    for extra in ("redirect_uri=https://evil.example", "next=https://evil.example", "link=https://evil.example"):
        status, headers, _ = Browser().get("/sign-in/provider?" + extra)
        equal(status, 303)
        assert headers["Location"].startswith(PROVIDER.url + "/authorize?") and "evil" not in headers["Location"]
    browser = Browser()
    status, headers, text = browser.get(browser.go() + "&next=https://evil.example")
    assert status == 200 and "Location" not in headers and "evil" not in text


def test_second_factor():
    """The provider's second factor counts where the setting says so; else our own is asked"""
    for claims, given in [("{}", False), ('{"amr":["pwd"]}', False), ('{"amr":["pwd","mfa"]}', True), ('{"amr":["hwk"]}', True),
                          ('{"amr":"mfa"}', False), ('{"acr":"mfa"}', False)]:
        PROVIDER.twists["claims"] = claims
        browser = Browser()
        equal(browser.sign_in()[0], 200)
        equal("Second factor: given" in browser.get("/account")[2], given)
        status, _, text = SERVER.get("/api/v1/cases", {"Cookie": f"tocsin={browser.cookies['tocsin']}", "Tocsin-Purpose": "case-investigation"})
        equal(status, 200 if given else 403)
        assert given or b"second-factor" in text
    del PROVIDER.twists["claims"]


def test_sign_out():
    """Signed out here, the page says where to sign out there"""
    browser = Browser()
    browser.sign_in()
    status, headers, _ = browser.get("/account", "POST", "action=out")
    equal((status, headers["Location"]), (303, "/sign-in?out=yes"))
    _, _, text = browser.get("/sign-in?out=yes")
    assert PROVIDER.url + "/out?client_id=tocsin&amp;post_logout_redirect_uri=" in text, text
    equal(browser.account(), None)


def test_keys_change():
    """A key that is not known is looked for, once a minute at most; strangers' names of keys do not make us ask"""
    before = PROVIDER.counts["/keys"]
    for _ in range(5):
        refused(502, "kid", alg="ES256", kid="nobody's", signer="yes")
    assert PROVIDER.counts["/keys"] - before <= 1, "each unknown key asks the provider anew"


def test_when_it_is_down():
    """The provider is down: said so, and passwords still work; it is not asked again at once"""
    tocsin_page = Browser()
    PROVIDER.twists["status"] = "500"
    status, text = Browser().sign_in()
    assert status == 502 and "(500)" in text, (status, text)
    del PROVIDER.twists["status"]
    status, headers, _ = tocsin_page.get("/sign-in", "POST", urllib.parse.urlencode({"login": "operator", "password": "the kettle sings at dawn"}))
    assert status == 303 and headers["Location"] in ("/", "/account"), (status, headers)  # / where there are pages


def test_somebody_who_has_left():
    """Whoever has left, or was unbound, does not get in, whatever the provider says"""
    SERVER.end()
    tocsin("user", "leave", "tashi")
    tocsin("user", "reset", "dolma", "--drop-provider")
    link = invite("dolma", "invite")
    restart()
    refused(403, "ask an administrator", sub="tashi@mail.example")
    refused(403, "ask an administrator")
    equal(Browser().sign_in(link)[0], 200)


def restart():
    global SERVER
    SERVER.__exit__()
    SERVER = Server(PROGRAM, NODE)
    assert SERVER.wait_until_it_serves()


def with_settings(text):
    """What a server says that starts with other settings of the provider."""
    conf = pathlib.Path(NODE, "tocsin.conf")
    old = conf.read_text()
    conf.write_text(re.sub(r"(?m)^sign_in_.*\n", "", old) + text)
    try:
        with Server(PROGRAM, NODE) as server:
            return server.wait_until_it_serves(), server.lines()
    finally:
        conf.write_text(old)


def test_settings():
    """Wrong settings are said at the start; a server without a provider has none of its pages"""
    SERVER.end()
    good = f"sign_in_issuer = {PROVIDER.url}\n"
    os.chmod(f"{NODE}/provider-secret", 0o644)
    for text, said in [("sign_in_issuer = http://login.county.example\n", "sign_in_issuer"),
                       ("sign_in_issuer = https://" + "a@login.county.example\n", "sign_in_issuer"),
                       ("sign_in_issuer = login.county.example\n", "sign_in_issuer"),
                       (good + "sign_in_secret = provider-secret\n", "sign_in_secret"),
                       (good + "sign_in_secret = absent\n", "sign_in_secret"),
                       (good + "sign_in_second_factor = mfa\n", "sign_in_second_factor"),
                       (good + "sign_in_second_factor = amr:a,,b\n", "sign_in_second_factor"),
                       (good + "sign_in_second_factor = amr:1,2,3,4,5,6,7,8,9\n", "sign_in_second_factor"),
                       (good + "sign_in_authority = absent.pem\n", "sign_in_authority")]:
        url, lines = with_settings(text)
        assert url is None and said in lines, (text, lines)
    os.chmod(f"{NODE}/provider-secret", 0o600)


def test_who_vouches_for_it():
    """https: the provider's certificate is checked, against the authority of the settings"""
    place = pathlib.Path(NODE).parent
    for name in ("one", "two"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-keyout", f"{place}/{name}.key", "-out", f"{place}/{name}.pem", "-subj", f"/CN={name}",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    secure = Provider(place, (f"{place}/one.pem", f"{place}/one.key"))
    conf = pathlib.Path(NODE, "tocsin.conf")
    old = conf.read_text()
    for name, status in (("one", 303), ("two", 503)):
        conf.write_text(re.sub(r"(?m)^sign_in_.*\n", "", old) + f"sign_in_issuer = {secure.url}\nsign_in_authority = {place}/{name}.pem\n")
        with Server(PROGRAM, NODE) as server:
            assert server.wait_until_it_serves()
            got, _, text = server.get("/sign-in/provider")
            equal(got, status)
            assert status == 303 or b"does not answer now" in text
            equal(server.get("/sign-in")[0], 200)
            server.end()
    conf.write_text(re.sub(r"(?m)^sign_in_.*\n", "", old))
    with Server(PROGRAM, NODE) as server:
        assert server.wait_until_it_serves()
        equal([server.get(path)[0] for path in ("/sign-in/provider", "/sign-in/callback?state=a&code=b")], [404, 404])
        assert b"/sign-in/provider" not in server.get("/sign-in")[2]
        server.end()
    conf.write_text(old)
    secure.end()


def test_nothing_is_logged_of_it():
    """No code, state, token, subject or login in the log"""
    conf = pathlib.Path(NODE, "tocsin.conf")
    assert conf.exists()
    restart()
    browser = Browser()
    path = browser.go()
    browser.get(path)
    SERVER.end()
    lines = SERVER.lines()
    query = dict(urllib.parse.parse_qsl(path.partition("?")[2]))
    for secret in (query["code"], query["state"], "248289761001", "dolma", browser.cookies["tocsin"]):
        assert secret not in lines, secret
    assert '"/sign-in/callback"' in lines
    PROVIDER.end()
    PLACE.__exit__(None, None, None)


main(dict(globals()))
