// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test, vi } from "vitest";
import { daysBetween, isDay, plusDays } from "./days";

vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
vi.stubGlobal("document", { documentElement: {} });
const { choose, day, number, speak, t, time } = await import("./language");
speak((await import("../i18n/en.json")).default, () => import("../i18n/zh.json"));

describe("local dates", () => {
  test("go on over months, years and 29 February", () => {
    expect(plusDays("2024-02-28", 1)).toBe("2024-02-29");
    expect(plusDays("2025-12-31", 1)).toBe("2026-01-01");
    expect(plusDays("2026-03-01", -1)).toBe("2026-02-28");
    expect(daysBetween("2026-10-24", "2026-10-26")).toBe(2); // over a change of summer time
  });
  test("are days that exist", () => {
    expect(isDay("2026-02-28")).toBe(true);
    for (const text of ["2026-02-29", "2026-13-01", "26-01-01", "", "2026-1-1"]) expect(isDay(text)).toBe(false);
  });
});

describe("texts", () => {
  test("fill their places and choose by number", () => {
    expect(t("cases.count", { n: 1 })).toBe("1 case");
    expect(t("cases.count", { n: 12345 })).toBe("12,345 cases");
  });
  test("follow the language", async () => {
    await choose("zh");
    expect(t("cases.count", { n: 2 })).toBe("2 例病例");
    expect(day("2026-11-22", "long")).toBe("2026年11月22日");
    await choose("en");
    expect(day("2026-11-22", "long")).toBe("22 November 2026");
  });
  test("a date may lack its day", () => {
    expect(day("2026-11", "long")).toBe("November 2026");
    expect(day("2026")).toBe("2026");
    const year = new Date().getFullYear();
    expect(day(`${year}-03-07`)).toBe("7 Mar");
    expect(day(`${year + 1}-03-07`)).toBe(`7 Mar ${year + 1}`); // a short day says the year where it is another
    expect(time(`${year + 1}-06-07T12:00:00Z`)).toContain(String(year + 1));
    expect(day(null)).toBe("");
  });
  test("numbers have a true minus", () => expect(number(-1234)).toBe("−1,234"));
});
