// SPDX-License-Identifier: GPL-3.0-or-later
// @vitest-environment happy-dom
import { afterEach, expect, test } from "vitest";
import { choose, speak } from "../core/language";
import en from "../i18n/en.json";
import { saidBy } from "./said";
import type { SignalRow } from "./signals";

speak(en, () => import("../i18n/zh.json"));
afterEach(() => choose("en"));

test("what alarms found is said in the reader's language", async () => {
  const signal = { indicator: "cases", observed: 12, expected: 3.42, num_alarms: 3, beyond_wave: true } as SignalRow;
  expect(saidBy(signal)).toBe("cases: 12, 3.4 expected; alarms: 3; beyond the wave around it");
  await choose("zh");
  expect(saidBy(signal)).toBe("cases：12，期望值 3.4；3 条预警；超出周边流行波");
});

test("what is counted among some alone says among whom", async () => {
  const signal = { indicator: "cases", among: "health-workers", observed: 2, expected: 0.1, num_alarms: 1 } as SignalRow;
  expect(saidBy(signal)).toBe("cases (health-workers): 2, 0.1 expected");
  await choose("zh");
  expect(saidBy(signal)).toBe("cases（health-workers）：2，期望值 0.1");
});

test("a share has its numerator and denominator, a mark says why it is no growth", () => {
  const signal = { indicator: "positivity", observed: 12.31, expected: 4, numerator: 24, denominator: 195, num_alarms: 1, mark: "sender-joined" } as SignalRow;
  expect(saidBy(signal)).toBe("positivity: 12.3 % (24 of 195), 4.0 expected; no growth: sender-joined");
});

test("what somebody reported is in their words", () => {
  expect(saidBy({ summary: "Twelve ill after lunch." } as SignalRow)).toBe("Twelve ill after lunch.");
});
