// SPDX-License-Identifier: GPL-3.0-or-later
// A case whose results came by messages: what is found and how final it is, the message with what is denied struck out, the
// clock of the law.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, browse, giveFactor, looksWell, makeNode, serve, signIn, takeIn, TODAY } from "../program.mjs";

const COUNTY = "900101";
const day = TODAY.replaceAll("-", "");
let node, server, browser, caseId;

function message(control, status, meaning) {
  return [
    `MSH|^~\\&|LIS|LAB|TOCSIN|CDC|${day}0100+0000||ORU^R01^ORU_R01|${control}|P|2.5.1||||||UNICODE UTF-8`,
    "PID|1||4711^^^LAB^MR||Canaryperson^Anna||20150203|F||2106-3^Canaryrace|1 Long Street|||||||||||Canarygroup",
    `OBR|1||S1|48508-6^Measles virus RNA^LN|||${day}|||||||||||||||${day}0100+0000|||${status}`,
    `OBX|1|CWE|48508-6^Measles virus RNA^LN||${meaning}||||||${status}|||${day}`,
    "",
  ].join("\r");
}

before(async () => {
  node = makeNode([
    ["dolma", "epidemiologist", COUNTY],
    ["yangchen", "data-manager", COUNTY],
    ["pema", "administrator", COUNTY],
  ]);
  const made = takeIn(node, COUNTY, [message(1, "F", "260373001^Detected^SCT"), message(2, "C", "419984006^Inconclusive^SCT")]);
  assert.deepEqual(made.filter((line) => line.new_cases === 1).length, 1, JSON.stringify(made));
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

const button = (page, name) => page.getByRole("button", { name, exact: true });

async function open(login, options = {}) {
  const signed = await signIn(browser, server.url, login, { bypassCSP: true, ...options });
  if (caseId === undefined) {
    const { body } = await ask(signed.page, "GET", `/api/v1/cases?sort=updated&page_size=20`);
    for (const row of body.rows) {
      const found = await ask(signed.page, "GET", `/api/v1/cases/${row.id}/laboratory`);
      if (found.body.results.length > 0) caseId = row.id;
    }
  }
  await signed.page.goto(`${server.url}/cases/${caseId}`);
  return signed;
}

test("results say what was found and how final it is; what was corrected is struck through and stays", async () => {
  const { page, complaints, context } = await open("dolma");
  await page.waitForSelector("table.results");
  assert.match(await page.textContent("tr.retracted s"), /Detected/);
  assert.match(await page.textContent("tr.retracted"), /Superseded/);
  const rows = await page.locator("table.results tbody tr:not(.retracted)").allTextContents();
  assert.equal(rows.length, 1);
  assert.match(rows[0], /Inconclusive.*Corrected/);
  assert.match(await page.textContent(".timeline"), /Result: .*Inconclusive \(Corrected\)/);
  await page.locator("table.results button").last().click();
  assert.match(await page.textContent(".message-card"), /data managers, for data quality/);
  assert.equal(await page.locator(".message-card pre").count(), 0);
  await looksWell(page);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a data manager reads the message, what is denied struck out, and the audit has it", async () => {
  const { page, context } = await open("yangchen");
  await giveFactor(page);
  await page.reload();
  await page.locator("table.results button").last().click();
  await button(page, "Show what it says, for: Data quality").click();
  await page.waitForSelector("pre.message");
  const text = await page.textContent("pre.message");
  assert.match(text, /PID\|1\|\|4711/);
  assert.match(text, /Canaryperson/);
  assert.doesNotMatch(text, /Canaryrace|Canarygroup|2106-3/);
  assert.equal(await page.locator("pre.message s.struck").count(), 2);
  await looksWell(page);
  await page.evaluate(() => localStorage.setItem("tocsin-language", "zh"));
  await page.reload();
  await page.waitForSelector("table.results");
  await looksWell(page);
  await page.evaluate(() => localStorage.setItem("tocsin-language", "en"));
  await context.close();
});

test("the clock of the law runs until somebody records the notification and its receipt", async () => {
  const { page, context } = await open("dolma");
  await page.waitForSelector("#notification ~ p");
  const clock = page.locator("section[aria-labelledby=notification]");
  assert.match(await clock.textContent(), /within 24 h of the first result/);
  assert.match(await clock.textContent(), /left|late/);
  await button(page, "Record that it was notified").click();
  await page.getByLabel("Number of the receipt").fill("900101-17");
  await looksWell(page);
  await button(page, "Record").click();
  await clock.getByText("Receipt: 900101-17.").waitFor();
  assert.equal(await button(page, "Record that it was notified").count(), 0);
  const { body } = await ask(page, "GET", `/api/v1/cases/${caseId}`);
  assert.equal(body.notified_time.slice(0, 10), TODAY);
  await context.close();
});

test("an administrator, who reads no cases, is not led to them", async () => {
  const { page, context } = await signIn(browser, server.url, "pema");
  await giveFactor(page);
  await page.goto(`${server.url}/administration`);
  await page.waitForSelector(".parts");
  assert.equal(await page.locator(".rail a[href='/cases']").count(), 0);
  await context.close();
});
