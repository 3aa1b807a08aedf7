// SPDX-License-Identifier: GPL-3.0-or-later
// What the pages promise and their tests show: weights, the public page's attack program, axe-core, languages, end to end.
//
// usage: web_pages.mjs BUILD [PART…]
//
// Prints, for `./dev show`, lines `row<TAB>measure<TAB>bar<TAB>measured<TAB>yes|no<TAB>command`. Parts, all where none is named:
//     weight     compressed bytes of script, of what was built last (web/dist)
//     public     the attack program
//     languages  keys, places, equal strings
//     axe        every test of the pages that has axe look at one (minutes; two files at once, each told when it ends)
//     end-to-end web/test/pages/end_to_end.test.mjs, on SQLite and on PostgreSQL
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { row } from "./web_rows.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PAGES = "web/test/pages";
const LONGEST_MS = 900_000; // of a file of tests
const AT_ONCE = 2; // files of tests
const BUDGETS = { shell: 45 * 1024, page: 20 * 1024 };

function run(command, words, environment = {}) {
  const done = spawnSync(command, words, { cwd: ROOT, encoding: "utf8", maxBuffer: 1 << 28, env: { ...process.env, ...environment } });
  return { code: done.status, out: `${done.stdout ?? ""}${done.stderr ?? ""}${done.error?.message ?? ""}` };
}

/** The tests of these files: how many ran, how many of them failed or were left out, and what was printed. */
function tests(words, environment) {
  const [command, ...rest] = words;
  const { out } = run(command, rest, environment);
  return { ...countsOf(out), out };
}

function countsOf(out) {
  const number = (what) => Number(new RegExp(`^# ${what} (\\d+)`, "m").exec(out)?.[1] ?? NaN);
  return { ran: number("tests"), failed: number("fail") + number("skipped") + number("cancelled") };
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} KB`;

/** Of each script what it loads with it, by name. */
function readScripts(folder) {
  const scripts = new Map();
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".js"))) {
    const text = readFileSync(join(folder, name), "utf8");
    const loads = [...text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)].map((match) => match[1]);
    scripts.set(name, { loads, bytes: gzipSync(text, { level: 9 }).length });
  }
  return scripts;
}

function loaded(scripts, name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const next of scripts.get(name)?.loads ?? []) loaded(scripts, next, found);
  return found;
}

function weight() {
  const scripts = readScripts(join(ROOT, "web/dist/assets"));
  const sum = (names) => [...names].reduce((total, name) => total + scripts.get(name).bytes, 0);
  const entry = [...scripts.keys()].find((name) => name.startsWith("index-"));
  const shell = loaded(scripts, entry);
  row("script of shell and situation, gz", "<= 45 KB", kilobytes(sum(shell)), sum(shell) <= BUDGETS.shell);
  const pages = [...scripts.keys()].filter((name) => /^[A-Z]\w+-/.test(name) && !shell.has(name) && !/^pass/i.test(name));
  const added = pages.map((name) => [name.replace(/-.*/, ""), sum([...loaded(scripts, name)].filter((one) => !shell.has(one)))]);
  added.sort((a, b) => b[1] - a[1]);
  row(`script of each other page besides, gz (${added.length} pages)`, "<= 20 KB",
    `at most ${added.slice(0, 3).map(([name, bytes]) => `${name} ${kilobytes(bytes)}`).join(", ")}`, added.every(([, bytes]) => bytes <= BUDGETS.page));
  const scan = sum(loaded(scripts, [...scripts.keys()].find((name) => name.startsWith("pass-"))));
  row("script of the scan page, gz, without its WebAssembly", "<= 20 KB", kilobytes(scan), scan <= BUDGETS.page);
  const words = ["node", "--test", "--test-reporter=tap", `${PAGES}/public.test.mjs`];
  const { ran, failed, out } = tests(words);
  const html = [...out.matchAll(/^# \W*([\w-]+): (\d+) bytes, 0 of script/gm)].map((match) => `${match[1]} ${kilobytes(Number(match[2]))}`);
  row("script of the public page", "0", `0 in ${html.length} languages (${html.join(", ")} of HTML); ${ran - failed} of ${ran} tests`, failed === 0 && html.length === 3, words);
}

function attack(build) {
  const words = [join(build, "tests/response/test_response_public_page")];
  run("ninja", ["-C", build, "tests/response/test_response_public_page"]);
  const { code, out } = run(words[0], []);
  const found = [...out.matchAll(/(\d+) counts shown, (\d+) left out, (\d+) found; (\d+) found where/g)].map((match) => match.slice(1).map(Number));
  const sum = (i) => found.reduce((total, one) => total + one[i], 0);
  row("public tables: left-out cells found by subtracting days, levels and sums", "0",
    `${sum(2)} of ${sum(1)} left out beside ${sum(0)} shown, on ${found.length} databases (${sum(3)} where small ones alone are removed)`,
    code === 0 && found.length > 0 && sum(2) === 0 && sum(3) > 0, words);
}

function languages() {
  const read = (name) => JSON.parse(readFileSync(join(ROOT, `web/src/i18n/${name}.json`), "utf8"));
  const en = { ...read("en"), ...read("pass.en") }, zh = { ...read("zh"), ...read("pass.zh") };
  const places = (text) => [...new Set([...text.matchAll(/\{(\w+)/g)].map((match) => match[1]))].sort().join();
  const keys = Object.keys(en);
  const missing = keys.filter((key) => !(key in zh)).length + Object.keys(zh).filter((key) => !(key in en)).length;
  const unequal = keys.filter((key) => key in zh && places(en[key]) !== places(zh[key])).length;
  const same = keys.filter((key) => en[key] === zh[key]);
  const words = [join(ROOT, "web/node_modules/.bin/vitest"), "run", "--root", "web", "i18n"];
  const { code } = run(words[0], words.slice(1));
  row("languages: missing keys, unequal places, equal strings", "0, 0, listed", `${missing}, ${unequal}, ${same.length === 0 ? "none" : same.join(" ")}; ${keys.length} texts in English and Chinese`,
    missing + unequal === 0 && code === 0, ["web/node_modules/.bin/vitest", ...words.slice(1)]);
}

/** The tests of some files, so many files at once; one that does not end is ended and counts as failed. What each took goes to
 * standard error: who waits for minutes wants to see that it goes on. */
async function testsOfFiles(files, environment) {
  const all = { ran: 0, failed: 0, out: "" };
  const rest = [...files];
  const next = async () => {
    for (let name; (name = rest.shift()) !== undefined; ) {
      const began = Date.now();
      const child = spawn("node", ["--test", "--test-reporter=tap", `${PAGES}/${name}`], { cwd: ROOT, env: { ...process.env, ...environment }, stdio: ["ignore", "pipe", "ignore"], timeout: LONGEST_MS });
      let out = "";
      child.stdout.on("data", (bytes) => (out += bytes));
      const code = await new Promise((ended) => child.on("close", ended));
      const { ran, failed } = countsOf(out);
      all.ran += ran || 0;
      all.failed += Number.isNaN(failed) ? 1 : failed;
      all.out += out;
      console.error(`${name}: ${ran} tests, ${failed} failed, ${Math.round((Date.now() - began) / 1000)} s${code === null ? ": ended as it took too long" : ""}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, files.length) }, next));
  return all;
}

/** The tests that have axe look, and what they wrote of it. */
async function axe() {
  const files = readdirSync(join(ROOT, PAGES)).filter((name) => /looksWell|axeFinds/.test(readFileSync(join(ROOT, PAGES, name), "utf8")));
  files.sort((a, b) => Number(b.startsWith("looks")) - Number(a.startsWith("looks"))); // the longest first
  const folder = mkdtempSync(join(tmpdir(), "tocsin-axe-"));
  const words = ["node", "--test", "--test-reporter=tap", ...files.map((name) => `${PAGES}/${name}`)];
  const { ran, failed, out } = await testsOfFiles(files, { TOCSIN_AXE_LOG: join(folder, "log") });
  const looks = readFileSync(join(folder, "log"), "utf8").trim().split("\n").map((line) => line.split("\t"));
  rmSync(folder, { recursive: true });
  const id = /[0-9a-f-]{36}/;
  const pages = new Set(looks.map(([path]) => path.replace(id, "{id}")));
  const settings = new Set(looks.map(([, language, width, theme]) => `${language} ${width} ${theme}`));
  const violations = looks.reduce((sum, one) => sum + Number(one.at(-1)), 0);
  row("axe-core, WCAG 2.2 AA and best practice: violations", "0",
    `${violations} in ${looks.length} looks at ${pages.size} pages in ${settings.size} of language × width × theme; ${ran - failed} of ${ran} tests`, violations === 0 && failed === 0, words);
  for (const [text, pattern] of [["320 px wide and wide spacing of text: pages wider than the screen", /at 320 px/], ["forced colours: map, legend and hatch can be told apart", /forced colours/], ["keyboard alone: menu, pages, a signal to its end", /keyboard/]]) {
    const told = [...out.matchAll(/^(not ok|ok) \d+ - (.*)$/gm)].filter((match) => pattern.test(match[2]));
    const bad = told.filter((match) => match[1] !== "ok").length;
    row(text, "0 tests fail", `${bad} of ${told.length}`, bad === 0 && told.length > 0);
  }
}

function endToEnd() {
  const words = ["node", "--test", "--test-reporter=tap", `${PAGES}/end_to_end.test.mjs`];
  for (const [database, before] of [["sqlite", []], ["postgresql", ["python3", "tests/support/postgresql.py", "--run"]]]) {
    const { ran, failed, out } = tests([...before, ...words]);
    const told = /# records on (\w+)/.exec(out)?.[1] ?? "no database";
    row(`end to end in Chromium, ${database}: message, case, signal, verdict; file mended; areas kept apart`, "all",
      `${ran - failed} of ${ran} tests on ${told}`, failed === 0 && told === database, [...before, ...words]);
  }
}

const [build, ...named] = process.argv.slice(2);
const parts = { weight, public: () => attack(resolve(build)), languages, axe, "end-to-end": endToEnd };
const wrong = named.filter((name) => !(name in parts));
if (build === undefined || wrong.length > 0) {
  console.error(`web_pages: a build folder, then parts of: ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}
for (const name of named.length > 0 ? named : Object.keys(parts)) await parts[name]();
