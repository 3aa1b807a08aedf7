# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin verify on the conformance cases that are files: SMART Health Card files, pictures of codes, links; and on the
pictures of the EU's quality assurance, whose texts are known."""

import base64
import json
import os
import pathlib
import re
import struct
import sys
import zlib

from program import Skip, equal, folder, main, run

SHARED = os.environ.get("TOCSIN_SHARED_DATA", "")
SHC = pathlib.Path(SHARED, "credentials/shc")
KEYS = SHC / "issuer/https_spec.smarthealth.cards_examples_issuer_.well-known_jwks.json"


def need_data():
    if not SHARED or not SHC.is_dir():
        print("# SKIPPED LOUDLY: the shared conformance data is not here", file=sys.stderr)
        raise Skip("the shared conformance data is not here")


def trust(home):
    """The issuer of the specification's examples. Its own list revokes the third, which the cases want accepted: an empty
    one stands in its place (the real one is tested in credential/conformance_smart)."""
    keys = json.loads(KEYS.read_text())["keys"]
    issuer = json.loads((SHC / "files/example-01-b-jws-payload-expanded.json").read_text())["iss"]
    crls = [{"kid": key["kid"], "method": "rid", "ctr": key.get("crlVersion", 1), "rids": []} for key in keys]
    pathlib.Path(home, "trust").mkdir()
    pathlib.Path(home, "trust/cards.json").write_text(json.dumps({"iss": issuer, "keys": keys, "crls": crls}))
    return home + "/trust"


def png_of_svg(svg, path):
    """The specification's SVGs are one path of horizontal strokes: drawn at four pixels a module."""
    side = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    rows = [bytearray(b"\xff" * side) for _ in range(side)]
    for stroke in re.findall(r'stroke="#000000" d="([^"]*)"', svg):
        x = y = 0
        for command, numbers in re.findall(r"([Mmh])([-\d. ]*)", stroke):
            values = [float(number) for number in numbers.split()]
            if command == "M":
                x, y = values
            elif command == "m":
                x, y = x + values[0], y + values[1]
            else:
                for at in range(int(x), int(x + values[0])):
                    rows[int(y)][at] = 0
                x += values[0]
    scale = 4
    data = b"".join((b"\0" + bytes(pixel for pixel in row for _ in range(scale))) * scale for row in rows)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side * scale, side * scale, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))
    return path


def rows_of(found):
    return [json.loads(line) for line in found[1].splitlines()]


def verify(home, name, at):
    path = SHC / "files" / name
    if path.suffix == ".svg":
        path = png_of_svg(path.read_text(), pathlib.Path(home, path.stem + ".png"))
    found = run("verify", "--trust", home + "/trust", "--at", at, "--format", "ndjson", path)
    dates = [row["issued"] for row in rows_of(found) if row["verdict"] == "not yet valid"]
    if dates:  # some cards were made anew after the clock that the cases are for
        found = run("verify", "--trust", home + "/trust", "--at", max(dates), "--format", "ndjson", path)
    return found


def test_files_pictures_links():
    """card files, pictures and links of the SMART cases: accepted ones genuine, rejected ones not, each for a reason"""
    need_data()
    cases = [json.loads(line) for line in (SHC / "dev-tools-cases.jsonl").read_text().splitlines()]
    wrong, num = [], 0
    with folder() as home:
        trust(home)
        for case in cases:
            if case["type"] != "healthcard" and case["type"] != "qr" and not case["type"].startswith("shl"):
                continue
            num += 1
            found = verify(home, case["files"][0], "2022-05-31T00:00:00Z")
            rows = rows_of(found)
            genuine = bool(rows) and all(row["verdict"] == "genuine" for row in rows)
            told = bool(found[2]) or any(row.get("because") or row.get("note") for row in rows)
            if genuine != (case["expect"] != "reject") or (case["expect"] == "reject" and not told):
                wrong.append((case["name"], case["expect"], found))
    print(f"# {num} cases")
    equal(wrong, [])
    equal(num, 19)


def test_links_are_not_followed():
    """a SMART Health Link is named as such: cannot be checked"""
    need_data()
    for name in ["shlink-link.txt", "shlink-link-direct.txt", "shlink-link-with-viewer.txt"]:
        row = rows_of(run("verify", "--format", "ndjson", SHC / "files" / name))[0]
        equal((row["verdict"], row["because"]), ("cannot be checked", "link"))


def test_pictures_of_quality_assurance():
    """every picture of the EU's quality assurance is read: its kid is that of its text"""
    need_data()
    hcert = pathlib.Path(SHARED, "credentials/hcert")
    pictures = sorted((hcert / "qr-qa").iterdir())
    found = run("verify", "--format", "ndjson", *pictures)
    rows = rows_of(found)
    equal(found[2], "")
    equal(len(rows), len(pictures))
    equal({(row["verdict"], row["form"]) for row in rows}, {("unknown issuer", "HC1")})
    kids = {base["kid"] for base in map(json.loads, (hcert / "dcc-quality-assurance.jsonl").read_text().splitlines())}
    assert {row["kid"] for row in rows} <= {hex_of(kid) for kid in kids}
    print(f"# {len(rows)} pictures")


def hex_of(text):
    return base64.b64decode(text + "=" * (-len(text) % 4)).hex()


main(dict(globals()))
