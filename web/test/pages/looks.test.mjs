// SPDX-License-Identifier: GPL-3.0-or-later
// For everybody: no violation that axe finds, every page × language × theme × width; small screens; what a page weighs.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { ask, browse, looksWell, makeNode, serve, signIn } from "../program.mjs";

const ASSETS = join(dirname(fileURLToPath(import.meta.url)), "../../dist/assets");
const USERS = ["dolma", "nyima"];
let node, server, browser;

before(async () => {
  node = makeNode([
    ["dolma", "epidemiologist", "900101"],
    ["nyima", "data-manager", "900101"],
  ]);
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

/** Who sees which pages: [path, what is there once it is shown]. */
async function pagesOf(page, login) {
  if (login === "nyima") return [["/import", "main .card"], ["/senders", "main h1"]];
  const { body } = await ask(page, "GET", "/api/v1/cases?page_size=1");
  const { body: signals } = await ask(page, "GET", "/api/v1/signals?page_size=1&disease=measles");
  return [["/signals", ".inbox .clock"], [`/signals/${signals.rows[0].id}`, "path.threshold"], ["/streams", ".streams"], ["/", ".scroll tbody tr"], ["/cases", ".grid-body a"], [`/cases/${body.rows[0].id}`, "dl.known"], ["/account", "h1"]];
}

for (const language of ["en", "zh"]) {
  for (const login of USERS) {
    test(`axe finds nothing on a desk and a telephone, in both themes: ${login}, ${language}`, async () => {
      const { page, context } = await signIn(browser, server.url, login, { bypassCSP: true });
      await page.evaluate((language) => localStorage.setItem("tocsin-language", language), language);
      for (const [path, shown] of await pagesOf(page, login)) {
        await page.goto(server.url + path);
        await page.waitForSelector(shown);
        await looksWell(page);
      }
      await context.close();
    });
  }
}

for (const login of USERS) {
  test(`at 320 px, and with wide spacing of text, nothing is wider than the screen: ${login}`, async () => {
    const { page, context } = await signIn(browser, server.url, login, { viewport: { width: 320, height: 640 }, bypassCSP: true });
    for (const [path, shown] of await pagesOf(page, login)) {
      await page.goto(server.url + path);
      await page.waitForSelector(shown);
      const width = () => page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok((await width()) <= 320, `${path}: ${await width()} px`);
      await page.addStyleTag({ content: "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }" });
      assert.ok((await width()) <= 320, `${path} spaced: ${await width()} px`);
    }
    await context.close();
  });
}

test("in forced colours the classes of the map and the bars still to grow can be told apart", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma", { forcedColors: "active" });
  await page.goto(`${server.url}/?disease=measles`);
  await page.waitForSelector(".map .area");
  const fills = (selector) => page.locator(selector).evaluateAll((all) => [...new Set(all.map((one) => getComputedStyle(one).fill))]);
  const keys = await page.locator(".map .key").count();
  assert.ok(keys >= 3);
  assert.equal((await fills(".map .key rect")).length, keys, "each class has a colour of its own");
  assert.ok((await fills(".map > svg .area")).length > 1);
  const [full, coming] = [await fills(".curve .bar:not(.incomplete)"), await fills(".curve > svg .bar.incomplete")];
  assert.match(coming.join(), /hatch/);
  assert.ok(full.length === 1 && !full[0].includes("hatch"));
  await context.close();
});

test("what a page weighs, compressed, is within its budget", () => {
  const sizes = readdirSync(ASSETS).map((name) => [name, gzipSync(readFileSync(join(ASSETS, name)), { level: 9 }).length]);
  const sum = (pattern) => sizes.filter(([name]) => pattern.test(name)).reduce((total, [, size]) => total + size, 0);
  const shell = sum(/^(index|base)-.*\.js$/);
  const scan = sum(/^(pass|base)-.*\.js$/);
  console.log(`# scan page: ${scan} bytes of script; ${sum(/^sources-.*\.js$/)} and ${sum(/\.wasm$/)} of WebAssembly to check and to read codes`);
  assert.ok(scan <= 20 * 1024);
  console.log(`# shell and situation: ${shell} bytes of script, ${sum(/^(index|base)-.*\.css$/)} of style`);
  assert.ok(shell <= 45 * 1024);
  console.log(`# import: ${sum(/^ImportPage-.*\.js$/)}; senders: ${sum(/^Sender(List|Page)-.*\.js$/)} bytes of script`);
  assert.ok(sum(/^(index|base)-.*\.css$/) <= 12 * 1024);
  for (const [name, size] of sizes.filter(([name]) => /\.js$/.test(name) && !/^index-/.test(name))) assert.ok(size <= 20 * 1024, `${name}: ${size}`);
});
