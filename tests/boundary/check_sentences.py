# SPDX-License-Identifier: GPL-3.0-or-later
"""Every sentence of the boundary (sentences.txt) names the tests that hold it, and these tests exist.

A sentence is a line that begins with "> "; below it stand, at least one of them:

    = tests/store/test_keeper.c test_rotation      held by this test (a function that the file defines and runs)
    - issue 5: what is missing                     comes with the issue; such a row is shown and not counted as passed
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sentences():
    found = []
    for number, line in enumerate((ROOT / "tests/boundary/sentences.txt").read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("> "):
            found.append((line[2:], []))
        elif line[:2] in ("= ", "- "):
            found[-1][1].append((number, line))
        elif line and not line.startswith("#"):
            raise SystemExit(f"sentences.txt:{number}: neither a sentence nor what holds it")
    return found


def fault_of(number, line):
    match = re.fullmatch(r"= (\S+) (test_\w+)", line)
    if not match:
        return f"sentences.txt:{number}: = FILE TEST"
    path, test = ROOT / match.group(1), match.group(2)
    if not path.is_file():
        return f"sentences.txt:{number}: no file {match.group(1)}"
    text = path.read_text(encoding="utf-8")
    word = test.removeprefix("test_")
    # defined and named once more, or made and run by a macro that puts test_ before a word: TEST(rotation)
    if path.suffix == ".py":  # every test_ function of the file is run
        runs = "\nmain(dict(globals()))" in text and f"\ndef {test}():" in text
        return None if runs else f"sentences.txt:{number}: {match.group(1)} has no {test}, or never runs it"
    mentions = len(re.findall(rf"\b{test}\b", text)) + len(re.findall(rf"\(\s*{word}\s*[,)]", text))
    return None if mentions >= 2 else f"sentences.txt:{number}: {match.group(1)} has no {test}, or never runs it"


def main():
    rows = sentences()
    print(f"1..{len(rows)}")
    held = 0
    for index, (sentence, holders) in enumerate(rows, 1):
        faults = [fault_of(*row) for row in holders if row[1].startswith("= ")]
        waits = [line[2:] for _, line in holders if line.startswith("- ")]
        bad = [fault for fault in faults if fault]
        for fault in bad:
            print(f"# {fault}")
        for wait in waits:
            print(f"# not yet: {wait}")
        if bad or not holders:
            print(f"not ok {index} - {sentence}")
        elif not faults:
            print(f"ok {index} - {sentence} # SKIP comes with {'; '.join(waits)}")
        else:
            held += 1
            print(f"ok {index} - {sentence}")
    print(f"# {held} of {len(rows)} sentences are held by a test, the others come with later issues")


main()
