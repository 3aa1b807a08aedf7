// SPDX-License-Identifier: GPL-3.0-or-later
// What a signal says, as a sentence in the reader's language: alarms say it in codes and numbers, people in words.
import { number, t } from "../core/language";
import { codeName } from "../core/session";
import type { SignalRow } from "./signals";

/** "12.3 % (24 of 195)": a share with what it is of. */
export function shareText(percent: number, numerator: number | null | undefined, denominator: number | null | undefined): string {
  return t("signals.share", { n: number(percent, 1), of: numerator ?? "–", all: denominator ?? "–" });
}

function value(signal: SignalRow, found: number): string {
  const digits = Number.isInteger(found) ? 0 : 1;
  return signal.measure === "percent" ? `${number(found, 1)} %` : number(found, digits);
}

/** "Cases (Health workers)": what is counted, and among whom where not among all. */
export function counted(one: { indicator?: string | undefined; among?: string | undefined }): string {
  const what = codeName("stream_indicator", one.indicator ?? "");
  return one.among === undefined ? what : t("signals.among", { what, among: codeName("stream_among", one.among) });
}

export function saidBy(signal: SignalRow): string {
  if (signal.observed === undefined) return signal.summary ?? signal.place ?? "";
  const what = counted(signal);
  const n = signal.denominator === undefined ? value(signal, signal.observed) : shareText(signal.observed, signal.numerator, signal.denominator);
  const first = signal.expected === undefined ? t("signals.said", { what, n }) : t("signals.saidExpected", { what, n, expected: number(signal.expected, 1) });
  return [
    first,
    ...((signal.num_alarms ?? 0) > 1 ? [t("signals.alarms", { n: signal.num_alarms ?? 0 })] : []),
    ...(signal.beyond_wave === true ? [t("signals.beyond")] : []),
    ...(signal.mark === undefined ? [] : [t("signals.marked", { mark: codeName("series_mark", signal.mark) })]),
  ].join(t("signals.and"));
}
