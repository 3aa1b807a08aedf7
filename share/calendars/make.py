#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the calendar files of this folder from astronomy and from the rules that set the days.

    python3 share/calendars/make.py            writes china-mainland.csv and china-tibet.csv, 2005-2030
    python3 share/calendars/make.py --check    exits 1 where a file differs from what it would write

Chinese lunar months begin on the day (Beijing time) of the new moon; month m is the one that holds the solar term at
longitude 30 m - 60 degrees: 330 for month 1, 90 for month 5, 180 for month 8. New moons and the sun's longitude:
Meeus, Astronomical Algorithms, chapters 49 and 25. (ICU's Chinese calendar agrees but for 2027 and 2030, where the
new moon falls within eight minutes of midnight and ICU 72 has the day before or after the published one.)
Losar: the Phugpa calendar, Janson, Tibetan calendar mathematics, arXiv:1401.6285, in exact fractions.
"""
import datetime
import math
import os
import sys
from fractions import Fraction

YEARS = range(2005, 2031)
J2000 = 2451545.0


def sines(terms, angles):
    return sum(c * math.sin(math.radians(sum(k * a for k, a in zip(ks, angles)))) for c, *ks in terms)


# (coefficient, multiples of the sun's anomaly, the moon's anomaly, the moon's argument of latitude); days
MOON = [
    (-0.40720, 0, 1, 0), (0.17241, 1, 0, 0), (0.01608, 0, 2, 0), (0.01039, 0, 0, 2), (0.00739, -1, 1, 0),
    (-0.00514, 1, 1, 0), (0.00208, 2, 0, 0), (-0.00111, 0, 1, -2), (-0.00057, 0, 1, 2), (0.00056, 1, 2, 0),
    (-0.00042, 0, 3, 0), (0.00042, 1, 0, 2), (0.00038, 1, 0, -2), (-0.00024, -1, 2, 0),
]


def new_moon(k):
    """Instant (Julian ephemeris day) of the k-th new moon after 2000-01-06; good to about a minute."""
    t = k / 1236.85
    sun = 2.5534 + 29.10535670 * k
    moon = 201.5643 + 385.81693528 * k + 0.0107582 * t * t
    latitude = 160.7108 + 390.67050284 * k - 0.0016118 * t * t
    node = 124.7746 - 1.56375588 * k
    mean = 2451550.09766 + 29.530588861 * k + 0.00015437 * t * t
    planets = sum(c * 1e-6 * math.sin(math.radians(a + b * k)) for a, b, c in [
        (299.77, 0.107408, 325), (251.88, 0.016321, 165), (251.83, 26.651886, 164), (349.42, 36.412478, 126),
        (84.66, 18.206239, 110), (141.74, 53.303771, 62), (207.14, 2.453732, 60), (154.84, 7.306860, 56),
        (34.52, 27.261239, 47), (207.19, 0.121824, 42), (291.34, 1.844379, 40), (161.72, 24.198154, 37)])
    return mean + sines(MOON, (sun, moon, latitude)) - 0.00017 * math.sin(math.radians(node)) + planets


def beijing_date(instant):
    seconds_ahead = 70.0  # dynamical time minus universal time, 64 s in 2005, about 73 s in 2030
    moment = datetime.datetime(2000, 1, 1, 12) + datetime.timedelta(
        days=instant - J2000 - seconds_ahead / 86400 + 8 / 24)
    return moment.date()


def sun_longitude(instant):
    t = (instant - J2000) / 36525
    anomaly = math.radians(357.52911 + 35999.05029 * t)
    centre = ((1.914602 - 0.004817 * t) * math.sin(anomaly) + (0.019993 - 0.000101 * t) * math.sin(2 * anomaly)
              + 0.000289 * math.sin(3 * anomaly))
    node = math.radians(125.04 - 1934.136 * t)
    return (280.46646 + 36000.76983 * t + centre - 0.00569 - 0.00478 * math.sin(node)) % 360


def solar_term(year, longitude):
    """The instant in that year at which the sun reaches the longitude (of spring, summer or autumn, or 330)."""
    guess = J2000 + (datetime.date(year, 3, 20) - datetime.date(2000, 1, 1)).days
    guess += ((longitude + 30) % 360 - 30) / 360 * 365.2422
    low, high = guess - 5, guess + 5
    for _ in range(50):
        middle = (low + high) / 2
        if (sun_longitude(middle) - longitude + 180) % 360 < 180:
            low = middle
        else:
            high = middle
    return low


def lunar_month(year, month):
    """First day of a month that is not a leap month: the last new moon not after the day of its solar term."""
    term = solar_term(year, (30 * month - 60) % 360)
    k = round((term - 2451550.1) / 29.530588861) + 1
    while beijing_date(new_moon(k)) > beijing_date(term):
        k -= 1
    return beijing_date(new_moon(k))


MOON_TABLE, SUN_TABLE = [0, 5, 10, 15, 19, 22, 24, 25], [0, 6, 10, 11]


def tibetan_table(table, period, x):
    """The table of a quarter wave, continued by symmetry and joined by straight lines."""
    def at(i):
        i %= 2 * period
        if i >= period:
            return -at(i - period)
        return table[min(i, period - i)]
    below = math.floor(x)
    return at(below) + (x - below) * (at(below + 1) - at(below))


def losar(year):
    """The first day of the Tibetan year: the day after day 30 of the month before its first."""
    count = 67 * (12 * (year - 806) - 2) + 61
    month = count // 65 - (0 if count % 65 > 49 else 1)
    mean = month * Fraction(167025, 5656) + 30 * Fraction(11135, 11312) + 2015501 + Fraction(4783, 5656)
    sun = month * Fraction(65, 804) + 30 * Fraction(13, 4824) + Fraction(743, 804)
    moon = month * Fraction(253, 3528) + Fraction(30, 28) + Fraction(475, 3528)
    true = (mean + tibetan_table(MOON_TABLE, 14, 28 * moon) / 60
            - tibetan_table(SUN_TABLE, 6, 12 * (sun - Fraction(1, 4))) / 60)
    return datetime.date(2000, 1, 1) + datetime.timedelta(days=math.floor(true) + 1 - 2451545)


def days(start, before, after):
    return start - datetime.timedelta(days=before), start + datetime.timedelta(days=after)


def holidays(year, tibet):
    """(name, first and last day, steps, weeks before, weeks after) of one year."""
    found = [
        ("New Year's Day", days(datetime.date(year, 1, 1), 0, 0), "days", 0, 0),
        ("Spring Festival", days(lunar_month(year, 1), 1, 5), "months", 1, 3),
        ("Labour Day", days(datetime.date(year, 5, 1), 0, 0), "days", 0, 0),
        ("National Day", days(datetime.date(year, 10, 1), 0, 6), "weeks", 0, 1),
    ]
    if year >= 2008:  # holidays since then
        found += [
            ("Tomb-Sweeping Day", days(beijing_date(solar_term(year, 15)), 0, 0), "days", 0, 0),
            ("Dragon Boat Festival", days(lunar_month(year, 5), -4, 4), "days", 0, 0),
            ("Mid-Autumn Festival", days(lunar_month(year, 8), -14, 14), "days", 0, 0),
        ]
    if tibet:
        found.append(("Losar", days(losar(year), 1, 5), "months", 1, 3))
    return sorted(found, key=lambda holiday: holiday[1])


def text(tibet):
    lines = ["holiday,from,to,steps,before,after"]
    for year in YEARS:
        for name, (first, last), steps, before, after in holidays(year, tibet):
            lines.append(f"{name},{first},{last},{steps},{before},{after}")
    return "\n".join(lines) + "\n"


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    differs = False
    for name, tibet in (("china-mainland.csv", False), ("china-tibet.csv", True)):
        path = os.path.join(folder, name)
        if "--check" in sys.argv:
            with open(path, encoding="utf-8") as file:
                if file.read() != text(tibet):
                    print(f"{path} is not what make.py writes")
                    differs = True
        else:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text(tibet))
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())
