// SPDX-License-Identifier: GPL-3.0-or-later
// The program as the tests of the pages meet it: a node with the invented county, served; a browser; people who sign in.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const TOCSIN = join(ROOT, "build/tocsin");
export const PASSWORD = "quiet rivers run deep 77";
export const TODAY = new Date().toISOString().slice(0, 10);

/** A node in a folder of its own; users: [login, role, area code][]. */
export function makeNode(users) {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-pages-"));
  const node = join(folder, "node");
  execFileSync(join(ROOT, "tools/demo_node.sh"), [TOCSIN, node, join(folder, "data"), TODAY], { stdio: ["ignore", "ignore", "pipe"] });
  for (const [login, role, area] of users) {
    execFileSync(TOCSIN, ["user", "create", login, "--role", role, "--area", area, "--node", node], { stdio: "pipe" });
    execFileSync(TOCSIN, ["user", "password", login, "--node", node], { input: `${PASSWORD}\n`, stdio: "pipe" });
  }
  const areas = readFileSync(join(folder, "data/areas.csv"), "utf8").trim().split("\n").slice(1).map((line) => line.split(","));
  return { folder, node, areas, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Serve it on any port; { url, end }. log: a file that its log goes to. */
export async function serve(node, log = null) {
  const quiet = log === null ? ["--quiet"] : [];
  const stderr = log === null ? "ignore" : openSync(log, "w");
  const server = spawn(TOCSIN, ["serve", "--node", node, ...quiet, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", stderr] });
  const url = await new Promise((found, failed) => {
    let said = "";
    server.stdout.on("data", (bytes) => {
      said += bytes;
      const match = /serves at (http:\S+)/.exec(said);
      if (match !== null) found(match[1]);
    });
    server.on("exit", (code) => failed(new Error(`tocsin serve ended with ${code}`)));
  });
  const end = () =>
    new Promise((ended) => {
      server.removeAllListeners("exit");
      server.on("exit", ended);
      server.kill("SIGTERM");
    });
  return { url, end };
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
