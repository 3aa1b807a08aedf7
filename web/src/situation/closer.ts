// SPDX-License-Identifier: GPL-3.0-or-later
// What the newest cases and results are, besides how many: of records that can tell it.
import { get } from "../core/api";
import { may } from "../core/session";

export interface Closer {
  /** Of the cases received in the window, by their own words; null where only what is known now could be listed. */
  cases: { received: number; quarantined: number; unknownSource: number; died: number } | null;
  /** Results of the window that count, and of them those that are positive; null for a role that reads no results. */
  tests: { positive: number; conclusive: number } | null;
}

const STATUSES = "preliminary,final,corrected"; // the others are taken back

async function askTests(of: object, from: string, to: string, known: object, signal: AbortSignal): Promise<Closer["tests"]> {
  if (!may("result", "read")) return null;
  const count = async (interpretation: string) => {
    const all = await get("/api/v1/counts", { ...of, ...known, record: "result", counter: "result_by_day", interpretation, status: STATUSES, from, to } as never, { signal });
    return all.points.reduce((sum, point) => sum + point.count, 0);
  };
  const [positive, conclusive] = await Promise.all([count("detected"), count("detected,not-detected")]);
  return { positive, conclusive };
}

async function askCases(of: object, from: string, to: string, signal: AbortSignal): Promise<Closer["cases"]> {
  const count = async (which: object) => {
    const page = await get("/api/v1/cases", { ...of, ...which, "received_date.from": from, "received_date.to": to, total: true, page_size: 1 } as never, { signal });
    return page.total ?? 0;
  };
  const [received, quarantined, unknownSource, died] = await Promise.all([
    count({}),
    count({ found_by: "contact-in-quarantine" }),
    count({ origin: "unknown" }),
    count({ outcome: "died-of-disease" }),
  ]);
  return { received, quarantined, unknownSource, died };
}

/** of: area and disease; known: as of when, where it is not now. */
export async function askCloser(of: object, from: string, to: string, known: { asof?: string }, signal: AbortSignal): Promise<Closer> {
  const [cases, tests] = await Promise.all([
    known.asof === undefined && may("case", "read") ? askCases(of, from, to, signal) : null,
    askTests(of, from, to, known, signal),
  ]);
  return { cases, tests };
}
