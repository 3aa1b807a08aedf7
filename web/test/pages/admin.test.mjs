// SPDX-License-Identifier: GPL-3.0-or-later
// Administration by clicking: without the second factor nothing, with it users, grants and what was done.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, browse, giveFactor, looksWell, makeNode, serve, signIn } from "../program.mjs";

let node, server, browser;

before(async () => {
  node = makeNode([
    ["pema", "administrator", "900101"],
    ["sonam", "auditor", "900101"],
    ["dolma", "epidemiologist", "900101"],
    ["tashi", "epidemiologist", "900101"],
  ]);
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

const button = (page, name) => page.getByRole("button", { name, exact: true });
const choice = (page, name) => page.getByRole("combobox", { name, exact: true });

/** Sign in with the second factor; then the administration. */
async function withFactor(login, options = {}) {
  const signed = await signIn(browser, server.url, login, options);
  await giveFactor(signed.page);
  await signed.page.goto(`${server.url}/administration`);
  await signed.page.waitForSelector(".parts");
  return signed;
}

let pema;

test("an administrator adds a user, invites them, gives a grant and ends it", async () => {
  const { page } = (pema = await withFactor("pema", { bypassCSP: true }));
  await page.waitForSelector("tbody tr");
  await page.getByLabel("Login").fill("yangchen");
  await page.getByLabel("Name", { exact: true }).fill("Yangchen");
  await button(page, "Add the user").click();
  const row = page.locator("tr:has(th:text-is('yangchen'))");
  await row.waitFor();
  await row.getByRole("button", { name: "Invitation" }).click();
  await row.locator("input").waitFor();
  assert.match(await row.locator("input").inputValue(), /\/set-up\?link=/);
  await row.getByRole("link", { name: "Show" }).click();
  await page.waitForSelector(".empty");
  await choice(page, "Role").last().selectOption("analyst");
  await page.getByLabel("Name of the area").fill(node.areas.find((one) => one[0] === "900101100")[2]);
  await page.getByLabel("Name of the area").blur();
  await page.waitForSelector("option:text-matches('900101100$')", { state: "attached", timeout: 20_000 });
  await button(page, "Give the grant").click();
  await page.waitForSelector("tbody tr");
  assert.match(await page.textContent("tbody"), /Analyst.*no end/);
  await looksWell(page);
  await button(page, "End now").click();
  await page.waitForSelector("td:text-is('over')");
  const { body } = await ask(page, "GET", "/api/v1/grants?page_size=200");
  assert.ok(Date.parse(body.rows.find((one) => one.login === "yangchen").ends) <= Date.now());
});

test("somebody leaves: it asks again, then their access ends", async () => {
  const { page, context } = pema;
  await page.goto(`${server.url}/administration?part=users`);
  const row = page.locator("tr:has(th:text-is('dolma'))");
  await row.waitFor();
  await looksWell(page);
  await row.getByRole("button", { name: "Leaves" }).click();
  await row.getByRole("button", { name: "End the access of dolma now" }).click();
  await row.locator("td:text-is('has left')").waitFor();
  await page.goto(`${server.url}/administration?part=upkeep`);
  await page.waitForSelector(".stale:has-text('No backup is set up')");
  assert.ok((await page.locator("tbody tr").count()) > 3);
  await looksWell(page);
  assert.equal(await page.locator(".parts a[href*=audit]").count(), 0, "the trail is the auditor's");
  await context.close();
});

test("an auditor reads what was done, and changes nothing", async () => {
  const { page, context } = await withFactor("sonam", { bypassCSP: true });
  await page.locator(".parts a[href*=audit]").click();
  await page.waitForSelector("tbody tr");
  assert.match(await page.textContent("tbody"), /User: 1/);
  await looksWell(page);
  await page.evaluate(() => localStorage.setItem("tocsin-language", "zh"));
  await page.reload();
  await page.waitForSelector("tbody tr");
  await looksWell(page);
  await page.evaluate(() => localStorage.setItem("tocsin-language", "en"));
  await page.reload();
  await page.locator(".parts a[href*=users]").click();
  await page.waitForSelector("th:text-is('yangchen')");
  assert.equal(await page.getByRole("button", { name: "Invitation" }).count(), 0);
  await context.close();
});

test("whoever administers nothing has no such page", async () => {
  const { page, context } = await signIn(browser, server.url, "tashi");
  assert.equal(await page.locator(".rail a[href='/administration']").count(), 0);
  await page.goto(`${server.url}/administration`);
  await page.waitForSelector(".empty:has-text('for administrators and auditors')");
  await context.close();
});
