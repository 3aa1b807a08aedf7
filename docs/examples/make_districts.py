# SPDX-License-Identifier: GPL-3.0-or-later
"""Make districts.csv: invented weekly visits for acute diarrhoea in six invented districts, 417 weeks (2016 to 2023).

    python3 make_districts.py > districts.csv

Every number is drawn from Philox4x32-10 with the key SEED and the counter (week, district, draw, 0), so the file is the
same on every machine. A count is negative binomial (a Poisson count whose mean is gamma distributed, dispersion 1.5)
around: level of the district x a slow trend x a summer peak x a fall of a third in the week of Spring Festival.
Added to it are two outbreaks that a method should find: in Lakeside 湖滨 in summer 2022 (8 weeks) and in
East Gate 东门 in the last three weeks. Hill Farm 山田 has next to no cases, which is where many methods fail.
"""

import datetime
import math

SEED = (0x746F6373, 0x696E2D31)  # "tocsin-1"
WEEKS = 417
FIRST = datetime.date(2016, 1, 4)
DISPERSION = 1.5  # variance / mean
SPRING_FESTIVAL = ["2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01",
                   "2023-01-22"]
# name, visits a week, trend a year, height of the summer peak, population
DISTRICTS = [
    ("Old Town 老城", 22, 0.01, 0.35, 184300),
    ("North Bank 北岸", 14, 0.03, 0.40, 121700),
    ("Lakeside 湖滨", 9, -0.01, 0.45, 88400),
    ("East Gate 东门", 12, 0.00, 0.35, 97600),
    ("New Harbour 新港", 6, 0.06, 0.30, 65200),
    ("Hill Farm 山田", 0.4, 0.00, 0.20, 9100),
]
OUTBREAKS = [  # district, first week, expected extra visits
    (2, 341, [3, 9, 16, 22, 18, 11, 6, 3]),
    (3, 414, [8, 15, 27]),
]


def philox(counter):
    """Philox4x32-10 of Salmon et al. 2011, doi:10.1145/2063384.2063405: four words of 32 bits."""
    c, (k0, k1) = list(counter), SEED
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k1, p0 & 0xFFFFFFFF]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return c


class Draws:
    """Uniform numbers in (0, 1) of one week and district."""

    def __init__(self, week, district):
        self.place, self.number = (week, district), 0

    def uniform(self):
        words = philox((*self.place, self.number, 0))
        self.number += 1
        return ((words[0] >> 5) * 67108864.0 + (words[1] >> 6) + 0.5) / 9007199254740992.0

    def normal(self):
        return math.sqrt(-2.0 * math.log(self.uniform())) * math.cos(2.0 * math.pi * self.uniform())

    def gamma(self, shape):
        """Marsaglia and Tsang 2000; below shape 1 by the boost of their section 6."""
        if shape < 1.0:
            return self.gamma(shape + 1.0) * self.uniform() ** (1.0 / shape)
        d = shape - 1.0 / 3.0
        while True:
            x = self.normal()
            v = (1.0 + x / math.sqrt(9.0 * d)) ** 3
            if v > 0.0 and math.log(self.uniform()) < 0.5 * x * x + d - d * v + d * math.log(v):
                return d * v

    def poisson(self, mean):
        count, product, limit = 0, self.uniform(), math.exp(-mean)
        while product > limit:
            count, product = count + 1, product * self.uniform()
        return count


def expected(district, week):
    _, level, trend, peak, _ = DISTRICTS[district]
    day = FIRST + datetime.timedelta(weeks=week)
    years = week / 52.18
    mean = level * (1.0 + trend) ** years * math.exp(peak * math.cos(2.0 * math.pi * (years - 0.58)))
    for festival in SPRING_FESTIVAL:
        if day <= datetime.date.fromisoformat(festival) < day + datetime.timedelta(days=7):
            mean *= 2.0 / 3.0
    return mean


def main():
    print("date,series,count,population")
    for district, (name, *_, population) in enumerate(DISTRICTS):
        for week in range(WEEKS):
            draws, mean = Draws(week, district), expected(district, week)
            count = draws.poisson(draws.gamma(mean / (DISPERSION - 1.0)) * (DISPERSION - 1.0))
            for where, first, extra in OUTBREAKS:
                if where == district and 0 <= week - first < len(extra):
                    count += draws.poisson(extra[week - first])
            year, number, _ = (FIRST + datetime.timedelta(weeks=week)).isocalendar()
            print(f"{year}-W{number:02d},{name},{count},{population}")


main()
