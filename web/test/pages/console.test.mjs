// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody in the office does, by clicking: in Chromium, against the real server and a node of its own.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, browse, looksWell, makeNode, serve, signIn, TOCSIN, TODAY } from "../program.mjs";

const COUNTY = "900101";
const TOWNSHIP = "900101100"; // where the measles of the invented cases are
let node, server, browser, population, units;

const areaId = (code) => node.areas.find((row) => row[0] === code).at(-1);

before(async () => {
  node = makeNode([
    ["dolma", "epidemiologist", COUNTY],
    ["tashi", "epidemiologist", "900101101"],
    ["pema", "administrator", COUNTY],
    ["nyima", "data-manager", COUNTY],
  ]);
  population = readFileSync(join(node.folder, "data/county/population.csv"), "utf8").trim().split("\n").map((line) => line.split(","));
  units = ["H1", "H2"].map(oweReports);
  server = await serve(node.node);
  browser = await browse();
});

/** A hospital of the township that owes a zero report every day; the id of what it owes. */
function oweReports(code) {
  const create = (...words) => JSON.parse(execFileSync(TOCSIN, ["record", "create", ...words, "--node", node.node], { stdio: ["ignore", "pipe", "pipe"] })).id;
  const area = `area=${areaId(TOWNSHIP)}`;
  const facility = create("facility", `code=${code}`, "name_en=Hospital", "kind=hospital", area, "--as", "program");
  return create("reporting_unit", `code=${code}`, `facility=${facility}`, area, "report=zero-report", "period=day", "due_hours=24", "missing_hours=24", "valid_from=2022-01-01", "--as", "data-manager");
}

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

const choice = (page, name) => page.getByRole("combobox", { name, exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const numbers = (text) => [...text.matchAll(/\d[\d,]*/g)].map((match) => Number(match[0].replaceAll(",", "")));
const dayBefore = (days) => new Date(Date.parse(TODAY) - days * 86_400_000).toISOString().slice(0, 10);

async function countFrom(page, days, more = "") {
  const { body } = await ask(page, "GET", `/api/v1/counts?area=${areaId(COUNTY)}&counter=case_by_received&from=${dayBefore(days - 1)}&to=${TODAY}${more}`);
  return body.points.reduce((sum, point) => sum + point.count, 0);
}

test("signing in by the form leads to the situation, whose sentence says what the counts say", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma");
  assert.equal(new URL(page.url()).pathname, "/");
  const week = await countFrom(page, 7);
  const fortnight = await countFrom(page, 14);
  const sentence = await page.textContent("h1");
  assert.deepEqual(numbers(sentence), [week, 7, Math.abs(2 * week - fortnight), 7]);
  assert.equal(await page.locator(".map > svg .area").count(), 12);
  const people = population.filter((row) => row[0] === COUNTY).reduce((sum, row) => sum + Number(row[6]), 0);
  assert.match(await page.textContent(".numbers"), new RegExp(`${week} of ${people.toLocaleString("en-GB")} people`));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("the map leads down to a township and the path leads up again", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  const names = page.locator("tbody a[href*='area=']").first();
  const township = await names.textContent();
  await names.click();
  await page.waitForFunction((name) => document.querySelector(".crumbs [aria-current]")?.textContent === name, township);
  assert.match(page.url(), new RegExp(areaId(TOWNSHIP)), "most cases are in the township of the measles");
  await page.locator(".crumbs a").nth(-2).click();
  await page.waitForFunction((name) => document.querySelector(".crumbs [aria-current]")?.textContent !== name, township);
  await page.goBack();
  await page.waitForFunction((name) => document.querySelector(".crumbs [aria-current]")?.textContent === name, township);
  await context.close();
});

test("a disease and a day known choose what is counted, and stand in the address", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await choice(page, "Disease").selectOption("measles");
  await page.waitForURL(/disease=measles/);
  const week = await countFrom(page, 7, "&disease=measles");
  await page.waitForFunction((n) => document.querySelector("h1")?.textContent.startsWith(`${n} `), week);
  await page.goto(`${page.url()}&asof=${dayBefore(3)}`);
  await page.waitForSelector(".asof");
  assert.match(await page.textContent("h1"), /No cases/, "the cases were all loaded today");
  await context.close();
});

test("a new case changes the open situation by itself, within a second", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await page.waitForSelector(".live.on");
  const week = await countFrom(page, 7);
  const person = await ask(page, "POST", "/api/v1/persons", { sex: "female", birth_year: 2019, area: areaId(`${TOWNSHIP}201`) }, { "Idempotency-Key": "one" });
  assert.equal(person.status, 201, JSON.stringify(person.body));
  const began = Date.now();
  const made = await ask(page, "POST", "/api/v1/cases",
    { person: person.body.id, disease: "measles", classification: "suspected", responsible_area: areaId(`${TOWNSHIP}201`), onset_date: TODAY, received_date: TODAY },
    { "Idempotency-Key": "two" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await page.waitForFunction((n) => document.querySelector("h1")?.textContent.startsWith(`${n} `), week + 1, { timeout: 5000 });
  console.log(`# from the case sent to the number changed: ${Date.now() - began} ms`);
  await context.close();
});

test("why today's number is another than yesterday's: each kind of change adds up, and leads to its cases", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma", { bypassCSP: true });
  const week = await countFrom(page, 7);
  const tile = (name) => page.locator(".numbers > div", { has: page.locator("dt", { hasText: name }) });
  const card = tile("Cases received");
  await card.getByText("Why not as yesterday?").click();
  const said = card.locator("p", { hasText: "as shown here" });
  await said.waitFor();
  assert.match(await said.textContent(), new RegExp(`: 0 as known at the end of .*, ${week} as shown here`), "all were loaded today");
  const kinds = card.locator(".why > li summary");
  const changes = (await kinds.allTextContents()).map((text) => numbers(text).at(-1));
  assert.equal(changes.reduce((sum, one) => sum + one, 0), week);
  const figure = await page.locator(".numbers > div", { hasText: "Since yesterday" }).textContent();
  assert.deepEqual(numbers(figure).slice(0, 2), (await kinds.allTextContents()).map((text) => numbers(text)[0]), "the figure beside it says the same");
  await kinds.filter({ hasText: "late" }).click();
  const first = card.locator(".why details[open] a").first();
  const to = await first.getAttribute("href");
  await looksWell(page);
  for (const name of ["Not found under quarantine", "Source not known", "Died of it"]) {
    await tile(name).getByText("Why not as yesterday?").click();
    const sum = tile(name).locator("p", { hasText: "as shown here" });
    await sum.waitFor();
    const [shown, now] = [numbers(await tile(name).locator("dd").first().textContent())[0], numbers(await sum.textContent()).at(-1)];
    assert.equal(now, shown, `${name}: ${await sum.textContent()}`);
  }
  await looksWell(page);
  await first.click();
  await page.waitForURL(new RegExp(to));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("below the curve stands how many of the case reports that are owed came", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma");
  const manager = await signIn(browser, server.url, "nyima");
  const line = page.locator("section[aria-labelledby=curve] p", { hasText: "case reports" });
  await line.getByText("0 of 2 case reports").waitFor();
  assert.match(await line.textContent(), /came, 0 in time\. 4 newer ones are awaited\./);
  const report = async (unit, days) => {
    const { status, body } = await ask(manager.page, "POST", "/api/v1/unit-reports", { unit, day: dayBefore(days), number: 0 }, { "Idempotency-Key": `report-${days}` });
    assert.equal(status, 201, JSON.stringify(body));
  };
  await report(units[1], 1); // one less is awaited, of yesterday and today
  await line.getByText("3 newer ones are awaited.").waitFor();
  await report(units[0], 2); // too late to be in time
  await line.getByText("1 of 2 case reports").waitFor();
  assert.match(await line.textContent(), /came, 0 in time\. 3 newer ones are awaited\./);
  await page.goto(`${server.url}/?asof=${dayBefore(3)}`);
  await page.waitForSelector(".asof");
  assert.equal(await page.locator("section[aria-labelledby=curve] p", { hasText: "case reports" }).count(), 0, "it is known for now alone");
  assert.deepEqual(complaints, []);
  await manager.context.close();
  await context.close();
});

test("the line list filters, sorts, jumps and goes on as one scrolls", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma");
  await page.goto(`${server.url}/cases`);
  await page.waitForSelector(".grid-body a");
  const [all] = numbers(await page.textContent("h1"));
  assert.ok(all > 100);
  assert.ok((await page.locator(".grid-body .grid-row").count()) < 60, "only what is in sight is drawn");
  for (let i = 0; i < 20; i++) {
    await page.locator(".grid").evaluate((grid) => grid.scrollTo(0, grid.scrollHeight));
    await page.waitForTimeout(100);
  }
  const last = await page.locator(".grid-body .grid-row").last().getAttribute("aria-rowindex");
  assert.equal(Number(last), all + 1, "all rows came");
  await choice(page, "Disease").selectOption("measles");
  await page.waitForFunction((n) => Number(document.querySelector("h1")?.textContent.split(" ")[0]) < n, all);
  const { body } = await ask(page, "GET", "/api/v1/cases?disease=measles&total=true&page_size=1");
  assert.deepEqual(numbers(await page.textContent("h1")), [body.total]);
  await page.goto(`${server.url}/cases?sort=received_date&from=${dayBefore(10)}`);
  await page.waitForSelector(".grid-body a");
  assert.ok((await page.locator(".grid-body .c-received_date").first().textContent()) !== "");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("days that are asked for are listed in their order, and a page without rows is not the end of the list", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma");
  await page.goto(`${server.url}/cases`);
  await page.waitForSelector(".grid-body a");
  const from = dayBefore(30);
  const { body } = await ask(page, "GET", `/api/v1/cases?received_date.from=${from}&sort=received_date&page_size=200`);
  assert.ok(body.rows.length > 0);
  await page.getByLabel("Received: from").fill(from);
  await page.waitForURL((url) => url.searchParams.get("received_date.from") === from);
  assert.equal(new URL(page.url()).searchParams.get("sort"), "received_date");
  await choice(page, "Order").selectOption("onset_date");
  await page.waitForURL((url) => url.searchParams.get("sort") === "onset_date");
  assert.equal(new URL(page.url()).searchParams.get("received_date.from"), from);

  // As the server answers where it has looked through so many rows and none of them counts.
  let asked = 0;
  await page.route(/\/api\/v1\/cases\?/, (route) => (asked++ === 0 ? route.fulfill({ json: { rows: [], masked: [], next: `9999-12-31~${body.rows[0].id}`, total: null } }) : route.continue()));
  await page.goto(`${server.url}/cases?received_date.from=${from}&sort=received_date`);
  await page.waitForSelector(".grid-body a");
  assert.equal(await page.locator(".grid-body a").first().getAttribute("href"), `/cases/${body.rows[0].id}`);
  assert.ok(asked > 1);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("names need a purpose, and a purpose the second factor", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await page.goto(`${server.url}/cases`);
  await page.waitForSelector(".grid-body a");
  assert.equal(await page.locator(".grid-head .c-name").count(), 0);
  await choice(page, "Names").selectOption("case-investigation");
  await page.waitForSelector(".failure");
  assert.match(await page.textContent(".failure"), /second factor/i);
  await context.close();
});

test("a file of the list is handed out", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma", { acceptDownloads: true });
  await page.goto(`${server.url}/cases?disease=measles`);
  await page.waitForSelector(".grid-body a");
  const [file] = await Promise.all([page.waitForEvent("download"), button(page, "Export CSV").click()]);
  assert.equal(file.suggestedFilename(), "cases.csv");
  const text = await readFile(await file.path(), "utf8");
  const [rows] = numbers(await page.textContent("h1"));
  assert.equal(text.trim().split("\n").length, rows + 1);
  assert.doesNotMatch(text.split("\n")[0], /name/);
  await context.close();
});

test("a case is changed in place, and two who change it at once are told", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await page.goto(`${server.url}/cases?disease=measles`);
  await page.click(".grid-body a");
  await button(page, "Change").click();
  await choice(page, "Severity now").selectOption({ index: 1 });
  const id = page.url().split("/").at(-1);
  const first = await ask(page, "GET", `/api/v1/cases/${id}`);
  await ask(page, "PATCH", `/api/v1/cases/${id}`, { origin: "local" }, { "If-Match": `"${first.body.version}"`, "Idempotency-Key": "three" });
  await button(page, "Save").click();
  await page.waitForSelector(".failure");
  assert.match(await page.textContent(".failure"), /Somebody else/);
  await button(page, "Cancel").click();
  await page.waitForFunction(() => !document.querySelector("form"));
  await page.reload();
  await button(page, "Change").click();
  await choice(page, "Severity now").selectOption({ index: 1 });
  await button(page, "Save").click();
  await page.waitForSelector("dl.known");
  const second = await ask(page, "GET", `/api/v1/cases/${id}`);
  assert.ok(second.body.severity);
  assert.equal(second.body.version, first.body.version + 2);
  await context.close();
});

test("somebody of one township sees nothing of the others", async () => {
  const { page, context } = await signIn(browser, server.url, "tashi");
  await page.goto(`${server.url}/cases`);
  await page.waitForSelector(".grid, .empty");
  const { body } = await ask(page, "GET", "/api/v1/cases?page_size=200");
  const codes = new Set(body.rows.map((row) => row.area_code.slice(0, 9)));
  assert.deepEqual([...codes].filter((code) => code !== "900101101"), []);
  const { page: other, context: others } = await signIn(browser, server.url, "dolma");
  const { body: measles } = await ask(other, "GET", "/api/v1/cases?disease=measles&page_size=1");
  await page.goto(`${server.url}/cases/${measles.rows[0].id}`);
  await page.waitForSelector(".empty");
  assert.match(await page.textContent(".empty"), /no such case/);
  await context.close();
  await others.close();
});

test("an administrator without the second factor is led to the account", async () => {
  const { page, context } = await signIn(browser, server.url, "pema");
  await page.waitForSelector("main h1");
  assert.match(await page.textContent("main h1"), /second factor/);
  await context.close();
});

test("signing out ends it", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await button(page, "Sign out").click();
  await page.waitForURL(/sign-in/);
  await page.goto(`${server.url}/`);
  await page.waitForURL(/sign-in/);
  await context.close();
});

test("the menu goes to pages and areas by the keyboard alone", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("cas");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/cases$/);
  await page.waitForSelector(".grid-body a");
  await page.keyboard.press("Escape");
  await page.locator("main").focus();
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.waitForURL((url) => url.pathname === "/");
  await page.keyboard.press("Control+k");
  await page.keyboard.type(node.areas.find((row) => row[0] === TOWNSHIP)[2]);
  await page.waitForSelector(`dialog li:has-text("${TOWNSHIP}")`);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(areaId(TOWNSHIP)));
  await context.close();
});

test("when the server is gone the page says so, keeps what it shows, and comes back by itself", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await page.waitForSelector(".live.on");
  await context.setOffline(true);
  await choice(page, "Disease").selectOption("measles");
  await page.waitForSelector(".failure");
  await context.setOffline(false);
  await page.click(".failure button");
  await page.waitForSelector("h1:has-text('new')");
  await context.close();
});
