# SPDX-License-Identifier: GPL-3.0-or-later
"""What those benches share that plant something in districts and look at what the watch makes of it:
arguments (BUILD [--districts N] [--seed N]), the program, and chance that comes again with its seed."""

import argparse
import csv
import pathlib
import random
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Planting:
    def __init__(self, districts, kinds):
        """districts: of each kind, where nothing else is said."""
        parser = argparse.ArgumentParser()
        parser.add_argument("build")
        parser.add_argument("--districts", type=int, default=districts, help=f"of each of the {kinds} kinds")
        parser.add_argument("--seed", type=int, default=1)
        given = parser.parse_args()
        self.build = given.build
        self.districts, self.chance = given.districts, random.Random(given.seed)
        sys.argv[1:] = [f"{given.build}/tocsin"]  # what the tests' own module reads
        sys.path[:0] = [str(ROOT / "tests/cli")]
        from program import run
        self.run = run

    def must(self, *words):
        """What the program prints; it must succeed."""
        code, out, err = self.run(*words)
        assert code == 0, f"{words}: {err}"
        return out

    def table(self, *words):
        """The rows of a table that the program prints."""
        return list(csv.DictReader(self.must(*words).splitlines()))

    def poisson(self, mean):
        """As a sum of exponential waits."""
        count, at = -1, 0.0
        while at < mean:
            at += self.chance.expovariate(1)
            count += 1
        return count

    def make_node(self, place):
        """A new node below the folder (made where it is not there), and a file for what is loaded into it."""
        pathlib.Path(place).mkdir(exist_ok=True)
        node, file = pathlib.Path(place) / "node", pathlib.Path(place) / "rows.csv"
        self.must("node", "init", node, "--lists", ROOT / "share/lists")
        return node, file
