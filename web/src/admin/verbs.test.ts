// SPDX-License-Identifier: GPL-3.0-or-later
// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { choose, speak } from "../core/language";
import en from "../i18n/en.json";
import zh from "../i18n/zh.json";
import { saidVerb } from "./verbs";

test("what was done is said in the reader's language, and what is not known stays", async () => {
  speak(en, () => Promise.resolve({ default: zh }));
  await choose("zh");
  expect(saidVerb("list")).toBe("在列表中查看");
  expect(saidVerb("export cases as csv by disease, area")).toBe("导出为 CSV 文件");
  expect(saidVerb("rotate")).toBe("rotate");
  await choose("en");
  expect(saidVerb("who looked")).toBe("Asked who looked");
});
