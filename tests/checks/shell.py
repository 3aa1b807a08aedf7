# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell scripts pass shellcheck."""

import subprocess

import tap

report = tap.Report()
for script in tap.files("dev", ".ci/run", "*.sh"):
    run = subprocess.run(["shellcheck", "-f", "gcc", str(script)], cwd=tap.ROOT, capture_output=True, text=True)
    report.result(f"{script} passes shellcheck", run.stdout.splitlines())
report.done()
