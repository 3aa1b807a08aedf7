// SPDX-License-Identifier: GPL-3.0-or-later
// A checkpoint: what the scan page says, with the network off too, and that nothing of a pass stays anywhere.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
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
async function scanPage(login = "karma", options = {}, before = null, by = browser) {
  const opened = await signIn(by, server.url, login, options);
  if (before !== null) await opened.page.addInitScript(before);
  await opened.page.goto("about:blank"); // whoever works at a checkpoint is there already; that load is broken off
  opened.complaints.length = 0;
  await opened.page.goto(`${server.url}/pass`);
  await opened.page.waitForSelector(".lists");
  return opened;
}

const dayBefore = (days) => new Date(Date.parse(TODAY) - days * 86_400_000).toISOString().slice(0, 10);

async function waitUntil(holds) {
  for (const end = Date.now() + 120_000; Date.now() < end; ) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail("it never came to pass");
}

/** As a scanner that types: the text, then Enter. */
async function type(page, text) {
  await page.fill("form input", text);
  await page.press("form input", "Enter");
}

/** The answer to a text; the one before is put away first, so that it is not taken for this one's. */
async function show(page, text) {
  if ((await page.$(".answer")) !== null) {
    await page.click(".answer button");
    await page.waitForSelector(".answer", { state: "detached" });
  }
  await type(page, text);
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
  await withoutNetwork(page, context);
  assert.match(await page.textContent(".lists"), /\(0 days old\)[^]*No network/);
  assert.equal(await show(page, node.passes.fits), "fits");
  assert.equal(await show(page, node.passes.doesNot), "does not fit");
  await page.getByRole("button", { name: "中文" }).click();
  await page.waitForSelector("text=真实");
  await context.close();
});

/** Opened anew with the network off: from when the service worker is ready, which it is with all files or not at all. */
async function withoutNetwork(page, context) {
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => null));
  await context.setOffline(true);
  const failed = [];
  page.on("requestfailed", (request) => new URL(request.url()).pathname.startsWith("/api/") || failed.push(request.url()));
  await page.goto(`${server.url}/pass`);
  await page.waitForSelector(".lists .old");
  assert.deepEqual(failed, [], "all that the page needs is kept");
}

const numbers = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        indexedDB.open("tocsin-pass").onsuccess = (event) => {
          const all = event.target.result.transaction("counts").objectStore("counts").getAll();
          all.onsuccess = () => done(Object.fromEntries(all.result.map((row) => [row.outcome, row.number])));
        };
      }),
  );

/** Stands at the North gate. */
const standAt = (page) => page.getByRole("combobox", { name: "Checkpoint" }).selectOption({ label: "North gate" });

test("scans that follow at once wait for one another: each is checked and counted, though counting is slow", async () => {
  const { page, context } = await scanPage();
  await standAt(page);
  for (let i = 0; i < 5; i++) for (const text of [node.passes.fits, node.passes.doesNot, node.passes.stranger]) await type(page, text);
  await waitUntil(async () => Object.values(await numbers(page)).reduce((a, b) => a + b, 0) === 15);
  assert.deepEqual(await numbers(page), { fits: 5, "does-not-fit": 5, "not-checked": 5 });
  assert.equal(await page.getAttribute(".answer", "data-outcome"), "cannot be checked", "the newest is shown");
  await context.close();
});

/** A scanner on a line, as the browser would give one; `line` is what it sends, in pieces. */
function pretendSerial() {
  window.line = { open: [], closed: 0 };
  const port = {
    async open(options) {
      window.line.open.push(options.baudRate);
      port.readable = new ReadableStream({ start: (at) => (window.line.at = at) });
    },
    close: async () => void window.line.closed++,
  };
  Object.defineProperty(navigator, "serial", { value: { requestPort: async () => port } });
}

test("a scanner on a serial line: pieces of lines, several at once; the checkpoint chosen after it was connected counts", async () => {
  const { page, complaints, context } = await scanPage("karma", {}, pretendSerial);
  await page.getByRole("button", { name: "Connect a scanner" }).click();
  await page.waitForFunction(() => window.line.at !== undefined);
  await standAt(page);
  const send = (text) => page.evaluate((text) => window.line.at.enqueue(new TextEncoder().encode(text)), text);
  await send(node.passes.fits.slice(0, 100));
  await send(`${node.passes.fits.slice(100)}\r`);
  await page.waitForSelector(".answer.fits");
  await send(`\n${node.passes.doesNot}\r\n${node.passes.stranger}\r\n`);
  await waitUntil(async () => Object.keys(await numbers(page)).length === 3);
  assert.deepEqual(await numbers(page), { fits: 1, "does-not-fit": 1, "not-checked": 1 });
  await page.getByRole("button", { name: "Disconnect the scanner" }).click();
  await page.waitForFunction(() => window.line.closed === 1);
  assert.deepEqual(await page.evaluate(() => window.line.open), [115200]);
  assert.deepEqual(complaints, []);
  await context.close();
});

/** A film of one picture: the code of a pass, as a camera would see it held before it. */
async function film(picture, file) {
  const blank = await browser.newPage();
  const frame = await blank.evaluate(async (source) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#aaa";
    pen.fillRect(0, 0, 1280, 720);
    pen.translate(640, 360);
    pen.rotate(0.1);
    pen.drawImage(image, -280, -280, 560, 560);
    return canvas.toDataURL("image/jpeg", 0.9).split(",")[1];
  }, `data:image/svg+xml,${encodeURIComponent(picture)}`);
  await blank.close();
  const bytes = Buffer.from(frame, "base64");
  writeFileSync(file, Buffer.concat(Array(10).fill(bytes)));
}

test("the camera reads a code, without a network too; what stays in sight counts once; off, nothing looks", async () => {
  const file = join(node.folder, "code.mjpeg");
  await film(node.picture, file);
  const seeing = await browse(["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${file}`]);
  try {
    const { page, complaints, context } = await scanPage("karma", {}, null, seeing);
    await standAt(page);
    assert.deepEqual(complaints, []);
    await withoutNetwork(page, context);
    await page.getByRole("button", { name: "Scan with the camera" }).click();
    await page.waitForSelector(".answer.fits");
    assert.match(await page.textContent(".answer"), /Quackenbush/);
    await page.waitForTimeout(2_000); // it is looked at a dozen times more
    assert.deepEqual(await numbers(page), { fits: 1 });
    const track = await page.evaluateHandle(() => document.querySelector("video").srcObject.getTracks()[0]);
    await page.getByRole("button", { name: "Stop the camera" }).click();
    await page.waitForFunction((track) => track.readyState === "ended" && document.querySelector("video").srcObject === null, track);
    await context.close();
  } finally {
    await seeing.close();
  }
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
  await standAt(page);
  for (const text of [node.passes.fits, node.passes.doesNot, node.passes.stranger, node.passes.fits]) await show(page, text);
  await page.click(".answer button");
  await page.waitForSelector(".answer", { state: "detached" });
  const { body } = await ask(page, "POST", "/api/v1/pass/verify", { text: node.passes.doesNot });
  assert.deepEqual([body.verdict, body.outcome, body.holder], ["genuine", "does not fit", undefined]);
  sent.pop();
  await waitUntil(async () => (await numbers(page)).fits === 2);
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
