// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of the pages in docs/images, from the running program: `./dev shots`.
import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { browse, giveFactor, makeNode, serve, signIn, takeIn, TOCSIN, TODAY } from "./program.mjs";

const IMAGES = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const COUNTY = "900101";
const size = { viewport: { width: 1120, height: 760 } };
const node = makeNode([["dolma", "epidemiologist", COUNTY], ["nyima", "data-manager", COUNTY]]);
const dayFrom = (days) => new Date(Date.parse(TODAY) + days * 86_400_000).toISOString().slice(0, 10);

const run = (args, input) => execFileSync(TOCSIN, args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
const create = (words, input) => JSON.parse(run(["record", "create", ...words, "--node", node.node], input)).id;

/** A recovered person whose vaccination is known, and an issuer of passes. */
function makeRecovered() {
  const area = node.areas.find((row) => row[0] === COUNTY).at(-1);
  const person = create(["person", `area=${area}`]);
  create(["identity", "--file", "-"], `${JSON.stringify({ person, name: "示例", name_latin: "Example", birth_date: "1951-03-17" })}\n`);
  create(["vaccination", `person=${person}`, `responsible_area=${area}`, "disease=covid-19", `given_on=${dayFrom(-60)}`, "vaccine=covid-19-mrna", "product=comirnaty", "holder=biontech", "dose=2", "doses=2"]);
  run(["issue", "signer", "--node", node.node, "--country", "XX", "--name", "Example County", "--days", "700", join(node.folder, "signer")]);
  appendFileSync(join(node.node, "tocsin.conf"), `\npass_issuer = ${join(node.folder, "signer")}\n`);
  return create(["case", `person=${person}`, "disease=covid-19", `responsible_area=${area}`, "classification=confirmed", "classification_basis=laboratory", `specimen_date=${dayFrom(-20)}`, `received_date=${dayFrom(-19)}`]);
}

const recovered = makeRecovered();
const day = TODAY.replaceAll("-", "");
takeIn(node, COUNTY, [`MSH|^~\\&|LIS|LAB|TOCSIN|CDC|${day}0100+0000||ORU^R01^ORU_R01|1|P|2.5.1||||||UNICODE UTF-8\rPID|1||51^^^LAB^MR||Example^Person||19700203|F|||1 Long Street\rOBR|1||S5|48508-6^Measles virus RNA^LN|||${day}|||||||||||||||${day}0100+0000|||F\rOBX|1|CWE|48508-6^Measles virus RNA^LN||260373001^Detected^SCT||||||F|||${day}\r`]);
const server = await serve(node.node);
const browser = await browse();
const picture = async (page, name) => {
  await page.waitForSelector(".live.on");
  await page.screenshot({ path: IMAGES + name });
};

const { page } = await signIn(browser, server.url, "dolma", size);
for (const [name, path, shown, language] of [
  ["situation.png", "/?disease=measles", ".map path", "en"],
  ["cases.png", "/cases?sort=received_date", ".grid-body a", "en"],
  ["situation-zh.png", "/?disease=measles", ".map path", "zh"],
]) {
  await page.evaluate((language) => localStorage.setItem("tocsin-language", language), language);
  await page.setViewportSize({ width: 1120, height: name.startsWith("situation") ? 1240 : 760 }); // with curve and map
  await page.goto(server.url + path);
  await page.waitForSelector(shown);
  await picture(page, name);
}
await page.setViewportSize(size.viewport);
await page.evaluate(() => localStorage.setItem("tocsin-language", "en"));

await page.goto(`${server.url}/signals?disease=measles`);
await page.locator(".inbox th a").first().click();
await page.waitForSelector("path.threshold");
await picture(page, "signal.png");

await page.goto(`${server.url}/reports`);
await page.getByRole("button", { name: "Freeze a report", exact: true }).click();
await page.waitForSelector(".figures, main table");
await page.getByRole("textbox", { name: "Text" }).fill("Measles goes on in one township: two schools, vaccination begins tomorrow.");
await page.getByRole("button", { name: "Keep the text", exact: true }).click();
await page.getByText("The text is not kept yet.").waitFor({ state: "detached" });
await picture(page, "daily-report.png");

await giveFactor(page);
await page.goto(`${server.url}/cases/${recovered}`);
await page.getByRole("button", { name: "Issue or withdraw a pass", exact: true }).click();
const passes = page.locator("section[aria-labelledby=passes]");
await passes.getByText("No pass was issued for this person here.").waitFor();
const names = await passes.getByLabel("Out of").locator("option").allTextContents();
await passes.getByLabel("Out of").selectOption({ label: names.find((name) => name.startsWith("Vaccination: Comirnaty")) });
await page.getByRole("button", { name: "Issue", exact: true }).click();
await passes.locator(".codes img").waitFor();
await passes.scrollIntoViewIfNeeded();
await picture(page, "pass-issued.png");

const { page: other } = await signIn(browser, server.url, "nyima", size);
await giveFactor(other);
await other.goto(`${server.url}/import`);
await other.getByText("A sender that is not there yet").click();
await other.getByLabel("Name of the sender").fill("County clinic");
await other.getByRole("button", { name: "Add the sender" }).click();
await other.waitForSelector("input[type=file]:not(:disabled)");
const list = `case number,name,sex,disease,onset date\n1,Anna,F,measles,${TODAY}\n2,Berta,Q,measles,${TODAY}\n3,Clara,F,measles,2026-02-30\n`;
await other.setInputFiles("input[type=file]", { name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(list) });
await other.getByRole("button", { name: "Confirm, and load the rows" }).click();
await other.getByRole("button", { name: "Mend them here" }).click();
await other.waitForSelector(".mend tbody tr");
await other.locator(".mend").scrollIntoViewIfNeeded();
await picture(other, "import.png");
await other.goto(`${server.url}/senders`);
await other.waitForSelector(".senders tbody tr");
await picture(other, "senders.png");

await browser.close();
await server.end();
node.remove();
