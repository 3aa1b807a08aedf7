# SPDX-License-Identifier: GPL-3.0-or-later
"""The frame of all commands: help, manual pages, completion, messages and exit codes."""

import datetime
import os
import pathlib
import re
import shlex
import shutil
import subprocess

from program import PROGRAM, Skip, bad, equal, folder, good, main, run


def commands():
    """The names that `tocsin help` lists."""
    listed = good("help").split("Commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines()]


def options(command):
    return re.findall(r"--([a-z-]+)", "\n".join(
        line[:26] for line in good("help", command).splitlines() if re.match(r" {2,6}-", line)))


def test_version():
    """--version tells name and version."""
    assert re.fullmatch(r"tocsin \d+\.\d+\.\d+\n", good("--version"))
    equal(good("-V"), good("--version"))


def test_no_command():
    """Without a command the help goes to standard error, with exit code 2."""
    code, out, err = run()
    equal((code, out), (2, ""))
    equal(err, good("help"))
    equal(good("--help"), good("help"))


def test_unknown_names():
    """An unknown command, option or topic is answered with the nearest name."""
    bad(2, "tocsin: unknown command 'detcet'; did you mean 'detect'?", "detcet")
    bad(2, "tocsin: unknown command 'xyz'; 'tocsin help' lists them", "xyz")
    bad(2, "tocsin: unknown option '--format'; a COMMAND comes first ('tocsin help' lists them)", "--format", "csv")
    bad(2, "tocsin help: no command 'method'; did you mean methods?", "help", "method")
    bad(2, "tocsin help: no command 'xyz'; 'tocsin help' lists them", "help", "xyz")
    bad(2, "tocsin help: one COMMAND at a time; found also 'methods'", "help", "detect", "methods")
    bad(2, "tocsin methods: unknown option --fromat; did you mean --format?", "methods", "--fromat=csv")
    bad(2, "tocsin methods: unknown option --xyz; 'tocsin help methods' lists them", "methods", "--xyz")
    bad(2, "tocsin methods: unknown option -x; 'tocsin help methods' lists them", "methods", "-x")
    bad(2, "tocsin detect: option --c could mean several; write it out (--compat …)", "detect", "--c", "x")


def test_values():
    """A missing, superfluous or wrong value is answered with what is allowed."""
    bad(2, "tocsin methods: option --format needs a value: --format csv|ndjson|table", "methods", "--format")
    bad(2, "tocsin methods: option --output needs a value: --output FILE", "methods", "-o")
    bad(2, "tocsin help: option --man takes no value; found '--man=yes'", "help", "--man=yes")
    bad(2, "tocsin methods: --format: found 'xml'; allowed: csv, ndjson or table", "methods", "-f", "xml")
    bad(2, "tocsin detect: --last: found '1.5'; allowed: a whole number from 1 to 100000", "detect", "--last", "1.5")
    bad(2, "tocsin detect: --threads: found '0'; allowed: a whole number from 1 to 256", "detect", "-j", "0")
    bad(2, "tocsin detect: --step: found 'fortnight'; allowed: auto, day, week or month", "detect", "--step=fortnight")
    bad(2, "tocsin detect: --from: found '2024-13'; allowed: a day (2024-02-26), an ISO week (2024-W09) or a month "
        "(2024-02)", "detect", "--from", "2024-13")


def test_help_is_whole():
    """Every command explains itself within 80 columns, the same by --help, -h and help."""
    for command in commands():
        text = good("help", command)
        equal(good(command, "--help"), text)
        equal(good(command, "-h"), text)
        assert text.startswith(f"Usage: tocsin {command} ")
        for line in text.split("\nExamples:\n")[0].splitlines():
            assert len(line) <= 80 or line.startswith("  "), line  # tables of a text keep their own lines
            assert len(line) <= 80 or not line.startswith(" " * 26), line
        assert "help" in options(command)


def test_examples_can_be_typed():
    """Every example of every help is understood, whatever the files in it hold."""
    with folder() as name:
        start = datetime.date(2016, 1, 1)
        lines = ["date,count"] + [f"{start + datetime.timedelta(day)},{10 + day % 7}" for day in range(3200)]
        for file in ("cases.csv", "counts.csv", "daily.csv", "visits.csv", "weekly.csv", "old.csv"):
            pathlib.Path(name, file).write_text("\n".join(lines) + "\n", encoding="utf-8")
        pathlib.Path(name, "interval.csv").write_text("days,probability\n1,0.5\n2,0.5\n", encoding="utf-8")
        for file in ("linelist.csv", "results.csv", "register.csv"):
            pathlib.Path(name, file).write_text("Nr,name,Geburt\n1,Anne Dupont,1980-02-03\n", encoding="utf-8")
        for file in ("receipts.txt", "records.ndjson", "rules.json", "passes.ndjson", "withdrawn.txt"):
            pathlib.Path(name, file).write_text("", encoding="utf-8")
        pathlib.Path(name, "trust").mkdir()
        good("county", "--out", name, "--townships", 1, "--villages", 1)
        for file in ("provinces.csv", "cities.csv", "counties.csv", "2023.csv", "2024.csv"):
            shutil.copy(pathlib.Path(name, "areas.csv"), pathlib.Path(name, file))
        for command in commands():
            for line in good("help", command).partition("\nExamples:\n")[2].splitlines():
                if not line.startswith("  tocsin "):
                    continue
                words = shlex.split(re.split(" (?:[|>]|&&) ", line)[0])
                if any(word.startswith(("/", "postgresql:")) for word in words):
                    continue  # a place outside this folder
                code, _, err = run(*words[1:], cwd=name)
                allowed = (0, 1, 2) if "ID" in words else (0, 1)  # 1: daily counts where weeks are needed
                assert code in allowed, f"{line}: exit code {code}: {err}"


def test_exit_codes_are_told():
    """The list of exit codes stands in the help and in every manual page."""
    for text in [good("help")] + [good("help", "--man", command) for command in commands()]:
        for code in ("0", "1", "2", "3", "141"):
            assert re.search(rf"^(\.B|  ) *{code}\b", text, re.M), f"{code} is not in:\n{text}"


def test_manual_pages():
    """The manual pages hold every option, and groff sets them without a warning."""
    for command in [None] + commands():
        page = good("help", "--man", *([command] if command else []))
        assert page.startswith(f".TH TOCSIN{'' if command is None else chr(92) + '-' + command.upper()} 1 ")
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "SEE ALSO"]:
            assert f".SH {section}\n" in page, f"{command}: no {section}"
        for option in options(command) if command else []:
            assert f"\\-\\-{option.replace('-', chr(92) + '-')}" in page, f"{command}: --{option} is not there"
        if shutil.which("groff"):
            set_page = subprocess.run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-rLL=80n"], input=page, text=True,
                                      capture_output=True, check=True)
            equal(set_page.stderr, "")


def test_manual_pages_are_built():
    """The build makes a manual page for the program and for every command."""
    built = {name for name in os.listdir(os.path.dirname(PROGRAM)) if name.endswith(".1")}
    equal(built, {"tocsin.1"} | {f"tocsin-{command}.1" for command in commands()})


def test_completion_is_valid():
    """Each shell reads its completion script."""
    bad(2, "tocsin completion: found 'ksh'; allowed: bash, zsh or fish", "completion", "ksh")
    bad(2, "tocsin completion: found 0 names; allowed: one SHELL (bash, zsh or fish)", "completion")
    for shell in ("bash", "zsh", "fish"):
        script = good("completion", shell)
        for word in commands() + options("detect") + ["ears-c1", "min_sigma="]:
            assert word in script, f"{shell}: {word} is missing"
        if shutil.which(shell):
            checked = subprocess.run([shell, "-n"], input=script, text=True, capture_output=True, check=False)
            equal((checked.returncode, checked.stderr), (0, ""))


def complete(line):
    """What bash would offer behind this line."""
    words = re.findall(r"=|[^\s=]+", line) + ([""] if line.endswith((" ", "=")) else [])
    script = (f"source <('{PROGRAM}' completion bash)\nCOMP_WORDS=({' '.join(map(repr, words))})\n"
              f"COMP_CWORD={len(words) - 1}\n_tocsin 2>/dev/null\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"\n")
    shell = subprocess.run(["bash", "--norc", "-c", script], text=True, capture_output=True, check=False)
    return [word for word in shell.stdout.split("\n") if word]


def test_completion_in_bash():
    """bash completes commands, options, words, methods and the parameters of the method that was chosen."""
    if not shutil.which("bash"):
        raise Skip("no bash")
    equal(complete("tocsin de"), ["detect"])
    equal(complete("tocsin methods --fo"), ["--format"])
    equal(complete("tocsin methods --format c"), ["csv"])
    equal(complete("tocsin methods --format=nd"), ["ndjson"])
    equal(complete("tocsin methods ears-c"), ["ears-c1", "ears-c2", "ears-c3"])
    equal(complete("tocsin help me"), ["methods"])
    equal(complete("tocsin detect --method ears-c"), ["ears-c1", "ears-c2", "ears-c3"])
    equal(complete("tocsin detect --method ears-c2 --set min"), ["min_sigma="])
    equal(complete("tocsin detect --method=ears-c2 --set wee"), ["weekdays=strata", "weekdays=pooled"])


def test_completion_in_fish():
    """fish completes the same."""
    if not shutil.which("fish"):
        raise Skip("no fish")
    for line, expected in [("tocsin de", ["detect"]), ("tocsin methods --format n", ["ndjson"]),
                           ("tocsin detect --method ears-c", ["ears-c1", "ears-c2", "ears-c3"]),
                           ("tocsin detect --method ears-c2 --set min", ["min_sigma="])]:
        shell = subprocess.run(["fish", "--no-config", "-c",
                                f"'{PROGRAM}' completion fish | source; complete -C '{line}'"],
                               text=True, capture_output=True, check=False)
        equal([word.split("\t")[0] for word in shell.stdout.splitlines()], expected)


def test_a_full_disk():
    """A full disk is told, with exit code 3, by every command that writes."""
    for words in (["help"], ["--version"], ["methods"], ["help", "--man", "detect"], ["completion", "bash"]):
        with open("/dev/full", "w", encoding="ascii") as full:
            result = subprocess.run([PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert result.returncode == 3, words
        assert result.stderr.endswith("standard output: No space left on device\n"), result.stderr


def test_closed_streams():
    """Closed standard streams fail like files that cannot be written or read."""
    shell = subprocess.run(f"'{PROGRAM}' methods >&-", shell=True, text=True, stderr=subprocess.PIPE, check=False)
    equal((shell.returncode, shell.stderr), (3, "tocsin methods: standard output: Bad file descriptor\n"))
    shell = subprocess.run(f"'{PROGRAM}' detect -m ears-c1 <&-", shell=True, text=True, capture_output=True, check=False)
    equal((shell.returncode, shell.stdout), (3, ""))
    assert "Bad file descriptor" in shell.stderr, shell.stderr
    shell = subprocess.run(f"'{PROGRAM}' methods --xyz 2>&-", shell=True, text=True, stdout=subprocess.PIPE, check=False)
    equal((shell.returncode, shell.stdout), (2, ""))


def test_a_reader_that_goes_away():
    """A reader that goes away ends the program quietly by SIGPIPE."""
    for words in (["help", "detect"], ["methods", "-f", "ndjson"]):
        out, into = os.pipe()
        os.close(out)
        result = subprocess.run([PROGRAM, *words], stdout=into, stderr=subprocess.PIPE, text=True, check=False)
        os.close(into)
        equal((result.returncode, result.stderr), (-13, ""))


main(dict(globals()))
