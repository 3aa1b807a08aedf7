// SPDX-License-Identifier: GPL-3.0-or-later
// A node with a checkpoint: an invented issuer's lists and rules in its settings, passes to show there, a facility of kind
// checkpoint, and somebody who works at it.
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeNode, TOCSIN, TODAY } from "./program.mjs";

const COUNTY = "900101";
const dayFrom = (days) => new Date(Date.parse(TODAY) + days * 86_400_000).toISOString().slice(0, 10);

const person = (name, given, born) => ({ nam: { fn: name, gn: given }, dob: born });
const dose = (number, of) => ({ tg: "840539006", vp: "1119349007", mp: "EU/1/20/1528", ma: "ORG-100030215", dn: number, sd: of, dt: dayFrom(-30) });

/** Names that stand nowhere else, so that a trace of them can be looked for. */
export const HOLDERS = [
  { ...person("Quackenbush", "Zebulon", "1951-03-17"), v: [dose(2, 2)] },
  { ...person("Wigglesworth", "Philomena", "1962-08-29"), v: [dose(1, 2)] },
];

const rules = {
  legalBasis: [{ lang: "en", desc: "Order 7, section 3" }, { lang: "zh", desc: "第7号令第三条" }],
  otherWay: [{ lang: "en", desc: "A test at gate 2, free, result in 15 minutes" }, { lang: "zh", desc: "2号门免费检测，15分钟出结果" }],
  rules: [
    {
      Identifier: "VR-XX-0001", Type: "Acceptance", Country: "XX", CertificateType: "Vaccination", Version: "1.0.0", SchemaVersion: "1.0.0",
      Engine: "CERTLOGIC", EngineVersion: "1.0.0", ValidFrom: `${dayFrom(-60)}T00:00:00Z`, ValidTo: dayFrom(60),
      Description: [{ lang: "en", desc: "All doses of the series" }, { lang: "zh", desc: "已完成全程接种" }],
      AffectedFields: ["v.0.dn", "v.0.sd"], Logic: { ">=": [{ var: "payload.v.0.dn" }, { var: "payload.v.0.sd" }] },
    },
  ],
};

export function makePassNode() {
  const made = makeNode([["karma", "checkpoint-staff", COUNTY], ["sonam", "supervisor", COUNTY]]);
  const at = (name) => join(made.folder, name);
  const run = (args, input) => execFileSync(TOCSIN, args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
  mkdirSync(at("trust"));
  for (const name of ["signer", "stranger"]) run(["issue", "signer", "--country", "XX", "--name", "Example County", "--days", "730", at(name)]);
  execFileSync("cp", [at("signer/trust.json"), at("trust/county.json")]);
  writeFileSync(at("rules.json"), JSON.stringify(rules));
  appendFileSync(join(made.node, "tocsin.conf"), `\npass_trust = ${at("trust")}\npass_rules = ${at("rules.json")}\npass_country = XX\n`);
  const records = HOLDERS.map((one) => JSON.stringify(one)).join("\n");
  const [fits, doesNot] = run(["issue", "passes", "--signer", at("signer"), "--days", "180", "-"], records).trim().split("\n");
  const [stranger] = run(["issue", "passes", "--signer", at("stranger"), "--days", "180", "-"], records).trim().split("\n");
  const first = JSON.stringify(HOLDERS[0]);
  run(["issue", "passes", "--signer", at("signer"), "--days", "180", "--format", "svg", "--to", at("codes"), "-"], first);
  const picture = readFileSync(join(at("codes"), readdirSync(at("codes")).find((name) => name.endsWith(".svg"))), "utf8");
  const area = made.areas.find((row) => row[0] === COUNTY).at(-1);
  writeFileSync(at("gate.csv"), `code,kind,area,name_en,name_zh\ngate-1,checkpoint,${area},North gate,北门\n`);
  run(["record", "create", "--node", made.node, "--file", at("gate.csv"), "facility"]);
  return { ...made, area, picture, passes: { fits, doesNot, stranger } };
}
