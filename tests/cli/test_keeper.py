# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin keeper, seen from outside."""

import os
import pathlib
import re
import stat

from program import bad, equal, folder, good, main, run
from recovery import sealed


def files(folder_of_keys):
    return {path.name: path.read_bytes() for path in pathlib.Path(folder_of_keys).iterdir()}


def test_init_and_status():
    """init makes the keys, open to their owner alone; status lists them."""
    with folder() as name:
        keys = f"{name}/keys"
        out = good("keeper", "init", keys)
        assert out.startswith(f"{keys}: made, with one key of each kind\n"), out
        equal(stat.S_IMODE(os.stat(keys).st_mode), 0o700)
        equal(sorted(os.listdir(keys)), ["erasures", "gen-0001", "hash-0001", "pass-0001", "sign-0001", "token-0001"])
        lines = good("keeper", "status", "--keys", keys).splitlines()
        equal([line.split()[0] for line in lines], ["key", "gen-0001", "token-0001", "sign-0001", "hash-0001",
                                                "pass-0001", "recovery", "erasure"])
        equal(lines[-2], "recovery copy: none was made here; 'tocsin keeper seal-recovery' makes one")
        equal(lines[-1], "erasure list: 0 records")
        bad(1, f"tocsin keeper: {keys} exists and is not an empty directory; keys are never written over",
            "keeper", "init", keys)


def test_status_holds_no_key():
    """Nothing that is shown or written holds bytes of a key."""
    with folder() as name:
        keys = f"{name}/keys"
        shown = good("keeper", "init", keys) + good("keeper", "rotate", "--keys", keys)
        shown += good("keeper", "status", "--keys", keys)
        code = sealed(keys, f"{name}/copy")
        shown += good("keeper", "rehearse-recovery", f"{name}/copy", "--keys", keys, stdin=code)
        copy = pathlib.Path(name, "copy").read_bytes()
        for content in files(keys).values():
            key = content[32:64]
            if key:
                assert key[:8] not in copy and key[:4].hex() not in shown.lower()


def test_node_settings():
    """The node's settings say where the keys are and how long backups live."""
    with folder() as name:
        pathlib.Path(name, "tocsin.conf").write_text("keys = secret\nbackup_keep_days = 10\n", encoding="utf-8")
        good("keeper", "init", "--node", name)
        assert os.path.isdir(f"{name}/secret")
        good("keeper", "rotate", "--node", name)
        lines = good("keeper", "status", "--node", name).splitlines()
        equal(lines[1].split()[0], "gen-0001")
        equal((lines[1].split()[2], lines[2].split()[2]), (lines[2].split()[1], "-"))
        code, _, err = run("keeper", "destroy", "1", "--node", name)
        equal(code, 1)
        assert "may live until 10.0 days have passed" in err, err


def test_rotate_and_destroy():
    """A generation is made, and destroyed only when it may be."""
    with folder() as name:
        keys = f"{name}/keys"
        good("keeper", "init", keys)
        bad(1, "tocsin keeper: gen-0001 is the newest and in use; make a new generation first",
            "keeper", "destroy", "1", "--keys", keys)
        good("keeper", "rotate", "--keys", keys)
        bad(1, "tocsin keeper: gen-0001 was replaced 0.0 days ago; backups made under it may live until 35.0 days have "
               "passed", "keeper", "destroy", "1", "--keys", keys)
        out = good("keeper", "destroy", "1", "--force", "--keys", keys)
        assert out.startswith("gen-0001 is overwritten and removed"), out
        equal(sorted(os.listdir(keys)), ["erasures", "gen-0002", "hash-0001", "pass-0001", "sign-0001", "token-0001"])
        bad(1, "tocsin keeper: there is no gen-0007", "keeper", "destroy", "7", "--keys", keys)
        good("keeper", "rotate", "--kind", "token", "--keys", keys)
        assert os.path.exists(f"{keys}/token-0002")
        for wrong in ("0", "-", "1x", "99999999999"):
            bad(2, f"tocsin keeper: destroy: found '{wrong}'; allowed: the number of a generation",
                "keeper", "destroy", wrong, "--keys", keys)


def test_recovery():
    """A copy opens with its code alone, is compared key by key, and brings the directory back byte for byte."""
    with folder() as name:
        keys, copy = f"{name}/keys", f"{name}/copy"
        good("keeper", "init", keys)
        good("keeper", "rotate", "--keys", keys)
        code = sealed(keys, copy)
        out = good("keeper", "rehearse-recovery", copy, "--keys", keys, stdin=code + "\n")
        assert re.fullmatch(r".*; opens; 6 keys equal to those in use; 0 records of the erasure list; \d\.\d{3} seconds\n",
                            out), out
        good("keeper", "recover", copy, "--to", f"{name}/again", stdin=code.lower().replace("-", " "))
        noted = files(keys).pop("copied")
        equal({**files(f"{name}/again"), "copied": noted}, files(keys))

        bad(1, "tocsin keeper: group 2 is mistyped", "keeper", "rehearse-recovery", copy, "--keys", keys,
            stdin=code[:6] + ("0" if code[6] != "0" else "1") + code[7:])
        other = sealed(keys, f"{name}/other")
        bad(1, f"tocsin keeper: {copy} does not open: the code belongs to another copy, or the file was altered",
            "keeper", "recover", copy, "--to", f"{name}/never", stdin=other)
        assert not os.path.exists(f"{name}/never")


def test_status_knows_the_copy():
    """status names the keys that no recovery copy holds."""
    with folder() as name:
        keys = f"{name}/keys"
        good("keeper", "init", keys)
        sealed(keys, f"{name}/copy")
        line = good("keeper", "status", "--keys", keys).splitlines()[-2]
        assert re.fullmatch(r"recovery copy: the newest is of \S+Z", line), line
        good("keeper", "rotate", "--keys", keys)
        good("keeper", "rotate", "--keys", keys, "--kind", "sign")
        line = good("keeper", "status", "--keys", keys).splitlines()[-2]
        assert line.endswith("Z and lacks gen-0002, sign-0002: make a new one"), line
        sealed(keys, f"{name}/newer")
        line = good("keeper", "status", "--keys", keys).splitlines()[-2]
        assert re.fullmatch(r"recovery copy: the newest is of \S+Z", line), line
        pathlib.Path(keys, "copied").write_bytes(b"torn")
        line = good("keeper", "status", "--keys", keys).splitlines()[-2]
        assert "none was made here" in line, line


def test_rehearsal_tells_differences():
    """A copy that lacks a key, holds a destroyed one, or is of another node fails its rehearsal."""
    with folder() as name:
        keys, copy = f"{name}/keys", f"{name}/copy"
        good("keeper", "init", keys)
        code = sealed(keys, copy)
        good("keeper", "rotate", "--keys", keys)
        found, _, err = run("keeper", "rehearse-recovery", copy, "--keys", keys, stdin=code)
        equal((found, err), (1, "tocsin keeper: 1 keys in use are not in the copy: make a new one\n"))
        good("keeper", "destroy", "1", "--force", "--keys", keys)
        found, _, err = run("keeper", "rehearse-recovery", copy, "--keys", keys, stdin=code)
        equal(found, 1)
        assert "1 keys of the copy have been destroyed here" in err, err
        good("keeper", "init", f"{name}/node")
        found, _, err = run("keeper", "rehearse-recovery", copy, "--keys", f"{name}/node", stdin=code)
        equal((found, err), (1, "tocsin keeper: 5 keys are not those in use: the copy is of another node\n"))


def test_the_code_is_for_a_terminal():
    """Without a terminal no copy is made, as its code would end in a file or a log."""
    with folder() as name:
        good("keeper", "init", f"{name}/keys")
        bad(1, "tocsin keeper: the recovery code is shown once, on a terminal; standard output is none",
            "keeper", "seal-recovery", "--keys", f"{name}/keys", "--to", f"{name}/copy")
        assert not os.path.exists(f"{name}/copy")


def test_keys_open_to_others():
    """Keys that others can read are refused by every subcommand."""
    with folder() as name:
        keys = f"{name}/keys"
        good("keeper", "init", keys)
        os.chmod(keys, 0o755)
        for words in (["status"], ["rotate"], ["destroy", "1"], ["rehearse-recovery", "x"]):
            bad(1, f"tocsin keeper: {keys} is open to its group or to others (mode 0755); remedy: chmod 0700, and think of "
                   "who may have read it", "keeper", *words, "--keys", keys)


def test_wrong_use():
    """Wrong use is told."""
    bad(2, "tocsin keeper: what to do? 'tocsin help keeper' lists it", "keeper")
    bad(2, "tocsin keeper: unknown 'rotat'; did you mean 'rotate'?", "keeper", "rotat")
    bad(2, "tocsin keeper: destroy: found 0 names behind it; 'tocsin help keeper' says which it takes",
        "keeper", "destroy")
    bad(2, "tocsin keeper: recover needs --to DIR", "keeper", "recover", "x")
    bad(2, "tocsin keeper: --serve-fd: file 3 is no socket; the server starts the keeper itself",
        "keeper", "--serve-fd", "3")


main(dict(globals()))
