// SPDX-License-Identifier: GPL-3.0-or-later
// A checkpoint: what the scan page says, with the network off too, and that nothing of a pass stays anywhere.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, browse, serve, signIn, TODAY } from "../program.mjs";
import { HOLDERS, makePassNode } from "../pass_node.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
let node, server, browser;

before(async () => {
  node = makePassNode();
  server = await serve(node.node, join(node.node, "log"));
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

/** The page, signed in, with its lists. */
async function scanPage(login = "karma", options = {}) {
  const opened = await signIn(browser, server.url, login, options);
  await opened.page.goto(`${server.url}/pass`);
  await opened.page.waitForSelector(".lists");
  return opened;
}

const dayBefore = (days) => new Date(Date.parse(TODAY) - days * 86_400_000).toISOString().slice(0, 10);

async function waitUntil(holds) {
  for (let i = 0; i < 100; i++) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail("it never came to pass");
}

/** As a scanner that types: the text, then Enter. */
async function show(page, text) {
  await page.fill("form input", text);
  await page.press("form input", "Enter");
  await page.waitForSelector(".answer");
  return page.getAttribute(".answer", "data-outcome");
}

test("a genuine pass that fits: the rule with its legal basis and end, the name to compare", async () => {
  const { page, complaints, context } = await scanPage();
  assert.equal(await show(page, node.passes.fits), "fits");
  const text = await page.textContent(".answer");
  for (const part of ["Genuine, and fits the rule", "All doses of the series", "Order 7, section 3", "Quackenbush", "1951-03-17"]) assert.ok(text.includes(part), `${part}: ${text}`);
  assert.doesNotMatch(text, /gate 2/, "who has a pass that fits needs no other way");
  assert.equal(await page.inputValue("form input"), "");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a genuine pass that does not fit: why, what to do now, the other way", async () => {
  const { page, context } = await scanPage();
  assert.equal(await show(page, node.passes.doesNot), "does not fit");
  const text = await page.textContent(".answer");
  for (const part of ["Genuine, but does not fit", "All doses of the series", "not met", "Order 7, section 3", "ends", "A test at gate 2"]) assert.ok(text.includes(part), `${part}: ${text}`);
  await context.close();
});

test("whatever cannot be checked is said to be so, never to be wrong of the person", async () => {
  const { page, context } = await scanPage();
  for (const text of [node.passes.stranger, "HC1:NONSENSE", "a train ticket"]) {
    assert.equal(await show(page, text), "cannot be checked");
    assert.match(await page.textContent(".answer"), /A test at gate 2/);
    await page.click(".answer button");
    await page.waitForSelector(".answer", { state: "detached" });
  }
  await context.close();
});

test("the same without a network, and after the page was opened anew", async () => {
  const { page, context } = await scanPage();
  await page.waitForFunction(async () => (await (await caches.open("tocsin-pass")).keys()).some((one) => one.url.includes("zxing")));
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => null));
  await context.setOffline(true);
  await page.goto(`${server.url}/pass`);
  await page.waitForSelector(".lists .old");
  assert.match(await page.textContent(".lists"), /\(0 days old\)[^]*No network/);
  assert.equal(await show(page, node.passes.fits), "fits");
  assert.equal(await show(page, node.passes.doesNot), "does not fit");
  await context.close();
});

/** All that the page has left in the browser: databases, caches, storage, cookies, history, fields. */
async function left(page) {
  return page.evaluate(async () => {
    const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, location.href, document.body.innerHTML];
    found.push(...[...document.querySelectorAll("input")].map((one) => one.value));
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((done) => (indexedDB.open(name).onsuccess = (event) => done(event.target.result)));
      for (const store of database.objectStoreNames) {
        const all = await new Promise((done) => (database.transaction(store).objectStore(store).getAll().onsuccess = (event) => done(event.target.result)));
        found.push(JSON.stringify(all));
      }
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) found.push(request.url, await (await cache.match(request)).text());
    }
    return found.join("\n");
  });
}

/** The node's files, its log among them, that hold a text. */
const filesWith = (text) => spawnSync("grep", ["-rlaF", "--", text, node.node], { encoding: "utf8" }).stdout.split("\n").filter((name) => name !== "");

test("after scans nothing of a pass is in the browser, in the node's files or in what was sent; counts are", async () => {
  const { page, context } = await scanPage();
  const sent = [];
  page.on("request", (request) => sent.push(`${request.url()} ${request.postData() ?? ""}`));
  await page.getByRole("combobox", { name: "Checkpoint" }).selectOption({ label: "North gate" });
  for (const text of [node.passes.fits, node.passes.doesNot, node.passes.stranger, node.passes.fits]) await show(page, text);
  await page.click(".answer button");
  await page.waitForSelector(".answer", { state: "detached" });
  const { body } = await ask(page, "POST", "/api/v1/pass/verify", { text: node.passes.doesNot });
  assert.deepEqual([body.verdict, body.outcome, body.holder], ["genuine", "does not fit", undefined]);
  sent.pop();
  const kept = await left(page);
  const traces = HOLDERS.flatMap((one) => [one.nam.fn, one.nam.gn, one.dob, one.nam.fn.toUpperCase()]);
  for (const pass of Object.values(node.passes)) traces.push(pass.slice(4, 44), pass.slice(-40));
  for (const trace of traces) {
    assert.ok(!kept.includes(trace), `${trace} is in the browser`);
    assert.ok(!sent.join("\n").includes(trace), `${trace} was sent`);
    assert.deepEqual(filesWith(trace), []);
  }
  assert.notDeepEqual(filesWith("North gate"), [], "it can be seen what is there");
  assert.deepEqual(filesWith("/api/v1/pass/verify"), [join(node.node, "log")]);
  assert.match(kept, /"outcome":"fits","number":2/);
  assert.match(kept, /"outcome":"not-checked","number":1/);
  await context.close();
});

test("counts of hours that are over are sent, once; small ones are not told apart", async () => {
  const { page, context } = await scanPage();
  const facilities = await ask(page, "GET", "/api/v1/facilities?kind=checkpoint");
  const checkpoint = facilities.body.rows[0].id;
  const hour = `${TODAY}T00:00:00.000000Z`;
  const rows = [["fits", 12], ["does-not-fit", 3]].map(([outcome, number], i) => ({ id: `0193a000-0000-7000-8000-00000000000${i}`, checkpoint, hour, outcome, number }));
  for (const row of [...rows, ...rows]) {
    const { status } = await ask(page, "POST", "/api/v1/checkpoint-counts", row, { "Idempotency-Key": row.id });
    assert.ok([200, 201].includes(status), `${status}`);
  }
  // One that the page has kept while it was offline goes out with the next occasion, and once.
  const late = { id: "0193a000-0000-7000-8000-000000000009", checkpoint, hour: `${TODAY}T00:00:00.000000Z`.replace(TODAY, dayBefore(1)), outcome: "not-checked", number: 7 };
  for (let round = 0; round < 2; round++) {
    await page.evaluate(
      (late) =>
        new Promise((done) => {
          indexedDB.open("tocsin-pass").onsuccess = (event) => {
            const adding = event.target.result.transaction("counts", "readwrite");
            adding.objectStore("counts").put(late);
            adding.oncomplete = () => done();
          };
        }),
      late,
    );
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await waitUntil(async () => !(await left(page)).includes(late.id));
  }
  const { page: head, context: office } = await signIn(browser, server.url, "sonam");
  const { body } = await ask(head, "GET", `/api/v1/pass/counts?area=${node.area}&from=${dayBefore(1)}&to=${TODAY}`);
  assert.deepEqual(body.rows.filter((row) => row.hour === late.hour).map((row) => [row.outcome, row.number]), [["not-checked", 7]]);
  const told = body.rows.filter((row) => row.hour === hour).map((row) => [row.outcome, row.number]);
  assert.deepEqual(told.sort(), [["does-not-fit", null], ["fits", 12]]);
  assert.equal((await ask(head, "GET", `/api/v1/checkpoint-counts/${rows[1].id}`)).status, 404);
  assert.equal((await ask(head, "POST", "/api/v1/pass/verify", { text: "x" })).status, 403);
  await office.close();
  await context.close();
});

for (const [width, theme, language] of [[1280, "light", "en"], [1280, "dark", "zh"], [320, "dark", "en"], [320, "light", "zh"]]) {
  test(`axe finds nothing, and nothing is wider than the screen: ${width} px, ${theme}, ${language}`, async () => {
    const { page, context } = await scanPage("karma", { viewport: { width, height: 800 }, colorScheme: theme, bypassCSP: true });
    await page.evaluate((language) => localStorage.setItem("tocsin-language", language), language);
    await page.reload();
    await page.waitForSelector(".lists");
    await page.addScriptTag({ path: AXE });
    for (const text of [null, node.passes.fits, node.passes.doesNot, node.passes.stranger]) {
      if (text !== null) await show(page, text);
      const found = await page.evaluate((tags) => axe.run(document, { runOnly: tags }), RULES);
      assert.deepEqual(found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 120))]), []);
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
    }
    await context.close();
  });
}

test("WebAssembly is allowed on this page alone", async () => {
  const policy = async (path) => (await fetch(server.url + path)).headers.get("content-security-policy");
  assert.match(await policy("/pass"), /script-src 'self' 'wasm-unsafe-eval'/);
  assert.doesNotMatch(await policy("/cases"), /wasm/);
  assert.doesNotMatch(await policy("/pass-worker.js"), /wasm/);
  assert.equal((await fetch(`${server.url}/assets/pass.html`)).status, 404);
});
