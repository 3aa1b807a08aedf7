# SPDX-License-Identifier: GPL-3.0-or-later
"""A node from the command line, on SQLite and on PostgreSQL: node, record, check, audit, backup, restore."""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile

from program import ENVIRONMENT, PROGRAM, ROOT, Skip, equal, folder, main
from program import run as run_program
from recovery import sealed

sys.path.insert(0, str(ROOT / "tests/support"))
import postgresql  # noqa: E402

LISTS = ROOT / "share/lists"
NAME, PHONE, IDENTIFIER, ADDRESS = "丹增卓玛金丝雀", "13912345678", "CANARY77889900", "Kanarienweg 4711"
CANARIES = [text.encode() for text in (NAME, PHONE, IDENTIFIER, ADDRESS)]
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def hidden(text):
    """No canary stands here."""
    for canary in CANARIES:
        assert canary not in text, f"{canary.decode()} is shown"


def run(*words, purpose=False, **options):
    """Run tocsin, whose answer may hold no canary but with a purpose. The clock of a test machine is not its matter."""
    code, out, err = run_program(*words, **options)
    err = "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)
    hidden(err.encode())
    if not purpose:
        hidden(out.encode())
    return code, out, err


def good(*words, **options):
    code, out, err = run(*words, **options)
    assert (code, err) == (0, ""), f"exit code {code}: {err}"
    return out


def bad(code, message, *words, **options):
    found, out, err = run(*words, **options)
    equal((found, err.strip(), out), (code, message, ""))


@contextlib.contextmanager
def cluster():
    """A PostgreSQL server; the test is skipped where none is installed."""
    try:
        made = postgresql.Cluster()
    except postgresql.Absent as why:
        raise Skip(str(why)) from why
    with made:
        yield made


class Node:
    """A node with two areas, a person with an identity, a case."""

    def __init__(self, where, *options, name="node"):
        self.where, self.path = pathlib.Path(where), f"{where}/{name}"
        self.backups = f"{where}/backups"
        good("node", "init", "--lists", LISTS, "--backup-to", self.backups, *options, self.path)
        self.area = self.create("area", "code=540100", "name_en=County", "level=0", "--as", "program")
        self.person, self.identity = self.somebody()
        self.case = self.create("case", f"person={self.person}", "disease=measles", f"responsible_area={self.area}",
                                "classification=suspected", "received_date=2026-11-01")

    def __call__(self, *words, **options):
        return good(*words, "--node", self.path, **options)

    def create(self, *words, **options):
        line = self("record", "create", *words, **options)
        assert re.fullmatch(rf'\{{"id":"{UUID}","version":1\}}\n', line), line
        return json.loads(line)["id"]

    def somebody(self):
        person = self.create("person", f"area={self.area}", "sex=female", "birth_year=1980")
        row = {"person": person, "name": NAME, "phone": PHONE, "identifier_kind": "passport", "identifier": IDENTIFIER,
               "address": ADDRESS}
        return person, self.create("identity", "--file", "-", stdin=json.dumps(row) + "\n")

    def read(self, record, number, *options):
        return json.loads(self("record", "read", record, number, *options, purpose="--purpose" in options))

    def whole(self):
        out = self("check")
        assert "WRONG" not in out and out.endswith("\nThe database is whole.\n"), out

    def entries(self):
        """How many entries the audit trail has."""
        return int(re.search(r"^audit     (\d+)", good("node", "status", self.path), re.M)[1])

    def backup(self):
        """Make one and answer its path."""
        time.sleep(1.05)  # a second has one backup
        out = self("backup")
        found = re.match(r"(\S+\.backup): (\d+) rows of \d+ tables, ", out)
        assert found and int(found[2]) > 1000, out
        return found[1]

    def database(self):
        return sqlite3.connect(f"{self.path}/tocsin.db")


def search_files(*folders):
    for name in folders:
        for path in pathlib.Path(name).rglob("*"):
            if path.is_file():
                hidden(path.read_bytes())


def with_two_databases(test):
    def on_sqlite():
        with folder() as name:
            test(Node(name))

    def on_postgresql():
        with cluster() as server, folder() as name:
            test(Node(name, "--database", server.url(server.database())))
            (server.folder / "log").chmod(0o644)
            search_files(server.folder)

    title = test.__doc__.splitlines()[0]
    on_sqlite.__doc__, on_postgresql.__doc__ = f"SQLite: {title}", f"PostgreSQL: {title}"
    name = test.__name__
    globals()["test_sqlite_" + name], globals()["test_postgresql_" + name] = on_sqlite, on_postgresql
    return test


# ---- node ----


def test_init():
    """init makes a directory for its owner alone; a second one, and a database that is somebody's, are refused."""
    with folder() as name:
        node = Node(name)
        for path, mode in (("", 0o700), ("keys", 0o700), ("tocsin.conf", 0o600), ("tocsin.db", 0o600)):
            equal(os.stat(f"{node.path}/{path}").st_mode & 0o777, mode)
        bad(3, f"{node.path}/tocsin.conf: File exists; allowed: a directory that holds no node yet",
            "node", "init", "--lists", LISTS, node.path)
        new = f"{name}/new"
        bad(3, "database: the database is not empty; remedy: a new one",
            "node", "init", "--lists", LISTS, "--database", f"sqlite:{node.path}/tocsin.db", new)
        equal(os.listdir(new), [])
        good("node", "init", "--lists", LISTS, new)  # what was refused left nothing in the way
        code, _, err = run("node", "init", "--lists", f"{name}/none", f"{name}/other")
        equal(code, 3)
        assert "none" in err, err
        equal(os.listdir(f"{name}/other"), [])


def test_status():
    """status tells database, audit trail, newest backup."""
    with folder() as name:
        node = Node(name)
        lines = good("node", "status", node.path).splitlines()
        equal(lines[0], f"database  sqlite:{node.path}/tocsin.db")
        assert re.fullmatch(r"audit     \d+ entries, the newest of \S+Z", lines[1]), lines
        equal(lines[2], f"backup    NONE in {node.backups}")
        made = node.backup()
        assert re.fullmatch(rf"backup    {made}, 0.0 hours old", good("node", "status", node.path).splitlines()[2])
        bad(3, f"{name}/none/tocsin.conf: No such file or directory; allowed: a directory made by 'tocsin node init'",
            "node", "status", f"{name}/none")


def test_wrong_use():
    """Wrong use is told."""
    bad(2, "tocsin node: what is to be done? allowed: init, status, rotate, tidy, each with a DIR", "node")
    bad(2, "tocsin node: status: one DIR is wanted", "node", "status")
    bad(2, "tocsin audit: what is to be done? allowed: head, verify", "audit")
    bad(2, "tocsin restore: one BACKUP is wanted", "restore")
    bad(2, "tocsin check: no operand is wanted; found 'x'", "check", "x")
    bad(2, "tocsin backup: no operand is wanted; found 'x'", "backup", "x")


# ---- records ----


@with_two_databases
def records(node):
    """records are created, read, changed, erased; an identity is masked without a purpose"""
    person = node.read("person", node.person)
    equal((person["version"], person["sex"], person["birth_year"]), (1, "female", 1980))
    masked = node.read("identity", node.identity)
    assert "name" not in masked and "phone" in masked["masked"], masked
    shown = node.read("identity", node.identity, "--purpose", "data-quality")
    equal((shown["name"], shown["phone"], shown["identifier"]), (NAME, PHONE, IDENTIFIER))
    masked = node.read("identity", node.identity, "--purpose", "case-investigation")  # not a data manager's
    assert "name" not in masked, masked
    bad(1, "tocsin record: there is no such record, or you may not see it", "record", "read", "identity", node.identity,
        "--as", "supervisor", "--purpose", "case-investigation", "--node", node.path)
    equal(json.loads(node("record", "change", "person", node.person, "sex=male", "--version", "1"))["version"], 2)
    bad(1, "tocsin record: the record has been changed since that version: read it again",
        "record", "change", "person", node.person, "sex=female", "--version", "1", "--node", node.path)
    before = node.read("person", node.person, "--as-of", person["updated"])
    equal((before["version"], before["sex"]), (1, "female"))
    equal(node.read("person", node.person)["sex"], "male")
    equal(json.loads(node("record", "change", "person", node.person, "birth_year="))["version"], 3)
    assert "birth_year" not in node.read("person", node.person)
    node.whole()
    equal(node("record", "erase", "person", node.person), "")
    equal(node("record", "erase", "person", node.person), "")  # again is as once
    for words in (("read", "identity", node.identity), ("read", "identity", node.identity, "--purpose", "data-quality")):
        bad(1, "tocsin record: there is no such record, or you may not see it", "record", *words, "--node", node.path)
    assert "erased" in node.read("person", node.person)
    node.whole()
    search_files(node.where)


def test_no_identity_on_a_command_line():
    """What shows who somebody is is refused as an operand, by every name that stands for it."""
    with folder() as name:
        node = Node(name)
        for field in ("name", "name_latin", "identifier", "birth_date", "phone", "address", "latitude"):
            bad(1, f"{field}: would show who somebody is to all who see this command line; allowed: --file\n"
                   "tocsin record: 1 fault in the input; nothing was written",
                "record", "create", "identity", f"person={node.person}", f"{field}=7", "--node", node.path)


def test_faults_of_operands():
    """Every faulty operand is told, and nothing is written."""
    with folder() as name:
        node = Node(name)
        code, out, err = run("record", "create", "person", "area=x", "sex=male", "colour=red", "alone",
                             "--node", node.path)
        equal((code, out), (1, ""))
        places = [line.split(":")[0] for line in err.splitlines()]
        equal(sorted(places), ["alone", "area", "colour", "tocsin record"])
        bad(1, '/birth_year: found "1492"; allowed: a whole number from 1850 to 2150\n'
           "tocsin record: 1 fault in the input; nothing was written",
            "record", "create", "person", f"area={node.area}", "birth_year=1492", "--node", node.path)
        bad(2, "tocsin record: there is no record 'persn'; did you mean 'person'?", "record", "create", "persn",
            "--node", node.path)
        bad(2, 'tocsin record: ID: found "x"; allowed: a UUID: 32 hexadecimal digits as 8-4-4-4-12',
            "record", "read", "person", "x", "--node", node.path)
        bad(1, "tocsin record: this role may not do that; 'tocsin help record' says how to choose another",
            "record", "create", "person", f"area={node.area}", "--as", "auditor", "--node", node.path)


def workbook(path, rows):
    """A spreadsheet of one sheet: texts inline, numbers as numbers, None and [] as nothing."""
    def cell(value):
        if value is None:
            return "<c/>"
        return f"<c><v>{value}</v></c>" if isinstance(value, int) else f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    relation = "relationships"
    parts = {
        "_rels/.rels": f'<Relationships><Relationship Id="a" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns:r="{relation}"><sheets><sheet name="people" r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships><Relationship Id="b" Type="{relation}/worksheet" Target="sheet.xml"/></Relationships>',
        "xl/sheet.xml": "<worksheet><sheetData>" + "".join(
            "<row>" + "".join(cell(value) for value in row) + "</row>" for row in rows) + "</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts.items():
            archive.writestr(part, text)


def test_files():
    """CSV, NDJSON and standard input: good rows are written, each faulty one is told by its line."""
    with folder() as name:
        node = Node(name)
        table = pathlib.Path(name, "people.csv")
        table.write_text(f"area,sex,birth_year\n{node.area},female,1980\n{node.area},female,x\n{node.area},male,1990\n")
        code, out, err = run("record", "create", "person", "--file", table, "--node", node.path)
        equal((code, len(out.splitlines())), (1, 2))
        assert err.startswith(f"{table}:3:3: birth_year: ") and err.endswith("1 fault; the rows without one were written\n"), err
        book = pathlib.Path(name, "people.xlsx")
        workbook(book, [["area", "sex", "birth_year"], [node.area, "female", 1980], [node.area, "female", "x"],
                        [], [node.area, None, 1990]])
        code, out, err = run("record", "create", "person", "--file", book, "--node", node.path)
        equal((code, len(out.splitlines())), (1, 2))
        assert err.startswith(f"{book}:3:3: birth_year: ") and err.endswith("1 fault; the rows without one were written\n"), err
        rows = [{"area": node.area, "sex": "male"} for _ in range(700)]  # more than are under way at once
        out = node("record", "create", "person", "--file", "-", stdin="".join(json.dumps(row) + "\n" for row in rows))
        made = [json.loads(line)["id"] for line in out.splitlines()]
        equal(len(set(made)), 700)
        changes = "".join(json.dumps({"id": number, "version": 1, "sex": "female"}) + "\n" for number in made[:3])
        out = node("record", "change", "person", "--file", "-", stdin=changes)
        equal([json.loads(line)["version"] for line in out.splitlines()], [2, 2, 2])
        code, out, err = run("record", "change", "person", "--file", "-", "--node", node.path, stdin=changes)
        equal((code, out), (1, ""))
        equal(err.splitlines()[0], "standard input:1: the record has been changed since that version: read it again")
        code, out, err = run("record", "create", "person", "--file", "-", "--node", node.path, stdin='{"area":\n')
        equal((code, out), (1, ""))
        assert err.startswith("standard input:1: "), err
        code, out, err = run("record", "create", "identity", "--file", "-", "--node", node.path,
                             stdin=json.dumps({"person": node.person, "name": NAME, "birth_date": PHONE}) + "\n")
        equal((code, out), (1, ""))  # and `run` has seen that the fault quotes neither
        bad(3, f"tocsin record: {name}/none.csv: No such file or directory",
            "record", "create", "person", "--file", f"{name}/none.csv", "--node", node.path)
        node.whole()


@with_two_databases
def one_writer(node):
    """while another process holds the writer, writing says so and reading works"""
    words = [PROGRAM, "record", "create", "person", "--file", "-", "--node", node.path]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env=ENVIRONMENT) as holder:
        before = node.entries()
        holder.stdin.write(json.dumps({"area": node.area}) + "\n")
        holder.stdin.flush()
        deadline = time.monotonic() + 30
        while node.entries() == before:  # until it has written, so that it holds the lease
            assert holder.poll() is None and time.monotonic() < deadline
        code, out, err = run("record", "create", "person", f"area={node.area}", "--node", node.path)
        equal((code, out), (3, ""))
        equal(err, "database: another process is the writer of this database; remedy: wait until it has ended, or ask it; "
                   "reading without --purpose works meanwhile\n")
        node.read("person", node.person)
        node.whole()
        holder.stdin.close()
        equal(holder.wait(timeout=30), 0)
    node.create("person", f"area={node.area}")


# ---- check and audit ----


def damaged(node, sql, *parameters):
    """Damage the database by hand; answers what check says is wrong."""
    database = node.database()
    changed = database.execute(sql, parameters).rowcount
    database.commit()
    database.close()
    assert changed > 0, "nothing was damaged"
    code, out, err = run("check", "--quiet", "--node", node.path)
    equal(code, 1)
    wrong = [line for line in out.splitlines() if line.startswith("WRONG")]
    equal(err, f"tocsin check: {len(wrong)} finding{'s' if len(wrong) > 1 else ''}\n")
    return wrong


def test_check_finds_damage():
    """What was changed by hand in the database is found."""
    cases = [
        ("the audit chain has an entry that was changed", "UPDATE audit SET verb = 'look' WHERE number = 2"),
        ("the audit chain lacks an entry", "DELETE FROM audit WHERE number = 2"),
        ("key of what is sealed", "DELETE FROM person_key"),
        ("case.person: refers to what exists", "DELETE FROM person"),
        ("counting anew gives", "DELETE FROM counter WHERE series = (SELECT min(series) FROM counter)"),
    ]
    with folder() as name:
        node = Node(name)
        node.whole()
        shutil.copy(f"{node.path}/tocsin.db", f"{name}/whole.db")
        for finding, sql in cases:
            shutil.copy(f"{name}/whole.db", f"{node.path}/tocsin.db")
            wrong = damaged(node, sql)
            assert any(finding in line for line in wrong), f"{sql}: {wrong}"
        shutil.copy(f"{name}/whole.db", f"{node.path}/tocsin.db")
        database = node.database()
        page = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'person_key'").fetchone()[0]
        database.close()
        with open(f"{node.path}/tocsin.db", "r+b") as file:
            file.seek(4096 * (page - 1))
            file.write(b"\xff" * 4096)  # as a disk does
        code, out, err = run("check", "--quiet", "--node", node.path)
        assert code in (1, 3) and (out + err).strip(), (code, out, err)


@with_two_databases
def receipts(node):
    """the audit trail holds what was given out; a forged receipt and one of another node are refused"""
    line = node("audit", "head")
    assert re.fullmatch(r"tocsin-audit-1 \d+ \S+Z [0-9a-f]{64} 1 [0-9a-f]{64} [0-9a-f]{128}\n", line), line
    node.somebody()
    kept = pathlib.Path(node.where, "receipts")
    kept.write_text(line + node("audit", "head"))
    assert node("audit", "verify", kept).endswith(": whole, and 2 receipts found in it\n")
    assert node("audit", "verify").endswith("; no receipts were given to compare it with\n")
    assert node("check", "--receipts", kept).endswith("The database is whole.\n")
    words = line.split()
    words[1] = str(int(words[1]) + 1)
    told = "standard input:1: the signature does not fit; allowed: a line that 'tocsin audit head' of this node printed\n" \
           "tocsin audit: receipts that cannot be believed"
    bad(1, told, "audit", "verify", "-", "--node", node.path, stdin=" ".join(words) + "\n")
    code, _, err = run("audit", "verify", "-", "--node", node.path, stdin="hello\n" + line + line.replace("-1", "-2"))
    equal((code, [text.split(":")[1] for text in err.splitlines()[:2]]), (1, ["1", "3"]))
    other = f"{node.where}/other"
    good("node", "init", "--lists", LISTS, other)
    code, _, err = run("audit", "verify", "-", "--node", other, stdin=line)
    equal((code, "it was signed by another node" in err), (1, True))


def test_a_shortened_chain():
    """Entries that are cut off behind are found with a receipt, and only so."""
    with folder() as name:
        node = Node(name)
        line = node("audit", "head")
        number = int(line.split()[1])
        database = node.database()
        database.execute("DELETE FROM audit WHERE number > ?", (number - 2,))
        database.commit()
        database.close()
        node("audit", "verify")
        bad(1, f"tocsin audit: entry {number}: entries at the end are missing: a receipt names one. Keep this database as "
               "it is and tell the data-protection officer", "audit", "verify", "-", "--node", node.path, stdin=line)


# ---- backup and restore ----


def settings(node, **lines):
    with open(f"{node.path}/tocsin.conf", "a", encoding="utf-8") as file:
        for key, value in lines.items():
            file.write(f"{key} = {value}\n")


def copy_of_settings(node, path, database=""):
    """A node on another machine: the settings, another database, no keys yet."""
    os.mkdir(path)
    text = pathlib.Path(node.path, "tocsin.conf").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^database = .*$", "", text)
    pathlib.Path(path, "tocsin.conf").write_text(text + (f"database = {database}\n" if database else ""), encoding="utf-8")


@with_two_databases
def backups(node):
    """a backup is restored elsewhere, and who was erased since is erased again"""
    gone, gone_identity = node.somebody()
    made = node.backup()
    equal(sorted(os.listdir(node.backups)),
          [*(os.path.basename(made)[:-7] + end for end in (".backup", ".receipt")), "tocsin.erasures"])
    equal(os.stat(made).st_mode & 0o777, 0o600)
    equal(node("backup", "--if-due"), "")
    before, _ = node.somebody()
    node("record", "erase", "person", before)
    made = node.backup()  # that person is gone from it already
    node("record", "erase", "person", gone)
    bad(3, "restore: the database is not empty; remedy: a new one", "restore", made, "--node", node.path)
    out = node("restore", "--rehearse", made)
    assert re.search(r"^erased   1 persons again", out, re.M) and re.search(r"^checked  in \S+ seconds: whole$", out, re.M), out
    assert not [entry for entry in os.listdir(node.path) if entry.startswith("rehearsal")]
    new = f"{node.where}/new"
    copy_of_settings(node, new)
    shutil.copytree(f"{node.path}/keys", f"{new}/keys")
    erasures = os.stat(f"{node.path}/keys/erasures").st_size
    out = good("restore", made, "--node", new)
    assert re.search(r"^erased   1 persons again", out, re.M), out
    equal(os.stat(f"{node.path}/keys/erasures").st_size, erasures)
    shown = json.loads(good("record", "read", "identity", node.identity, "--purpose", "data-quality", "--node", new,
                            purpose=True))
    equal(shown["name"], NAME)
    bad(1, "tocsin record: there is no such record, or you may not see it",
        "record", "read", "identity", gone_identity, "--purpose", "data-quality", "--node", new)
    good("check", "--node", new)
    search_files(node.where)


def test_a_damaged_backup():
    """A backup that was cut short or changed is refused, and leaves nothing that could be taken for a node."""
    with folder() as name:
        node = Node(name)
        made = node.backup()
        content = pathlib.Path(made).read_bytes()
        middle = len(content) // 2
        for wrong in (content[:-1], content[:middle], content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:],
                      b"", content + b"x"):
            pathlib.Path(made).write_bytes(wrong)
            code, _, err = run("restore", "--rehearse", made, "--node", node.path)
            equal(code, 1)
            assert err.startswith("restore: "), err
        assert not [entry for entry in os.listdir(node.path) if entry.startswith("rehearsal")]
        new = f"{name}/new"
        copy_of_settings(node, new)
        shutil.copytree(f"{node.path}/keys", f"{new}/keys")
        equal(run("restore", made, "--node", new)[0], 1)
        equal(run("record", "read", "person", node.person, "--node", new)[0], 3)


def test_timed_backups():
    """--if-due asks often and works seldom; old backups go, the newest never; each is sent away."""
    with folder() as name:
        node = Node(name)
        settings(node, backup_send=f'cat >"{name}/sent-$TOCSIN_BACKUP"', backup_keep_days=10)
        os.mkdir(node.backups)
        old = [f"{node.backups}/tocsin-2026010{day}T000000Z{end}" for day in (1, 2) for end in (".backup", ".receipt")]
        torn = f"{node.backups}/tocsin-20260103T000000Z.backup.unfinished"
        stranger = f"{node.backups}/somebody's.backup"
        for path in (*old, torn, stranger):
            pathlib.Path(path).write_bytes(b"x")
            os.utime(path, (1767225600, 1767225600))
        out = node("backup", "--if-due")
        assert out.endswith("2 backups older than 10 days deleted\n"), out
        made = out.split(": ")[0]
        equal(sorted(os.listdir(node.backups)),
              sorted([os.path.basename(made), os.path.basename(made)[:-7] + ".receipt", "somebody's.backup",
                      "tocsin.erasures"]))
        equal(pathlib.Path(f"{name}/sent-tocsin.erasures").read_bytes(),
              pathlib.Path(f"{node.backups}/tocsin.erasures").read_bytes())
        equal(pathlib.Path(f"{name}/sent-{os.path.basename(made)}").read_bytes(), pathlib.Path(made).read_bytes())
        equal(node("backup", "--if-due"), "")
        time.sleep(1.05)
        pathlib.Path(node.path, "tocsin.conf").write_text(
            pathlib.Path(node.path, "tocsin.conf").read_text().replace("cat >", "false; exit 7; cat >"))
        code, out, err = run("backup", "--node", node.path)
        equal((code, ".backup: " in out), (3, True))
        equal(err, "tocsin backup: backup_send: the command did not end with 0; the backup is here, not there\n")


def test_recovery():
    """Another machine, from a backup, the recovery copy and its code alone."""
    with folder() as name:
        node = Node(name)
        code = sealed(node.path, f"{name}/copy", "--node")
        gone, _ = node.somebody()
        made = node.backup()
        new = f"{name}/machine"
        os.mkdir(new)
        good("keeper", "recover", f"{name}/copy", "--to", f"{new}/keys", stdin=code + "\n")
        pathlib.Path(new, "tocsin.conf").write_text("")  # the settings were lost with the old machine
        shutil.rmtree(node.path)
        out = good("restore", made, "--node", new)
        assert "whole" in out, out
        read = json.loads(good("record", "read", "identity", node.identity, "--purpose", "data-quality", "--node", new,
                               purpose=True))
        equal(read["name"], NAME)
        good("record", "erase", "person", gone, "--node", new)
        database = sqlite3.connect(f"{new}/tocsin.db")
        operator = database.execute("SELECT id FROM user WHERE login = 'operator'").fetchone()
        equal(database.execute("SELECT DISTINCT actor FROM audit WHERE verb = 'erase'").fetchall(), [operator])
        database.close()


@with_two_databases
def erasures_travel(node):
    """who was erased after the backup and the recovery copy does not come back on a new machine"""
    code = sealed(node.path, f"{node.where}/copy", "--node")
    gone, gone_identity = node.somebody()
    made = node.backup()
    node("record", "erase", "person", gone)
    equal(node("backup", "--if-due"), "")  # no backup is due, but the list beside them is brought up to date
    listed = pathlib.Path(node.backups, "tocsin.erasures")
    assert gone in listed.read_text(encoding="utf-8")
    hidden(listed.read_bytes())
    shutil.rmtree(node.path)  # lost, with its keys

    def machine(name, *options, status=0):
        new = f"{node.where}/{name}"
        os.mkdir(new)
        good("keeper", "recover", f"{node.where}/copy", "--to", f"{new}/keys", stdin=code + "\n")
        pathlib.Path(new, "tocsin.conf").write_text("", encoding="utf-8")
        found, out, err = run("restore", made, "--node", new, *options)
        equal((found, err), (status, ""))
        shown = run("record", "read", "identity", gone_identity, "--purpose", "data-quality", "--node", new, purpose=True)
        return out, shown[0] == 0, new

    out, there, new = machine("first")
    assert re.search(r"^list     1 persons .*\nerased   1 persons again", out, re.M) and not there, out
    time.sleep(1.05)  # a second has one backup
    good("backup", "--node", new, "--to", node.backups)  # the list is not shortened by a younger node
    assert gone in listed.read_text(encoding="utf-8")
    out, there, _ = machine("second", "--erasures", f"{node.where}/nowhere")  # what the list is for
    assert "no erasure list lies beside the backup" in out and there, out
    listed.write_text("".join(line for line in listed.read_text(encoding="utf-8").splitlines(True) if gone not in line),
                      encoding="utf-8")
    out, there, _ = machine("third", status=1)
    assert re.search("WRONG  the erasure list beside the backup is not believed: .* was changed", out) and there, out
    time.sleep(1.05)
    code, _, err = run("backup", "--node", new, "--to", node.backups)
    assert code == 3 and "was changed, or is another node's" in err, err


# ---- keys ----


@with_two_databases
def rotation(node):
    """rotate wraps all keys under a new generation; one that was cut short is finished"""
    out = good("node", "rotate", node.path)
    assert re.match(r"gen-0002 is made\. No recovery copy holds it yet", out), out
    assert "\n1 keys of persons are wrapped under the newest generation.\ngen-0001 is needed by backups until " in out, out
    node("keeper", "rotate")  # as after a power failure: made, and nothing wrapped
    out = good("node", "rotate", node.path)
    assert out.startswith("An earlier rotation was cut short"), out
    lines = node("keeper", "status")
    assert "gen-0003" in lines and "gen-0004" not in lines, lines
    node("keeper", "destroy", "1", "--force")
    node("keeper", "destroy", "2", "--force")
    equal(node.read("identity", node.identity, "--purpose", "data-quality")["name"], NAME)
    out = good("node", "rotate", "--tokens", node.path)
    assert re.search(r"^token-0002 is made\..*\nThe search tokens of 1 person are made anew\.$", out, re.M), out
    node("check", "--quiet")
    node("keeper", "rotate", "--kind", "token")  # as after a power failure: made, and no token with it
    code, out, _ = run("check", "--node", node.path)
    assert code == 1 and "the newest key: 1 of 1\n       make them anew: tocsin node rotate --tokens DIR" in out, out
    out = good("node", "rotate", "--tokens", node.path)
    assert re.search(r"^The search tokens of 1 person .*\n.*no further key is made\.$", out, re.M), out
    node("check", "--quiet")
    equal(good("node", "tidy", node.path), "0 records whose time is over removed.\n")
    node.whole()


def test_tidy():
    """tidy removes a raw message whose time is over, and its key with it."""
    with folder() as name:
        node = Node(name)
        row = {"area": node.area, "received": "2020-01-01T00:00:00Z", "bytes": base64.b64encode(b"MSH|").decode()}
        code, out, err = run("record", "create", "message_raw", "--file", "-", "--as", "program", "--node", node.path,
                             stdin=json.dumps(row) + "\n")
        equal((code, err), (0, ""))
        equal(good("node", "tidy", node.path), "1 record whose time is over removed.\n")
        database = node.database()
        equal(database.execute("SELECT count(*) FROM message_raw").fetchone(), (0,))
        equal(database.execute("SELECT count(*) FROM person_key").fetchone(), (1,))
        database.close()
        search_files(name)


main(dict(globals()))
