// SPDX-License-Identifier: GPL-3.0-or-later
// The inbox in the peak week of a wave: real influenza in 140 districts, judged week by week up to the peak of 2008 (moved to this
// week), and in that week a cluster of another disease in one district and a single case of plague in another.
//
// usage: watch_peak.mjs BUILD
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browse, PASSWORD, serve, signIn, TOCSIN, TODAY } from "../web/test/program.mjs";
import { row } from "./web_rows.mjs";

const WEEKS_A_YEAR = 52, FIRST_YEAR = 2001, PEAK = WEEKS_A_YEAR * 7 + 8; // 2008-W09, from 0
const JUDGED = 26; // weeks, one round each
const CLUSTER = 7;
const folder = mkdtempSync(join(tmpdir(), "tocsin-peak-"));
const node = join(folder, "node");
const tocsin = (...words) => String(execFileSync(TOCSIN, words, { stdio: ["pipe", "pipe", "ignore"], maxBuffer: 1 << 28 }));
const plusDays = (day, days) => new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
const monday = plusDays(TODAY, -((new Date(`${TODAY}T00:00:00Z`).getUTCDay() + 6) % 7));
const week = (number) => plusDays(monday, 7 * (number - PEAK));

function write(name, lines) {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/** [week from 0, count, district] of every week up to the peak. */
function influenza() {
  const data = join(process.argv[2], "data");
  execFileSync("docs/examples/real_counts.sh", [data], { stdio: ["ignore", "ignore", "inherit"] });
  const [, ...lines] = readFileSync(join(data, "influenza.csv"), "utf8").trim().split("\n");
  const counts = lines.map((line) => {
    const [date, count, ...name] = line.split(",");
    const [year, number] = date.split("-W").map(Number);
    return [(year - FIRST_YEAR) * WEEKS_A_YEAR + number - 1, Number(count), name.join(",")];
  });
  return counts.filter(([number]) => number <= PEAK);
}

const counts = influenza();
const names = [...new Set(counts.map(([, , name]) => name))].sort();
const codes = new Map(names.map((name, i) => [name, `D${1000 + i}`]));
tocsin("node", "init", node);
const areas = write("areas.csv", ["code,name_en,parent", "D,Bavaria and Baden-Württemberg,", ...names.map((name) => `${codes.get(name)},"${name}",D`)]);
tocsin("area", "import", "--node", node, areas);
const ids = new Map(tocsin("area", "list", areas).trim().split("\n").map((line) => [line.split(",")[0], line.split(",").at(-1)]));
const load = (stream, disease, rows) =>
  tocsin("watch", "load", "--node", node, "--stream", stream, "--indicator", "cases", "--disease", disease, "--period", "week", "--known", week(0),
    "--columns", "date=date,series=series,value=count", write("counts.csv", ["date,series,count", ...rows]));
load("influenza", "influenza", counts.map(([number, count, name]) => `${week(number)},${codes.get(name)},${count}`));
const quiet = counts.filter(([number]) => number > PEAK - 3 * WEEKS_A_YEAR);
load("hepatitis", "hepatitis-a", quiet.map(([number, , name], i) => `${week(number)},${codes.get(name)},${number === PEAK && name === names[17] ? CLUSTER : Number(i % 29 === 0)}`));
const place = ids.get(codes.get(names[80]));
const person = JSON.parse(tocsin("record", "create", "--node", node, "person", `area=${place}`)).id;
tocsin("record", "create", "--node", node, "stream", "code=plague", "indicator=cases", "disease=plague", `area=${place}`, "period=day", "feed=counter", "counter=case_by_onset");
tocsin("record", "create", "--node", node, "case", `person=${person}`, "disease=plague", "classification=confirmed", `responsible_area=${place}`, `residence_area=${place}`, `onset_date=${TODAY}`, `received_date=${TODAY}`);
for (let number = PEAK - JUDGED; number < PEAK; number++) tocsin("watch", "run", "--node", node, "--today", plusDays(week(number), 6));
tocsin("watch", "run", "--node", node, "--today", TODAY);
execFileSync(TOCSIN, ["user", "create", "dolma", "--role", "epidemiologist", "--area", "D", "--node", node], { stdio: "ignore" });
execFileSync(TOCSIN, ["user", "password", "dolma", "--node", node], { input: `${PASSWORD}\n`, stdio: ["pipe", "ignore", "ignore"] });

const server = await serve(node);
const browser = await browse();
const { page } = await signIn(browser, server.url, "dolma");
await page.goto(`${server.url}/signals`);
await page.waitForSelector(".inbox .clock");
const found = await page.locator(".inbox tr:has(th[scope=row])").evaluateAll((rows) => rows.map((one) => one.querySelector("a").textContent.trim()));
const of = (name) => found.filter((one) => one === name).length;
row("inbox in the peak week of influenza in 140 districts, with a single case of plague and a cluster of hepatitis A", "these two stand first",
  `${found.slice(0, 3).join(", ")}, … of ${found.length}, ${of("Influenza")} of them influenza`,
  found[0] === "Plague" && found[1]?.startsWith("Hepatitis A") && of("Influenza") > 5);
await browser.close();
await server.end();
rmSync(folder, { recursive: true });
