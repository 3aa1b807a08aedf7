# SPDX-License-Identifier: GPL-3.0-or-later
"""Invented persons and cases for the county that `tocsin county` invents, as files for `tocsin record create --file`.

usage: invented_cases.py AREAS.csv FOLDER [TODAY]

AREAS.csv is what `tocsin area list` prints: its last column is the id that an area has on every node. Writes
FOLDER/persons.csv and FOLDER/cases.csv: some measles in one township that doubles, hand, foot and mouth disease
everywhere, over the six weeks up to TODAY; and FOLDER/streams.csv, what is watched: both, in the county and each township. The same areas and day give the same files; nobody in them exists.
"""

import csv
import datetime
import pathlib
import random
import sys

WEEKS, BACKGROUND_A_DAY = 6, 3


def make_id(chance, day):
    """A UUID of version 7, of that day."""
    milliseconds = int(datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.timezone.utc).timestamp() * 1000)
    number = milliseconds << 80 | 7 << 76 | chance.getrandbits(12) << 64 | 2 << 62 | chance.getrandbits(62)
    text = f"{number:032x}"
    return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]])


def cases_of(chance, villages, today):
    """(disease, onset, village, birth year) of each case, oldest first."""
    township = villages[0]["parent"]
    struck = [village for village in villages if village["parent"] == township]
    for back in range(7 * WEEKS, 0, -1):
        day = today - datetime.timedelta(days=back)
        for _ in range(chance.randrange(2 * BACKGROUND_A_DAY + 1)):
            yield "hand-foot-mouth-disease", day, chance.choice(villages), today.year - chance.randrange(1, 7)
        growing = 2 ** ((21 - back) / 7) if back <= 21 else 0  # doubles each week
        for _ in range(int(growing + chance.random())):
            yield "measles", day, chance.choice(struck), today.year - chance.randrange(1, 35)


def rows_of(chance, villages, today):
    for disease, onset, village, born in cases_of(chance, villages, today):
        seen = min(onset + datetime.timedelta(days=chance.randrange(0, 4)), today)
        received = min(seen + datetime.timedelta(days=chance.randrange(0, 3)), today)
        person = {"id": make_id(chance, received), "sex": chance.choice(["female", "male"]), "birth_year": born,
                  "area": village["id"]}
        case = {"id": make_id(chance, received), "person": person["id"], "disease": disease,
                "classification": chance.choice(["suspected", "suspected", "confirmed"]), "sex": person["sex"],
                "age_years": today.year - born, "responsible_area": village["id"], "residence_area": village["id"],
                "onset_date": onset, "consultation_date": seen, "received_date": received}
        yield person, case


def streams_of(areas, lowest):
    for area in areas:
        for disease in ("measles", "hand-foot-mouth-disease"):
            if int(area["level"]) in (lowest - 1, lowest - 2):
                yield {"code": f"{disease}-{area['code']}", "indicator": "cases", "disease": disease, "area": area["id"],
                       "period": "day", "feed": "counter", "counter": "case_by_onset"}


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__.split("\n\n")[1])
    today = datetime.date.fromisoformat(sys.argv[3]) if len(sys.argv) == 4 else datetime.date.today()
    with open(sys.argv[1], encoding="utf-8") as file:
        areas = list(csv.DictReader(file))
    lowest = max(int(area["level"]) for area in areas)
    villages = [area for area in areas if int(area["level"]) == lowest]
    persons, cases = zip(*rows_of(random.Random(20), villages, today))
    folder = pathlib.Path(sys.argv[2])
    write(folder / "persons.csv", persons)
    write(folder / "cases.csv", cases)
    write(folder / "streams.csv", list(streams_of(areas, lowest)))
    print(f"{len(persons)} invented persons, as many cases")


if __name__ == "__main__":
    main()
