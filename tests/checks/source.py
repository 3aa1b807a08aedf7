# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the source tree: floors, size budgets, licence lines, and words that have no place in it."""

import re

import tap

# DESIGN: arrows run down only. A floor may use the floors before it in this list.
FLOORS = ["include/tocsin", "lib", "src/base", "src/formats", "src/model", "src/store", "src/response", "src/server"]
TOP = ["src/cli"]  # above all of these

FUNCTION_LINES = 60  # 95 % of all functions
FUNCTION_LINES_MOST = 120
FILE_LINES = 800

LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"
# Places in the world that the tree may point to; a digital object identifier is a source.
HOSTS = ["doi.org", "semver.org", "keepachangelog.com", "www.gnu.org", "www.w3.org", "schemas.openxmlformats.org", "purl.org", "creativecommons.org",
         "smarthealth.cards", "hl7.org", "terminology.hl7.org", "loinc.org", "snomed.info"]
# Nobody's: the machine itself, and the names that are kept for examples (RFC 2606).
NOBODYS_HOST = re.compile(r"127\.0\.0\.1|localhost|(?:[\w-]+\.)*(?:example|test|invalid)(?:\.com|\.org|\.net)?")
# Folders of one machine.
MACHINE_PATH = re.compile(r"""(?:^|[\s"'`(=])/(?:home|root|Users|work|srv|mnt)/""", re.M)


def floor_of(path):
    """The floor that a file stands on, or None for tests and tools, which may use every floor."""
    name = path.as_posix()
    for floor in FLOORS + TOP:
        if name.startswith(floor + "/"):
            return floor
    return None


def target_of(path, include):
    """The project's file that an #include with quotes means, or None."""
    for folder in [path.parent, "include", "src", "tests", "."]:
        found = (tap.ROOT / folder / include)
        if found.is_file():
            return found.resolve().relative_to(tap.ROOT)
    return None


def may_use(floor, other):
    if other == floor or other == "include/tocsin":
        return True
    if other == "lib":
        return False  # the library's inside: everybody else uses its public headers
    if floor in TOP:
        return other in FLOORS
    return other in FLOORS and FLOORS.index(other) < FLOORS.index(floor)


def layer_faults(sources):
    faults = []
    for path in sources:
        floor = floor_of(path)
        if floor is None:
            continue
        for number, line in enumerate(tap.read(path).split("\n"), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            target = target_of(path, match.group(1))
            other = target and floor_of(target)
            if other is None or not may_use(floor, other):
                faults.append(f"{path}:{number}: {floor} may not include {match.group(1)}")
    return faults


def functions(path):
    """(first line, lines) of each function: its braces stand alone in the first column (the layout check sees to it)."""
    start = None
    for number, line in enumerate(tap.read(path).split("\n"), 1):
        if line == "{":
            start = number
        elif line == "}" and start:
            yield start, number - start - 1
            start = None


def size_faults(sources):
    faults, sizes = [], []
    for path in sources:
        lines = tap.read(path).count("\n")
        if lines > FILE_LINES:
            faults.append(f"{path}: {lines} lines, allowed {FILE_LINES}")
        for number, size in functions(path):
            sizes.append(size)
            if size > FUNCTION_LINES_MOST:
                faults.append(f"{path}:{number}: a function of {size} lines, allowed {FUNCTION_LINES_MOST}")
    long = sum(size > FUNCTION_LINES for size in sizes)
    if long > 0.05 * len(sizes):
        faults.append(f"{long} of {len(sizes)} functions have more than {FUNCTION_LINES} lines, allowed 5 %")
    print(f"# {len(sizes)} functions, median {sorted(sizes)[len(sizes) // 2]} lines, {long} above {FUNCTION_LINES}, "
          f"longest {max(sizes)}")
    return faults


def comment_share(sources):
    """Lines that hold a comment, as a share of the lines that hold anything."""
    comment = total = 0
    for path in sources:
        inside = False
        for line in tap.read(path).split("\n"):
            text = line.strip()
            total += bool(text)
            comment += inside or "/*" in text or text.startswith("//")
            if "/*" in text or inside:
                inside = "*/" not in text.rsplit("/*", 1)[-1]
    return comment / total


def licence_faults():
    scripts = tap.files("*.c", "*.h", "*.cc", "*.py", "*.R", "*.sh", "dev", ".ci/run")
    return [f"{path}: no '{LICENCE}' in its first three lines" for path in scripts
            if LICENCE not in "\n".join(tap.read(path).split("\n")[:3])]


def word_faults(texts):
    faults = []
    for path in texts:
        text = tap.read(path)
        for match in MACHINE_PATH.finditer(text):
            line = text.count("\n", 0, match.start() + 1) + 1
            faults.append(f"{path}:{line}: a path of one machine: {match.group(0).strip()}")
        for match in re.finditer(r"https?://([\w.-]+)", text):
            if match.group(1) not in HOSTS and not NOBODYS_HOST.fullmatch(match.group(1)):
                line = text.count("\n", 0, match.start()) + 1
                faults.append(f"{path}:{line}: an address that is not on the list: {match.group(1)}")
        if re.search(r"copyright \(c\)|©|all rights reserved", text, re.I):
            faults.append(f"{path}: a copyright line; all code here is the project's own")
    return faults


def main():
    report = tap.Report()
    sources = tap.files("*.c", "*.h")
    report.result("includes run down the floors only", layer_faults(sources))
    report.result("functions and files keep their size budgets", size_faults(sources))
    library = [path for path in sources if floor_of(path) in ("lib", "include/tocsin")]
    print(f"# comment lines in lib/ and include/: {100 * comment_share(library):.0f} % (aim: 25 to 35)")
    report.result("every source file names its licence", licence_faults())
    here = "tests/checks/source.py"
    texts = [path for path in tap.files() if path.as_posix() not in ("LICENSE", here)
             and path.suffix not in (".svg", ".csv", ".json", ".png", ".gz", ".wasm") and "corpus" not in path.parts]
    report.result("no paths of one machine, foreign addresses or copyright lines", word_faults(texts))
    report.done()


main()
