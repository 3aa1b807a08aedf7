// SPDX-License-Identifier: GPL-3.0-or-later
// Of the case reports that reporting units of the area owe, how many came: what a low number may be for.
import { get, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { day, t } from "../core/language";

type Owed = Schemas["completeness"]["day"];

/** What is owed by the day where anything is, else by the week. */
export function owedOf(found: Schemas["completeness"]): { owed: Owed; weekly: boolean } | null {
  if (found.day.reports.length > 0) return { owed: found.day, weekly: false };
  return found.week.reports.length > 0 ? { owed: found.week, weekly: true } : null;
}

/** Asked for by itself, below the curve, so that nothing waits for it and nothing moves when it comes. */
export function Reports({ area, disease }: { area: string; disease: string }) {
  const data = useData(`completeness ${area} ${disease}`, (signal) => get("/api/v1/completeness", { area, ...(disease === "" ? {} : { disease }) }, { signal }), ["unit_report"]);
  const found = data.value === null ? null : owedOf(data.value);
  if (found === null) return null;
  const { owed, weekly } = found;
  const awaited = owed.reports.reduce((sum, step) => sum + step.awaited, 0);
  const one = owed.reporting;
  return (
    <p class="quiet">
      {one !== null && t(weekly ? "situation.reportsWeek" : "situation.reports", { n: one.received, all: one.expected, time: one.in_time, day: day(one.day) })}{" "}
      {awaited > 0 && t("situation.reportsAwaited", { n: awaited })}
    </p>
  );
}
