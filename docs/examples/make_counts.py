# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the counts of our own that the documents show. usage: make_counts.py weekly.csv|daily.csv (on standard output)

weekly.csv   two districts, six years of weeks; in the last year an outbreak of seven weeks in the south, and a small one
             in the north that no method should be expected to see
daily.csv    an epidemic by day of onset: seven imported cases, then R of 2 until day 40 and of 0.7 after it, with a
             serial interval of 4 days
"""

import datetime
import math
import random
import sys


def poisson(draw, mean):
    cases, product = 0, draw.random()
    while product > math.exp(-mean):
        product *= draw.random()
        cases += 1
    return cases


def negative_binomial(draw, mean, dispersion):
    """Variance = dispersion * mean: a Poisson count whose mean is gamma."""
    return poisson(draw, draw.gammavariate(mean / (dispersion - 1), dispersion - 1))


def weekly():
    outbreaks = {"north": (300, [1, 2, 1]), "south": (290, [5, 12, 22, 28, 20, 9, 4])}
    print("date,count,series")
    for name, level in (("north", 6.0), ("south", 9.0)):
        draw = random.Random(name)
        start, extra = outbreaks[name]
        for week in range(312):
            year, number, _ = (datetime.date(2019, 1, 7) + datetime.timedelta(weeks=week)).isocalendar()
            mean = level * math.exp(0.0006 * week + 0.5 * math.cos(2 * math.pi * (week - 30) / 52.18))
            cases = negative_binomial(draw, mean, 1.6) + (extra[week - start] if 0 <= week - start < len(extra) else 0)
            print(f"{year}-W{number:02d},{cases},{name}")


def daily():
    draw, cases, imported = random.Random("daily"), [], {0: 3, 2: 2, 5: 2}
    weights = [s * math.exp(-s / 2) for s in range(1, 20)]  # a serial interval with a mean of 4 days
    weights = [w / sum(weights) for w in weights]
    print("date,count,imported")
    for day in range(90):
        pressure = sum(w * cases[day - s] for s, w in enumerate(weights, 1) if s <= day)
        cases.append(poisson(draw, (2.0 if day < 40 else 0.7) * pressure) + imported.get(day, 0))
        print(f"{datetime.date(2024, 3, 1) + datetime.timedelta(days=day)},{cases[day]},{imported.get(day, 0)}")


{"weekly.csv": weekly, "daily.csv": daily}[sys.argv[1]]()
