# SPDX-License-Identifier: GPL-3.0-or-later
"""Recovery copies of keys, whose code is shown on a terminal alone."""

import os
import re
import subprocess

from program import ENVIRONMENT, PROGRAM, equal


def on_terminal(*words):
    """Run with a terminal as standard output; answers exit code and what it showed."""
    main_end, program_end = os.openpty()
    process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL, stdout=program_end,
                               stderr=subprocess.PIPE, env=ENVIRONMENT)
    os.close(program_end)
    text = b""
    try:
        while piece := os.read(main_end, 65536):
            text += piece
    except OSError:  # the end of a terminal
        pass
    os.close(main_end)
    error = process.stderr.read()
    return process.wait(), (text + error).decode().replace("\r\n", "\n")


def sealed(place, file, option="--keys"):
    """Make a recovery copy; answers its code."""
    code, shown = on_terminal("keeper", "seal-recovery", option, place, "--to", file)
    equal(code, 0)
    groups = re.findall(r"\b[0-9A-Z]{5}\b", shown)
    equal(len(groups), 13)
    return "-".join(groups)
