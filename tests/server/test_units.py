# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit of the server is confined: systemd's own measure of exposure, from 0 to 10."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/checks"))
import tap  # noqa: E402

MOST = 2.0

report = tap.Report()
title = f"the exposure of tocsin.service is at most {MOST}"
if not shutil.which("systemd-analyze"):
    report.skip(title, "systemd-analyze is not installed")
else:
    with tempfile.TemporaryDirectory(prefix="tocsin-test-") as name:
        unit = pathlib.Path(name, "tocsin.service")
        text = (ROOT / "packaging/systemd/tocsin.service").read_text(encoding="utf-8")
        unit.write_text(text.replace("@bindir@", "/usr/bin"), encoding="utf-8")
        said = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager", unit], text=True,
                              capture_output=True, check=False)
        found = re.search(r"Overall exposure level for tocsin.service: ([0-9.]+)", said.stdout)
        report.result(title, [] if found and float(found.group(1)) <= MOST else (said.stdout + said.stderr).splitlines()[-3:])
        if found:
            print(f"# {found.group(1)}")
report.done()
