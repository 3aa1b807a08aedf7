// SPDX-License-Identifier: GPL-3.0-or-later
// The public page: to anybody, without script and without a cookie, in each language, kept by caches.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { browse, looksWell, makeNode, serve } from "../program.mjs";

let node, server, browser;

before(async () => {
  node = makeNode([["pema", "administrator", "900101"]]); // nobody is answered before somebody is there
  appendFileSync(join(node.node, "tocsin.conf"), "\npublic_diseases = measles plague\npublic_contact = 12320\n");
  // The areas have been there for months: weeks are published, of which nothing was known then.
  const aged = `import sqlite3; db = sqlite3.connect("${node.node}/tocsin.db"); db.execute("UPDATE area SET updated = updated - 100 * 86400000000"); db.commit()`;
  execFileSync("python3", ["-c", aged]);
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

for (const [language, tag, word] of [["en", "en", "Measles"], ["zh", "zh-CN", "麻疹"], ["bo", "bo", "བྱ་དགོས་པ"]]) {
  test(`the page in ${tag}: no script, no cookie, to be cached, nothing that axe finds`, async () => {
    const answer = await fetch(`${server.url}/public/${language}`);
    const html = await answer.text();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("set-cookie"), null);
    assert.match(answer.headers.get("cache-control"), /^public, max-age=/);
    assert.doesNotMatch(html, /<script|javascript:|\son[a-z]+=/i);
    assert.match(html, new RegExp(word));
    console.log(`# ${tag}: ${gzipSync(html, { level: 9 }).length} bytes, 0 of script`);
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(`${server.url}/public/${language}`);
    assert.equal(await page.evaluate(() => document.documentElement.lang), tag);
    assert.deepEqual(asked, [`${server.url}/public/${language}`], "one file, and nobody else is asked");
    assert.equal(await page.locator("section:first-of-type tbody tr").count(), 13);
    await looksWell(page);
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/public-${language}.png`, fullPage: true });
    assert.deepEqual(await context.cookies(), []);
    await context.close();
  });
}

test("the browser's language is answered, and caches are told that it matters", async () => {
  const answer = await fetch(`${server.url}/public`, { headers: { "Accept-Language": "fr, zh-CN;q=0.8, en;q=0.5" } });
  assert.match(await answer.text(), /lang="zh-CN"/);
  assert.match(answer.headers.get("vary"), /accept-language/i);
  assert.equal((await fetch(`${server.url}/public/fr`)).status, 404);
});
