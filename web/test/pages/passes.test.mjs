// SPDX-License-Identifier: GPL-3.0-or-later
// Passes on the page of a case: out of a recovery and a vaccination, shown once as pictures and a PDF, withdrawn; the
// server keeps that they were issued, and nothing of what they say.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, browse, giveFactor, looksWell, makeNode, serve, signIn, TOCSIN, TODAY } from "../program.mjs";

const COUNTY = "900101";
const dayFrom = (days) => new Date(Date.parse(TODAY) + days * 86_400_000).toISOString().slice(0, 10);
let node, server, browser, caseId, log;

const run = (args, input) => execFileSync(TOCSIN, args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
const create = (words, input) => JSON.parse(run(["record", "create", ...words, "--node", node.node], input)).id;

before(async () => {
  node = makeNode([
    ["dolma", "epidemiologist", COUNTY], // one for each test that gives a second factor: its codes are used once
    ["tashi", "epidemiologist", COUNTY],
    ["sonam", "supervisor", COUNTY],
  ]);
  const area = node.areas.find((row) => row[0] === COUNTY).at(-1);
  const person = create(["person", `area=${area}`]);
  create(["identity", "--file", "-"], `${JSON.stringify({ person, name: "Canaryperson", name_latin: "Canaryperson", birth_date: "1951-03-17" })}\n`);
  caseId = create(["case", `person=${person}`, "disease=covid-19", `responsible_area=${area}`, "classification=confirmed", "classification_basis=laboratory", `specimen_date=${dayFrom(-20)}`, `received_date=${dayFrom(-19)}`]);
  create(["vaccination", `person=${person}`, `responsible_area=${area}`, "disease=covid-19", `given_on=${dayFrom(-60)}`, "vaccine=covid-19-mrna", "product=comirnaty", "holder=biontech", "dose=2", "doses=2"]);
  run(["issue", "signer", "--node", node.node, "--country", "XX", "--name", "Example County", "--days", "700", join(node.folder, "signer")]);
  appendFileSync(join(node.node, "tocsin.conf"), `\npass_issuer = ${join(node.folder, "signer")}\n`);
  log = join(node.folder, "log");
  server = await serve(node.node, log);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

const button = (page, name) => page.getByRole("button", { name, exact: true });

test("a pass is issued, shown once, kept as a PDF, put away and withdrawn; nothing keeps what it says", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma", { bypassCSP: true, acceptDownloads: true });
  await giveFactor(page);
  await page.goto(`${server.url}/cases/${caseId}`);
  await button(page, "Issue or withdraw a pass").click();
  const part = page.locator("section[aria-labelledby=passes]");
  await part.getByText("No pass was issued for this person here.").waitFor();
  await part.getByLabel("Out of").selectOption({ label: (await part.getByLabel("Out of").locator("option").allTextContents()).find((name) => name.startsWith("Vaccination: Comirnaty")) });
  await looksWell(page);
  const answered = page.waitForResponse((response) => response.url().endsWith("/api/v1/passes") && response.request().method() === "POST");
  await button(page, "Issue").click();
  const answer = await (await answered).json();
  assert.deepEqual(Object.keys(answer).sort(), ["document", "expires", "form", "id", "pictures", "texts"], JSON.stringify(answer));
  await part.locator(".codes img").waitFor();
  assert.ok(await part.locator(".codes img").evaluate(async (img) => (await img.decode(), img.naturalWidth > 0)));
  const coming = page.waitForEvent("download");
  await button(page, "Download as PDF").click();
  const saved = join(node.folder, "pass.pdf");
  await (await coming).saveAs(saved);
  assert.equal(readFileSync(saved, "latin1").slice(0, 5), "%PDF-");
  await looksWell(page);
  const text = answer.texts[0];
  writeFileSync(join(node.folder, "pass.txt"), text);
  assert.match(run(["verify", "--trust", join(node.folder, "signer"), join(node.folder, "pass.txt")]), /Canaryperson|CANARYPERSON/);
  await button(page, "Put it away").click();
  assert.equal(await part.locator(".codes img").count(), 0);
  await part.locator("table").getByText("A vaccination").first().waitFor();
  await button(page, "Withdraw this pass").click();
  await part.getByText(/^withdrawn /).waitFor();
  assert.equal(await button(page, "Withdraw this pass").count(), 0);
  assert.ok(!(await page.content()).includes(text.slice(0, 40)));
  assert.deepEqual(complaints, []);
  const kept = readFileSync(log, "utf8");
  assert.ok(!kept.includes(text.slice(4, 44)) && !/canaryperson/i.test(kept), "the log has the pass");
  await context.close();
});

test("one-time passes ask for no name and cannot be withdrawn; the page in Chinese", async () => {
  const { page, complaints, context } = await signIn(browser, server.url, "tashi", { bypassCSP: true });
  await giveFactor(page);
  await page.evaluate(() => localStorage.setItem("tocsin-language", "zh"));
  await page.goto(`${server.url}/cases/${caseId}`);
  await button(page, "签发或撤销凭证").click();
  await page.getByLabel("凭证形式").selectOption("minimal");
  await page.getByLabel("数量（每张出示一次）").fill("3");
  await button(page, "签发").click();
  await page.locator(".codes img").nth(2).waitFor();
  assert.equal(await page.locator(".codes img").count(), 3);
  await page.locator("section[aria-labelledby=passes] table").getByText("到期自动失效").first().waitFor();
  await looksWell(page);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("whoever may read identities for nothing is offered none", async () => {
  const { page, context } = await signIn(browser, server.url, "sonam");
  await page.goto(`${server.url}/cases/${caseId}`);
  await page.waitForSelector("#known");
  assert.equal(await page.locator("#passes").count(), 0);
  const { status } = await ask(page, "POST", "/api/v1/passes", { case: caseId });
  assert.equal(status, 403);
  await context.close();
});
