// SPDX-License-Identifier: GPL-3.0-or-later
// The page that a browser shows after the identity provider has failed: its form must sign in, in a real browser, which
// sends Origin, Referer and Sec-Fetch headers of its own.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browse, makeNode, PASSWORD, serve } from "../program.mjs";

let node, server, browser;

before(async () => {
  node = makeNode([["dolma", "epidemiologist", "900101"]]);
  // Nobody listens at the provider's address.
  appendFileSync(join(node.node, "tocsin.conf"), "sign_in_issuer = http://127.0.0.1:9\nsign_in_client = tocsin\nsign_in_name = County sign-in\n");
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

async function signInHere(page) {
  await page.fill("#login", "dolma");
  await page.fill("#password", PASSWORD);
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    page.click("form:has(#password) button"),
  ]);
  assert.equal(answer.status(), 303);
  await page.waitForURL(new URL(answer.headers().location, server.url).href);
  await page.goto(`${server.url}/account`);
  assert.equal(await page.textContent("strong"), "dolma");
}

test("where the provider does not answer, the page says so and its form signs in with the password", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${server.url}/sign-in`);
  const [answer] = await Promise.all([page.waitForNavigation(), page.getByText("County sign-in").first().click()]);
  assert.equal(answer.status(), 503);
  assert.match(await page.textContent("body"), /password/i);
  await signInHere(page);
  await context.close();
});

test("where the provider refuses, the page that it sends back to signs in too", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const answer = await page.goto(`${server.url}/sign-in/callback?state=none&error=access_denied`);
  assert.ok(answer.status() >= 400, `${answer.status()}`);
  await signInHere(page);
  await context.close();
});
