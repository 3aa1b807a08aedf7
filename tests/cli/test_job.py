# SPDX-License-Identifier: GPL-3.0-or-later
"""`tocsin job`: asked for, listed, shown and cancelled by the operator, with a server and without one."""

import re
import sys
import time

from program import PROGRAM, ROOT, equal, folder, main
from program import run as run_program

sys.path.insert(0, str(ROOT / "tests/support"))
from serving import Server  # noqa: E402

EXPORT = '{"kind":"export","list":"cases","as":"csv"}'
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"


def run(*words, **options):
    """Without what a test machine's clock has to say."""
    code, out, err = run_program(*words, **options)
    return code, out, "".join(line for line in err.splitlines(True) if "THE CLOCK " not in line)


def node(place):
    path = f"{place}/node"
    equal(run("node", "init", path, "--lists", ROOT / "share/lists")[0], 0)
    equal(run("user", "create", "dolma", "--role", "analyst", "--everywhere", "--node", path)[0], 0)
    return path


def start(path, *words):
    return run("job", "start", EXPORT, "--user", "dolma", *words, "--node", path)


def status(path, job):
    code, out, err = run("job", "show", job, "--node", path)
    equal((code, err), (0, ""))
    return out.split()[1], out


def test_without_a_server():
    """A job waits, is shown and listed, and ends at once where it is cancelled"""
    with folder() as place:
        path = node(place)
        code, out, err = start(path, "--role", "analyst")
        assert (code, err) == (0, "") and re.fullmatch(ID + "\n", out), (code, out, err)
        job = out.strip()
        state, shown = status(path, job)
        equal(state, "waiting")
        assert '"list":"cases"' in shown and "asked for 20" in shown, shown
        equal(run("job", "list", "--node", path), (0, f"{job}  waiting       0 %  export\n", ""))
        equal(run("job", "cancel", job, "--node", path), (0, "", ""))
        equal(status(path, job)[0], "cancelled")


def test_a_server_does_it():
    """A server at work on the node does the job and tells how far it is"""
    with folder() as place:
        path = node(place)
        with Server(PROGRAM, path) as server:
            server.wait_until_it_serves()
            code, out, err = start(path, "--role", "analyst")
            equal((code, err), (0, ""))
            job = out.strip()
            until = time.monotonic() + 60
            while status(path, job)[0] != "done":
                assert time.monotonic() < until, status(path, job)
                time.sleep(0.2)
            assert "100 %" in status(path, job)[1] and "\nended 20" in status(path, job)[1]
            equal(run("job", "cancel", job, "--node", path), (0, "", ""))  # it had ended
            equal(status(path, job)[0], "done")
            equal(server.end(), 0)


def test_what_is_refused():
    """A role that is not granted, plans that are none, unknown jobs and users"""
    with folder() as place:
        path = node(place)
        code, out, err = start(path, "--role", "epidemiologist")
        assert (code, out) == (1, "") and err, err
        code, out, err = start(path)
        assert (code, out) == (2, "") and "--role" in err, err
        code, out, err = run("job", "start", "{}", "--user", "dolma", "--role", "analyst", "--node", path)
        assert (code, out) == (1, "") and "kind" in err, err
        code, out, err = run("job", "start", "no json", "--user", "dolma", "--role", "analyst", "--node", path)
        assert (code, out) == (1, "") and "JSON" in err, err
        code, out, err = run("job", "show", "0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee", "--node", path)
        assert (code, out) == (1, "") and "no such job" in err, err
        code, out, err = run("job", "cancel", "first", "--node", path)
        assert (code, out) == (2, "") and "not the id of a job" in err, err


main(globals())
