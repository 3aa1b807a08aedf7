// SPDX-License-Identifier: GPL-3.0-or-later
// The whole way by clicking, each step by whoever's it is: a laboratory's message comes in while pages are open, and becomes a
// case, a signal, its triage and its verdict; a file's faults are mended in the wizard; who has one township sees nothing of
// the others. On SQLite, and under `tests/support/postgresql.py --run` on PostgreSQL. SHOTS=FOLDER keeps pictures.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, browse, giveFactor, listen, makeNode, sendMessage, serve, signIn, TOCSIN, TODAY } from "../program.mjs";

const COUNTY = "900101";
const TOWNSHIP = "900101101";
const DAY = TODAY.replaceAll("-", "");
let node, server, browser, dolma;

before(async () => {
  node = makeNode([
    ["dolma", "epidemiologist", COUNTY],
    ["karma", "epidemiologist", TOWNSHIP],
    ["tashi", "epidemiologist", "900101102"],
    ["nyima", "data-manager", COUNTY],
  ]);
  const words = [`code=cholera-${TOWNSHIP}`, "indicator=cases", "disease=cholera", `area=${areaOf(TOWNSHIP).id}`, "period=day", "feed=counter", "counter=case_by_received"];
  execFileSync(TOCSIN, ["record", "create", "stream", ...words, "--node", node.node], { stdio: "pipe" });
  listen(node, COUNTY);
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

function areaOf(code) {
  const row = node.areas.find((one) => one[0] === code);
  return { name: row[2], id: row.at(-1) };
}

const button = (page, name) => page.getByRole("button", { name });
const choice = (page, name) => page.getByRole("combobox", { name, exact: true });
const picture = async (page, name) => {
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
};

function message(township, village) {
  return [
    `MSH|^~\\&|LIS|LAB|TOCSIN|CDC|${DAY}0100+0000||ORU^R01^ORU_R01|1|P|2.5.1||||||UNICODE UTF-8`,
    `PID|1||8815^^^LAB^MR||Wang^Min||19850203|F|||3 Long Street^^${village.name}^${township.name}`,
    `OBR|1||S881|VCHOL^Vibrio cholerae culture^L|||${DAY}|||||||||||||||${DAY}0100+0000|||F`,
    `OBX|1|CWE|VCHOL^Vibrio cholerae culture^L||260373001^Detected^SCT||||||F|||${DAY}`,
    "",
  ].join("\r");
}

test("a message comes in, and the open pages of those whose township it is have case and signal; the others' have nothing", async () => {
  dolma = await signIn(browser, server.url, "dolma");
  const karma = await signIn(browser, server.url, "karma");
  const tashi = await signIn(browser, server.url, "tashi");
  for (const { page } of [dolma, karma, tashi]) {
    await page.goto(`${server.url}/?disease=cholera`);
    await page.waitForSelector("h1:has-text('No cases')");
    await page.waitForSelector(".live.on");
  }
  const village = node.areas.find((row) => row[0].startsWith(TOWNSHIP) && row[0] !== TOWNSHIP);
  assert.equal(sendMessage(node, server.mllp, message(areaOf(TOWNSHIP), areaOf(village[0]))), "AA");
  for (const { page } of [dolma, karma]) {
    await page.waitForSelector("h1:has-text('1 new case')");
    await page.waitForSelector(".signals-open li:has-text('Cholera')");
  }
  // The closer numbers follow within seconds, each with the cases it was counted among.
  await dolma.page.waitForSelector(".numbers > div:has-text('Not found under quarantine'):has-text('Of 1 case')");
  await dolma.page.waitForSelector(".numbers > div:has-text('Positive of results'):has-text('of 1 result')");
  const figure = (title) => dolma.page.locator(".numbers > div", { hasText: title }).textContent();
  assert.match(await figure("Not found under quarantine"), /quarantine1Of 1 case/);
  assert.match(await figure("Source not known"), /known0Of 1 case/);
  assert.match(await figure("Died of it"), /it0Of 1 case/);
  assert.match(await figure("Positive of results"), /100\.0 %1 of 1 result\. Few results/);
  await picture(dolma.page, "message-in");
  assert.match(await tashi.page.textContent("h1"), /^No cases/);
  await tashi.page.goto(`${server.url}/signals`);
  await tashi.page.waitForSelector("h1:has-text('0 signals')");
  await tashi.page.goto(`${server.url}/cases?disease=cholera`);
  await tashi.page.waitForSelector(".empty");
  const { body } = await ask(dolma.page, "GET", "/api/v1/cases?disease=cholera");
  const { body: signals } = await ask(dolma.page, "GET", "/api/v1/signals?disease=cholera");
  for (const path of [`/cases/${body.rows[0].id}`, `/signals/${signals.rows[0].id}`]) {
    await tashi.page.goto(server.url + path);
    await tashi.page.waitForSelector(".empty:has-text('There is no such')");
    assert.equal((await ask(tashi.page, "GET", `/api/v1${path}`)).status, 404);
  }
  assert.deepEqual([...dolma.complaints, ...karma.complaints], []);
  await karma.context.close();
  await tashi.context.close();
});

test("the case has the laboratory's finding, and is classified", async () => {
  const { page } = dolma;
  await page.click(".rail a[href='/cases']");
  await choice(page, "Disease").selectOption("cholera");
  await page.waitForSelector("h1:has-text('1 case')");
  await page.click(".grid-body a");
  await page.waitForSelector("table.results td:has-text('Detected')");
  await button(page, "Change").click();
  await choice(page, "Classification").selectOption("confirmed");
  await button(page, "Save").click();
  await page.waitForSelector("h1:has-text('Cholera, Confirmed')");
  await picture(page, "case");
});

test("the signal is taken, verified, assessed, acted on and closed with its verdict, by clicking alone", async () => {
  const { page, complaints } = dolma;
  await page.click(".rail a[href='/signals']");
  await page.locator(".inbox a", { hasText: "Cholera" }).first().click();
  await page.waitForSelector("#answer");
  await button(page, "Triage").click();
  await button(page, "Triage").last().click();
  await page.waitForSelector("h1:has-text('verif')");
  for (const [step, field, code, shown] of [
    ["Verify", "What it is", "confirmed", "h1:has-text('assess')"],
    ["Assess the risk", "Risk", "high", "tr:has-text('Start acting') .clock"],
    ["Start acting", "Joined to the outbreak", "new", "h1:has-text('acted on')"],
    ["Close", "Why it is closed", "response-ended", "h1:has-text('Closed')"],
  ]) {
    await button(page, step).first().click();
    await choice(page, field).selectOption(code);
    await button(page, step).last().click();
    await page.waitForSelector(shown);
  }
  await picture(page, "verdict");
  const { body } = await ask(page, "GET", `/api/v1/signals/${page.url().split("/").at(-1)}`);
  assert.deepEqual([body.status, body.verification, body.risk, body.closing], ["closed", "confirmed", "high", "response-ended"]);
  assert.equal((await ask(page, "GET", "/api/v1/outbreaks?disease=cholera")).body.rows.length, 1);
  assert.deepEqual(complaints, []);
});

test("a file's faults are mended in the wizard, and its cases stand in the list", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "nyima");
  await giveFactor(page);
  await page.goto(`${server.url}/import`);
  await page.getByText("A sender that is not there yet").click();
  await page.getByLabel("Name of the sender").fill("County clinic");
  await button(page, "Add the sender").click();
  await page.waitForSelector("input[type=file]:not(:disabled)");
  const list = `case number,name,sex,disease,onset date\n1,Anna Alder,F,pertussis,${TODAY}\n2,Berta Birch,Q,pertussis,${TODAY}\n`;
  await page.setInputFiles("input[type=file]", { name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(list) });
  await button(page, "Confirm, and load the rows").click();
  await page.getByText("1 row cannot be used yet").waitFor();
  await button(page, "Mend them here").click();
  await page.getByLabel("sex, row 1").fill("F");
  await picture(page, "mend");
  await button(page, "Send what is mended: 1 row").click();
  await page.getByText("Nothing is left to be mended.").waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
  await dolma.page.goto(`${server.url}/cases?disease=pertussis`);
  await dolma.page.waitForSelector("h1:has-text('2 cases')");
  const { body: pertussis } = await ask(dolma.page, "GET", "/api/v1/cases?disease=pertussis");
  const path = `/api/v1/cases/${pertussis.rows[0].id}`;
  const { body: found } = await ask(dolma.page, "GET", path);
  const told = { origin: "unknown", outcome: "died-of-disease", found_by: "contact-in-quarantine" };
  const patched = await ask(dolma.page, "PATCH", path, told, { "If-Match": `"${found.version}"` });
  assert.equal(patched.status, 200, JSON.stringify(patched.body));
  await dolma.page.goto(`${server.url}/?disease=pertussis`);
  for (const [title, number] of [["Not found under quarantine", "quarantine1Of 2 cases"], ["Source not known", "known1Of 2 cases"], ["Died of it", "it1Of 2 cases"]])
    await dolma.page.waitForFunction(([title, number]) => [...document.querySelectorAll(".numbers > div")].some((one) => one.textContent.startsWith(title) && one.textContent.includes(number)), [title, number]);
  await dolma.context.close();
});

test("which database it was", (t) => {
  const shown = String(execFileSync(TOCSIN, ["node", "status", node.node], { stdio: "pipe" }));
  const found = /^database +(\w+):/m.exec(shown)?.[1];
  t.diagnostic(`records on ${found}`);
  assert.equal(found, process.env.TOCSIN_PAGES_POSTGRESQL === undefined ? "sqlite" : "postgresql");
});
