# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/examples/weekly.csv, counts of our own: two districts, six years of weeks, and in the last year an outbreak
of seven weeks in the south and one that nobody would see in the north. Output: standard output."""

import datetime
import math
import random

WEEKS = 312
OUTBREAK = {"south": (290, [5, 12, 22, 28, 20, 9, 4]), "north": (300, [1, 2, 1])}


def count(draw, mean, dispersion=1.6):
    """Negative binomial with variance = dispersion * mean: a Poisson count whose mean is gamma."""
    mean = draw.gammavariate(mean / (dispersion - 1), dispersion - 1)
    cases, product = -1, 1.0
    while product > math.exp(-mean):
        product *= draw.random()
        cases += 1
    return cases


print("date,count,series")
for name, level in (("north", 6.0), ("south", 9.0)):
    draw = random.Random(name)
    start, extra = OUTBREAK[name]
    for week in range(WEEKS):
        monday = datetime.date(2019, 1, 7) + datetime.timedelta(weeks=week)
        mean = level * math.exp(0.0006 * week + 0.5 * math.cos(2 * math.pi * (week - 30) / 52.18))
        cases = count(draw, mean) + (extra[week - start] if 0 <= week - start < len(extra) else 0)
        year, number, _ = monday.isocalendar()
        print(f"{year}-W{number:02d},{cases},{name}")
