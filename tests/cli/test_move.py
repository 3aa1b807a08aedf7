# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin move, seen from outside. (That nothing is lost on the way: tests/store/test_dump.c.)"""

import os
import sqlite3
import stat

from program import bad, equal, folder, main


def test_use():
    """Two databases are needed, and no password among the words."""
    bad(2, "tocsin move: found 1 databases; two are needed: FROM TO", "move", "a.db")
    for url in ["postgresql://me:secret@host/tocsin", "postgresql://host/tocsin?password=secret"]:
        bad(2, "tocsin move: a password on a command line can be read by others; remedy: PostgreSQL's file ~/.pgpass",
            "move", "a.db", url)


def test_no_database():
    """What is no database of Tocsin is refused, and nothing is made."""
    with folder() as name:
        bad(3, f"tocsin move: from: cannot open {name}/a.db: unable to open database file",
            "move", f"{name}/a.db", f"{name}/b.db")
        with sqlite3.connect(f"{name}/a.db") as database:
            database.execute("CREATE TABLE t (a)")
        os.chmod(f"{name}/a.db", stat.S_IRUSR | stat.S_IWUSR)
        bad(3, "tocsin move: from: the database is of an older Tocsin (its schema is 0, this one needs 1); remedy: start "
            "the writer once, it brings the database up to date", "move", f"{name}/a.db", f"sqlite:{name}/b.db")
        equal(os.path.exists(f"{name}/b.db"), False)


main(globals())
