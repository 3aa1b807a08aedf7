// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from "vitest";
import { classBreaks, classOf, incompleteDays, reportedShare, sinceYesterday } from "./figures";

/** `days` days of 10 cases each, of which 6 are known on the day, 3 a day later, 1 two days later; as far as they are past. */
function triangle(days: number): number[][] {
  return Array.from({ length: days }, (_, day) => [6, 3, 1, 0].map((one, delay) => (day + delay < days ? one : 0)));
}

describe("the share of a day that is known", () => {
  test("grows with the delay as the triangle says", () => {
    const share = reportedShare(triangle(40), (day) => 39 - day);
    expect(share.map((one) => Math.round(one * 100) / 100)).toEqual([0.6, 0.9, 1, 1]);
  });
  test("uses the newest days for the delays that they have lived through", () => {
    const cells = triangle(40);
    cells[38] = [12, 12, 0, 0]; // yesterday: half came a day late
    expect(reportedShare(cells, (day) => 39 - day)[0]).toBeLessThan(0.6);
  });
  test("is not known where no case is", () => {
    const nothing = Array.from({ length: 10 }, () => [0, 0, 0]);
    expect(incompleteDays(reportedShare(nothing, (day) => 9 - day))).toBeNull();
  });
  test("says how many newest days to hatch", () => {
    const share = reportedShare(triangle(40), (day) => 39 - day);
    expect(incompleteDays(share, 0.8)).toBe(1);
    expect(incompleteDays(share, 0.95)).toBe(2);
  });
});

describe("what changed since yesterday", () => {
  test("is new, late or gone", () => {
    expect(sinceYesterday([5, 4, 3, 0], [5, 6, 2, 4])).toEqual({ fresh: 4, late: 2, gone: 1 });
    expect(sinceYesterday([1, 1, 0], [1, 3, 2])).toEqual({ fresh: 2, late: 2, gone: 0 }); // new is of the newest day alone
  });
  test("adds up to the difference of the sums", () => {
    const before = [3, 1, 4, 1, 5];
    const now = [2, 7, 1, 8, 2];
    const { fresh, late, gone } = sinceYesterday(before, now);
    const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
    expect(fresh + late - gone).toBe(sum(now) - sum(before));
  });
});

describe("classes of a map", () => {
  test("are few, even and readable, and reach the largest value", () => {
    for (const most of [0.03, 1, 7, 198.5, 12345]) {
      const breaks = classBreaks([0, most / 3, most]);
      expect(breaks.length).toBeLessThanOrEqual(5);
      expect(breaks[breaks.length - 1]).toBeGreaterThanOrEqual(most);
    }
    expect(classBreaks([198.5])).toEqual([50, 100, 150, 200]);
  });
  test("tell none from no data", () => {
    expect(classOf(0, [10, 20])).toBe(0);
    expect(classOf(10, [10, 20])).toBe(1);
    expect(classOf(10.1, [10, 20])).toBe(2);
    expect(classOf(NaN, [10, 20])).toBeNaN();
    expect(classBreaks([NaN, 0])).toEqual([]);
  });
});
