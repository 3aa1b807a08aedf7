# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the migration files as the C array of store/migration.h: embed.py OUTPUT FILE…"""

import pathlib
import re
import sys

NAME = re.compile(r"^(\d{4})-([a-z0-9-]+)\.sql$")


def as_bytes(text):
    """A string literal may not be this long in C17."""
    return ",".join(str(byte) for byte in text.encode() + b"\0")


def main():
    output, paths = pathlib.Path(sys.argv[1]), sorted(map(pathlib.Path, sys.argv[2:]), key=lambda path: path.name)
    texts, rows = [], []
    for number, path in enumerate(paths, 1):
        match = NAME.match(path.name)
        if not match or int(match.group(1)) != number:
            sys.exit(f"{path}: migrations are called 0001-name.sql, 0002-… without gaps; {number:04d} is due")
        texts.append(f"static const char text_{number}[] = {{ {as_bytes(path.read_text(encoding='utf-8'))} }};\n")
        rows.append(f'    {{ {number}, "{match.group(2)}", text_{number} }},\n')
    output.write_text('#include "store/migration.h"\n\n' + "".join(texts) +
                      "const struct migration migrations[] = {\n" + "".join(rows) +
                      "};\nconst size_t num_migrations = sizeof migrations / sizeof *migrations;\n", encoding="utf-8")


main()
