// SPDX-License-Identifier: GPL-3.0-or-later
// A line list comes in by clicking: dropped, its columns confirmed, its faults mended in the page, until all are cases; and
// the senders, as they are seen against their habit.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { ask, browse, giveFactor, looksWell, makeNode, serve, signIn, TODAY } from "../program.mjs";

const LIST = [
  "case number,name,sex,birth date,ethnicity,disease,onset date",
  `1,Canary Anna,F,1990-01-02,x,measles,${TODAY}`,
  `2,Berta Brown,Q,1991-01-02,x,measles,${TODAY}`,
  "3,Zita Zander,F,1992-01-02,x,measles,2024-02-30",
  "",
].join("\n");
let node, server, browser, data;

/** A number of 32 or 16 bits, the lowest byte first. */
const long = (number) => Buffer.from(Uint32Array.of(number).buffer);
const short = (number) => Buffer.from(Uint16Array.of(number).buffer);

function crc32(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}

/** An archive of files that are not packed. */
function archive(files) {
  const parts = [], directory = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const bytes = Buffer.from(text);
    const about = Buffer.concat([short(20), short(0), short(0), short(0), short(0x21), long(crc32(bytes)), long(bytes.length), long(bytes.length), short(name.length), short(0)]);
    const part = Buffer.concat([Buffer.from("PK\x03\x04"), about, Buffer.from(name), bytes]);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02"), short(20), about, short(0), short(0), short(0), long(0), long(at), Buffer.from(name)]));
    parts.push(part);
    at += part.length;
  }
  const size = directory.reduce((sum, one) => sum + one.length, 0), num = short(directory.length);
  return Buffer.concat([...parts, ...directory, Buffer.from("PK\x05\x06"), short(0), short(0), num, num, long(size), long(at), short(0)]);
}

/** The rows of a text without quotes, as a spreadsheet. */
function spreadsheet(text) {
  const cell = (value) => `<c t="inlineStr"><is><t>${value}</t></is></c>`;
  const rows = text.trimEnd().split("\n").map((line) => `<row>${line.split(",").map(cell).join("")}</row>`);
  const link = (type, target) => `<Relationships><Relationship Id="a" Type="relationships/${type}" Target="${target}"/></Relationships>`;
  return archive({
    "_rels/.rels": link("officeDocument", "xl/workbook.xml"),
    "xl/workbook.xml": '<workbook><sheets><sheet name="list" r:id="a" xmlns:r="x"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": link("worksheet", "list.xml"),
    "xl/list.xml": `<worksheet><sheetData>${rows.join("")}</sheetData></worksheet>`,
  });
}

before(async () => {
  node = makeNode([
    ["nyima", "data-manager", "900101"],
    ["dolma", "epidemiologist", "900101"],
  ]);
  server = await serve(node.node);
  browser = await browse();
});

after(async () => {
  await browser?.close();
  await server?.end();
  node?.remove();
});

const button = (page, name) => page.getByRole("button", { name });
const tally = async (page) => (await page.locator(".tally").last().locator("dd").allTextContents()).map(Number);

/** How many cases the node knows of that disease. */
async function measles(page) {
  const { body } = await ask(page, "GET", "/api/v1/cases?disease=measles&total=true&page_size=1");
  return body.total;
}

test("a list is dropped, its columns are confirmed, and what is wrong is mended in the page", async () => {
  const { page, complaints } = (data = await signIn(browser, server.url, "nyima", { bypassCSP: true, acceptDownloads: true }));
  page.setDefaultTimeout(30_000);
  await giveFactor(page);
  const first = await measles(page);
  await page.goto(`${server.url}/import`);
  await page.getByText("A sender that is not there yet").click();
  await page.getByLabel("Name of the sender").fill("County clinic");
  await button(page, "Add the sender").click();
  await page.waitForSelector("input[type=file]:not(:disabled)");
  await looksWell(page);
  await page.setInputFiles("input[type=file]", { name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(LIST) });
  await page.waitForURL(/file=/);
  await page.getByLabel("Meaning of onset date").waitFor();
  assert.equal(await page.getByLabel("Meaning of onset date").inputValue(), "onset_date");
  assert.match(await page.locator("tr:has(th:text-is('ethnicity'))").textContent(), /Never collected/);
  await looksWell(page);
  await page.reload(); // how far it is stands in the address
  await button(page, "Confirm, and load the rows").click();
  await page.getByText("2 rows cannot be used yet").waitFor();
  assert.deepEqual(await tally(page), [1, 2, 0, 0]);
  assert.equal(await measles(page), first + 1);

  const [file] = await Promise.all([page.waitForEvent("download"), button(page, "Download them as a file").click()]);
  const errors = await readFile(await file.path(), "utf8");
  assert.match(errors, /Berta Brown/);
  assert.doesNotMatch(errors, /Canary|ethnicity/);

  await button(page, "Mend them here").click();
  await page.waitForSelector(".mend tbody tr");
  assert.equal(await page.locator(".mend [aria-invalid=true]").count(), 2);
  await looksWell(page);
  await page.getByLabel("sex, row 1").fill("M");
  await page.getByLabel("onset date, row 2").fill("2024-02-31"); // still none
  await button(page, "Send what is mended: 2 rows").click();
  await page.waitForSelector("h3");
  assert.deepEqual(await tally(page), [1, 1, 0, 0]);
  assert.equal(await page.locator(".mend tbody tr").count(), 1);
  assert.match(await page.locator(".mend .wrong").textContent(), /date/);
  await page.getByLabel("onset date, row 1").fill(TODAY);
  await button(page, "Send what is mended: 1 row").click();
  await page.getByText("Nothing is left to be mended.").waitFor();
  assert.equal(await measles(page), first + 3);
  assert.deepEqual(complaints, []);
});

test("the same file again is told as such, the next one needs nobody, and nothing is counted twice", async () => {
  const { page } = data;
  const before = await measles(page);
  const { body } = await ask(page, "GET", "/api/v1/senders");
  const clinic = body.senders.find((one) => one.name === "County clinic");
  for (const [text, shown] of [[LIST, "This same file came before"], [`${LIST.split("\n")[0]}\n4,Dora,F,1980-01-01,x,measles,${TODAY}\n`, "Every row is in"]]) {
    await page.goto(`${server.url}/import?feed=${clinic.id}`);
    await page.waitForSelector("input[type=file]:not(:disabled)");
    await page.setInputFiles("input[type=file]", { name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    await page.getByText(shown).waitFor();
  }
  assert.equal(await measles(page), before + 1);
});

test("a spreadsheet is read as any list, and one that is none is told as such", async () => {
  const { page } = data;
  const before = await measles(page);
  const { body } = await ask(page, "GET", "/api/v1/senders");
  const clinic = body.senders.find((one) => one.name === "County clinic");
  const book = spreadsheet(`${LIST.split("\n")[0]}\n5,Edda,F,1980-01-01,x,measles,${TODAY}\n`);
  for (const [bytes, shown] of [[book, "Every row is in"], [book.subarray(0, 200), "a torn or damaged archive"]]) {
    await page.goto(`${server.url}/import?feed=${clinic.id}`);
    await page.waitForSelector("input[type=file]:not(:disabled)");
    await page.setInputFiles("input[type=file]", { name: "list.xlsx", mimeType: "", buffer: bytes });
    await page.getByText(shown).waitFor();
  }
  assert.equal(await measles(page), before + 1);
});

test("a file that does not say how it is to be read is asked about, and read when it is said", async () => {
  const { page } = data;
  await page.goto(`${server.url}/import`);
  await page.getByRole("combobox", { name: "Whose list it is", exact: true }).selectOption({ label: "County clinic (Uploaded file, Live)" });
  const bytes = Buffer.from(`case number,name,sex,disease,onset date\n9,M\xfcller,F,measles,${TODAY}\n`, "latin1");
  await page.setInputFiles("input[type=file]", { name: "list.csv", mimeType: "text/csv", buffer: bytes });
  await page.getByText("text that is not UTF-8").waitFor();
  await page.locator("summary:has-text('How it is to be read')").click();
  await page.getByRole("combobox", { name: "Encoding", exact: true }).selectOption("windows-1252");
  await page.setInputFiles("input[type=file]", { name: "list.csv", mimeType: "text/csv", buffer: bytes });
  await button(page, "Confirm, and load the rows").click();
  await page.getByText("Every row is in").waitFor();
});

test("a table of numbers is asked whose numbers they are, and becomes streams", async () => {
  const { page } = data;
  await page.goto(`${server.url}/import`);
  await page.getByRole("combobox", { name: "Whose list it is", exact: true }).selectOption({ label: "County clinic (Uploaded file, Live)" });
  const bytes = Buffer.from(`date,area,count\n${TODAY},900101,12\n2024-02-30,900101,3\n`);
  await page.setInputFiles("input[type=file]", { name: "absence.csv", mimeType: "text/csv", buffer: bytes });
  await page.getByLabel("Meaning of count").waitFor();
  assert.equal(await page.getByLabel("Meaning of count").inputValue(), "value");
  await button(page, "Confirm, and load the rows").click();
  await page.getByRole("alert").filter({ hasText: "stream" }).first().waitFor(); // which stream, no header says
  await page.getByLabel("Stream: its code").fill("absence");
  await button(page, "Confirm, and load the rows").click();
  await page.getByText("allowed: the code of a stream").waitFor(); // none is there, and none is to be made
  assert.equal(await page.getByLabel("Stream: its code").inputValue(), "absence");
  await page.getByRole("combobox", { name: "Where it is not there: make it, of" }).selectOption("absence-school");
  await page.getByRole("combobox", { name: "Each is of one" }).selectOption("day");
  await looksWell(page);
  await button(page, "Confirm, and load the rows").click();
  await page.getByText("cannot be used yet").waitFor();
  assert.match(await page.locator(".tally").textContent(), /Numbers taken in1To be mended1/);
  const { body } = await ask(page, "GET", "/api/v1/streams?indicator=absence-school");
  assert.deepEqual(body.rows.map((row) => [row.code, row.period]), [["absence-900101", "day"]]);
});

test("the senders are seen with when they were last heard, against their habit, and what was wrong", async () => {
  const { page, context } = data;
  await page.goto(`${server.url}/senders`);
  await page.waitForSelector(".senders tbody tr");
  assert.match(await page.locator("tr:has(a:text-is('County clinic'))").textContent(), /Uploaded file.*Live.*new/);
  await looksWell(page);
  await page.getByRole("link", { name: "County clinic" }).click();
  await page.getByText("What was wrong").waitFor();
  assert.match(await page.locator("section:has(h2:text-is('What was wrong'))").textContent(), /is not in the table of values/);
  await looksWell(page);
  await page.getByRole("link", { name: "Import a list of this sender" }).click();
  await page.waitForURL(/\/import\?feed=/);
  await page.waitForSelector("input[type=file]:not(:disabled)");
  for (const path of ["/import", "/senders"]) {
    await page.evaluate(() => localStorage.setItem("tocsin-language", "zh"));
    await page.goto(server.url + path);
    await page.waitForSelector("h1");
    await page.waitForSelector("main .card, main table");
    await looksWell(page);
  }
  await context.close();
});

test("whoever manages no data has the senders, and no import", async () => {
  const { page, context } = await signIn(browser, server.url, "dolma");
  await page.waitForSelector(".rail a[href='/senders']");
  assert.equal(await page.locator(".rail a[href='/import']").count(), 0);
  await page.goto(`${server.url}/import`);
  await page.waitForSelector(".empty:has-text('data managers')");
  await context.close();
});
