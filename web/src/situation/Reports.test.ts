// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from "vitest";
import { owedOf } from "./Reports";

const step = { day: "2026-11-22", expected: 3, received: 2, in_time: 1, awaited: 0 };
const none = { reporting: null, reports: [] };

test("what is owed by the day is told before what is owed by the week", () => {
  expect(owedOf({ day: none, week: none })).toBeNull();
  expect(owedOf({ day: none, week: { reporting: step, reports: [step] } })).toEqual({ owed: { reporting: step, reports: [step] }, weekly: true });
  expect(owedOf({ day: { reporting: null, reports: [step] }, week: { reporting: step, reports: [step] } })).toEqual({ owed: { reporting: null, reports: [step] }, weekly: false });
});
