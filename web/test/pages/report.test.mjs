// SPDX-License-Identifier: GPL-3.0-or-later
// Anybody reports an event, without script and without signing in: the form, what is wrong with it, the receipt, what became of
// it; and whoever answers signals finds it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browse, looksWell, makeNode, serve, signIn } from "../program.mjs";

const LANGUAGES = ["en", "zh", "bo"];
let node, server, browser;

before(async () => {
  node = makeNode([["dolma", "epidemiologist", "900101"]]);
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

const open = async (options = {}) => {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options });
  return { context, page: await context.newPage() };
};

test("a report without script: faults are named, then a receipt, which tells how far it is", async () => {
  const { context, page } = await open({ locale: "en-GB" });
  await page.goto(`${server.url}/report`);
  assert.equal(new URL(page.url()).pathname, "/report/en");
  await page.fill("#what", "Twelve pupils vomit since lunch.\nAsk 13800138000");
  await page.selectOption("#area", { index: 2 });
  await page.fill("#num_ill", "a dozen");
  await page.click("button");
  assert.match(await page.textContent("[role=alert]"), /How many people fell ill\?/);
  assert.equal(await page.inputValue("#what"), "Twelve pupils vomit since lunch.\nAsk 13800138000", "nothing typed is lost");
  await page.fill("#num_ill", "12");
  await page.fill("#contact", "class teacher, 0896 555 1234");
  await page.click("button");
  const receipt = await page.textContent(".receipt");
  assert.match(receipt, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
  await page.reload(); // sends the form again
  assert.equal(await page.textContent(".receipt"), receipt);
  await page.goto(`${server.url}/report/zh/receipt`);
  await page.fill("#receipt", receipt.toLowerCase().replaceAll("-", " "));
  await page.click("button");
  assert.match(await page.textContent("[role=status]"), /已收到/);
  await page.fill("#receipt", "0000-0000-0000");
  await page.click("button");
  assert.match(await page.textContent("[role=status]"), /无此回执/);
  assert.equal((await context.cookies()).length, 0);
  await context.close();

  const staff = await signIn(browser, server.url, "dolma");
  await staff.page.goto(`${server.url}/signals`);
  await staff.page.waitForSelector(".inbox");
  const found = await staff.page.evaluate(async () => (await (await fetch("/api/v1/signals?source=event-report")).json()).rows);
  assert.equal(found.length, 1);
  assert.equal(found[0].summary, "Twelve pupils vomit since lunch.\nAsk […]");
  await staff.context.close();
});

test("nothing that axe finds on these pages, in three languages", async () => {
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  for (const language of LANGUAGES)
    for (const path of [`/report/${language}`, `/report/${language}/receipt`]) {
      await page.goto(server.url + path);
      assert.equal((await page.locator("script").count()), 0);
      await looksWell(page);
    }
  await context.close();
});
