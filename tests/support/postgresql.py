#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private PostgreSQL cluster for one test program: made, watched over, stopped and removed by this process.

    postgresql.py [--setting NAME=VALUE]… [--initdb OPTION]… [--power LIBRARY]

Whoever starts it holds its standard input: when that closes (the test ended, crashed or was killed), the server is
stopped at once and everything is removed. Should this process itself be killed, the server stops by itself and the
next start removes what is left. The server listens on a Unix socket in a folder of its own, never on the network.

Standard output answers in single lines: first `ready FOLDER`, or `absent WHY` where no server is installed, or
`failed WHY`. Then one answer a line of standard input, `ok …` or `failed WHY`:
    database   make a new, empty database: `ok NAME`
    crash      kill -9 all server processes; no more are left when the answer comes
    stop       a clean stop (fast)
    start      start again, after crash or stop: answers when the server takes connections
    set NAME=VALUE    a setting for the next start
With --power (the built power_preload.c) the machine's power can be cut (power_journal.h):
    plan CUT_AT FAIL_SYNC_AT BYTES_ALLOWED    struct power_plan, from now on
    state             `ok CUT CHANGES SYNCS`
    cut SEED SECTOR   cut the power if it is still on, restore what survives: `ok` and the numbers of struct power_loss
With `--run COMMAND…` it runs that instead, with TOCSIN_PAGES_POSTGRESQL=URL of the database postgres, and ends as it does.
The same file is a module for the command line's tests: `with Cluster() as cluster: cluster.url()`.
"""

import argparse
import contextlib
import ctypes
import fcntl
import hashlib
import mmap
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

USER = "tocsin"
DATABASE = "tocsin"
PREFIX = "tocsin-pg-"
MADE = "tocsin-initdb-"
START_SECONDS = 60
RECOVERY_SECONDS = 120
STALE_SECONDS = 60
MADE_SECONDS = 86400
LONGEST_PLACE = 20  # a socket's path is short
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "off",
    "dynamic_shared_memory_type": "mmap",
}
JOURNAL_BYTES = 256 << 20  # touched only as far as it is used
ORDERED_NAMES = 1
LOSS = ("files", "changes", "sectors_lost", "sectors_kept", "names_lost", "names_kept")
libc = ctypes.CDLL(None, use_errno=True)


class Absent(Exception):
    """No PostgreSQL server is installed."""


class Failed(Exception):
    """The server did not do what it was asked."""


def programs():
    """The folder of initdb and postgres, version 15 or newer; Debian keeps it out of PATH."""
    found = []
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        # libpq's pg_config names the newest server's folder, which may be another than the client's.
        found.append(pathlib.Path(subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True,
                                                 check=True).stdout.strip()))
    found += sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                    key=lambda path: float(path.parent.name), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Absent("no PostgreSQL server: initdb is neither where pg_config says nor in /usr/lib/postgresql/*/bin; "
                 "install postgresql-15")


def server_user():
    """Who runs the server: ourselves, but PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Failed("root may not run PostgreSQL, and there is neither a user postgres nor nobody")


def remove_stale(place):
    """Remove clusters whose keeper was killed: nobody holds their lock. And what initdb made, a day after its last use."""
    for folder in pathlib.Path(place).glob(MADE + "*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > MADE_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
    for folder in pathlib.Path(place).glob(PREFIX + "*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime < STALE_SECONDS:
                continue
            with open(folder / "lock", "r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)


class Machine:
    """A machine whose power can be cut: the journal that the server's processes share."""

    class Plan(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("cut_at", "fail_sync_at", "fail_read_at", "short_read_at")] + [
            ("bytes_allowed", ctypes.c_int64)]

    def __init__(self, library, data, trash):
        self.library = ctypes.CDLL(library)
        self.library.power_journal_size.restype = ctypes.c_size_t
        size = self.library.power_journal_size(ctypes.c_size_t(JOURNAL_BYTES))
        self.file = os.memfd_create("power-journal", 0)
        os.ftruncate(self.file, size)
        self.memory = mmap.mmap(self.file, size)
        self.journal = ctypes.byref((ctypes.c_char * size).from_buffer(self.memory))
        self.data = data
        self.library.power_journal_init(self.journal, ctypes.c_size_t(JOURNAL_BYTES), ORDERED_NAMES,
                                        str(trash).encode())
        self.environment = {"LD_PRELOAD": library, "TOCSIN_POWER_JOURNAL": str(self.file),
                            "TOCSIN_POWER_DATA": str(data)}

    def plan(self, cut_at, fail_sync_at, bytes_allowed):
        plan = self.Plan(int(cut_at), int(fail_sync_at), 0, 0, int(bytes_allowed))
        self.library.power_journal_set_plan(self.journal, ctypes.byref(plan), ctypes.c_uint64(0))

    def state(self):
        numbers = (ctypes.c_uint64 * 4)()
        self.library.power_journal_state(self.journal, numbers)
        return " ".join(map(str, numbers[:3]))

    def cut(self):
        self.library.power_journal_cut(self.journal)

    def watch(self, server):
        self.library.power_journal_set_server(self.journal, server)

    def restore(self, seed, sector):
        numbers = (ctypes.c_uint64 * len(LOSS))()
        if self.library.power_restore(self.journal, str(self.data).encode(), ctypes.c_uint64(int(seed)), int(sector),
                                      numbers) != 0:
            raise Failed("the power cut could not be made")
        return " ".join(map(str, numbers))


class Cluster:
    """One cluster; starts when it is made."""

    def __init__(self, settings=None, initdb=(), power=None):
        self.programs = programs()
        self.user = server_user()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        self.environment.update({"LC_ALL": "C", "TZ": "UTC"})
        self.machine = None
        self.settings = {**SETTINGS, **(settings or {})}
        self.postmaster = None
        self.databases = 0
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        place = tempfile.gettempdir()
        if len(place) > LONGEST_PLACE and os.access("/tmp", os.W_OK):
            place = "/tmp"
        remove_stale(place)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        self.lock = open(self.folder / "lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.data = self.folder / "data"
        try:
            if self.user:
                os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
            self.make_data(initdb)
            self.settings["unix_socket_directories"] = str(self.folder)
            if power:
                self.make_machine(power)
            self.start()
            self.sql("postgres", f"CREATE DATABASE {DATABASE}")
        except BaseException:
            self.close()
            raise

    def make_data(self, options):
        """The cluster's files: a copy of those that the first program with these options made. initdb costs a second of
        the processor, and there are more than a hundred programs."""
        words = ["--no-sync", "--username", USER, "--auth", "trust", "--locale", "C", "--encoding", "UTF8",
                 "--no-instructions", *options]
        made_by = " ".join([str(self.programs), str((self.programs / "initdb").stat().st_mtime_ns), *words])
        made = self.folder.parent / f"{MADE}{os.geteuid()}-{hashlib.sha256(made_by.encode()).hexdigest()[:16]}"
        if not made.is_dir():
            fresh = self.folder / "made"
            self.run("initdb", *words, "--pgdata", str(fresh))
            with contextlib.suppress(OSError):  # another program was first
                fresh.rename(made)
        os.utime(made)
        subprocess.run(["cp", "--archive", made, self.data], check=True)

    def make_machine(self, library):
        trash = self.folder / "trash"
        trash.mkdir()
        if self.user:
            os.chown(trash, self.user.pw_uid, self.user.pw_gid)
        self.machine = Machine(library, self.data, trash)

    def identity(self):
        if not self.user:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def run(self, program, *words):
        result = subprocess.run([self.programs / program, *words], env=self.environment, cwd=self.folder,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                **self.identity())
        if result.returncode != 0:
            raise Failed(f"{program}: {' '.join(result.stdout.split())[-600:]}")
        return result.stdout

    def sql(self, database, text):
        """Run SQL; answers what psql prints, columns apart by `|`."""
        return self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", USER, "-d", database,
                        "-c", text)

    def url(self, database=DATABASE):
        return f"postgresql:///{database}?host={self.folder}&user={USER}"

    def database(self):
        """A new, empty database."""
        self.databases += 1
        name = f"t{self.databases}_{secrets.token_hex(4)}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return name

    def start(self):
        words = [str(self.programs / "postgres"), "-D", str(self.data)]
        for name, value in self.settings.items():
            words += ["-c", f"{name}={value}"]
        environment, files = self.environment, ()
        if self.machine:
            environment, files = {**self.environment, **self.machine.environment}, (self.machine.file,)
        with open(self.folder / "log", "a") as log:
            # The server ends with its keeper, however that ends: SIGQUIT is its immediate stop.
            self.postmaster = subprocess.Popen(words, env=environment, cwd=self.folder,
                                               stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                               start_new_session=True, pass_fds=files, **self.identity(),
                                               preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0,
                                                                             0))
        if self.machine:
            self.machine.watch(self.postmaster.pid)
        deadline = time.monotonic() + START_SECONDS + RECOVERY_SECONDS
        while not self.ready():
            if self.postmaster.poll() is not None:
                self.postmaster = None
                raise Failed("the server ended: " + self.log())
            if time.monotonic() > deadline:
                raise Failed("the server is not ready: " + self.log())
            time.sleep(0.005)

    def ready(self):
        """The last line of postmaster.pid says so (pg_ctl --wait reads the same)."""
        with contextlib.suppress(OSError, ValueError):
            lines = (self.data / "postmaster.pid").read_text().split("\n")
            return int(lines[0]) == self.postmaster.pid and len(lines) > 7 and lines[7].strip() == "ready"
        return False

    def log(self):
        """The end of the server's log, in one line."""
        return " / ".join((self.folder / "log").read_text(errors="replace").strip().split("\n")[-6:])

    def crash(self):
        """kill -9 of all server processes. As orphans they become our children, so that we know when all have ended."""
        if self.postmaster:
            self.postmaster.kill()
            self.postmaster.wait()
            self.postmaster = None
        self.end_children()
        self.remove_shared_memory()

    def remove_shared_memory(self):
        """What a killed postmaster leaves: line 7 of its lock file names a piece of the system's memory. The lock file
        goes too, lest its number be that of another process by now."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            libc.shmctl(int((self.data / "postmaster.pid").read_text().split("\n")[6].split()[1]), 0, None)
        with contextlib.suppress(OSError):
            (self.data / "postmaster.pid").unlink()

    def cut(self, seed, sector):
        """Cut the power, unless it has gone by plan, and restore what survives it; `start` brings the server back."""
        self.machine.cut()
        self.crash()
        return self.machine.restore(seed, sector)

    @staticmethod
    def end_children():
        while True:
            try:
                ended = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if ended != (0, 0):
                continue
            for child in children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.001)

    def stop(self):
        if self.postmaster:
            self.postmaster.send_signal(signal.SIGINT)
            try:
                self.postmaster.wait(timeout=START_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        self.crash()

    def close(self):
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def children():
    """Our children's process ids."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        with contextlib.suppress(OSError):
            with open(f"/proc/{entry}/stat") as stat:
                if int(stat.read().rsplit(")", 1)[1].split()[1]) == os.getpid():
                    found.append(int(entry))
    return found


def obey(cluster, line):
    """One command; answers what follows `ok`."""
    word, _, rest = line.partition(" ")
    if word == "database":
        return cluster.database()
    if word == "set":
        name, _, value = rest.partition("=")
        cluster.settings[name] = value
        return ""
    if word in ("crash", "stop", "start"):
        getattr(cluster, word)()
        return ""
    if word == "cut":
        return cluster.cut(*rest.split())
    if word == "plan":
        cluster.machine.plan(*rest.split())
        return ""
    if word == "state":
        return cluster.machine.state()
    raise Failed(f"no such command: {word}")


def answer(*words):
    print(" ".join(str(word) for word in words).replace("\n", " ").strip(), flush=True)


def pairs(words):
    return dict(word.split("=", 1) for word in words)


def run_beside(options):
    """Run the command while a cluster is there; its exit code. Without a server: a skipped test, as TAP says it."""
    try:
        with Cluster(pairs(options.setting), options.initdb) as cluster:
            url = {"TOCSIN_PAGES_POSTGRESQL": cluster.url("postgres")}
            return subprocess.call(options.run, env={**os.environ, **url})
    except Absent as why:
        print(f"1..1\nok 1 - on PostgreSQL # SKIP {why}")
        return 0


def main():
    arguments = argparse.ArgumentParser(description="A private PostgreSQL cluster for a test.")
    for name in ("setting", "initdb"):
        arguments.add_argument("--" + name, action="append", default=[])
    arguments.add_argument("--power", help="the built power_preload.c")
    arguments.add_argument("--run", nargs=argparse.REMAINDER, default=[], metavar="COMMAND")
    arguments.add_argument("--probe", action="store_true", help="exit code 0 where a server is installed")
    options = arguments.parse_args()
    if options.probe:
        with contextlib.suppress(Absent):
            sys.exit(0 if programs() else 1)
        sys.exit(1)
    if options.run:
        sys.exit(run_beside(options))
    with contextlib.suppress(PermissionError):
        os.setsid()  # a signal to the test's group is not for the keeper: it ends when its standard input does
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        cluster = Cluster(pairs(options.setting), options.initdb, options.power)
    except Absent as why:
        return answer("absent", why)
    except Failed as why:
        return answer("failed", why)
    with cluster, contextlib.suppress(BrokenPipeError):
        answer("ready", cluster.folder)
        for line in iter(sys.stdin.readline, ""):
            try:
                answer("ok", obey(cluster, line.strip()))
            except Failed as why:
                answer("failed", why)


if __name__ == "__main__":
    main()
