# SPDX-License-Identifier: GPL-3.0-or-later
"""The WebAssembly in the tree is what its sources make, byte for byte."""

import pathlib
import shutil
import subprocess
import tempfile

import tap

SHIPPED = "web/src/pass/pass.wasm"

report = tap.Report()
name = f"{SHIPPED} is what web/wasm/make.sh makes"
if not all(shutil.which(tool) for tool in ("clang-14", "wasm-ld-14")) or \
        subprocess.run(["dpkg-query", "-s", "wasi-libc", "libclang-rt-14-dev-wasm32"], capture_output=True).returncode:
    report.skip(name, "clang, lld, wasi-libc and libclang-rt-14-dev-wasm32 are not all installed")
else:
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder) / "pass.wasm"
        run = subprocess.run(["web/wasm/make.sh", made], cwd=tap.ROOT, capture_output=True, text=True)
        faults = run.stderr.splitlines()
        if not faults and made.read_bytes() != (tap.ROOT / SHIPPED).read_bytes():
            faults = ["another result: run ./dev web-wasm and commit it with what was changed"]
        report.result(name, faults)
report.done()
