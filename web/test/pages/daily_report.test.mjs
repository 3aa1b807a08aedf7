// SPDX-License-Identifier: GPL-3.0-or-later
// The daily report by clicking: frozen, written, published, corrected by another edition; its files opened by readers that
// are not ours; what an analyst may and may not.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ask, browse, looksWell, makeNode, serve, signIn, takeIn, TODAY } from "../program.mjs";

const COUNTY = "900101";
let node, server, browser;

before(async () => {
  node = makeNode([["dolma", "epidemiologist", COUNTY], ["karma", "analyst", COUNTY], ["nyima", "tracer", COUNTY]]);
  takeIn(node, COUNTY, ["260373001^Detected^SCT", "260415000^Not detected^SCT", "260415000^Not detected^SCT"].map(message));
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

/** A result of yesterday. */
function message(meaning, i) {
  const day = new Date(Date.parse(TODAY) - 86_400_000).toISOString().slice(0, 10).replaceAll("-", "");
  return [
    `MSH|^~\\&|LIS|LAB|TOCSIN|CDC|${day}1200+0000||ORU^R01^ORU_R01|${i}|P|2.5.1||||||UNICODE UTF-8`,
    `PID|1||51${i}^^^LAB^MR||Person${"abc"[i]}^Given${"xyz"[i]}||19${50 + i}0203|F|||1 Long Street`,
    `OBR|1||S5${i}|48508-6^Measles virus RNA^LN|||${day}|||||||||||||||${day}1100+0000|||F`,
    `OBX|1|CWE|48508-6^Measles virus RNA^LN||${meaning}||||||F|||${day}`,
    "",
  ].join("\r");
}

const button = (page, name) => page.getByRole("button", { name, exact: true });

/** What a program says of a file; null where it is not on this machine, which the test then says aloud. */
function opened(t, program, words, input) {
  try {
    return String(execFileSync(program, words, { input, stdio: ["pipe", "pipe", "ignore"] }));
  } catch (failure) {
    if (failure.code === "ENOENT") {
      t.diagnostic(`NOT LOOKED AT: ${program} is not installed, so nobody but us has opened this file`);
      return null;
    }
    throw failure;
  }
}

async function fetchFile(page, name) {
  const [file] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  return file.path();
}

test("frozen, written, published; then another edition lists what it counts otherwise", async (t) => {
  const { page, complaints, context } = await signIn(browser, server.url, "dolma");
  await page.goto(`${server.url}/reports`);
  await page.getByRole("heading", { name: "There is no daily report yet." }).waitFor();
  await button(page, "Freeze a report").click({ timeout: 30_000 });
  await page.waitForURL(/\/reports\/[0-9a-f-]{36}$/);
  const first = page.url();
  await page.getByRole("textbox", { name: "Text" }).fill("One dairy <milk> & two schools.\n两所学校。");
  await button(page, "Keep the text").click();
  await page.getByText("The text is not kept yet.").waitFor({ state: "detached" });
  await button(page, "Publish").click();
  await page.getByText(/published/).waitFor();
  assert.equal(await page.getByRole("textbox", { name: "Text" }).count(), 0);
  const week = () => page.locator("section", { hasText: "Cases received" }).locator("tbody td").nth(1).textContent();
  const before = Number(await week());
  assert.ok(before > 0);
  const results = page.locator("section", { hasText: "Laboratory results" }).locator("tbody tr");
  assert.deepEqual(await results.allTextContents(), ["Detected110", "Detected or not detected330"]);

  const id = first.split("/").at(-1);
  const { body } = await ask(page, "GET", "/api/v1/cases?page_size=1&sort=received_date");
  const at = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const one = await ask(page, "GET", `/api/v1/cases/${body.rows[0].id}`);
  const { status } = await ask(page, "PATCH", `/api/v1/cases/${body.rows[0].id}`, { received_date: one.body.received_date === at ? "2020-01-01" : at }, { "If-Match": `"${one.body.version}"` });
  assert.equal(status, 200);
  await button(page, "Freeze another edition").click();
  await page.waitForURL((now) => String(now) !== first);
  await page.getByRole("heading", { name: "Counted otherwise than in edition 1" }).waitFor();
  assert.match(await page.locator(".changes").textContent(), /Cases received, All cases: .* → /);
  await page.getByRole("link", { name: "Edition 1" }).click();
  await page.waitForURL(first);
  assert.equal(Number(await week()), before, "the first edition says what it said");
  assert.deepEqual(complaints, []);

  const pdf = await fetchFile(page, "PDF");
  assert.equal(readFileSync(pdf).subarray(0, 5).toString(), "%PDF-");
  const text = opened(t, "pdftotext", ["-layout", pdf, "-"]);
  if (text !== null) {
    assert.match(text, /Daily report No\. \d{4}-\d{3}/);
    assert.match(text, /One dairy <milk> & two schools\./);
    assert.match(text, /两所学校。/);
    assert.match(text, /Laboratory results[\s\S]*Detected +1 +1 +0/);
    assert.match(text, new RegExp(`All cases +\\d+ +${before} +\\d+`));
  }
  const docx = await fetchFile(page, "DOCX");
  const xml = opened(t, "python3", ["-c", "import sys,zipfile;sys.stdout.write(zipfile.ZipFile(sys.argv[1]).read('word/document.xml').decode())", docx]);
  if (xml !== null) {
    assert.match(xml, /One dairy &lt;milk&gt; &amp; two schools\./);
    opened(t, "xmllint", ["--noout", "-"], xml); // throws where it is not well-formed
  }
  assert.match(id, /^[0-9a-f-]{36}$/);
  await context.close();
});

test("an analyst reads and writes nothing; a tracer has no such page; nothing that axe finds, in either language", async () => {
  const { page, context } = await signIn(browser, server.url, "karma", { bypassCSP: true });
  await page.goto(`${server.url}/reports`);
  await page.locator(".reports a").first().click();
  await page.getByRole("heading", { level: 1, name: /Daily report No/ }).waitFor();
  assert.equal(await button(page, "Publish").count(), 0);
  for (const language of ["en", "zh"]) {
    await page.evaluate((language) => localStorage.setItem("tocsin-language", language), language);
    for (const [path, shown] of [["/reports", ".reports"], [new URL(page.url()).pathname, "main h1"]]) {
      await page.goto(server.url + path);
      await page.waitForSelector(shown);
      await looksWell(page);
    }
    await page.goto(`${server.url}/reports`);
    await page.locator(".reports a").first().click();
    await page.waitForURL(/\/reports\/./);
    await page.waitForSelector(".figures");
    await looksWell(page);
  }
  await context.close();
  const other = await signIn(browser, server.url, "nyima");
  assert.equal(await other.page.getByRole("link", { name: "Daily reports" }).count(), 0);
  await other.context.close();
});
