// SPDX-License-Identifier: GPL-3.0-or-later
// What the newest cases and results are, besides how many: from the counters.
import { get } from "../core/api";
import { may } from "../core/session";

export interface Closer {
  /** Of the cases received in the window, by their own words; null for a role that reads no cases. */
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

async function askCases(of: object, from: string, to: string, known: object, signal: AbortSignal): Promise<Closer["cases"]> {
  if (!may("case", "read")) return null;
  const count = async (which: object) => {
    const all = await get("/api/v1/counts", { ...of, ...known, ...which, counter: "case_by_received", from, to } as never, { signal });
    return all.points.reduce((sum, point) => sum + point.count, 0);
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
  const [cases, tests] = await Promise.all([askCases(of, from, to, known, signal), askTests(of, from, to, known, signal)]);
  return { cases, tests };
}
