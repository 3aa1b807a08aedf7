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
    ["lobsang", "data-manager", "900101"],
    ["drolma", "supervisor", "900101"],
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

let person;

test("a data manager finds a person and tells them who looked", async () => {
  const { page, context } = await withFactor("lobsang", { bypassCSP: true });
  assert.equal(await page.locator(".parts a[href*=users]").count(), 0);
  const purpose = { "Tocsin-Purpose": "data-quality" };
  const name = "Invented Somebody";
  const list = await ask(page, "GET", "/api/v1/cases?page_size=1");
  const id = (person = list.body.rows[0].person);
  const made = await ask(page, "POST", "/api/v1/identities", { person: id, name }, { ...purpose, "Idempotency-Key": "name-of-a-person" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const read = await ask(page, "GET", "/api/v1/cases?page_size=1&identities=true", null, purpose);
  assert.equal(read.body.rows[0].name, name);
  await page.locator(".parts a[href*=readings]").click();
  await page.getByLabel("Whole name").fill(name);
  await button(page, "Find").click();
  await page.locator(`ul.plain a[href*='${id}']`).click();
  await page.waitForSelector("tbody tr:has-text('Data quality')");
  assert.ok(!page.url().includes(encodeURIComponent(name)), "no name in an address");
  assert.doesNotMatch(await page.textContent("tbody"), /lobsang/);
  await looksWell(page);
  await page.evaluate(() => localStorage.setItem("tocsin-language", "zh"));
  await page.reload();
  await page.waitForSelector("tbody tr");
  await looksWell(page);
  await context.close();
});

test("the head of the response asks by the person's number; the areas are there with what lies below", async () => {
  const { page, context } = await withFactor("drolma", { bypassCSP: true });
  await page.goto(`${server.url}/administration?part=readings`);
  await page.getByLabel("Number of the person").fill(person);
  await button(page, "Find").click();
  await page.waitForSelector("tbody tr:has-text('who looked')");
  await page.locator(".parts a[href*=areas]").click();
  await page.waitForSelector("tbody tr");
  const [code, , name] = node.areas.find((one) => one[0] === "900101100");
  for (let step = 0; (await page.locator(`td:has-text('${code}')`).count()) === 0 && step < 6; step++) {
    const before = page.url();
    await page.locator("tbody th a").first().click();
    await page.waitForFunction((before) => location.href !== before, before);
    await page.waitForSelector("tbody tr");
    await page.waitForTimeout(200);
  }
  assert.match(await page.textContent(`tr:has-text('${code}')`), new RegExp(name));
  await looksWell(page);
  await page.getByRole("link", { name: "All areas" }).click();
  await page.waitForFunction(() => !location.search.includes("area="));
  await page.evaluate(() => localStorage.setItem("tocsin-language", "zh"));
  await page.reload();
  await page.waitForSelector("tbody tr");
  await looksWell(page);
  await context.close();
});

test("whoever administers nothing has no such page", async () => {
  const { page, context } = await signIn(browser, server.url, "tashi");
  assert.equal(await page.locator(".rail a[href='/administration']").count(), 0);
  await page.goto(`${server.url}/administration`);
  await page.waitForSelector(".empty:has-text('for administrators, auditors')");
  await context.close();
});
