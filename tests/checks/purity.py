# SPDX-License-Identifier: GPL-3.0-or-later
"""libtocsin is pure: what its archive leaves undefined is on the list of purity-allowed.txt, and it holds no state.

usage: purity.py build/lib/libtocsin.a
"""

import re
import subprocess
import sys

import tap


def allowed():
    rules = []
    for line in tap.read("tests/checks/purity-allowed.txt").split("\n"):
        if line.strip() and not line.startswith("#"):
            rules.append(re.compile(line.split()[0] + r"\Z"))
    return rules


def nm(archive, *options):
    """(member, name, kind) of each symbol that nm lists."""
    out = subprocess.run(["nm", "-A", *options, archive], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        member, rest = line.split(".o:", 1)
        *_, kind, name = rest.split()
        yield member.rsplit(":", 1)[-1], name, kind


def main():
    archive, report, rules = sys.argv[1], tap.Report(), allowed()
    defined = {name for _, name, _ in nm(archive, "--defined-only")}
    impure = [f"{member} calls {name}" for member, name, _ in nm(archive, "--undefined-only")
              if name not in defined and not any(rule.match(name) for rule in rules)]
    report.result("the library calls nothing but mathematics and memory blocks", sorted(set(impure)))
    # b, d, and C: writable data. .data.rel.ro (constant tables of pointers) is not: nm says d, so ask objdump.
    sections = subprocess.run(["objdump", "-t", archive], capture_output=True, text=True, check=True).stdout
    state = re.findall(r"^\S+ .{7} (\.(?:bss|data|tbss|tdata)(?:\.(?!rel\.ro)\S+)?|\*COM\*)\t(\S+) +(?:\.hidden )?(\S+)$",
                       sections, re.M)
    report.result("the library holds no variable that can change",
                  [f"{name} in {section}" for section, size, name in state if int(size, 16) and name != section])
    public = [name for _, name, kind in nm(archive, "--defined-only", "--extern-only") if kind != "U"]
    report.result("public names begin with toc_, shared ones with toci_",
                  [name for name in public if not re.match(r"toci?_", name)])
    report.done()


main()
