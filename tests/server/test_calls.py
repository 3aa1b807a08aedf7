# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever is on duty is called out by a server that runs: by mail and by web-hook, once the signal is there, with one tap
for an answer; nothing personal leaves the house; servers that refuse, and kill -9 in between, lose and double nothing."""

import hashlib
import hmac
import json
import os
import pathlib
import re
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
from program import PROGRAM, ROOT, equal, folder, main  # noqa: E402

sys.path.insert(0, str(ROOT / "tests/support"))
from receivers import Hook, Mail  # noqa: E402
from serving import Server, wait_for  # noqa: E402
from watched import Client, made, metrics, quiet  # noqa: E402

SECRET = "the hook's secret"
FIRST, SECOND = "dolma@county.test", "tenzin@county.test"
SPOKEN = ("East", "West", "100101", "dolma", "tenzin", "Dolma", "Tenzin")


def written(*words):
    code, out, err = quiet(*words)
    assert code == 0, err
    return out


def person_on_duty(node, area, login, mail, order):
    written("user", "create", login, "--name", login.title(), "--role", "epidemiologist", "--everywhere", "--node", node)
    rows = json.loads(written("record", "list", "users", "--as", "administrator", "--node", node))["rows"]
    user = next(row["id"] for row in rows if row["login"] == login)
    written("record", "change", "user", user, f"work_mail={mail}", "work_phone=+86 891 555 0100", "--as", "administrator",
            "--node", node)
    day = 86400
    starts, ends = (time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + days * day)) for days in (-1, 1))
    written("record", "create", "duty", f"user={user}", f"area={area}", "role=epidemiologist", f"order_of_call={order}",
            f"starts={starts}", f"ends={ends}", "--as", "administrator", "--node", node)
    return user


def on_call(place, mail=None, hook=None, more=""):
    """A node with two on duty in the county, who are called by what is given."""
    node, ids = made(place)
    secret = node / "hook-secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET + "\n")
    users = [person_on_duty(node, ids["1001"], login, address, order)
             for login, address, order in (("tenzin", SECOND, 2), ("dolma", FIRST, 1))]
    with open(node / "tocsin.conf", "a", encoding="utf-8") as file:
        file.write(f"county_depth = 1\n{more}")
        if mail:
            file.write(f"call_mail = {mail}\ncall_mail_from = tocsin@county.test\n")
        if hook:
            file.write(f"call_hook = {hook}\ncall_hook_secret = hook-secret\n")
    return node, ids, users[1]


def notices(client):
    found = []
    for row in client.signals():
        found += client.get(f"/api/v1/signals/{row['id']}/timeline")["notices"]
    return found


def test_called_and_answered():
    """A signal: mail and web-hook within seconds, to the first on duty; one tap has it; the clock says so"""
    mail, hook = Mail(), Hook()
    with folder() as place:
        node, ids, dolma = on_call(place, mail.url, hook.url, "exercise = yes\n")
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves()
            client = Client(server)
            client.case(client.person(ids["100101"]), ids["100101"], "plague")
            assert wait_for(lambda: mail.taken and hook.taken), (mail.taken, hook.taken, server.lines())
            _, sender, to, message = mail.taken[0]
            equal((sender, to, message["Subject"][:9]), ("tocsin@county.test", [FIRST], "EXERCISE:"))
            text = message.get_content()
            assert text.startswith("EXERCISE. Triage a signal: Plague, County (Urgent). Due 20"), text
            assert "演练（EXERCISE）。初筛信号：鼠疫，County（紧急）" in text, text
            _, headers, body = hook.taken[0]
            stamp, found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", headers["Tocsin-Signature"]).groups()
            equal(hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest(), found)
            sent = json.loads(body)
            equal((sent["exercise"], sent["to"]), (True, {"phone": "+86 891 555 0100", "mail": FIRST}))
            for said in (text, message["Subject"], sent["text"], sent["text_zh"]):
                assert not [word for word in SPOKEN if word in said], said
            row = client.signals()[0]
            assert wait_for(lambda: [one["status"] for one in notices(client)] == ["sent", "sent"]), notices(client)
            link = re.search(r"http://\S+(/have-it/[0-9a-f]{64})", text).group(1)
            status, _, page = server.get(link)
            assert status == 200 and b"I have it" in page and b"Plague" not in page and b"Dolma" not in page, page
            equal(client.signals()[0]["status"], "new")  # opening it is no answer
            for broken in (link[:-1] + ("0" if link[-1] != "0" else "1"), link[:-2], "/have-it/x"):
                equal(server.get(broken)[0], 404)
                equal(server.get(broken, {"Content-Type": "application/x-www-form-urlencoded"}, "POST", "")[0], 404)
            for words in (b"You have it", b"Somebody has it"):
                status, _, page = server.get(link, {"Content-Type": "application/x-www-form-urlencoded"}, "POST",
                                             "action=have-it")
                assert status == 200 and words in page, (status, page)
            shown = client.get(f"/api/v1/signals/{row['id']}")
            equal((shown["status"], shown["owner"]), ("verifying", dolma))
            timeline = client.get(f"/api/v1/signals/{row['id']}/timeline")
            equal([step["what"] for step in timeline["steps"]], ["noticed", "triage"])
            equal(sorted(one["status"] for one in timeline["notices"]), ["answered", "sent"])
            assert all(one["recipient"] == dolma for one in timeline["notices"]), timeline
            equal(metrics(server, "tocsin_calls_")["tocsin_calls_sent_total"], 2)
            assert link.rpartition("/")[2] not in server.lines()
            server.end()
        equal((len(mail.taken), len(hook.taken)), (1, 1))


def test_a_signal_that_somebody_enters():
    """A signal entered by hand gets its first task, and whoever is on duty is called"""
    mail = Mail()
    with folder() as place:
        node, ids, _ = on_call(place, mail.url)
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves()
            client = Client(server)
            client.send("signals", {"area": ids["100101"], "source": "clinician", "status": "new",
                                    "noticed_time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
            assert wait_for(lambda: mail.taken, 15), server.lines()
            assert mail.taken[0][3].get_content().startswith("Triage a signal: County (Normal). Due 20")
            server.end()


def test_servers_that_refuse():
    """A mail server and a web-hook that refuse, or send elsewhere: tried again with the same id until they take it"""
    mail, hook, other = Mail(), Hook(), Hook()
    mail.refusing, hook.answer = True, (302, {"Location": other.url})
    with folder() as place:
        node, ids, _ = on_call(place, mail.url, hook.url)
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves()
            client = Client(server)
            client.case(client.person(ids["100101"]), ids["100101"], "plague")
            assert wait_for(lambda: mail.refused and hook.refused), server.lines()
            equal((mail.taken, hook.taken, other.taken), ([], [], []))  # no redirect is followed
            mail.refusing, hook.answer = False, (204, {})
            assert wait_for(lambda: mail.taken and hook.taken, 30), server.lines()
            assert wait_for(lambda: {one["status"] for one in notices(client)} == {"sent"}), notices(client)
            equal((len(mail.taken), len(hook.taken), other.taken), (1, 1, []))
            assert metrics(server, "tocsin_calls_")["tocsin_calls_failures_total"] >= 2
            server.end()


def test_killed_in_between():
    """kill -9 when a mail was taken, before its server has answered, and while none listens: all come, known by their ids"""
    mail = Mail()
    port = mail.server_address[1]
    with folder() as place:
        node, ids, _ = on_call(place, mail.url)
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves()
            mail.meanwhile = lambda: os.kill(server.process.pid, signal.SIGKILL)
            client = Client(server)
            client.case(client.person(ids["100101"]), ids["100101"], "plague")
            server.process.wait(20)
        equal(len(mail.taken), 1)
        mail.meanwhile = None
        mail.shutdown()
        mail.server_close()
        with Server(PROGRAM, node) as server:  # nobody listens: another case, another signal
            server.wait_until_it_serves()
            client = Client(server)
            client.case(client.person(ids["100101"]), ids["100101"], "cholera")
            assert wait_for(lambda: len(notices(client)) == 2), notices(client)
            server.end(signal.SIGKILL)
        again = Mail(port)
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves()
            client = Client(server)
            assert wait_for(lambda: {one["status"] for one in notices(client)} == {"sent"}, 60), notices(client)
            time.sleep(1)
            expected = sorted(one["id"] for one in notices(client))
            equal(sorted(again.ids()), expected)
            assert mail.ids()[0] in expected
            server.end()


def test_settings():
    """Settings that cannot be used are told at the start; without any nobody is called"""
    with folder() as place:
        node, _ = made(place)
        before = (node / "tocsin.conf").read_text()
        for lines, words in (("call_mail = http://mail.county.test\n", "call_mail: not the address"),
                             ("call_mail = smtp://mail.county.test\n", "call_mail_from: missing"),
                             ("call_hook = http://sms.county.test/\n", "call_hook: not an address"),
                             ("call_hook = https://sms.county.test/\n", "call_hook_secret: cannot be used")):
            (node / "tocsin.conf").write_text(before + lines)
            code, _, err = quiet("serve", "--node", node, "--listen", "127.0.0.1:0", "--quiet")
            assert code != 0 and words in err, (lines, code, err)
        (node / "tocsin.conf").write_text(before)
        with Server(PROGRAM, node) as server:
            server.wait_until_it_serves()
            equal(metrics(server, "tocsin_calls_"), {})
            equal(server.get("/have-it/" + "0" * 64)[0], 404)
            server.end()


main(dict(globals()))
