# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of an invented laboratory about the county that `tocsin county` invents, as files for `tocsin mllp send`.

usage: invented_messages.py AREAS.csv FOLDER [TODAY]

AREAS.csv is what `tocsin area list` prints. Writes FOLDER/001.hl7 and so on, HL7 v2.5.1, one message a file, in the order in
which they are sent: measles goes on in the township where invented_cases.py has it and comes to the next one; most of
what else is tested is negative. As from any laboratory one message comes twice and one cannot be read. The same areas
and day give the same files; nobody in them exists.
"""

import csv
import datetime
import pathlib
import random
import sys

MESSAGES = 60
FAMILIES = ["Wang", "Li", "Zhang", "Liu", "Chen", "王", "李", "张", "刘", "陈"]
GIVEN = {"F": ["Tenzin", "Dolma", "Pema", "Min", "Jing", "敏", "静"], "M": ["Tashi", "Dorje", "Karma", "Wei", "Jun", "伟", "军"]}


def message(chance, number, village, township, positive, today):
    """One result of measles RNA, with the onset where it is known."""
    sex = chance.choice("FM")
    born = datetime.date(today.year - chance.randrange(1, 35), chance.randrange(1, 13), chance.randrange(1, 29))
    collected = today - datetime.timedelta(days=chance.randrange(0, 3))
    onset = collected - datetime.timedelta(days=chance.randrange(0, 4))
    meaning = "260373001^Detected^SCT" if positive else "260415000^Not detected^SCT"
    chinese = chance.random() < 0.5
    home = f"{township['name_zh']}{village['name_zh']}" if chinese else f"{chance.randrange(1, 90)} Long Street^^{village['name_en']}^{township['name_en']}"
    day = "%Y%m%d"
    segments = [
        f"MSH|^~\\&|LIS|LAB|TOCSIN|CDC|{today:%Y%m%d}||ORU^R01^ORU_R01|{number}|P|2.5.1||||||UNICODE UTF-8",
        f"PID|1||{700000 + number}^^^LAB^MR||{chance.choice(FAMILIES)}^{chance.choice(GIVEN[sex])}||{born:{day}}|{sex}|||{home}",
        f"OBR|1||S{number:05d}|48508-6^Measles virus RNA^LN|||{collected:{day}}|||||||||||||||{today:{day}}|||F",
        f"OBX|1|CWE|48508-6^Measles virus RNA^LN||{meaning}||||||F|||{collected:{day}}",
    ]
    if positive and chance.random() < 0.8:
        segments.append(f"OBX|2|DT|11368-8^Illness or injury onset date^LN||{onset:{day}}||||||F|||{collected:{day}}")
    return "\r".join(segments) + "\r"


def messages(areas, today):
    chance = random.Random(21)
    lowest = max(int(area["level"]) for area in areas)
    by_code = {area["code"]: area for area in areas}
    villages = [area for area in areas if int(area["level"]) == lowest]
    townships = list(dict.fromkeys(village["parent"] for village in villages))
    for number in range(1, MESSAGES + 1):
        # The first half is of the township where it began; then the next one has it too.
        struck = townships[0] if number <= MESSAGES // 2 or chance.random() < 0.3 else townships[1]
        ill = chance.random() < 0.4
        village = chance.choice([one for one in villages if not ill or one["parent"] == struck])
        text = message(chance, number, village, by_code[village["parent"]], ill and chance.random() < 0.8, today)
        yield text.replace("ORU^R01^ORU_R01", "ORX^R99") if number == 25 else text
        if number == 20:
            yield text


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__.split("\n\n")[1])
    today = datetime.date.fromisoformat(sys.argv[3]) if len(sys.argv) == 4 else datetime.date.today()
    with open(sys.argv[1], encoding="utf-8") as file:
        areas = list(csv.DictReader(file))
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(messages(areas, today), start=1):
        (folder / f"{number:03d}.hl7").write_bytes(text.encode())
    print(f"{number} invented messages")


main()
