# SPDX-License-Identifier: GPL-3.0-or-later
"""tocsin methods: the list, a page, and the same for programs."""

import csv
import io
import json
import os

from program import bad, equal, folder, good, main


def methods():
    return [json.loads(line) for line in good("methods", "--format", "ndjson").splitlines()]


def test_list():
    """The list names every method with its title and what it is called in R."""
    lines = good("methods").splitlines()
    assert lines[0].split() == ["method", "what", "it", "does", "in", "R"]
    equal([line.split()[0] for line in lines[2:]], [method["name"] for method in methods()])
    assert 'ears-c1' in lines[2] or any('earsC(method="C1")' in line for line in lines)


def test_page():
    """A page tells everything that the list for programs knows of a method."""
    for method in methods():
        page = good("methods", method["name"])
        for text in [method["title"], method["use"], method["source"]]:
            assert text in page, f"{method['name']}: {text}"
        equal("  Adds up from the first date judged" in page, method["cumulative"])
        for parameter in method["parameters"]:
            assert f"\n  {parameter['name']}: {parameter['meaning']}\n" in page
            if parameter["r_name"]:
                assert f"R: {parameter['r_name']}" in page
            for choice in parameter.get("choices", []):
                assert choice["word"] in page


def test_bounds_are_kept():
    """Every default lies within the bounds that are told, and choices have their default among them."""
    for method in methods():
        for parameter in method["parameters"]:
            if parameter["kind"] == "choice" or isinstance(parameter["default"], str):
                assert parameter["default"] in [choice["word"] for choice in parameter["choices"]], parameter
            elif parameter["kind"] in ("real", "integer") and parameter["default"] is not None:
                assert parameter["low"] is None or parameter["low"] <= parameter["default"], parameter
                assert parameter["high"] is None or parameter["high"] >= parameter["default"], parameter


def test_methods_that_add_up():
    """Which methods add up from one date to the next is told, in every format."""
    names = {"cusum", "glr-poisson", "glr-negative-binomial", "lr-poisson", "lr-negative-binomial"}
    equal({method["name"] for method in methods() if method["cumulative"]}, names)
    rows = csv.DictReader(io.StringIO(good("methods", "-f", "csv")))
    equal({row["method"] for row in rows if row["cumulative"] == "1"}, names)


def test_defaults_of_r():
    """R's default is told in R's own word, whether or not the value is ours."""
    page = good("methods", "glr-poisson")
    for line in ("default: cases; R: ret = value", "default: level; R: change = intercept, the same",
                 "default: 104; R: M = -1", "default: 5; R: c.ARL, the same", "default: 0\n"):
        assert f"      {line}" in page, line
    assert "      default: none; R: fitFun = algo.farrington.fitGLM.fast, the same\n" in good("methods", "farrington")
    assert "      allowed, in cases: a number above 0; or fit\n" in page
    assert "      allowed: a number above 0 and up to 1\n" in good("methods", "ewma")


def test_csv():
    """As CSV there is one row a parameter."""
    rows = list(csv.DictReader(io.StringIO(good("methods", "-f", "csv"))))
    equal([(row["method"], row["parameter"]) for row in rows],
          [(method["name"], parameter["name"]) for method in methods() for parameter in method["parameters"]])
    one = list(csv.DictReader(io.StringIO(good("methods", "-f", "csv", "ears-c1"))))
    equal({row["method"] for row in one}, {"ears-c1"})
    equal(one[1]["r_parameter"], "minSigma")
    equal(one[0]["allowed"], "a whole number from 3 to 366")


def test_unknown():
    """An unknown method is answered with the nearest."""
    bad(2, "tocsin methods: no method 'ears-c4'; did you mean ears-c1?", "methods", "ears-c4")
    bad(2, "tocsin methods: no method 'xyz'; 'tocsin methods' lists them", "methods", "xyz")
    bad(2, "tocsin methods: one NAME at a time; found also 'ears-c2'", "methods", "ears-c1", "ears-c2")


def test_into_a_file():
    """--output writes a file whole, or says why it cannot."""
    with folder() as name:
        path = os.path.join(name, "methods.csv")
        equal(good("methods", "-f", "csv", "-o", path), "")
        with open(path, encoding="utf-8") as file:
            equal(file.read(), good("methods", "-f", "csv"))
        equal(os.listdir(name), ["methods.csv"])
        missing = os.path.join(name, "none", "x.csv")
        bad(3, f"tocsin methods: {missing}: No such file or directory", "methods", "-o", missing)


main(dict(globals()))
