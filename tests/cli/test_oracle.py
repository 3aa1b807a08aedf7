# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way from a CSV file and R's own parameter names to R's numbers: cases of the shared oracle with dates, run through
`tocsin detect --compat r`. (Every case, dated or not, is compared inside the library by tests/parity.)"""

import csv
import datetime
import json
import math
import os
import pathlib

from program import Skip, folder, main, run

DATA = pathlib.Path(os.environ.get("TOCSIN_SHARED_DATA", "../shared/data")) / "detection/oracle"
METHODS = {"farringtonFlexible": "farrington-flexible", "farrington": "farrington", "bayes": "bayes", "cusum": "cusum"}
EXCLUDED = {"farringtonFlexible-015", "farringtonFlexible-042"}  # the oracle's README says why
IGNORED = {"method"}  # chooses the method, not a parameter
UNDATED = {"earsC", "bayes", "cusum", "glrnb", "glrpois"}  # dates are nothing to these: weeks without dates get some
FIRST = datetime.date(1990, 1, 1)  # a Monday


def table(name):
    with open(DATA / name, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words(params):
    """R's parameters as --set takes them."""
    for name, value in params.items():
        if name in IGNORED or value is None:
            continue
        values = value if isinstance(value, list) else [value]
        text = ",".join(str(part).upper() if isinstance(part, bool) else str(part) for part in values)
        yield from ("--set", f"{name}={text}")


def split_chart(params):
    """algo.glrnb is four methods of ours: with theta or without, with overdispersion (alpha) or not. Its mu0 is a number
    or what is fitted."""
    params = dict(params)
    kind = "lr" if "theta" in params else "glr"
    poisson = not params.get("alpha")
    if poisson:
        params.pop("alpha", None)
    if isinstance(params.get("mu0"), dict):
        params.update(params.pop("mu0"))
    return f"{kind}-{'poisson' if poisson else 'negative-binomial'}", params


def number(text):
    return math.nan if text in ("", "NA", "NaN") else float(text)


def write_series(path, rows, population):
    with open(path, "w", encoding="utf-8") as file:
        file.write("date,count,population\n" if population else "date,count\n")
        for row in rows:
            file.write(f"{row['date']},{row['observed']}" + (f",{row['population'] or 1}" if population else "") + "\n")


def differences(case, got, expected):
    """R has NA where we do not assess; thresholds agree within 1e-9, statistics (of charts) within 1e-9 absolute."""
    absolute = 1e-9 if case.startswith("glr") else 0.0
    if len(got) != len(expected):
        yield f"{case}: {len(got)} rows, R has {len(expected)}"
        return
    for ours, theirs in zip(got, expected):
        threshold, upper = number(ours["threshold"]), number(theirs["upperbound"])
        same = (math.isnan(threshold) and math.isnan(upper)) or threshold == upper or \
            abs(threshold - upper) <= absolute + 1e-9 * abs(upper)
        if ours["alarm"] == "":
            same = theirs["alarm"] == "NA" or math.isnan(upper)
        elif theirs["alarm"] != "NA":
            same = same and ours["alarm"] == theirs["alarm"]
        if not same:
            yield f"{case} {ours['date']}: threshold {threshold} alarm {ours['alarm']!r}, R {upper} {theirs['alarm']}"


def check(algorithm):
    if not DATA.is_dir():
        raise Skip("shared data are absent; this test proves nothing here")
    usable = {row["series"] for row in table("series_meta.csv")
              if row["dated"] == "TRUE" or (row["freq"] == "52" and algorithm in UNDATED)}
    series = {}
    for row in table("series.csv"):
        row["date"] = row["date"] or str(FIRST + datetime.timedelta(weeks=int(row["idx"]) - 1))
        series.setdefault(row["series"], []).append(row)
    answers = {}
    for row in table(f"out_{algorithm}.csv"):
        answers.setdefault(row["case"], []).append(row)
    faults, compared = [], 0
    with folder() as name:
        path = os.path.join(name, "counts.csv")
        for case in table("cases.csv"):
            if case["algo"] != algorithm or case["case"] in EXCLUDED or case["series"] not in usable or \
                    case["errors"] != "0":
                continue
            params = json.loads(case["params"])
            if algorithm.startswith("glr"):
                method, params = split_chart(params)
            else:
                method = METHODS.get(algorithm) or f"ears-{params['method'].lower()}"
            rows = series[case["series"]]
            write_series(path, rows, population=params.get("populationOffset") or "opulation" in str(params.get("fitFun")))
            code, out, err = run("detect", "-m", method, "--compat", "r", "--missing", "na", "--from",
                                 rows[int(case["from"]) - 1]["date"], "--to", rows[int(case["to"]) - 1]["date"],
                                 *words(params), path)
            if code != 0:
                faults.append(f"{case['case']} {case['params']}: exit code {code}: {err.strip()}")
                continue
            faults += differences(case["case"], list(csv.DictReader(out.splitlines())), answers[case["case"]])
            compared += 1
    assert not faults, "\n".join([f"{len(faults)} differences"] + faults[:10])
    assert compared > 0, "no case was compared"
    print(f"# {algorithm}: {compared} cases")


def test_farrington_flexible():
    """farringtonFlexible's cases by its own parameter names."""
    check("farringtonFlexible")


def test_farrington():
    """farrington's cases by its own parameter names."""
    check("farrington")


def test_ears():
    """earsC's cases by its own parameter names."""
    check("earsC")


def test_bayes():
    """bayes' cases by its own parameter names."""
    check("bayes")


def test_cusum():
    """cusum's cases by its own parameter names."""
    check("cusum")


def test_glr():
    """algo.glrnb's cases by its own parameter names."""
    check("glrnb")


def test_glr_poisson():
    """algo.glrpois' cases by its own parameter names."""
    check("glrpois")


main(dict(globals()))
