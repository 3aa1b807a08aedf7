# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin verify: what it says of invented credentials of every kind, and what it leaves behind: nothing."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from program import equal, folder, good, main
from program import run as run_program

MAKE = sys.argv[2]
NOW = ["--at", "2022-01-15T00:00:00Z"]
VERDICTS = {
    "genuine": "genuine",
    "recovery": "genuine",
    "card": "genuine",
    "forged": "forged",
    "unknown": "unknown issuer",
    "revoked": "revoked",
    "gone": "revoked",
    "usage": "key may not sign this",
    "expired": "expired",
    "early": "not yet valid",
    "algorithm": "cannot be checked",
    "part1": "cannot be checked",
}


class Done:
    """What a run answered."""

    def __init__(self, answer):
        self.returncode, self.stdout, self.stderr = answer


def run(*words, **options):
    return Done(run_program(*words, **options))


def made(name):
    subprocess.run([MAKE, name], check=True)
    return ["verify", "--trust", name + "/trust", *NOW]


def rows(*command, code=1, **more):
    done = run(*command, "--format", "ndjson", **more)
    equal(done.returncode, code)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_verdicts():
    """Each verdict, by itself; the exit code says whether all are genuine."""
    with folder() as name:
        verify = made(name)
        for what, verdict in VERDICTS.items():
            found = rows(*verify, f"{name}/{what}.txt", code=0 if verdict == "genuine" else 1)
            equal([row["verdict"] for row in found], [verdict])
            assert found[0]["text"] and found[0]["next"]
            assert verdict == "genuine" or found[0]["wanted"]


def test_words():
    """In words: who, since when, how old the lists are, what to do next."""
    with folder() as name:
        verify = made(name)
        text = good(*verify, name + "/genuine.txt")
        for part in ["genuine: vaccination", "Musterfrau-Gößinger, Gabriele, born 1998-02-26", "issuer  XX, key ",
                     "signers.json of 2022-01-02 (13 days old); revocation list of 2022-01-03 (12 days old)",
                     "next    Compare the name"]:
            assert part in text, part
        text = good(*verify, "--language", "bo", name + "/card.txt")
        assert "Anyperson Ann B., born 1951-01-20" in text and "machine translation" in text
        text = run(*verify, name + "/forged.txt").stdout
        assert "Musterfrau" not in text and "because signature" in text


def test_holder():
    """JSON names nobody unless it is asked to; a forged credential names nobody ever."""
    with folder() as name:
        verify = made(name)
        row = rows(*verify, name + "/genuine.txt", code=0)[0]
        assert "Musterfrau" not in json.dumps(row) and "1998" not in json.dumps(row)
        row = rows(*verify, "--holder", name + "/genuine.txt", code=0)[0]
        equal(row["holder"], {"name": "Musterfrau-Gößinger, Gabriele", "born": "1998-02-26"})
        assert "holder" not in rows(*verify, "--holder", name + "/forged.txt")[0]


def test_many():
    """Lines, JSON texts, objects, files of cards, parts in any order, standard input."""
    with folder() as name:
        verify = made(name)
        text = {what: pathlib.Path(name, what + ".txt").read_text() for what in [*VERDICTS, "part2"]}
        lines = f"\r\n {text['genuine']}\r\n\n{text['part2']}\n{text['part1']}\n{text['forged']}\n{text['part1']}\nx"
        found = rows(*verify, "-", stdin=lines)
        equal([row["verdict"] for row in found],
              ["genuine", "genuine", "forged", "cannot be checked", "malformed"])
        equal([row["number"] for row in found], [1, 2, 3, 4, 5])
        values = json.dumps(text["genuine"]) + json.dumps({"id": 1, "credential": text["card"]}, indent=1)
        found = rows(*verify, stdin=values, code=0)
        equal([row["form"] for row in found], ["HC1", "SMART"])
        equal(len(rows(*verify, name + "/card.smart-health-card", name + "/genuine.txt", code=0)), 2)
        done = good(*verify, "--format", "json", name + "/genuine.txt", name + "/recovery.txt")
        equal([row["kind"] for row in json.loads(done)], ["vaccination", "recovery"])
        equal(json.loads(good(*verify, "--format", "json", stdin="")), [])


def test_input_faults():
    """What is no credential's file is told with its line; what was before it is answered."""
    with folder() as name:
        verify = made(name)
        equal(run(*verify, name + "/none.txt").returncode, 3)
        done = run(*verify, "-", stdin='{"credential": "HC1:"}\n{"other": 1}\n')
        equal(done.returncode, 1)
        assert "-:2:" in done.stderr and "verifiableCredential" in done.stderr
        done = run(*verify, "-", stdin='{"credential": \n')
        assert "-:" in done.stderr and done.returncode == 1


def test_pictures():
    """PNG of passes as they are issued; damaged ones are told, and what a picture's code holds is checked like any."""
    with folder() as name:
        signer = name + "/signer"
        good("issue", "signer", "--country", "XX", "--name", "Example", "--days", 400, "--at", "2022-01-10T00:00:00Z",
             signer)
        good("issue", "minimal", "--signer", signer, "--class", "tested", "--batch", 2, "--format", "png", "--to",
             name + "/codes", "--at", "2022-01-14T23:00:00Z")
        os.remove(signer + "/jwks.json")
        verify = ["verify", "--trust", signer, *NOW]
        codes = [f"{name}/codes/00000{number}.png" for number in (1, 2)]
        found = rows(*verify, *codes, code=0)
        equal([(row["verdict"], row["kind"], row["number"]) for row in found],
              [("genuine", "test", 1), ("genuine", "test", 2)])
        equal(rows("verify", *NOW, codes[0])[0]["verdict"], "unknown issuer")
        text = good(*verify, codes[0])
        assert "It names nobody, so there is nothing to compare" in text and "Compare the name" not in text, text
        picture = pathlib.Path(name, "picture.png")
        picture.write_bytes(pathlib.Path(codes[0]).read_bytes()[:500])
        done = run(*verify, picture)
        equal(done.returncode, 1)
        assert "picture.png: picture: the picture cannot be used" in done.stderr, done.stderr


def test_trust_faults():
    """A list whose signature does not hold is left out and told; the others count. Without lists all are unknown."""
    with folder() as name:
        verify = made(name)
        path = pathlib.Path(name, "trust/signers.json")
        path.write_text(path.read_text().replace("XX", "XY", 1))
        done = run(*verify, "--format", "ndjson", name + "/genuine.txt", name + "/card.txt")
        assert "signers.json: the signature of the list does not hold" in done.stderr
        equal([json.loads(line)["verdict"] for line in done.stdout.splitlines()], ["unknown issuer", "genuine"])
        os.remove(name + "/trust/signers.sig")
        assert "the list is not signed" in run(*verify, name + "/genuine.txt").stderr
        os.remove(name + "/trust/signers.pem")  # nobody has to vouch for it
        equal(rows(*verify, name + "/genuine.txt", code=0)[0]["verdict"], "genuine")
        for slices in pathlib.Path(name, "trust/revocation").glob("*/p1"):
            shutil.rmtree(slices)
        assert "the slice is missing" in run(*verify, name + "/genuine.txt").stderr
        equal(rows("verify", *NOW, name + "/genuine.txt")[0]["verdict"], "unknown issuer")
        equal(run("verify", "--trust", name + "/nowhere", name + "/genuine.txt").returncode, 3)


def test_rules():
    """A genuine pass is held to the rules; whoever's does not fit is shown another way."""
    rule = {"Identifier": "VR-XX-0001", "Type": "Acceptance", "Country": "XX", "CertificateType": "Vaccination",
            "Version": "1.0.0", "SchemaVersion": "1.0.0", "Engine": "CERTLOGIC", "EngineVersion": "1.0.0",
            "ValidFrom": "2022-01-01T00:00:00Z", "ValidTo": "2022-03-31T00:00:00Z",
            "Description": [{"lang": "en", "desc": "Three doses"}],
            "AffectedFields": ["v.0.dn"], "Logic": {">=": [{"var": "payload.v.0.dn"}, 3]}}
    with folder() as name:
        verify = made(name)
        rules = pathlib.Path(name, "rules.json")
        rules.write_text(json.dumps([rule]))
        with_rules = [*verify, "--rules", str(rules), "--country", "XX"]
        row = rows(*with_rules, name + "/genuine.txt")[0]
        equal((row["verdict"], row["outcome"], row["rules"]["fit"], row["rules"]["results"]),
              ("genuine", "does not fit", "does not fit",
               [{"rule": "VR-XX-0001", "verdict": "not met", "says": "Three doses", "ends": "2022-03-31T00:00:00Z"}]))
        assert row["other_way"], row
        text = run(*with_rules, name + "/genuine.txt").stdout
        assert "Three doses" in text and "   or      " in text, text
        rule["Logic"] = {">=": [{"var": "payload.v.0.dn"}, 2]}
        rules.write_text(json.dumps([rule]))
        equal(rows(*with_rules, name + "/genuine.txt", code=0)[0]["rules"]["fit"], "fits")
        forged = rows(*with_rules, name + "/forged.txt")[0]
        assert "rules" not in forged and forged["outcome"] == "cannot be checked" and forged["other_way"], forged
        equal(rows(*with_rules, name + "/expired.txt")[0]["outcome"], "does not fit")
        equal(run(*verify, "--rules", str(rules), name + "/genuine.txt").returncode, 2)
        equal(run(*verify, "--country", "XX", name + "/genuine.txt").returncode, 2)
        rules.write_text("[{}]")
        equal(run(*with_rules, name + "/genuine.txt").returncode, 1)


def test_use():
    """Times and words that are none."""
    for option in [["--at", "yesterday"], ["--at", "2022-02-30"], ["--language", "xx"], ["--format", "csv"]]:
        equal(run("verify", *option, "-", stdin="").returncode, 2)
    good("verify", "--at", "2022-02-28", "-", stdin="")


main(globals())
