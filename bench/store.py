# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store promises, on both databases: creates, imports, lists, searches, counts, erasure, secrecy, areas, restore.

usage: store.py BUILD [--quick] [--cases N] [--seconds S] [--rounds N] [--databases sqlite,postgresql] [--keep] [PART…]

Makes a node on each database below BUILD/bench-store (PostgreSQL: a private server in /tmp), imports N cases (1,000,000)
and measures one thing after the other with bench_store; backs the node up and restores it with `tocsin`. Prints, for
`./dev show`, lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no<TAB>command`. Everything is removed afterwards.
Parts (all of them where none is named; the import is always made, and told of where it is named):
pages areas import create one lists search counts canaries erasure.
--keep: all lies in BUILD/bench-store-kept and stays. The next --keep whose parts do not name the import uses the SQLite node
that stands there, if it holds as many cases by the same migrations, and adds its own creates to it; what has seen `erasure`
is not used again. PostgreSQL's server does not outlive the program.
--quick: 20,000 cases, 10 seconds of creates, 5 rounds; what it prints says nothing of a million.
"""

import argparse
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))
import postgresql  # noqa: E402

IMPORT_BARS = ("2500", "150")  # cases a second, milliseconds
CREATE_BARS = {"sqlite": ("1500", "100"), "postgresql": ("3000", "50")}
CALLERS = "64"
PARTS = ("pages", "areas", "import", "create", "one", "lists", "search", "counts", "canaries", "erasure")
ERASED = 100
PAGES_CASES = "2000"
RESTORE_SECONDS = 300
SETTINGS = {
    "shared_buffers": "1GB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "5min",
    "checkpoint_completion_target": "0.9",
    "wal_compression": "on",
    "max_connections": "50",
}
WORDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def row(*columns):
    print("row", *columns, sep="\t", flush=True)


class Bench:
    def __init__(self, options):
        self.options = options
        self.build = pathlib.Path(options.build).resolve()
        self.tocsin = str(self.build / "tocsin")
        self.place = self.build / ("bench-store-kept" if options.keep else "bench-store")
        self.kept = self.place / "sqlite.json"  # what the kept node holds
        self.stands = self.kept_node() if options.keep and "import" not in options.parts else None
        for path in self.place.iterdir() if self.place.exists() else []:
            if not (self.stands and path in (self.kept, self.place / "sqlite")):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.place.mkdir(exist_ok=True)
        self.cluster = None

    # ---- a node that stays ----

    def what_it_holds(self):
        migrations = b"".join(path.read_bytes() for path in sorted((ROOT / "src/store/migrations").glob("*.sql")))
        return {"cases": self.options.cases, "migrations": hashlib.sha256(migrations).hexdigest()}

    def kept_node(self):
        """The number of the next case of the node that stands there, if it is one to go on with."""
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self.kept.read_text())
            following = found.pop("next")
            if found == self.what_it_holds():
                return following
        return None

    def note(self, database, following):
        """`following`: None while nobody knows, or when the node is not to be used again."""
        if database != "sqlite":
            return
        if following is None:
            self.kept.unlink(missing_ok=True)
        else:
            self.kept.write_text(json.dumps(self.what_it_holds() | {"next": following}) + "\n")

    def measure(self, *words, quiet=False):
        """Run bench_store; print its rows; answer its `next` number."""
        began, following = time.monotonic(), None
        command = " ".join(["build/bench/bench_store", *map(str, words)]).replace(f"{self.build}/", "build/")
        run = subprocess.run([self.build / "bench/bench_store", *map(str, words)], cwd=ROOT, text=True,
                             env={**os.environ, "TOCSIN": self.tocsin}, stdout=subprocess.PIPE)
        for line in run.stdout.splitlines():
            if line.startswith("next\t"):
                following = int(line.split("\t")[1])
            elif not line.startswith("row\t") or not quiet:
                print(f"{line}\t{command}" if line.startswith("row\t") else line, flush=True)
        if run.returncode != 0:
            row(f"bench_store {words[0]}", "", f"ended with {run.returncode}", "no")
        if not quiet:
            print(f"# {words[0]}: {time.monotonic() - began:.0f} s", flush=True)
        return following

    def command(self, *words):
        return subprocess.run([self.tocsin, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True)

    def url(self, database):
        return "sqlite:tocsin.db" if database == "sqlite" else self.cluster.url(self.cluster.database())

    # ---- one database ----

    def filled(self, database, node):
        """A node with its cases: made, or the one that stands there. Answers the number of the next case."""
        options = self.options
        if database == "sqlite" and self.stands is not None:
            print(f"# {node.relative_to(self.build.parent)} stands from before", flush=True)
            return self.stands
        self.measure("make", node, self.url(database))
        return self.measure("import", node, 0, options.cases, *IMPORT_BARS, quiet="import" not in options.parts)

    def one(self, database):
        node, options = self.place / database, self.options
        other = self.cluster.folder if database == "postgresql" else "-"
        following = self.filled(database, node)
        for part, words in (("create", (CALLERS, options.seconds, *CREATE_BARS[database])), ("one", ())):
            if part in options.parts:
                self.note(database, None)
                following = self.measure(part, node, following, *words)
        self.note(database, following)
        if "lists" in options.parts:
            self.measure("lists", node, options.rounds)
        if "search" in options.parts:
            self.measure("search", node, options.cases, 2 * options.rounds)
        if "counts" in options.parts:
            self.measure("counts", node, 2 * options.rounds)
        if "canaries" in options.parts:
            self.note(database, None)
            self.note(database, self.measure("canaries", node, following, other))
        if "erasure" in options.parts:
            self.note(database, None)
            self.erasure(database, node)

    def erasure(self, database, node):
        backup = self.backup(database, node)
        self.measure("erase", node, self.options.cases, ERASED)
        self.measure("rewrap", node)
        if backup:
            self.restore(database, node, backup)
            self.after_the_period(database, node, backup)

    def backup(self, database, node):
        folder = self.place / f"{database}-backups"
        folder.mkdir()
        began = time.monotonic()
        run = self.command("backup", "--node", node, "--to", folder)
        made = sorted(folder.glob("*.backup"))
        if run.returncode != 0 or not made:
            row(f"backup, {WORDS[database]}", "made", " ".join(run.stdout.split())[-200:], "no")
            return None
        print(f"# backup: {time.monotonic() - began:.0f} s, {made[0].stat().st_size / 1e6:.0f} MB", flush=True)
        return made[0]

    def restore(self, database, node, backup):
        """Into an empty node with the same keys, as on a new machine; the erased are erased again."""
        restored = self.copy_of_keys(database, node, "restored")
        began = time.monotonic()
        run = self.command("restore", "--node", restored, backup)
        seconds = time.monotonic() - began
        steps = re.findall(r"in (\d+\.\d) seconds", run.stdout)
        again = re.search(r"erased +(\d+)", run.stdout)
        if run.returncode != 0 or not again:
            row(f"restore, {WORDS[database]}", f"< {RESTORE_SECONDS} s, check clean",
                " ".join(run.stdout.split())[-300:], "no")
            return
        check = self.command("check", "--node", restored, "--quiet")
        row(f"restore of a backup of {self.options.cases} cases and more, then check, {WORDS[database]}",
            f"< {RESTORE_SECONDS} s, check clean",
            f"{seconds:.0f} s (loaded {steps[0]}, erased again {steps[1]}, checked {steps[2]}); "
            f"{'check clean' if check.returncode == 0 else 'check NOT clean'}",
            "yes" if seconds < RESTORE_SECONDS and check.returncode == 0 else "no")
        row(f"erasure: a restored backup that was made before it, {WORDS[database]}", f"{ERASED} erased again",
            f"{again[1]} erased again", "yes" if int(again[1]) == ERASED else "no")

    def copy_of_keys(self, database, node, name):
        """A node with the same keys and settings, whose database is not there yet."""
        made = self.place / f"{database}-{name}"
        made.mkdir(mode=0o700)
        shutil.copytree(node / "keys", made / "keys")
        os.chmod(made / "keys", 0o700)
        settings = (node / "tocsin.conf").read_text()
        settings = re.sub(r"(?m)^(# )?database = .*$", f"database = {self.url(database)}", settings)
        (made / "tocsin.conf").write_text(settings)
        os.chmod(made / "tocsin.conf", 0o600)
        return made

    def after_the_period(self, database, node, backup):
        """The backup made before the erasures, with every key that still exists and without any list of the erased: before
        the generation that it was made under is destroyed, which shows that there is something to read, and after."""
        cases = self.options.cases
        old = self.copy_of_keys(database, node, "old")
        (old / "keys" / "erasures").write_bytes(b"")
        run = self.command("restore", "--node", old, "--erasures", self.place / "nowhere", backup)
        before = self.measure("read-erased", old, cases, ERASED, quiet=True)
        destroyed = self.command("keeper", "destroy", "1", "--force", "--keys", old / "keys")
        after = self.measure("read-erased", old, cases, ERASED, quiet=True)
        audit = self.command("audit", "verify", "--node", old)
        ran = run.returncode == 0 and destroyed.returncode == 0
        whole = audit.returncode == 0
        row(f"erasure: an old backup after its generation was destroyed, {WORDS[database]}",
            f"0 of {ERASED} read, audit whole",
            f"{before} of {ERASED} read before, {after} after; audit {'whole' if whole else 'NOT whole'}" if ran else
            " ".join((run.stdout + destroyed.stdout).split())[-300:],
            "yes" if ran and whole and before == ERASED and after == 0 else "no")
        shutil.rmtree(old)

    # ---- both ----

    def same_pages(self):
        pages = {}
        for database in self.options.databases:
            path = self.place / f"{database}-pages"
            self.measure("pages", self.place / f"{database}-same", self.url(database), PAGES_CASES, path)
            pages[database] = path.read_bytes() if path.exists() else b""
        sizes = {len(page) for page in pages.values()}
        equal = len(set(pages.values())) == 1 and sizes != {0}
        row("both databases, same operations", "byte-equal pages",
            f"{min(page.count(10) for page in pages.values())} pages of a list of {PAGES_CASES} cases, "
            f"{' and '.join(str(size) for size in sorted(sizes))} bytes: {'equal' if equal else 'NOT equal'}",
            "yes" if equal else "no")

    def areas(self):
        """660,000 areas as one audited set; the program makes nodes of its own and prints the rows."""
        folder = self.place / "areas"
        folder.mkdir()
        databases = [self.url("postgresql")] if "postgresql" in self.options.databases else []
        run = subprocess.run([self.build / "bench/bench_areas", folder, *databases], cwd=ROOT)
        if run.returncode != 0:
            row("660,000 areas loaded as one audited set", "< 5 s", f"bench_areas ended with {run.returncode}", "no")
        shutil.rmtree(folder)

    def run(self):
        with contextlib.ExitStack() as stack:
            if not self.options.keep:
                stack.callback(shutil.rmtree, self.place, ignore_errors=True)
            if "postgresql" in self.options.databases:
                self.cluster = stack.enter_context(postgresql.Cluster(SETTINGS))
            if "pages" in self.options.parts and len(self.options.databases) > 1:
                self.same_pages()
            if "areas" in self.options.parts:
                self.areas()
            for database in self.options.databases if set(self.options.parts) - {"pages", "areas"} else []:
                self.one(database)


def main():
    arguments = argparse.ArgumentParser(description="What the store promises, measured.")
    arguments.add_argument("build")
    arguments.add_argument("parts", nargs="*", metavar="PART", help=" ".join(PARTS))
    arguments.add_argument("--quick", action="store_true")
    arguments.add_argument("--cases", type=int)
    arguments.add_argument("--seconds", type=int, help="of durable creates")
    arguments.add_argument("--rounds", type=int, help="pages of each kind, and twice as many searches")
    arguments.add_argument("--databases", type=lambda text: text.split(","), default=["sqlite", "postgresql"])
    arguments.add_argument("--keep", action="store_true", help="in BUILD/bench-store-kept, for the next --keep")
    options = arguments.parse_intermixed_args()
    usual = {"cases": 20000, "seconds": 10, "rounds": 5} if options.quick else {
        "cases": 1000000, "seconds": 300, "rounds": 20}
    for name, value in usual.items():
        setattr(options, name, getattr(options, name) or value)
    for part in options.parts:
        if part not in PARTS:
            sys.exit(f"store.py: no part {part}; there are: {', '.join(PARTS)}")
    options.parts = options.parts or PARTS
    for database in options.databases:
        if database not in WORDS:
            sys.exit(f"store.py: no database {database}; there are: {', '.join(WORDS)}")
    Bench(options).run()


main()
