# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin issue: what it makes is judged by readers of our own in Python and by openssl, which share nothing with it."""

import base64
import hashlib
import json
import os
import pathlib
import stat
import subprocess
import zlib

import program
from program import equal, folder, main

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
VACCINATION = {"nam": {"fn": "Doe", "gn": "Jane"}, "dob": "1979-04-14",
               "v": [{"tg": "840539006", "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": 2, "sd": 2,
                      "dt": "2022-01-31"}]}
TEST = {"nam": {"fn": "张", "fnt": "ZHANG"}, "dob": "",
        "t": [{"tg": "840539006", "tt": "LP6464-4", "sc": "2022-02-28T08:30:00+08:00", "tr": "260415000"}]}
RECOVERY = {"nam": {"fnt": "DOE"}, "dob": "1979",
            "r": [{"tg": "840539006", "fr": "2022-01-01", "df": "2022-01-12", "du": "2022-06-30"}]}
AT = ["--at", "2022-03-01T12:00:00Z"]


def run(*words, **options):
    """As program.run; whether somebody keeps this machine's clock is no matter here."""
    code, out, err = program.run(*words, **options)
    return code, out, "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)


def good(*words, **options):
    code, out, err = run(*words, **options)
    assert (code, err) == (0, ""), f"exit code {code}: {err}"
    return out


def bad(code, message, *words, **options):
    found, out, err = run(*words, **options)
    equal((found, err.strip(), out), (code, message, ""))


def signer(name, *more):
    good("issue", "signer", "--country", "XX", "--name", "Example County", "--days", 730, *AT, *more, name)


def records(name, *all_records):
    pathlib.Path(name).write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in all_records), encoding="utf-8")


# ---- a reader of our own ----

def base45(text):
    out = bytearray()
    for at in range(0, len(text), 3):
        part = [LETTERS.index(letter) for letter in text[at:at + 3]]
        number = sum(digit * 45 ** power for power, digit in enumerate(part))
        out += number.to_bytes(len(part) - 1, "big")
    return bytes(out)


def cbor(data, at=0):
    """The value at a place of canonical CBOR, and the place behind it."""
    major, detail = data[at] >> 5, data[at] & 31
    at += 1
    number = detail
    if detail >= 24:
        size = 1 << (detail - 24)
        number = int.from_bytes(data[at:at + size], "big")
        at += size
        assert number >= (24 if size == 1 else 1 << 4 * size), "not the shortest form"
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major == 2:
        return data[at:at + number], at + number
    if major == 3:
        return data[at:at + number].decode(), at + number
    if major == 4:
        items = []
        for _ in range(number):
            item, at = cbor(data, at)
            items.append(item)
        return items, at
    if major == 5:
        pairs, before = {}, b""
        for _ in range(number):
            start = at
            key, at = cbor(data, at)
            assert data[start:at] > before, "keys out of order"
            before = data[start:at]
            pairs[key], at = cbor(data, at)
        return pairs, at
    assert major == 6, "an item that is not expected"
    value, at = cbor(data, at)
    return (number, value), at


def head(major, size):
    if size < 24:
        return bytes([major << 5 | size])
    return bytes([major << 5 | 24, size]) if size < 256 else bytes([major << 5 | 25]) + size.to_bytes(2, "big")


def der_signature(raw):
    def integer(part):
        part = part.lstrip(b"\0") or b"\0"
        part = b"\0" + part if part[0] & 128 else part
        return bytes([2, len(part)]) + part
    body = integer(raw[:32]) + integer(raw[32:])
    return bytes([48, len(body)]) + body


def signed(home, certificate, message, raw):
    """Does openssl say that this is the certificate's signature?"""
    pathlib.Path(home, "message").write_bytes(message)
    pathlib.Path(home, "signature").write_bytes(der_signature(raw))
    key = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], capture_output=True, check=True).stdout
    pathlib.Path(home, "key").write_bytes(key)
    return subprocess.run(["openssl", "dgst", "-sha256", "-verify", f"{home}/key", "-signature", f"{home}/signature",
                           f"{home}/message"], capture_output=True, check=False).returncode == 0


def claims(home, text):
    """The claims of an HC1 whose signature openssl has checked."""
    assert text.startswith("HC1:")
    data = zlib.decompress(base45(text[4:]))
    (tag, parts), end = cbor(data)
    protected, outside, payload, signature = parts
    equal((tag, end, outside, len(signature)), (18, len(data), {}, 64))
    der = subprocess.run(["openssl", "x509", "-in", f"{home}/signer/signer.crt", "-outform", "DER"], capture_output=True,
                         check=True).stdout
    equal(cbor(protected)[0], {1: -7, 4: hashlib.sha256(der).digest()[:8]})
    message = b"\x84\x6aSignature1" + head(2, len(protected)) + protected + b"\x40" + head(2, len(payload)) + payload
    assert signed(home, f"{home}/signer/signer.crt", message, signature), "the signature does not hold"
    assert not signed(home, f"{home}/signer/signer.crt", message + b"x", signature), "openssl says yes to everything"
    return cbor(payload)[0]


# ---- tests ----

def test_passes_hold_for_a_reader_of_our_own():
    """HC1 of all kinds: signature by openssl, canonical CBOR, the record and what was filled in"""
    with folder() as home:
        signer(home + "/signer")
        records(home + "/records", VACCINATION, [TEST, RECOVERY])
        texts = good("issue", "passes", "--signer", home + "/signer", "--days", 180, *AT, home + "/records").splitlines()
        equal(len(texts), 3)
        now = 1646136000
        for text, kind in zip(texts, "vtr"):
            found = claims(home, text)
            equal((found[1], found[6], found[4], sorted(found)), ("XX", now, now + 180 * 86400, [-260, 1, 4, 6]))
            dcc = found[-260][1]
            equal((dcc["ver"], dcc[kind][0]["co"], dcc[kind][0]["is"]), ("1.3.0", "XX", "Example County"))
            assert dcc[kind][0]["ci"].startswith("URN:UVCI:01:XX:") and len(dcc[kind][0]["ci"]) == 41
        equal(claims(home, texts[0])[-260][1]["nam"], {"fn": "Doe", "gn": "Jane", "fnt": "DOE", "gnt": "JANE"})
        again = good("issue", "passes", "--signer", home + "/signer", *AT, home + "/records").splitlines()
        assert claims(home, again[0])[-260][1]["v"][0]["ci"] != claims(home, texts[0])[-260][1]["v"][0]["ci"]


def test_ndjson_and_standard_input():
    """records from standard input, passes as NDJSON"""
    with folder() as home:
        signer(home + "/signer")
        out = good("issue", "passes", "--signer", home + "/signer", "--format", "ndjson", *AT, stdin=json.dumps(VACCINATION))
        line = json.loads(out)
        equal(line["number"], 1)
        claims(home, line["credential"])


def test_an_authority_signs_signers():
    """openssl verifies the chain; the key may sign what --for says; keys are for their owner alone"""
    with folder() as home:
        good("issue", "authority", "--country", "XX", "--name", "Example authority", "--days", 1500, home + "/ca")
        good("issue", "signer", "--country", "XX", "--name", "Example County", "--days", 700, "--authority", home + "/ca",
             "--for", "tests", home + "/signer")
        chain = subprocess.run(["openssl", "verify", "-CAfile", f"{home}/ca/authority.crt", f"{home}/signer/signer.crt"],
                               capture_output=True, text=True, check=False)
        assert chain.returncode == 0, chain.stderr
        text = subprocess.run(["openssl", "x509", "-in", f"{home}/signer/signer.crt", "-noout", "-text"], capture_output=True,
                              text=True, check=True).stdout
        assert "1.3.6.1.4.1.1847.2021.1.1\n" in text and "1.3.6.1.4.1.1847.2021.1.2" not in text and "CA:FALSE" in text
        for key in ["ca/authority.key", "signer/signer.key"]:
            equal(stat.S_IMODE(os.stat(f"{home}/{key}").st_mode), 0o600)
        code, out, err = run("issue", "passes", "--signer", home + "/signer", stdin=json.dumps(VACCINATION))
        equal((code, out), (1, ""))
        assert "may not sign this kind" in err


def test_renewal_keeps_what_was_trusted():
    """--renew makes a new key and keeps the old certificate in the trust list"""
    with folder() as home:
        signer(home + "/signer")
        before = json.loads(pathlib.Path(home, "signer/trust.json").read_text())["certificates"]
        code, _, err = run("issue", "signer", "--country", "XX", "--name", "Example County", home + "/signer")
        equal(code, 1)
        assert "--renew" in err
        signer(home + "/signer", "--renew")
        after = json.loads(pathlib.Path(home, "signer/trust.json").read_text())["certificates"]
        equal((len(before), len(after), after[0]), (1, 2, before[0]))
        equal(len(json.loads(pathlib.Path(home, "signer/jwks.json").read_text())["keys"]), 2)


def test_nothing_is_written_where_a_record_is_wrong():
    """every fault with its line, and no pass of the good records either"""
    with folder() as home:
        signer(home + "/signer")
        wrong = {**VACCINATION, "v": [{**VACCINATION["v"][0], "dn": 0, "dt": "2022-02-30"}]}
        records(home + "/records", VACCINATION, wrong, {**TEST, "religion": "x"})
        code, out, err = run("issue", "passes", "--signer", home + "/signer", *AT, home + "/records")
        equal((code, out), (1, ""))
        place = home + "/records"
        equal(sorted(err.splitlines()), sorted([
            f"{place}:2: v.dn: a whole number; allowed: a whole number of doses, 1 to 99",
            f'{place}:2: v.dt: "2022-02-30"; allowed: a date: 2022-01-31',
            f"{place}:3: religion: a field that a pass does not have; allowed: it left out"]))
        code, out, err = run("issue", "passes", "--signer", home + "/signer", stdin='{"nam":')
        equal((code, out), (1, ""))
        assert err.startswith("-:1: nam: the end of the text"), err


def test_minimal_passes_cannot_be_linked():
    """a batch: nothing of a person, and all bytes but the signature alike"""
    with folder() as home:
        signer(home + "/signer")
        texts = good("issue", "minimal", "--signer", home + "/signer", "--class", "tested", "--hours", 24, "--batch", 5,
                     "--at", "2022-03-01T12:34:56Z").splitlines()
        equal(len(set(texts)), 5)
        equal([claims(home, text) for text in texts],
              5 * [{1: "XX", 5: 1646136000, 4: 1646136000 + 86400, -260: {-1: {"c": "t"}}}])
        equal(len({zlib.decompress(base45(text[4:]))[:-64] for text in texts}), 1)


def test_smart_cards_hold_for_a_reader_of_our_own():
    """SMART Health Cards: digits, header, signature by openssl, the bundle"""
    with folder() as home:
        signer(home + "/signer")
        text = good("issue", "passes", "--signer", home + "/signer", "--smart", "https://cards.county.example", *AT,
                    stdin=json.dumps(VACCINATION)).strip()
        assert text.startswith("shc:/")
        digits = text[5:]
        jws = "".join(chr(45 + int(digits[at:at + 2])) for at in range(0, len(digits), 2))
        parts = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in jws.split(".")]
        key = json.loads(pathlib.Path(home, "signer/jwks.json").read_text())["keys"][0]
        thumbprint = hashlib.sha256(json.dumps({name: key[name] for name in ["crv", "kty", "x", "y"]},
                                               separators=(",", ":")).encode()).digest()
        header = json.loads(parts[0])
        equal(header, {"zip": "DEF", "alg": "ES256", "kid": base64.urlsafe_b64encode(thumbprint).decode().rstrip("=")})
        assert signed(home, f"{home}/signer/signer.crt", jws.rsplit(".", 1)[0].encode(), parts[2])
        card = json.loads(zlib.decompress(parts[1], -15))
        equal((card["iss"], card["nbf"]), ("https://cards.county.example", 1646136000))
        entries = card["vc"]["credentialSubject"]["fhirBundle"]["entry"]
        equal(entries[0]["resource"]["name"], [{"family": "Doe", "given": ["Jane"]}])
        equal(entries[1]["resource"]["vaccineCode"]["coding"][0]["code"], "208")


def test_what_is_issued_verifies():
    """tocsin verify says genuine of all kinds, holds a vaccination to rules, and shows the other way where it does not fit"""
    with folder() as home:
        signer(home + "/signer")
        pathlib.Path(home, "trust").mkdir()
        pathlib.Path(home, "trust/ours.json").write_bytes(pathlib.Path(home, "signer/trust.json").read_bytes())
        records(home + "/records", VACCINATION, TEST, RECOVERY)
        texts = good("issue", "passes", "--signer", home + "/signer", *AT, home + "/records")
        texts += good("issue", "minimal", "--signer", home + "/signer", "--class", "vaccinated", *AT)
        checked = ["verify", "--trust", home + "/trust", "--at", "2022-03-01T13:00:00Z"]
        lines = [json.loads(line) for line in good(*checked, "--format", "ndjson", stdin=texts).splitlines()]
        equal([line["verdict"] for line in lines], 4 * ["genuine"])
        rule = {"Identifier": "VR-XX-0001", "Type": "Acceptance", "Country": "XX", "CertificateType": "General", "Version": "1.0.0",
                "SchemaVersion": "1.0.0", "Engine": "CERTLOGIC", "EngineVersion": "1.0.0", "ValidFrom": "2022-01-01T00:00:00Z",
                "ValidTo": "2022-12-31", "Description": [{"lang": "en", "desc": "Three doses"}],
                "Logic": {">=": [{"var": "payload.v.0.dn"}, 3]}}
        pathlib.Path(home, "rules.json").write_text(json.dumps({"rules": [rule], "legalBasis": "Order 7 of 2022"}))
        code, out, _ = run(*checked, "--rules", home + "/rules.json", "--country", "XX", stdin=texts.splitlines()[0] + "\n")
        equal(code, 1)
        for words in ["Three doses", "Order 7 of 2022", "2022-12-31", "offer a test here and now"]:
            assert words in out, f"{words!r} is not in:\n{out}"


def test_pictures():
    """SVG, PNG and PDF, one a record, for their owner alone"""
    with folder() as home:
        signer(home + "/signer")
        records(home + "/records", VACCINATION, TEST)
        for form, beginning in [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]:
            good("issue", "passes", "--signer", home + "/signer", "--format", form, "--to", home + "/codes", *AT, home + "/records")
            for number in [1, 2]:
                path = pathlib.Path(home, "codes", f"00000{number}.{form}")
                assert path.read_bytes().startswith(beginning), path
                equal(stat.S_IMODE(path.stat().st_mode), 0o600)
        bad(2, "tocsin issue: passes: --to DIR is needed for pictures", "issue", "passes", "--signer", home + "/signer", "--format",
            "png", stdin="")


# ---- withdrawing ----

def verdicts(trust, texts, at="2022-03-02T12:00:00Z"):
    code, out, err = run("verify", "--trust", trust, "--at", at, "--format", "ndjson", stdin=texts)
    equal(err, "")
    return [json.loads(line)["verdict"] for line in out.splitlines()]


def test_revoked_passes():
    """revoke and publish: of each kind, by text and by identifier, also of a key that was renewed; kept are hashes alone"""
    for more in [[], ["--bloom"]]:
        with folder() as home:
            signer(home + "/signer")
            records(home + "/records", VACCINATION, TEST, RECOVERY)
            issue = ["--signer", home + "/signer", *AT]
            texts = good("issue", "passes", *issue, home + "/records").splitlines()
            good("issue", "signer", "--country", "XX", "--name", "Example County", "--days", 730, *AT, "--renew",
                 home + "/signer")
            texts += good("issue", "minimal", *issue, "--class", "tested", "--batch", 2).splitlines()
            texts += good("issue", "passes", *issue, home + "/records").splitlines()
            identifier = claims_of(texts[5])[-260][1]["v"][0]["ci"]
            withdrawn = pathlib.Path(home, "withdrawn.txt")
            withdrawn.write_text(f"{texts[0]}\n\n{texts[3]}\r\n{identifier}\n")
            good("issue", "publish", *issue, *more, "--to", home + "/public")
            equal(verdicts(home + "/public", "\n".join(texts)), 8 * ["genuine"])
            good("issue", "revoke", *issue, withdrawn)
            kept = pathlib.Path(home, "signer/revoked.tsv").read_text()
            assert identifier not in kept and "Doe" not in kept and len(kept.splitlines()) == 4, kept
            out = good("issue", "revoke", *issue, stdin=texts[0])
            assert "0 more revoked" in out, out
            good("issue", "publish", *issue, *more, "--to", home + "/public")
            equal(verdicts(home + "/public", "\n".join(texts)),
                  ["revoked", "genuine", "genuine", "revoked", "genuine", "revoked", "genuine", "genuine"])
            lists = json.loads(pathlib.Path(home, "public/revocation/lists.json").read_text())
            equal([one["expires"] for one in lists], 2 * ["2022-03-15T12:00:00Z"])
            for path in pathlib.Path(home, "public").rglob("*"):
                assert path.is_dir() or b"PRIVATE" not in path.read_bytes(), path
            bad(1, f"{withdrawn}:1: forged: signature; allowed: a text of a pass that this signer issued (of SMART cards with "
                "--smart), or its URN:UVCI:…", "issue", "revoke", *issue, altered(withdrawn, texts[1]))
            equal(pathlib.Path(home, "signer/revoked.tsv").read_text(), kept)


def altered(path, text):
    """A file with the text, in which a character of the signature is another."""
    packed = bytearray(zlib.decompress(base45(text[4:])))
    packed[-1] ^= 1
    out, data = "", zlib.compress(bytes(packed))
    for at in range(0, len(data), 2):
        number, size = int.from_bytes(data[at:at + 2], "big"), len(data[at:at + 2]) + 1
        out += "".join(LETTERS[number // 45 ** power % 45] for power in range(size))
    path.write_text("HC1:" + out)
    return path


def claims_of(text):
    """The claims of a pass, its signature unasked."""
    (_, parts), _ = cbor(zlib.decompress(base45(text[4:])))
    return cbor(parts[2])[0]


def test_revoked_cards():
    """SMART cards by their rid: the keys name the list, and a card is unknowable without it"""
    with folder() as home:
        signer(home + "/signer")
        records(home + "/records", VACCINATION, TEST)
        issue = ["--signer", home + "/signer", "--smart", "https://cards.county.example", *AT]
        texts = good("issue", "passes", *issue, home + "/records").splitlines()
        good("issue", "publish", *issue, "--to", home + "/public")
        equal(verdicts(home + "/public", "\n".join(texts)), ["genuine", "genuine"])
        good("issue", "revoke", *issue, stdin=texts[0])
        good("issue", "publish", *issue, "--to", home + "/public")
        equal(verdicts(home + "/public", "\n".join(texts)), ["revoked", "genuine"])
        cards = json.loads(pathlib.Path(home, "public/cards.json").read_text())
        served = json.loads(pathlib.Path(home, "public/.well-known/jwks.json").read_text())
        equal((cards["keys"], cards["keys"][0]["crlVersion"]), (served["keys"], 1))
        crl = json.loads(pathlib.Path(home, f"public/.well-known/crl/{served['keys'][0]['kid']}.json").read_text())
        equal([crl], cards["crls"])
        equal((crl["method"], crl["ctr"], len(crl["rids"][0])), ("rid", 1, 12))
        del cards["crls"]
        pathlib.Path(home, "public/cards.json").write_text(json.dumps(cards))
        equal(verdicts(home + "/public", texts[1]), ["cannot be checked"])
        pathlib.Path(home, "signer/revoked.tsv").write_text("x\n")
        bad(1, "revoked.tsv:1: no revoked pass; allowed: kid, kind, entry and end, as `tocsin issue revoke` writes them",
            "issue", "revoke", *issue, stdin="")


def test_card_files():
    """files of SMART cards, as their holders keep them, and what tocsin verify says of one"""
    with folder() as home:
        signer(home + "/signer")
        records(home + "/records", VACCINATION)
        issue = ["--signer", home + "/signer", "--smart", "https://cards.county.example", *AT]
        good("issue", "passes", *issue, "--format", "card", "--to", home + "/cards", home + "/records")
        good("issue", "publish", *issue, "--to", home + "/public")
        path = home + "/cards/000001.smart-health-card"
        card = json.loads(pathlib.Path(path).read_text())
        equal([jws.count(".") for jws in card["verifiableCredential"]], [2])
        assert "genuine: vaccination" in good("verify", "--trust", home + "/public", "--at", "2022-03-02", path)
        bad(2, "tocsin issue: minimal: --format card is of passes with --smart, and of record with --form smart", "issue", "minimal", "--signer",
            home + "/signer", "--class", "tested", "--format", "card", "--to", home + "/cards")


def test_authorities_are_not_renewed():
    """a signer is renewed under a new authority; what it signed before stays genuine; an authority's key is never replaced"""
    with folder() as home:
        name = ["--country", "XX", "--name", "Example County", *AT, "--days"]
        good("issue", "authority", *name, 1500, home + "/ca")
        good("issue", "signer", *name, 730, "--authority", home + "/ca", home + "/signer")
        records(home + "/records", VACCINATION)
        texts = good("issue", "passes", "--signer", home + "/signer", *AT, home + "/records")
        bad(2, "tocsin issue: authority: --renew is of signers; an authority is followed by a new one, in a folder of its own",
            "issue", "authority", *name, 1500, "--renew", home + "/ca")
        good("issue", "authority", *name, 1500, home + "/ca2")
        good("issue", "signer", *name, 730, "--authority", home + "/ca2", "--renew", home + "/signer")
        texts += good("issue", "passes", "--signer", home + "/signer", *AT, home + "/records")
        good("issue", "publish", "--signer", home + "/signer", *AT, "--to", home + "/public")
        equal(verdicts(home + "/public", texts), ["genuine", "genuine"])


def test_keys_that_stay_with_a_node():
    """with --node no key lies in the signer's folder: the node's keeper signs; a renewed key signs under its own certificate alone"""
    with folder() as home:
        node = ["--node", home + "/node"]
        run("node", "init", home + "/node")
        signer(home + "/signer", *node)
        equal(sorted(os.listdir(home + "/signer")), ["jwks.json", "signer.crt", "trust.json"])
        chain = home + "/signer/signer.crt"
        subprocess.run(["openssl", "verify", "-attime", "1646136000", "-CAfile", chain, chain], check=True, stdout=subprocess.DEVNULL)
        records(home + "/records", VACCINATION, RECOVERY)

        def genuine(texts, num):
            good("issue", "publish", "--signer", home + "/signer", *AT, "--to", home + "/public")
            equal(verdicts(home + "/public", texts), ["genuine"] * num)

        issue = ["issue", "passes", *node, "--signer", home + "/signer", *AT]
        texts = good(*issue, home + "/records")
        texts += good("issue", "minimal", *node, "--signer", home + "/signer", "--class", "tested", "--batch", 20, *AT)
        genuine(texts, 22)
        good("keeper", "rotate", "--keys", home + "/node/keys", "--kind", "pass")
        genuine(good(*issue, home + "/records"), 2)
        bad(1, f"tocsin issue: {chain}: there is a key already; --renew makes a new one, and what the old one signed stays "
            "genuine", "issue", "signer", *node, "--country", "XX", "--name", "X",
            home + "/signer")
        signer(home + "/signer", *node, "--renew")
        texts += good(*issue, home + "/records")
        genuine(texts, 24)
        good("issue", "authority", "--country", "XX", "--name", "Authority", "--days", 1500, *AT, home + "/ca")
        signer(home + "/vouched", *node, "--authority", home + "/ca")
        subprocess.run(["openssl", "verify", "-attime", "1646136000", "-CAfile", home + "/ca/authority.crt",
                        home + "/vouched/signer.crt"], check=True, stdout=subprocess.DEVNULL)
        good("keeper", "init", home + "/others")
        for name in os.listdir(home + "/others"):
            if name.startswith("pass-"):
                os.replace(home + "/others/" + name, home + "/node/keys/pass-0001")
        os.remove(home + "/node/keys/pass-0002")
        bad(1, "signer: a certificate of a key that the keeper does not have; allowed: one made with --node, by this node",
            *issue, home + "/records")
        bad(2, "tocsin issue: publish: --node is of signer, passes, minimal, record and withdraw", "issue", "publish", *node, "--signer", home + "/signer", "--to", home)


def recovered(node):
    """A node with somebody who has recovered and was vaccinated: the ids of both records."""
    lists = str(pathlib.Path(__file__).resolve().parents[2] / "share/lists")
    good("node", "init", "--lists", lists, node)

    def create(*words, **options):
        return json.loads(good("record", "create", *words, "--node", node, **options))["id"]

    area = create("area", "code=540100", "name_en=County", "level=0", "--as", "program")
    person = create("person", f"area={area}", "sex=female")
    create("identity", "--file", "-", stdin=json.dumps({"person": person, "name": "旦增卓玛", "name_latin": "Tenzin Dolma",
                                                        "birth_date": "1990-05-01"}) + "\n")
    case = create("case", f"person={person}", "disease=covid-19", f"responsible_area={area}", "classification=confirmed",
                  "classification_basis=laboratory", "specimen_date=2022-02-01", "received_date=2022-02-01")
    dose = create("vaccination", f"person={person}", f"responsible_area={area}", "disease=covid-19", "given_on=2022-01-31",
                  "vaccine=covid-19-mrna", "product=comirnaty", "holder=biontech", "dose=2", "doses=2", "lot=B17")
    return case, dose


def test_out_of_records():
    """record issues out of a node's records what POST /api/v1/passes does; withdraw names what was issued out of one"""
    with folder() as home:
        node = ["--node", home + "/node"]
        case, dose = recovered(home + "/node")
        signer(home + "/signer", *node)
        issue = ["issue", "record", *node, "--purpose", "data-quality", *AT]
        bad(2, "tocsin issue: the node issues no passes: pass_issuer in its tocsin.conf, or --signer DIR, is missing",
            *issue, "vaccination", dose)
        with open(home + "/node/tocsin.conf", "a", encoding="utf-8") as file:
            file.write(f"\npass_issuer = {home}/signer\npass_smart = https://cards.county.example\n")
        text = good(*issue, "vaccination", dose)
        entry = claims(home, text.strip())[-260][1]["v"][0]
        equal({key: entry[key] for key in ("tg", "vp", "mp", "ma", "dn", "sd", "dt", "co", "is")},
              {**VACCINATION["v"][0], "co": "XX", "is": "Example County"})
        assert "B17" not in str(claims(home, text.strip())), "the lot is told"
        recovery = good(*issue, "case", case).strip()
        equal(claims(home, recovery)[-260][1]["r"][0]["fr"], "2022-02-01")
        assert good(*issue, "--form", "smart", "vaccination", dose).startswith("shc:/"), "no card"
        equal(len(good(*issue, "--form", "minimal", "--batch", 20, "vaccination", dose).splitlines()), 20)
        good(*issue, "--format", "pdf", "--to", home + "/codes", "vaccination", dose)
        assert pathlib.Path(home, "codes/000001.pdf").read_bytes().startswith(b"%PDF"), "no PDF"
        equal(good("issue", "withdraw", *node, *AT, "vaccination", dose), '{"withdrawn":3}\n')
        equal(good("issue", "withdraw", *node, *AT, "vaccination", dose), '{"withdrawn":0}\n')
        assert dose in good("record", "list", "passes", *node), "not listed"
        bad(1, "tocsin issue: this role may not do that; 'tocsin help record' says how to choose another",
            "issue", "record", *node, *AT, "vaccination", dose)
        bad(2, "tocsin issue: no such kind; allowed: result, case, vaccination", *issue, "person", dose)
        bad(2, "tocsin issue: record: --node DIR is needed: the node whose records they are", "issue", "record", "case", case)


def test_what_was_issued_expires_from_the_lists():
    """a pass that has expired is no longer listed"""
    with folder() as home:
        signer(home + "/signer")
        records(home + "/records", VACCINATION)
        text = good("issue", "passes", "--signer", home + "/signer", "--days", 30, *AT, home + "/records")
        later = ["--signer", home + "/signer", "--at", "2022-03-20T00:00:00Z"]
        good("issue", "revoke", *later, stdin=text)
        equal(len(pathlib.Path(home, "signer/revoked.tsv").read_text().splitlines()), 1)
        later[-1] = "2022-04-20T00:00:00Z"
        good("issue", "revoke", *later, stdin="")
        equal(pathlib.Path(home, "signer/revoked.tsv").read_text(), "")


main(dict(globals()))
