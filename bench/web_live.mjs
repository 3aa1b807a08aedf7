// SPDX-License-Identifier: GPL-3.0-or-later
// From a laboratory's message over MLLP to the curve and the signal that change in a page that is open, while other
// laboratories send results at a steady rate. All on this machine: server, browser and senders.
//
// usage: web_live.mjs BUILD [--rate RESULTS_A_SECOND] [--probes N] [--stages]
//
// --stages: also where the time goes: when the browser has heard of the change, asked, and was answered.
//
// Each probe is a case of a disease of which one case is enough, in a township of its own: one case and one signal more on the
// page. Times are from before the message is written to the socket until the page's elements have changed.
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { browse, PASSWORD, serve, signIn, TOCSIN, TODAY } from "../web/test/program.mjs";
import { percentile, row } from "./web_rows.mjs";

const COUNTY = "900101";
const SENDERS = 8;
const BAR_MS = 1000;
const LONGEST_MS = 20_000;
const { values } = parseArgs({ allowPositionals: true, options: { rate: { type: "string", default: "200" }, probes: { type: "string", default: "90" }, stages: { type: "boolean" } } });
const rate = Number(values.rate), probes = Math.min(90, Number(values.probes));
const folder = mkdtempSync(join(tmpdir(), "tocsin-live-"));
const node = join(folder, "node");
const tocsin = (words, input) => String(execFileSync(TOCSIN, words, { input, stdio: ["pipe", "pipe", "pipe"], maxBuffer: 1 << 28 }));
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A county of 90 townships, without outlines, so that neighbours make signals of their own; one stream each of the probes' disease
 * and one of measles. */
function makeNode() {
  const data = join(folder, "data");
  tocsin(["node", "init", node]);
  tocsin(["county", "--townships", "90", "--villages", "1", "--out", data]);
  tocsin(["area", "import", "--node", node, join(data, "areas.csv")]);
  const [, ...rows] = tocsin(["area", "list", join(data, "areas.csv")]).trim().split("\n").map((line) => line.split(","));
  const areas = rows.map((one) => ({ code: one[0], name: one[2], id: one.at(-1) }));
  const towns = areas.filter((area) => area.code.startsWith(COUNTY) && area.code.length === 9);
  const streams = towns.flatMap(({ code, id }) => ["cholera", "measles"].map((disease) => `${disease}-${code},cases,${disease},${id},day,counter,case_by_received`));
  writeFileSync(join(folder, "streams.csv"), `code,indicator,disease,area,period,feed,counter\n${streams.join("\n")}\n`);
  tocsin(["record", "create", "--node", node, "--file", join(folder, "streams.csv"), "stream"]);
  const county = areas.find((area) => area.code === COUNTY);
  tocsin(["record", "create", "feed", `area=${county.id}`, "name=Laboratories", "channel=mllp", "status=live", "sending_facility=LAB", "--node", node]);
  tocsin(["user", "create", "dolma", "--role", "epidemiologist", "--area", COUNTY, "--node", node]);
  tocsin(["user", "password", "dolma", "--node", node], `${PASSWORD}\n`);
  appendFileSync(join(node, "tocsin.conf"), "\n[mllp laboratory]\nlisten = 127.0.0.1:0\n");
  return towns.map((town) => ({ town: town.name, village: areas.find((area) => area.code.startsWith(town.code) && area.code !== town.code).name }));
}

/** number: of person, specimen and message. */
function message(number, target, found, { town, village }) {
  const day = TODAY.replaceAll("-", "");
  const test = `T${target.length}^${target} DNA^L`;
  const name = [...Array(6)].map((_, i) => String.fromCharCode(97 + (Math.floor(number / 7 ** i) * 5 + i) % 26)).join("");
  return [
    `MSH|^~\\&|LIS|LAB|TOCSIN|CDC|${day}0000+0000||ORU^R01^ORU_R01|${number}|P|2.5.1||||||UNICODE UTF-8`,
    `PID|1||${number}^^^LAB^MR||${name}^${name.slice(3)}||${1930 + (number % 90)}0${1 + (number % 9)}1${number % 10}|F|||${number} Long Street^^${village}^${town}`,
    `OBR|1||S${number}|${test}|||${day}|||||||||||||||${day}0000+0000|||F`,
    `OBX|1|CWE|${test}||${found ? "260373001^Detected^SCT" : "260415000^Not detected^SCT"}||||||F|||${day}`,
    ...(found ? [`OBX|2|DT|11368-8^Illness or injury onset date^LN||${day}||||||F|||${day}`] : []),
    "",
  ].join("\r");
}

/** A connection that sends and waits for each answer. */
class Laboratory {
  constructor(place) {
    const [host, port] = place.split(":");
    this.socket = connect(Number(port), host);
    this.socket.setNoDelay(true);
    this.said = "";
    this.socket.on("data", (bytes) => {
      this.said += bytes;
      if (!this.said.endsWith("\x1c\r")) return;
      const answer = this.said;
      this.said = "";
      this.answered(answer);
    });
  }
  send(text) {
    return new Promise((answered) => {
      this.answered = answered;
      this.socket.write(`\x0b${text}\x1c\r`);
    });
  }
}

/** In the page: when it heard of which record, and when it asked for what and was answered. */
function noteStages() {
  window.tocsinStages = { heard: [], asked: [] };
  new BroadcastChannel("tocsin-live").onmessage = ({ data }) => {
    if (data.change?.type !== undefined) window.tocsinStages.heard.push([data.change.type, Date.now()]);
  };
  const ask = window.fetch;
  window.fetch = async (...words) => {
    const one = [new URL(words[0].url ?? words[0], location.href).pathname, Date.now(), 0];
    window.tocsinStages.asked.push(one);
    const answer = await ask(...words);
    one[2] = Date.now();
    return answer;
  };
}

/** Of each probe, from when to when: heard of a record of that kind, asked for that path first after that, answered. */
function stagesOf({ heard, asked }, kind, path, spans) {
  const stages = { heard: [], asked: [], answered: [] };
  for (const [from, to] of spans) {
    const at = heard.find(([type, at]) => type === kind && at >= from && at <= to)?.[1];
    const turn = asked.filter(([name, began, ended]) => name === path && began >= (at ?? Infinity) && ended <= to && ended > 0)[0];
    if (turn === undefined) continue;
    stages.heard.push(at - from);
    stages.asked.push(turn[1] - from);
    stages.answered.push(turn[2] - from);
  }
  return stages;
}

let ending = false, sent = 0, refused = 0;

async function load(place, first, places) {
  const laboratory = new Laboratory(place);
  const began = Date.now();
  for (let i = 0; !ending; i++) {
    await pause(Math.max(0, began + (i * SENDERS * 1000) / rate - Date.now()));
    const number = 1_000_000 + i * SENDERS + first;
    const answer = await laboratory.send(message(number, "measles virus", number % 10 === 0, places[number % places.length]));
    sent++;
    if (!answer.includes("|AA|")) refused++;
  }
  laboratory.socket.end();
}

const places = makeNode();
const server = await serve(node);
const browser = await browse();
const { page } = await signIn(browser, server.url, "dolma");
await page.goto(`${server.url}/?disease=cholera`);
await page.waitForSelector(".live.on");
await page.waitForSelector(".curve .bar", { state: "attached" });

await page.click(".curve summary"); // the curve's numbers, the newest day first
if (values.stages) await page.evaluate(noteStages);

let changed = () => {};
await page.exposeFunction("tocsinChanged", (curve, signals) => changed(curve, signals));
await page.evaluate(() => {
  const look = () => {
    const bars = [...document.querySelectorAll(".curve tbody .number")].slice(0, 3).reduce((sum, cell) => sum + Number(cell.textContent), 0);
    const all = document.querySelector(".signals-open a[href^='/signals?']");
    window.tocsinChanged(bars, all === null ? 0 : Number(/\d+/.exec(all.textContent)?.[0] ?? 0));
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
});

const loads = [...Array(SENDERS)].map((_, i) => load(server.mllp, i, places));
const began = Date.now();
await pause(3000);
const probe = new Laboratory(server.mllp);
const times = { acknowledged: [], curve: [], signal: [] };
const spans = { curve: [], signal: [] };
for (let i = 0; i < probes; i++) {
  const from = Date.now();
  const seen = new Promise((done) => {
    const at = {};
    const late = setTimeout(() => done(at), LONGEST_MS);
    changed = (curve, signals) => {
      if (curve > i) at.curve ??= Date.now() - from;
      if (signals > i) at.signal ??= Date.now() - from;
      if (at.curve !== undefined && at.signal !== undefined) {
        clearTimeout(late);
        done(at);
      }
    };
  });
  const answer = await probe.send(message(i + 1, "vibrio cholerae", true, places[i]));
  if (!answer.includes("|AA|")) throw new Error(answer);
  times.acknowledged.push(Date.now() - from);
  const at = await seen;
  times.curve.push(at.curve ?? LONGEST_MS);
  times.signal.push(at.signal ?? LONGEST_MS);
  for (const what of ["curve", "signal"]) spans[what].push([from, from + (at[what] ?? LONGEST_MS)]);
  await pause(50 + Math.random() * 300);
}
const seconds = (Date.now() - began) / 1000;
ending = true;
await Promise.all(loads);
probe.socket.end();
const reached = sent / seconds;
const beside = `${probes} messages beside ${reached.toFixed(0)} results/s, of which ${refused} were not taken; load ${loadavg()[0].toFixed(1)} on ${cpus().length} cores`;
console.log(`acknowledged: median ${percentile(times.acknowledged, 0.5)} ms, p99 ${percentile(times.acknowledged, 0.99)} ms`);
for (const [what, all] of [["curve", times.curve], ["signal", times.signal]]) {
  const late = percentile(all, 0.99);
  row(`result of a message by MLLP to changed ${what} in an open browser, p99`, "< 1 s", `${late === LONGEST_MS ? "never within 20 s" : `${late} ms`}, median ${percentile(all, 0.5)} ms; ${beside}`,
    late < BAR_MS && reached >= 0.95 * rate && refused === 0);
}
if (values.stages) {
  const noted = await page.evaluate(() => window.tocsinStages);
  for (const [what, kind, path] of [["curve", "case", "/api/v1/counts"], ["signal", "signal", "/api/v1/signals/open"]])
    for (const [stage, all] of Object.entries(stagesOf(noted, kind, path, spans[what])))
      console.log(`${what}, ${stage}: median ${percentile(all, 0.5)} ms, p90 ${percentile(all, 0.9)} ms, p99 ${percentile(all, 0.99)} ms (${all.length})`);
}
await browser.close();
await server.end();
rmSync(folder, { recursive: true });
