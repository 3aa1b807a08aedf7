// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of the pages in docs/images, from the running program: `./dev shots`.
import { fileURLToPath } from "node:url";
import { browse, makeNode, serve, signIn } from "./program.mjs";

const IMAGES = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const node = makeNode([["dolma", "epidemiologist", "900101"]]);
const server = await serve(node.node);
const browser = await browse();
const { page } = await signIn(browser, server.url, "dolma", { viewport: { width: 1120, height: 760 } });

for (const [name, path, shown, language] of [
  ["situation.png", "/?disease=measles", ".map path", "en"],
  ["cases.png", "/cases?sort=received_date", ".grid-body a", "en"],
  ["situation-zh.png", "/?disease=measles", ".map path", "zh"],
]) {
  await page.evaluate((language) => localStorage.setItem("tocsin-language", language), language);
  await page.goto(server.url + path);
  await page.waitForSelector(shown);
  await page.waitForSelector(".live.on");
  await page.screenshot({ path: IMAGES + name });
}
await browser.close();
await server.end();
node.remove();
