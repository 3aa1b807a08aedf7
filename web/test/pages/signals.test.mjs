// SPDX-License-Identifier: GPL-3.0-or-later
// Signals and what they come from, by clicking and by keys: the inbox, a signal answered from triage to its end, streams.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, browse, giveFactor, looksWell, makeNode, serve, signIn } from "../program.mjs";

const COUNTY = "900101";
let node, server, browser;

before(async () => {
  node = makeNode([
    ["dolma", "epidemiologist", COUNTY],
    ["karma", "epidemiologist", COUNTY],
    ["pasang", "epidemiologist", COUNTY], // who has a second factor
    ["tashi", "epidemiologist", "900101101"],
    ["nyima", "tracer", COUNTY],
  ]);
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

const areaId = (code) => node.areas.find((row) => row[0] === code).at(-1);
const button = (page, name) => page.getByRole("button", { name });
const choice = (page, name) => page.getByRole("combobox", { name, exact: true });
const titles = (page) => page.locator(".inbox th[scope=row] a").allTextContents();
let keys = 0;

async function make(page, record, body) {
  const made = await ask(page, "POST", `/api/v1/${record}`, body, { "Idempotency-Key": `made-${keys++}` });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.id;
}

async function report(page, more = {}) {
  return make(page, "signals", { area: areaId(COUNTY), source: "clinician", status: "new", noticed_time: new Date().toISOString().slice(0, 19) + "Z", ...more });
}

const task = (page, signal, hours, more = {}) =>
  make(page, "tasks", {
    area: areaId(COUNTY), kind: "triage-signal", signal, status: "open", owner_role: "epidemiologist",
    due: new Date(Date.now() + hours * 3_600_000).toISOString(), ...more,
  });

async function measles(page) {
  const { body } = await ask(page, "GET", "/api/v1/signals?disease=measles&source=alarm");
  return body.rows[0].id;
}

test("the inbox puts first what has to be answered first, and what is beyond the budget below a line, counted", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma");
  await page.goto(`${server.url}/signals`);
  await page.waitForSelector(".inbox .clock");
  const before = Number((await page.textContent("h1")).split(" ")[0]);
  assert.equal(before, (await titles(page)).length);
  await page.waitForSelector(".live.on");
  const late = await report(page, { disease: "plague" });
  await task(page, late, -1, { priority: "urgent" });
  const deferred = await report(page, { disease: "cholera" });
  await task(page, deferred, 1, { priority: "low" });
  await page.waitForFunction((n) => document.querySelector("h1")?.textContent.startsWith(`${n} `), before + 2); // by itself
  const shown = await titles(page);
  assert.match(shown[0], /Plague/);
  assert.match(shown.at(-1), /Cholera/);
  assert.match(await page.textContent(".inbox .line"), /Beyond the budget.*1 is/);
  assert.match(await page.locator(".inbox .clock.late").first().textContent(), /late/);
  await page.goto(`${server.url}/`);
  await page.waitForSelector(".signals-open li");
  assert.match(await page.locator(".signals-open li").first().textContent(), /Plague.*late/, "the situation page has it too");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("j, Enter, t: a signal is taken by the keyboard alone; then verified, assessed, acted on and closed", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await page.goto(`${server.url}/signals?disease=measles`);
  await page.waitForSelector(".inbox .clock");
  await page.locator("main").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/signals\/[0-9a-f-]{36}/);
  await page.waitForSelector(".answer, h2#answer");
  await page.keyboard.press("t");
  await page.waitForSelector(".answer input");
  await page.keyboard.press("Enter");
  await page.waitForSelector("h1:has-text('verif')");
  await page.locator("main").focus();
  await page.keyboard.press("v");
  await choice(page, "What it is").selectOption("confirmed");
  await page.getByLabel("Reason").fill("laboratory: 4 of 5 positive");
  await page.keyboard.press("Enter");
  await page.waitForSelector("td:has-text('laboratory: 4 of 5 positive')");
  await button(page, "Assess the risk").click();
  await choice(page, "Risk").selectOption("high");
  await button(page, "Assess the risk").last().click();
  await page.waitForSelector("tr:has-text('Start acting') .clock");
  await button(page, "Start acting").click();
  await choice(page, "Joined to the outbreak").selectOption({ label: "Open a new outbreak" });
  await button(page, "Start acting").last().click();
  await page.waitForSelector("h1:has-text('acted on')");
  const { body: outbreaks } = await ask(page, "GET", "/api/v1/outbreaks?disease=measles");
  assert.equal(outbreaks.rows.length, 1, "an outbreak was opened from it");
  await page.locator("main").focus();
  await page.keyboard.press("c");
  await choice(page, "Why it is closed").selectOption("response-ended");
  await page.keyboard.press("Tab");
  await button(page, "Close").last().click();
  await page.waitForSelector("h1:has-text('Closed')");
  assert.equal(await page.locator("#answer").count(), 0, "a closed signal takes no step");
  const { body } = await ask(page, "GET", `/api/v1/signals/${page.url().split("/").at(-1)}`);
  assert.deepEqual([body.status, body.verification, body.risk, body.closing], ["closed", "confirmed", "high", "response-ended"]);
  await context.close();
});

test("of two who answer at once the second is told how it stands", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  const { page: other, context: others } = await signIn(browser, server.url, "karma");
  const id = await report(page, { disease: "cholera" });
  await page.route("**/api/v1/live", (route) => route.abort()); // what the other does is not seen
  await page.goto(`${server.url}/signals/${id}`);
  await page.waitForSelector("#answer");
  await button(page, "Triage").click();
  await page.waitForSelector(".answer");
  const taken = await ask(other, "POST", `/api/v1/signals/${id}/triage`, {}, { "Idempotency-Key": "other" });
  assert.equal(taken.status, 200);
  await button(page, "Triage").last().click();
  await page.waitForSelector(".failure:has-text('status: verifying')");
  await page.reload();
  await page.waitForSelector("h1:has-text('verif')");
  await page.waitForSelector("td:has-text('A colleague')");
  await context.close();
  await others.close();
});

test("a signal shows its series with threshold and expected, the areas that alarm, and the cases behind it", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma");
  const id = await measles(page);
  await page.goto(`${server.url}/signals/${id}`);
  await page.waitForSelector("path.threshold");
  await page.waitForSelector(".map .grade-3");
  const { body: alarms } = await ask(page, "GET", `/api/v1/alarms?signal=${id}&page_size=200`);
  const streams = new Set(alarms.rows.map((row) => row.stream));
  assert.equal(await page.locator(".scroll tbody tr").count(), streams.size);
  const { body: series } = await ask(page, "GET", `/api/v1/watch/${[...streams][0]}`);
  assert.equal(await page.locator(".curve svg[role=img] g > .over-mark").count(), series.steps.filter((step) => step.over).length);
  await page.locator(".curve summary").click();
  const column = await page.locator(".curve tbody tr td:nth-child(2)").allTextContents();
  assert.deepEqual(column.map(Number).reverse(), series.steps.map((step) => step.count), "the table has the same");
  await page.locator("#behind ~ p a").click();
  await page.waitForSelector(".grid-body a");
  const days = alarms.rows.map((row) => row.day).sort();
  const { body: cases } = await ask(page, "GET", `/api/v1/cases?disease=measles&onset_date.from=${days[0]}&onset_date.to=${days.at(-1)}&page_size=200`);
  assert.equal(Number(await page.locator(".grid-body .grid-row").last().getAttribute("aria-rowindex")), Math.min(cases.rows.length, 40) + 1);
  assert.match(page.url(), new RegExp(`onset_date.from=${days[0]}`));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a report shows what was said without its numbers, and how to ask again for a purpose alone", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "pasang", { bypassCSP: true });
  await page.goto(`${server.url}/signals`);
  await page.waitForSelector(".inbox");
  await giveFactor(page);
  const said = { area: areaId(COUNTY), what: "Twelve pupils vomit, ask 13800138000", place: "the school", num_ill: 12, contact: "ward 3, extension 12" };
  const made = await ask(page, "POST", "/api/v1/event-reports", said);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await page.goto(`${server.url}/signals/${made.body.id}`);
  await page.waitForSelector(".reported");
  const shown = await page.textContent(".reported");
  for (const text of ["Twelve pupils vomit, ask […]", "the school", "12"]) assert.ok(shown.includes(text), shown);
  assert.ok(!shown.includes("ward 3"), shown);
  await looksWell(page);
  await button(page, /Show, for: Case investigation/).click();
  await page.waitForSelector(".reported dd:has-text('ward 3, extension 12')");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("streams are listed with their newest value, method and alarms, which lead to the signal", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma");
  await page.goto(`${server.url}/streams?disease=measles`);
  await page.waitForSelector(".streams tbody tr");
  const { body } = await ask(page, "GET", "/api/v1/streams?disease=measles&page_size=200");
  assert.equal(await page.locator(".streams tbody tr").count(), body.rows.length);
  assert.match(await page.textContent(".streams tbody"), /ears-c2/);
  await page.locator(".streams td.number a").first().click();
  await page.waitForSelector("path.threshold");
  assert.match(page.url(), /stream=/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("who has one township sees none of the county's signals, and a tracer has no such page", async () => {
  const { page, context } = await signIn(browser, server.url, "tashi");
  await page.goto(`${server.url}/signals`);
  await page.waitForSelector("h1:has-text('0 signals')");
  const { page: county, context: counties } = await signIn(browser, server.url, "dolma");
  const id = await measles(county);
  await page.goto(`${server.url}/signals/${id}`);
  await page.waitForSelector(".empty:has-text('no such signal')");
  const { page: tracer, context: tracers } = await signIn(browser, server.url, "nyima");
  await tracer.waitForSelector(".rail a");
  assert.equal(await tracer.locator(".rail a[href='/signals']").count(), 0);
  await context.close();
  await counties.close();
  await tracers.close();
});

test("without the server the inbox keeps what it shows and says of when it is", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await page.goto(`${server.url}/signals`);
  await page.waitForSelector(".inbox .clock");
  await page.waitForSelector(".live.on");
  await server.end();
  await page.waitForSelector(".stale");
  assert.ok((await titles(page)).length > 0);
  server = await serve(node.node);
  await context.close();
});

test("a stream is judged by another way on the last year, beside what is set, and then set so", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma", { bypassCSP: true });
  await page.goto(`${server.url}/streams?disease=measles`);
  await page.locator(".streams tbody th a").first().click();
  await page.waitForSelector("path.threshold");
  const method = page.getByRole("combobox", { name: "Method" });
  await button(page, "Judge the last year").click();
  await page.waitForSelector(".compared");
  assert.equal(await page.locator(".compared thead th").count(), 1);
  await method.selectOption("ears-c1");
  await page.getByLabel("Parameters of the method").fill("alpa=0.2");
  await button(page, "Try on the last year").click();
  await page.waitForSelector("text=a parameter of it");
  await page.getByLabel("Parameters of the method").fill("alpha=0.2");
  await button(page, "Try on the last year").click();
  await page.waitForSelector(".compared thead th:nth-of-type(2)");
  const [own, tried] = await page.locator(".compared tbody tr").first().locator("td").allTextContents();
  assert.notEqual(own, "ears-c1");
  assert.equal(tried, "ears-c1");
  await looksWell(page);
  await button(page, "Set it so").click();
  await page.waitForFunction(() => [...document.querySelectorAll("select")].some((one) => one.value === "ears-c1") && document.querySelector(".compared") === null);
  const id = new URL(page.url()).pathname.split("/").pop();
  assert.equal((await ask(page, "GET", `/api/v1/watch/${id}`)).body.method, "ears-c1");
  assert.deepEqual(complaints.filter((one) => !one.includes("422")), []);
  await context.close();
});
