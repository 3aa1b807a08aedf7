# SPDX-License-Identifier: GPL-3.0-or-later
"""`tocsin user`: users, grants, links and leaving, as the operator meets them."""

import json
import re

from program import ROOT, equal, folder, main
from program import run as run_program

LINK = re.escape("http://127.0.0.1:8420/set-up?link=") + r"[\w-]{22}\n"


def run(*words, **options):
    """Without what a test machine's clock has to say."""
    code, out, err = run_program(*words, **options)
    return code, out, "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)


def node(place):
    code, _, err = run("node", "init", f"{place}/node", "--lists", ROOT / "share/lists")
    equal((code, err), (0, ""))
    code, _, err = run("record", "create", "area", "code=540100", "name_en=County", "level=0", "--as", "program", "--node", f"{place}/node")
    equal((code, err), (0, ""))
    return f"{place}/node"


def states(path):
    code, out, err = run("user", "list", "--node", path)
    equal((code, err), (0, ""))
    return {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines()}


def test_from_invitation_to_leaving():
    """A user is invited, gets a password and another role, and leaves"""
    with folder() as place:
        path = node(place)
        code, out, err = run("user", "create", "dolma", "--role", "epidemiologist", "--area", "540100", "--node", path)
        equal((code, err), (0, ""))
        assert re.fullmatch(LINK, out), out
        equal(states(path), {"dolma": "invited epidemiologist", "operator": "no account"})
        equal(run("user", "password", "dolma", "--node", path, stdin="the kettle sings at dawn\n"), (0, "", ""))
        equal(run("user", "grant", "dolma", "--role", "analyst", "--everywhere", "--node", path), (0, "", ""))
        equal(states(path)["dolma"], "active epidemiologist analyst")
        equal(run("user", "revoke", "dolma", "--role", "analyst", "--node", path), (0, "1 grant ended.\n", ""))
        equal(states(path)["dolma"], "active epidemiologist")
        code, out, err = run("user", "reset", "dolma", "--node", path)
        assert code == 0 and re.fullmatch(LINK, out), (code, out, err)
        equal(run("user", "leave", "dolma", "--node", path), (0, "1 grant ended, 0 tasks handed over.\n", ""))
        equal(states(path)["dolma"], "gone")


def test_what_is_refused():
    """Unknown users and areas, weak passwords, roles without a scope"""
    with folder() as place:
        path = node(place)
        absent = "tocsin user: there is no such record, or you may not see it\n"
        equal(run("user", "leave", "nobody", "--node", path), (1, "", absent))
        equal(run("user", "create", "a.user", "--role", "tracer", "--area", "999999", "--node", path), (1, "", absent))
        code, out, err = run("user", "password", "operator", "--node", path, stdin="password1234\n")
        assert (code, out) == (1, "") and "tried first" in err and "password1234" not in err, err
        for words in (["create", "x"], ["grant", "operator"]):
            code, _, err = run("user", *words, "--role", "tracer", "--node", path)
            assert code == 2 and "--everywhere" in err, err
        code, _, err = run("user", "grant", "operator", "--role", "program", "--everywhere", "--node", path)
        assert code == 2 and "program itself" in err, err
        equal(states(path), {"operator": "no account"})


def test_the_privacy_report_is_the_model_s():
    """The record of processing names every record and every identifying field, in both languages; JSON has both"""
    report = json.loads(run("admin", "privacy-report", "--format", "json")[1])
    english, chinese = (run("admin", "privacy-report", "--language", word)[1] for word in ("en", "zh"))
    for record in report["records"]:
        assert record["title_en"] in english and record["title_zh"] in chinese, record
        for field in record["fields"]:
            if field["class"] == "identifying":
                assert f"**{field['label_en']}**" in english and f"**{field['label_zh']}**" in chinese, field
    assert {"role": "tracer", "purpose": "contact-follow-up", "record": "identity"}.items() <= next(
        row for row in report["identities"] if row["role"] == "tracer").items()
    assert not [row for row in report["identities"] if row["role"] in ("administrator", "analyst", "supervisor")]
    kept = [record["record"] for record in report["records"] if record["retained_days"]]
    equal(kept, ["message_raw", "message"])


main(globals())
