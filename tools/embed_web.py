# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the browser's side as a C file of gzip bytes, so that the server needs no folder beside it.

usage: embed_web.py FOLDER OUTPUT.c

FOLDER is what `./dev web` makes: index.html, pass.html, pass-worker.js and assets/. Where it is absent the table is empty, and the server has its
plain page alone. The output is written only when it differs. The same files give the same bytes.
"""

import gzip
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}


def files(folder):
    if (folder / "index.html").exists():
        for name in ("index.html", "pass.html", "pass-worker.js"):
            yield name, folder / name
        for path in sorted((folder / "assets").iterdir()):
            yield path.name, path


def main():
    folder, output = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    arrays, rows = [], []
    for number, (name, path) in enumerate(sorted(files(folder))):
        data = gzip.compress(path.read_bytes(), 9, mtime=0)
        text = ",".join(map(str, data))
        arrays.append(f"static const unsigned char file_{number}[] = {{ {text} }};\n")
        rows.append(f'    {{ "{name}", "{TYPES[path.suffix]}", file_{number}, sizeof file_{number} }},\n')
    made = '#include "server/web.h"\n\n' + "".join(arrays)
    made += "const struct web_file web_files[] = {\n" + "".join(rows) + "    { NULL, NULL, NULL, 0 },\n};\n"
    made += f"const size_t num_web_files = {len(rows)};\n"
    if not output.exists() or output.read_text() != made:
        output.write_text(made)


main()
