// SPDX-License-Identifier: GPL-3.0-or-later
// The line list of many cases in Chromium: from what somebody does to the frame that shows the rows. A page that holds no
// rows but says where to go on is no answer yet.
//
// usage: web_list.mjs BUILD [--cases N] [--rounds N]
//
// --cases: 1,000,000 in the issue, which is made once below BUILD/bench-server (minutes, some gigabytes); 100,000 by default.
import { execFileSync } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { ask, browse, PASSWORD, serve, signIn, TOCSIN } from "../web/test/program.mjs";
import { percentile, row } from "./web_rows.mjs";

const BAR_MS = 300;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { cases: { type: "string", default: "100000" }, rounds: { type: "string", default: "20" } } });
const cases = Number(values.cases), rounds = Number(values.rounds);

const node = String(execFileSync("python3", ["bench/many_cases.py", positionals[0] ?? "build", values.cases])).trim();
execFileSync(TOCSIN, ["user", "password", "operator", "--node", node], { input: `${PASSWORD}\n`, stdio: "pipe" });
const held = String(execFileSync(TOCSIN, ["user", "list", "--node", node], { stdio: "pipe" }));
if (!held.includes("epidemiologist")) execFileSync(TOCSIN, ["user", "grant", "operator", "--role", "epidemiologist", "--everywhere", "--node", node], { stdio: "pipe" });
const server = await serve(node);
const browser = await browse();
const { page } = await signIn(browser, server.url, "operator");

/** Milliseconds from `act`, done in the page, to the frame after the rows have come. */
async function timed(act) {
  return page.evaluate(
    (act) =>
      new Promise((shown) => {
        const ask = window.fetch;
        window.fetch = async (...words) => {
          const answer = await ask(...words);
          if (String(words[0]?.url ?? words[0]).includes("/api/v1/cases?")) {
            void answer.clone().json().then((body) => {
              if (body.rows.length === 0 && body.next !== null) return;
              setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => {
                window.fetch = ask;
                shown(performance.now() - began);
              })), 0);
            });
          }
          return answer;
        };
        const began = performance.now();
        const change = (control, value) => {
          control.value = value;
          control.dispatchEvent(new Event(control.tagName === "SELECT" ? "change" : "input", { bubbles: true }));
        };
        const labelled = (text) =>
          document.querySelector(`.cases [aria-label="${text}"]`) ?? [...document.querySelectorAll(".cases label")].find((label) => label.textContent.startsWith(text)).querySelector("select, input");
        const [what, to] = act;
        if (what === "open") document.querySelector(".rail a[href='/cases']").click();
        else change(labelled(what), to);
      }),
    act,
  );
}

const options = (label) =>
  page.evaluate((text) => [...[...document.querySelectorAll(".cases label")].find((one) => one.textContent.startsWith(text)).querySelectorAll("option")].map((one) => one.value), label);

async function open() {
  await page.goto(`${server.url}/streams`);
  await page.waitForSelector("main h1");
  return timed(["open"]);
}

const { body } = await ask(page, "GET", "/api/v1/cases?sort=onset_date&page_size=1");
const newest = Date.parse(body.rows[0].onset_date);
const dayBefore = (days) => new Date(newest - days * 86_400_000).toISOString().slice(0, 10);
const TOLD = { open: "open", filter: "filter by disease or classification", days: "filter by days", rare: "filter by severity or outcome", jump: "go to a day", sort: "sort" };
const times = Object.fromEntries(Object.keys(TOLD).map((what) => [what, []]));
await open(); // the program's own caches
for (let round = 0; round < rounds; round++) {
  times.open.push(await open());
  await page.waitForSelector(".grid-body a");
  const diseases = (await options("Disease")).filter((one) => one !== "");
  times.filter.push(await timed(["Disease", diseases[round % diseases.length]]));
  times.filter.push(await timed(["Disease", ""]));
  for (const [label, into] of [["Classification", "filter"], ["Severity", "rare"], ["Outcome", "rare"]]) {
    const codes = (await options(label)).filter((one) => one !== "");
    times[into].push(await timed([label, codes[round % codes.length]]));
    await timed([label, ""]);
  }
  const age = (round * 131) % 700;
  for (const field of ["Onset", "Received"]) {
    times.days.push(await timed([`${field}: to`, dayBefore(age)]), await timed([`${field}: from`, dayBefore(age + 6)]));
    await timed([`${field}: to`, ""]);
    await timed([`${field}: from`, ""]);
  }
  for (const sort of await options("Order")) {
    const now = await page.evaluate(() => new URLSearchParams(location.search).get("sort"));
    if (sort !== now) times.sort.push(await timed(["Order", sort]));
  }
  if ((await page.evaluate(() => new URLSearchParams(location.search).get("sort"))) !== "onset_date") await timed(["Order", "onset_date"]);
  times.jump.push(await timed(["Go to", dayBefore((round * 97) % 700)]));
}
const told = cases === 1_000_000 ? "" : ` (the issue's list has 1,000,000)`;
for (const [what, all] of Object.entries(times)) {
  const worst = percentile(all, 0.95);
  row(`line list of ${cases.toLocaleString("en")} cases${told}: ${TOLD[what]}`, `<= ${BAR_MS} ms`,
    `median ${percentile(all, 0.5).toFixed(0)}, p95 ${worst.toFixed(0)} ms (of ${all.length}); load ${loadavg()[0].toFixed(1)} on ${cpus().length} cores`, worst <= BAR_MS);
}
await browser.close();
await server.end();
