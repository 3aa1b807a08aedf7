# SPDX-License-Identifier: GPL-3.0-or-later
"""Adding a field is one line: the model is built anew in a temporary folder with one more line in case.def, and
add_field_probe.c finds the field everywhere. The real files stay as they are.

usage: add_field.py BUILD_FOLDER; the commands are those that the build itself uses."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINE = 'FIELD(probe_days, INTEGER(0, 7), OPTIONAL, SENSITIVE, "Days of the probe", "探针天数")\n'
# What is made from the descriptions. The rest comes from the libraries of the build.
SOURCES = [
    *(f"src/model/model{name}.c" for name in ["", "_check", "_codebook", "_json", "_moment", "_openapi", "_table",
                                             "_table_text", "_typescript", "_value"]),
    "src/store/schema.c",
    "tests/model/add_field_probe.c",
    "tests/support/assert.c",
]


def compile_flags(build):
    """How the build compiles the model: the words before the source."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if entry["file"].endswith("src/model/model.c"):
            words = shlex.split(entry["command"])
            if words[0].endswith("ccache"):
                words = words[1:]
            return [word for word in words[: words.index("-MD")] if not re.match(r"-O\d|-D_FORTIFY_SOURCE=", word)]
    raise SystemExit("the build does not compile src/model/model.c")


def link_words(build):
    """How the build links the program, without its own object and name."""
    lines = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "tocsin"], capture_output=True, text=True,
                           check=True).stdout.strip().split("\n")
    words = shlex.split(lines[-1])
    at = words.index("-o")
    return words[:at], [word for word in words[at + 2:] if not word.endswith(".o")]


def main():
    build = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="tocsin-add-field-") as name:
        folder = pathlib.Path(name)
        (folder / "model").mkdir()
        text = (ROOT / "src/model/case.def").read_text()
        place = text.index("FIELD(note,")
        (folder / "model/case.def").write_text(text[:place] + LINE + text[place:])
        flags = compile_flags(build)
        first = 2 if pathlib.Path(flags[0]).name == "ccache" else 1  # behind the compiler
        flags[first:first] = ["-I", str(folder), "-I", str(ROOT / "tests"), "-O0"]
        objects = []
        for number, source in enumerate(SOURCES):
            objects.append(str(folder / f"{number}.o"))
            subprocess.run([*flags, "-o", objects[-1], "-c", str(ROOT / source)], cwd=build, check=True)
        before, after = link_words(build)
        program = str(folder / "probe")
        subprocess.run([*before, "-o", program, *objects, *after, "-lcmocka"], cwd=build, check=True)
        sys.exit(subprocess.run([program], env={**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"}).returncode)


main()
