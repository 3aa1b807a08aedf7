// SPDX-License-Identifier: GPL-3.0-or-later
// The numbers of the situation page, from counts and the reporting triangle. Pure: arrays in, numbers out.

/** Share of a day's cases that is known `delay` days after it, delay = 0, 1, …; from a reporting triangle.
 *
 * cells[day][delay]: cases of that day that became known so many days later (signed: a correction takes away). Days
 * whose delays are not all past count as far as they are: each step from delay d - 1 to d is estimated from the days old
 * enough for it (the chain-ladder factors), so the newest days weigh in too. Where nothing can be said, NaN.
 */
export function reportedShare(cells: number[][], daysToNow: (day: number) => number): number[] {
  const delays = cells[0]?.length ?? 0;
  const growth: number[] = []; // from delay d to d + 1
  for (let d = 0; d + 1 < delays; d++) {
    let before = 0;
    let after = 0;
    cells.forEach((row, day) => {
      if (daysToNow(day) < d + 1) return;
      const known = row.slice(0, d + 1).reduce((sum, one) => sum + one, 0);
      before += known;
      after += known + (row[d + 1] ?? 0);
    });
    growth.push(before > 0 ? after / before : NaN);
  }
  const share = new Array<number>(delays).fill(1);
  for (let d = delays - 2; d >= 0; d--) share[d] = (share[d + 1] ?? NaN) / (growth[d] ?? NaN);
  return share;
}

/** How many of the newest days still miss more than 5 % of their cases, by the shares above; null where the triangle
 * does not say it (no cases, or all of them loaded at once). */
export function incompleteDays(share: number[], enough = 0.95): number | null {
  const first = share.findIndex((one) => one >= enough);
  return first === -1 || share.some(Number.isNaN) ? null : first;
}

export interface Difference {
  fresh: number; /** cases of the newest day, which nobody could know yesterday */
  late: number; /** cases of earlier days that were not known yesterday */
  gone: number; /** cases that yesterday's numbers had and today's have not: reclassified, moved, merged, erased */
}

/** What changed since yesterday, from the same days' counts as known at its end and as known now. */
export function sinceYesterday(before: number[], now: number[]): Difference {
  const difference = { fresh: 0, late: 0, gone: 0 };
  now.forEach((count, day) => {
    const change = count - (before[day] ?? 0);
    if (change < 0) difference.gone -= change;
    else if (day === now.length - 1) difference.fresh += change;
    else difference.late += change;
  });
  return difference;
}

/** Class breaks of a map: 0, then equal steps on a readable scale up to the largest; at most 5 classes above zero. */
export function classBreaks(values: number[]): number[] {
  const most = Math.max(0, ...values.filter((one) => Number.isFinite(one)));
  if (most === 0) return [];
  const rough = most / 5;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * size).find((one) => one >= rough) ?? 10 * size;
  return Array.from({ length: Math.ceil(most / step) }, (_, i) => (i + 1) * step);
}

/** 0 = none at all, else the class 1 … that a value falls into; NaN stays NaN (no data). */
export function classOf(value: number, breaks: number[]): number {
  if (!Number.isFinite(value)) return NaN;
  if (value <= 0) return 0;
  const found = breaks.findIndex((upper) => value <= upper);
  return found === -1 ? breaks.length : found + 1;
}
