# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts results: Meson's logs (testlog.json) and files of TAP. The last line is `N passed, N failed`.

A test that ends badly without saying which of its results failed counts as one failure. What was skipped is listed
and counts as neither. Exit status: 0 where nothing failed.
"""

import json
import re
import sys

LINE = re.compile(r"^(not )?ok\b[ \d]*(?:- )?(.*?)(?:# *(SKIP|TODO)\b *(.*))?$", re.I)


def results(text):
    """(name, 'passed' | 'failed' | 'skipped') of each line of TAP."""
    for line in text.split("\n"):
        match = LINE.match(line)
        if match:
            skipped = (match.group(3) or "").upper() == "SKIP"
            yield match.group(2).strip(), "skipped" if skipped else "failed" if match.group(1) else "passed"


def tests(path):
    """(where, text, whether it ended well) of each test of a file."""
    if not path.endswith(".json"):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        yield path, text, "1.." in text
        return
    with open(path, encoding="utf-8") as file:
        for line in file:
            test = json.loads(line)
            yield f"{path.split('/')[0]} {test['name']}", test.get("stdout") or "", test["result"] in ("OK", "SKIP")


def main():
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for path in sys.argv[1:]:
        for where, text, good in tests(path):
            found = list(results(text))
            if not good and not any(kind == "failed" for _, kind in found):
                found.append(("ended badly", "failed"))
            if good and not found:
                found.append(("", "passed"))
            for name, kind in found:
                total[kind] += 1
                if kind != "passed":
                    print(f"{kind}: {where}: {name}")
    if total["skipped"]:
        print(f"{total['skipped']} skipped")
    print(f"{total['passed']} passed, {total['failed']} failed")
    sys.exit(1 if total["failed"] or not total["passed"] else 0)


main()
