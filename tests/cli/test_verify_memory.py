# SPDX-License-Identifier: GPL-3.0-or-later
"""What `tocsin verify` still knows after 1,000 passes, while it waits for the next: no name, no birth date, no byte of a
pass, in its memory, in files or on its error output. The same of a server that was asked by POST /api/v1/pass/verify, of
all its processes, its node's files and its log.

usage: test_verify_memory.py TOCSIN [--row]     (--row: prints a row for ./dev show)"""

import json
import os
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from serving import Server, wait_for  # noqa: E402

PROGRAM = os.path.abspath(sys.argv[1])
PASSES = 1000
MOST_BYTES = 1 << 40  # of a mapping: only a sanitizer's marks are larger
PASSWORD = "quiet rivers run deep 77"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Sanitized(Exception):
    """The process keeps what was freed, to find errors: its memory says nothing of the program's."""


def name_of(number):
    """A name that stands nowhere else, and a birth date."""
    word = "".join(LETTERS[number // 26 ** power % 26] for power in range(3))
    return f"QX{word}ZQ", f"VK{word[::-1]}WJ", f"19{number % 90 + 10:02}-{number % 12 + 1:02}-{number % 28 + 1:02}"


def records():
    for number in range(PASSES):
        family, given, born = name_of(number)
        entry = {"tg": "840539006", "vp": "1119349007", "mp": "EU/1/20/1528", "ma": "ORG-100030215", "dn": 2, "sd": 2,
                 "dt": "2022-01-31"}
        yield json.dumps({"nam": {"fn": family, "gn": given}, "dob": born, "v": [entry]})


def issue(home, at=()):
    """1,000 passes: HC1, and every fourth as a SMART card, so that both readers are in the memory."""
    def run(*words, stdin=""):
        return subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, text=True, check=True, cwd=home).stdout
    all_records = list(records())
    run("issue", "signer", "--country", "XX", "--name", "Example", "--days", "700", *at, "signer")
    hc1 = run("issue", "passes", "--signer", "signer", *at, stdin="\n".join(all_records)).splitlines()
    smart = run("issue", "passes", "--signer", "signer", "--smart", "https://cards.example", *at,
                stdin="\n".join(all_records)).splitlines()
    run("issue", "publish", "--signer", "signer", "--smart", "https://cards.example", *at, "--to", "trust")
    return [smart[i] if i % 4 == 3 else hc1[i] for i in range(PASSES)]


def needles(texts):
    """What must not be found: names, and 12 bytes of each pass from several places of its text and its packed form."""
    for number, text in enumerate(texts):
        family, given, _ = name_of(number)
        yield family.encode()
        yield given.encode()
        for at in (8, len(text) // 3, len(text) // 2, len(text) - 20):
            yield text[at:at + 12].encode()


def births():
    return [re.compile(name_of(number)[2].encode()) for number in range(0, PASSES, 7)]


def memory_of(process):
    """The process's writable memory, piece by piece."""
    with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps:
            where, rights = line.split()[:2]
            low, high = (int(part, 16) for part in where.split("-"))
            if high - low > MOST_BYTES:
                raise Sanitized
            if "w" not in rights or "[v" in line:
                continue
            memory.seek(low)
            try:
                yield line.split()[-1], memory.read(high - low)
            except OSError:
                continue


def found_in(data, wanted, dates):
    """Every needle that stands in the data; a set look-up at each place would be slow, a search each would too: one
    pattern of alternatives."""
    return [match.group() for match in wanted.finditer(data)] + [date.pattern for date in dates if date.search(data)]


def watch(form):
    """What is left after 1,000 passes: a list of where and what."""
    left = []
    with tempfile.TemporaryDirectory(prefix="tocsin-test-") as home:
        texts = issue(home, ["--at", "2022-03-01T12:00:00Z"])
        empty = pathlib.Path(home, "cwd")
        empty.mkdir()
        wanted = re.compile(b"|".join(re.escape(needle) for needle in set(needles(texts))))
        dates = births()
        process = subprocess.Popen(
            [PROGRAM, "verify", "--trust", home + "/trust", "--at", "2022-03-02", "--format", form, "-"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=empty,
            env={**os.environ, "TMPDIR": str(empty), "HOME": str(empty)})
        answered = b""
        mark = b"holder" if form == "text" else b'"genuine"'
        for text in texts:
            process.stdin.write(text.encode() + b"\n")
            process.stdin.flush()
            while select.select([process.stdout], [], [], 0)[0]:
                answered += os.read(process.stdout.fileno(), 1 << 16)
        end = time.time() + 60
        while answered.count(mark) < PASSES and time.time() < end:
            if select.select([process.stdout], [], [], 1)[0]:
                answered += os.read(process.stdout.fileno(), 1 << 16)
        assert answered.count(mark) == PASSES, f"{answered.count(mark)} of {PASSES} were genuine: {answered[-300:]!r}"
        assert form != "text" or name_of(999)[0].encode() in answered, "the search finds what is there"
        time.sleep(0.2)
        size = 0
        for where, data in memory_of(process.pid):
            size += len(data)
            left += [(where, needle) for needle in found_in(data, wanted, dates)]
        process.stdin.close()
        errors = process.stderr.read()
        process.wait(60)
        left += [("standard error", needle) for needle in found_in(errors, wanted, dates)]
        left += [("a file", path.name) for path in empty.rglob("*")]
        assert size > 1 << 20, "the memory could not be read"
        assert process.returncode == 0, process.returncode
    return left, size


def node_with_a_checkpoint(home):
    """A node that checks by home/trust, and somebody who works at a checkpoint."""
    def run(*words, stdin=""):
        subprocess.run([PROGRAM, *words, "--node", home + "/node"], input=stdin, capture_output=True, text=True, check=True)
    subprocess.run([PROGRAM, "node", "init", home + "/node", "--lists", ROOT / "share/lists"], capture_output=True, check=True)
    run("record", "create", "area", "code=540100", "name_en=County", "level=0", "--as", "program")
    run("user", "create", "karma", "--role", "checkpoint-staff", "--area", "540100")
    run("user", "password", "karma", stdin=PASSWORD + "\n")
    with open(home + "/node/tocsin.conf", "a") as settings:
        settings.write(f"\npass_trust = {home}/trust\n")


def ask_all(server, texts):
    """Each text's answer; the session's secret is not kept longer than this."""
    answers = []
    headers = {"Content-Type": "application/json"}
    status, _, body = server.get("/api/v1/session", headers, "POST",
                                 json.dumps({"login": "karma", "password": PASSWORD, "program": True}))
    assert status in (200, 201), (status, body)
    headers["Authorization"] = "Bearer " + json.loads(body)["token"]
    connection = server.connection(60)
    for text in texts:
        connection.request("POST", "/api/v1/pass/verify", json.dumps({"text": text}), headers)
        answer = connection.getresponse()
        answers.append((answer.status, answer.read()))
    connection.close()
    return answers


def family(process):
    """It and all below it."""
    found = [process]
    for path in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
        for child in path.read_text().split():
            found += family(int(child))
    return found


def watch_server():
    """What is left in a server after 1,000 passes, in its processes, its node's files and its log; as watch()."""
    left, size = [], 0
    with tempfile.TemporaryDirectory(prefix="tocsin-test-") as home:
        texts = issue(home)
        node_with_a_checkpoint(home)
        needle = re.compile(b"|".join(re.escape(one) for one in set(needles(texts))))
        dates = births()
        with Server(PROGRAM, home + "/node") as server:
            assert server.wait_until_it_serves(120), server.lines()
            answers = ask_all(server, texts)
            assert {status for status, _ in answers} == {200}, answers[0]
            assert {json.loads(body)["verdict"] for _, body in answers} == {"genuine"}, answers[0]
            wait_for(lambda: "/api/v1/pass/verify" in server.lines())
            time.sleep(0.5)
            for process in family(server.process.pid):
                for where, data in memory_of(process):
                    size += len(data)
                    left += [(f"{process}: {where}", one) for one in found_in(data, needle, dates)]
            left += [("the log", one) for one in found_in(server.lines().encode(), needle, dates)]
            for path in pathlib.Path(home, "node").rglob("*"):
                if path.is_file():
                    left += [(path.name, one) for one in found_in(path.read_bytes(), needle, dates)]
            server.end(seconds=60)
        assert size > 1 << 20, "the memory could not be read"
    return left, size


def main():
    if os.geteuid() != 0:
        print("# SKIPPED LOUDLY: only root may read the memory of tocsin verify", file=sys.stderr)
        print("1..0 # SKIP only root may read the memory of tocsin verify")
        return
    try:
        results = {form: watch(form) for form in ("text", "ndjson")} | {"server": watch_server()}
    except Sanitized:
        print("1..0 # SKIP with a sanitizer; the plain builds are searched")
        return
    left = sum(len(found) for found, _ in results.values())
    if "--row" in sys.argv:
        print("row", "after 1,000 scans each by the command and the server: files, logs and memory of the waiting processes "
              "searched for names, birth dates, pass bytes", "nothing", f"{left} found in {sum(size for _, size in results.values()) >> 20} MiB",
              "yes" if left == 0 else "no", sep="\t")
        return
    for form, (found, size) in results.items():
        print(f"# {form}: {size >> 20} MiB searched")
        for one in found[:20]:
            print(f"# left: {one}")
    print(f"{'ok' if left == 0 else 'not ok'} 1 - nothing of 1,000 passes is left in a command or a server that waits for the next")
    print("1..1")
    sys.exit(left != 0)


main()
