# SPDX-License-Identifier: GPL-3.0-or-later
"""What a capability promises: each measure, its bar, what is measured here and now, and the command behind it.

usage: show.py BUILD early-warning|intake|pass|server|simulator|store|watch|web [WORD…]

Every number comes from a command that is run now and can be run alone. The commands print lines
`row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no`, and behind a further tab what was run for this line; whatever else they
print is left out here. With `--quick` the commands are those of QUICK, where the capability has any. Further words: names
of commands (`failures`: bench/failures.py, `web_live`: bench/web_live.mjs), which alone are run; else they go to the first
command, and it alone is run.
"""

import shlex
import subprocess
import sys

COMMANDS = {
    "early-warning": [
        "python3 bench/parity.py {build}",
        "Rscript bench/against_r.R {build}/bench/bench_speed",
        "{build}/bench/simulation/noufaily --rows | tail -n 1",
        "{build}/bench/simulation/holidays --rows",
        "{build}/bench/simulation/weekdays --rows",
        "python3 bench/command_line.py {build}",
        "python3 bench/command_line.py {build} --gigabyte",
    ],
    "intake": [
        "{build}/bench/bench_intake hl7",
        "{build}/bench/bench_fhir",
        "python3 bench/fhir_samples.py {build}",
        "python3 bench/tables.py {build}",
        "python3 bench/linkage.py {build}",
        "python3 bench/mllp.py {build}",
        "python3 bench/intake_evidence.py {build}",
    ],
    "store": [
        "python3 bench/store.py {build}",
        "python3 bench/power.py {build} 200",
    ],
    "pass": [
        "{build}/bench/bench_json",
        "{build}/bench/bench_rules ../shared/data/credentials",
        "python3 bench/credential.py {build}",
        "{build}/bench/bench_issue",
        "python3 bench/pass_evidence.py {build}",
        "python3 tests/cli/test_verify_memory.py {build}/tocsin --row",
    ],
    "server": [
        "python3 bench/server.py {build}",
        "python3 bench/failures.py {build} 200",
        "python3 bench/refusals.py {build}",
    ],
    "simulator": [
        "{build}/bench/bench_simulator statistics",
        "{build}/bench/bench_simulator scenarios",
        "{build}/bench/bench_simulator analytic",
        "{build}/bench/bench_simulator speed",
        "{build}/bench/bench_simulator same",
        "python3 bench/simulate.py {build}",
    ],
    "watch": [
        "python3 bench/watch.py {build}",
        "node bench/watch_peak.mjs {build}",
        "python3 bench/watch_real.py {build}",
        "python3 bench/watch_marks.py {build}",
        "python3 bench/watch_senders.py {build}",
        "python3 bench/watch_live.py {build}",
        "python3 bench/watch_live.py {build} --mllp",
        "python3 bench/watch_scale.py {build}",
    ],
    "web": [
        "node bench/web_pages.mjs {build}",
        "node bench/web_live.mjs {build}",
        "node bench/web_situation.mjs {build}",
        "node bench/web_list.mjs {build}",
    ],
}

QUICK = {
    "store": [
        "python3 bench/store.py {build} --quick",
        "python3 bench/power.py {build} 10",
    ],
    "server": [
        "python3 bench/server.py {build} --quick",
        "python3 bench/failures.py {build} 5",
        "python3 bench/refusals.py {build}",
    ],
    "watch": [
        "python3 bench/watch_marks.py {build} --districts 5",
        "python3 bench/watch_senders.py {build}",
        "python3 bench/watch_live.py {build} --signals 20",
        "python3 bench/watch_live.py {build} --mllp --signals 20",
        "python3 bench/watch_scale.py {build} --areas 300 --indicators 20",
    ],
    "web": [
        "node bench/web_pages.mjs {build} weight public languages",
        "node bench/web_live.mjs {build} --rate 20 --probes 10",
        "node bench/web_situation.mjs {build} --rounds 3",
        "node bench/web_list.mjs {build} --cases 20000 --rounds 5",
    ],
}


def commands_of(capability, words):
    commands = COMMANDS[capability]
    if words[:1] == ["--quick"] and capability in QUICK:
        commands, words = QUICK[capability], words[1:]
    named = [command for command in commands if any(f"/{word}.py " in command or f"/{word}.mjs " in command for word in words)]
    if not words or named:
        return named or commands
    return [" ".join([commands[0], *map(shlex.quote, words)])]


def rows_of(command):
    run = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True)
    rows = [[*line.split("\t"), ""][1:6] for line in run.stdout.splitlines() if line.startswith("row\t")]
    return rows or [[command, "", f"the command answered {run.returncode} and no row", "no", ""]]


def main():
    build, capability, *words = sys.argv[1:]
    if capability not in COMMANDS:
        sys.exit(f"show: no capability {capability}; there are: {', '.join(COMMANDS)}")
    good = total = 0
    for command in (command.format(build=build) for command in commands_of(capability, words)):
        print(f"\n{command}", flush=True)
        rows = rows_of(command)
        wide = [max(len(row[i]) for row in rows) for i in range(3)]
        for measure, bar, measured, holds, behind in rows:
            print(f"  {measure:{wide[0]}}  {bar:{wide[1]}}  {measured:{wide[2]}}  "
                  f"{'holds' if holds == 'yes' else 'FALLS SHORT'}", flush=True)
            if behind:
                print(f"    {behind}", flush=True)
            good += holds == "yes"
            total += 1
    print(f"\n{good} of {total} hold")
    sys.exit(0 if good == total else 1)


main()
