// SPDX-License-Identifier: GPL-3.0-or-later
// The situation page of an area with 140 districts in Chromium, on loopback: first paint, blocking, shift on a processor
// slowed down four times; the main thread's processor time on one that is not.
//
// usage: web_situation.mjs BUILD [--rounds N]
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { browse, PASSWORD, serve, signIn, TOCSIN } from "../web/test/program.mjs";
import { percentile, row } from "./web_rows.mjs";

const DISTRICTS = 140;
const COUNTY = "900101";
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { values } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string", default: "7" } } });
const rounds = Number(values.rounds);
const folder = mkdtempSync(join(tmpdir(), "tocsin-situation-"));
const node = join(folder, "node");
const tocsin = (words, input) => String(execFileSync(TOCSIN, words, { input, stdio: ["pipe", "pipe", "pipe"], maxBuffer: 1 << 28 }));

/** A county of 140 districts with a village each (those of two invented counties), and weeks of invented cases. */
function makeNode() {
  const data = join(folder, "data");
  tocsin(["node", "init", node]);
  tocsin(["county", "--counties", "2", "--townships", String(DISTRICTS / 2), "--villages", "1", "--out", data]);
  const [head, ...codes] = readFileSync(join(data, "areas.csv"), "utf8").trim().split("\n");
  const lines = codes.map((line) => line.split(",")).map(([code, parent, ...rest]) => [code, parent === "900102" ? COUNTY : parent, ...rest].join());
  writeFileSync(join(data, "areas.csv"), `${[head, ...lines].join("\n")}\n`);
  tocsin(["area", "import", "--node", node, "--shapes", join(data, "outlines.geojson"), "--population", join(data, "population.csv"), join(data, "areas.csv")]);
  const areas = tocsin(["area", "list", join(data, "areas.csv")]);
  writeFileSync(join(folder, "areas.csv"), areas);
  execFileSync("python3", [join(ROOT, "tools/invented_cases.py"), join(folder, "areas.csv"), folder]);
  for (const record of ["person", "case", "stream"]) tocsin(["record", "create", "--node", node, "--file", join(folder, `${record}s.csv`), record]);
  tocsin(["watch", "run", "--node", node]);
  tocsin(["user", "create", "dolma", "--role", "epidemiologist", "--area", COUNTY, "--node", node]);
  tocsin(["user", "password", "dolma", "--node", node], `${PASSWORD}\n`);
}

makeNode();
const server = await serve(node);
const browser = await browse();
const { page, context } = await signIn(browser, server.url, "dolma", { viewport: { width: 1280, height: 860 } });
const cdp = await context.newCDPSession(page);
await page.addInitScript(() => {
  window.seen = { paint: 0, shift: 0, blocked: 0, moved: [] };
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch("paint", (entry) => entry.name === "first-contentful-paint" && (window.seen.paint = entry.startTime));
  watch("layout-shift", (entry) => !entry.hadRecentInput && ((window.seen.shift += entry.value), window.seen.moved.push(...entry.sources.map((one) => one.node?.className ?? one.node?.nodeName))));
  watch("longtask", (entry) => (window.seen.blocked += Math.max(0, entry.duration - 50)));
});

let heard = 0; // when the page last asked or got something
page.on("request", () => (heard = Date.now()));
page.on("requestfinished", () => (heard = Date.now()));
const pause = (ms) => new Promise((over) => setTimeout(over, ms));

/** One load of the page as it is opened in the morning: nothing kept. It is left alone until it has asked for nothing for a
 * while: to look at it would be work of its main thread. */
async function load(slower) {
  await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: slower });
  await page.goto(`${server.url}/healthz`); // the same origin: the same process, whose time is counted on
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async () => (await cdp.send("Performance.getMetrics")).metrics.find((one) => one.name === "TaskDuration").value * 1000;
  const before = await spent();
  await page.goto(server.url, { waitUntil: "commit" });
  for (heard = Date.now(); Date.now() - heard < 700 * slower; ) await pause(50);
  const cpu = (await spent()) - before;
  const seen = await page.evaluate(() => ({ ...window.seen, areas: document.querySelectorAll(".map > svg .area").length, bars: document.querySelectorAll(".curve .bar").length, nodes: document.querySelectorAll("*").length }));
  if (seen.areas < DISTRICTS || seen.bars === 0) throw new Error(`the page is not there: ${JSON.stringify(seen)}`);
  await cdp.send("Performance.disable");
  return { ...seen, cpu };
}

await load(1); // the server's and the browser's own caches
const slow = [], plain = [];
for (let round = 0; round < rounds; round++) {
  slow.push(await load(4));
  plain.push(await load(1));
}
if (slow[0].moved.length > 0) console.log(`moved while loading: ${slow[0].moved.join(", ")}`);
const middle = (all, of) => percentile(all.map((one) => one[of]), 0.5);
const worst = (all, of) => Math.max(...all.map((one) => one[of]));
const where = `${slow[0].areas} districts, median of ${rounds}; load ${loadavg()[0].toFixed(1)} on ${cpus().length} cores`;
const say = (measure, bar, all, of, limit, unit, digits = 0) =>
  row(measure, `<= ${bar}`, `${middle(all, of).toFixed(digits)}${unit} (worst ${worst(all, of).toFixed(digits)}${unit}); ${where}`, middle(all, of) <= limit && slow[0].areas >= DISTRICTS);
say("situation, processor slowed 4 times: first paint", "1.2 s", slow, "paint", 1200, " ms");
say("situation, processor slowed 4 times: blocking", "200 ms", slow, "blocked", 200, " ms");
say("situation, processor slowed 4 times: shift", "0.02", slow, "shift", 0.02, "", 3);
say("situation: processor time of the main thread", "150 ms", plain, "cpu", 150, " ms");
say("situation: elements of the page", "3,000", plain, "nodes", 3000, "");
await browser.close();
await server.end();
rmSync(folder, { recursive: true });
