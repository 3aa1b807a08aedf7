// SPDX-License-Identifier: GPL-3.0-or-later
// The program as the tests of the pages meet it: a node with the invented county, served; a browser; people who sign in.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { appendFileSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const TOCSIN = join(ROOT, "build/tocsin");
export const PASSWORD = "quiet rivers run deep 77";
export const TODAY = new Date().toISOString().slice(0, 10);

/** Where the node's records are kept, as `tocsin node init --database` takes it: SQLite, or a new database of the PostgreSQL
 * server that TOCSIN_PAGES_POSTGRESQL names (`tests/support/postgresql.py --run`). */
function database(name) {
  const server = process.env.TOCSIN_PAGES_POSTGRESQL;
  if (server === undefined) return [];
  execFileSync("psql", ["-Xq", "-d", server, "-c", `CREATE DATABASE "${name}"`], { stdio: ["ignore", "ignore", "pipe"] });
  return [server.replace("///postgres?", `///${name}?`)];
}

/** A node in a folder of its own; users: [login, role, area code][]. */
export function makeNode(users) {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-pages-"));
  const node = join(folder, "node");
  const words = [TOCSIN, node, join(folder, "data"), TODAY, ...database(basename(folder))];
  execFileSync(join(ROOT, "tools/demo_node.sh"), words, { stdio: ["ignore", "ignore", "pipe"] });
  for (const [login, role, area] of users) {
    execFileSync(TOCSIN, ["user", "create", login, "--role", role, "--area", area, "--node", node], { stdio: "pipe" });
    execFileSync(TOCSIN, ["user", "password", login, "--node", node], { input: `${PASSWORD}\n`, stdio: "pipe" });
  }
  const areas = readFileSync(join(folder, "data/areas.csv"), "utf8").trim().split("\n").slice(1).map((line) => line.split(","));
  return { folder, node, areas, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Take messages in as a laboratory of that area, by the command line; what `tocsin intake` says of each. */
export function takeIn({ folder, node, areas }, area, messages) {
  const id = areas.find((row) => row[0] === area).at(-1);
  const made = execFileSync(TOCSIN, ["record", "create", "feed", `area=${id}`, "name=Laboratory", "channel=command-line", "status=live", "sending_facility=LAB", "--node", node], { stdio: ["ignore", "pipe", "pipe"] });
  const file = join(folder, "in.hl7");
  writeFileSync(file, messages.join(""));
  const said = execFileSync(TOCSIN, ["intake", "--node", node, "--feed", JSON.parse(made).id, file], { stdio: ["ignore", "pipe", "pipe"] });
  rmSync(file);
  return String(said).trim().split("\n").map((line) => JSON.parse(line));
}

/** Listen for messages by MLLP too, on any port: before it is served. */
export function listen({ node, areas }, area) {
  const id = areas.find((row) => row[0] === area).at(-1);
  execFileSync(TOCSIN, ["record", "create", "feed", `area=${id}`, "name=Laboratory", "channel=mllp", "status=live", "sending_facility=LAB", "--node", node], { stdio: "pipe" });
  appendFileSync(join(node, "tocsin.conf"), "\n[mllp laboratory]\nlisten = 127.0.0.1:0\n");
}

/** Serve it on any port; { url, mllp: where it listens for messages, end }. log: a file that its log goes to. */
export async function serve(node, log = null) {
  const quiet = log === null ? ["--quiet"] : [];
  const stderr = log === null ? "ignore" : openSync(log, "w");
  const server = spawn(TOCSIN, ["serve", "--node", node, ...quiet, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", stderr] });
  const listens = readFileSync(join(node, "tocsin.conf"), "utf8").includes("\n[mllp ");
  const [url, mllp] = await new Promise((found, failed) => {
    let said = "";
    server.stdout.on("data", (bytes) => {
      said += bytes;
      const match = /serves at (http:\S+)/.exec(said);
      const messages = /over MLLP at (\S+)\n/.exec(said);
      if (match !== null && (!listens || messages !== null)) found([match[1], messages?.[1]]);
    });
    server.on("exit", (code) => failed(new Error(`tocsin serve ended with ${code}`)));
  });
  const end = () =>
    new Promise((ended) => {
      server.removeAllListeners("exit");
      server.on("exit", ended);
      server.kill("SIGTERM");
    });
  return { url, mllp, end };
}

export function browse(args = []) {
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", ...args] });
}

/** A browser of its own in which somebody has signed in by the form, as a person does. What the page complains of is
 * kept in `complaints`. */
export async function signIn(browser, url, login, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-GB", timezoneId: "UTC", ...options });
  context.setDefaultTimeout(120_000); // a busy machine is slow, and what never comes is told all the same
  const page = await context.newPage();
  await page.goto(`${url}/sign-in`);
  await page.fill("#login", login);
  await page.fill("#password", PASSWORD);
  await page.click("button");
  await page.waitForURL((now) => new URL(now).pathname !== "/sign-in"); // until then nobody is signed in
  await page.waitForSelector("h1");
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  return { context, page, complaints };
}

/** The API under the session of a page. */
export async function ask(page, method, path, body, headers = {}) {
  return page.evaluate(
    async ([method, path, body, headers]) => {
      const sent = body === null ? {} : { body: JSON.stringify(body), headers: { ...headers, "Content-Type": "application/json" } };
      const answer = await fetch(path, { method, headers, ...sent });
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
    },
    [method, path, body ?? null, headers],
  );
}

/** The code of RFC 6238 that a telephone would show now. */
function codeNow(secret) {
  const bits = [...secret.replace(/=+$/, "")].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Take a second factor and give its code. */
export async function giveFactor(page) {
  const offer = await ask(page, "PUT", "/api/v1/session/second-factor");
  assert.equal(offer.status, 200, JSON.stringify(offer.body));
  const given = await ask(page, "POST", "/api/v1/session/second-factor", { code: codeNow(offer.body.secret) });
  assert.equal(given.status, 201, JSON.stringify(given.body));
}

/** Send a message over MLLP, as a laboratory does; the answer's code (AA where it is kept). */
export function sendMessage({ folder }, mllp, text) {
  const file = join(folder, "out.hl7");
  writeFileSync(file, text);
  const said = execFileSync(TOCSIN, ["mllp", "send", mllp, file], { stdio: ["ignore", "pipe", "pipe"] });
  rmSync(file);
  return /\b(A[AER])\b/.exec(String(said))?.[1];
}

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe finds on the page as it is shown. Where TOCSIN_AXE_LOG names a file, which page was looked at is added to it. */
export async function axeFinds(page) {
  if (await page.evaluate(() => !("axe" in window))) await page.addScriptTag({ path: AXE });
  const found = await page.evaluate((tags) => axe.run(document, { runOnly: tags, resultTypes: ["violations"], preload: false }), RULES);
  if (process.env.TOCSIN_AXE_LOG) {
    const seen = await page.evaluate(() => [location.pathname, document.documentElement.lang, innerWidth, matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"]);
    appendFileSync(process.env.TOCSIN_AXE_LOG, `${seen.join("\t")}\t${found.violations.length}\n`);
  }
  return found.violations.map((one) => [one.id, one.nodes.map((node) => node.html.slice(0, 120))]);
}

/** Nothing that axe finds, on a desk and a telephone, in both themes; nothing wider than a small screen. The page is drawn
 * anew, not loaded anew: half of a look's time would be that. */
export async function looksWell(page) {
  const fits = async (width) => assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `wider than ${width} px`);
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      assert.deepEqual([page.url(), width, colorScheme, await axeFinds(page)], [page.url(), width, colorScheme, []]);
    }
    await fits(width);
  }
  await page.setViewportSize({ width: 320, height: 800 });
  await fits(320);
  await page.setViewportSize({ width: 1280, height: 860 });
}
