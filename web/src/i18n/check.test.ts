// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import pages from "./en.json";
import scan from "./pass.en.json";
import scanChinese from "./pass.zh.json";
import pagesChinese from "./zh.json";

const en = { ...pages, ...scan };
const zh = { ...pagesChinese, ...scanChinese };

const places = (text: string) => [...new Set([...text.matchAll(/\{(\w+)/g)].map((match) => match[1]))].sort();

test("every text is there in every language, with the same places", () => {
  expect(Object.keys(zh)).toEqual(Object.keys(en));
  for (const [key, text] of Object.entries(en)) expect([key, places(zh[key as keyof typeof en])]).toEqual([key, places(text)]);
});

test("each application has the texts that it asks for, and no other's", () => {
  expect(Object.keys(pages).filter((key) => key in scan)).toEqual([]);
  expect(Object.keys(scanChinese)).toEqual(Object.keys(scan));
  const asked = (folder: string) => sources(join(__dirname, "..", folder)).join("\n").match(/(?<=\bt\(["`])\w+(?=\.)/g) ?? [];
  expect([...new Set(asked("pass"))]).toEqual(["pass"]);
  for (const folder of ["admin", "case", "intake", "report", "sender", "shell", "signal", "situation", "stream", "ui"])
    expect(asked(folder)).not.toContain("pass");
});

test("no text is the same in two languages", () => {
  expect(Object.entries(en).filter(([key, text]) => zh[key as keyof typeof en] === text)).toEqual([]);
});

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "generated" ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) && !entry.name.includes(".test.") ? [readFileSync(path, "utf8")] : [];
  });
}

test("every text is used", () => {
  const all = sources(join(__dirname, "..")).join("\n");
  const built = /t\(`([\w.]+)\$\{/g; // t(`live.${state}`)
  const prefixes = [...all.matchAll(built)].map((match) => match[1] ?? "");
  const unused = Object.keys(en).filter((key) => !all.includes(`"${key}"`) && !prefixes.some((prefix) => key.startsWith(prefix)));
  expect(unused).toEqual([]);
});
