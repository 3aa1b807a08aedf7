// SPDX-License-Identifier: GPL-3.0-or-later
// What the newest cases and results are, besides how many: of records that can tell it.
import { get, type Schemas } from "../core/api";
import { may } from "../core/session";

/** Cases that were counted one by one; more: there are more than anybody wants to wait for. */
export interface Counted {
  n: number;
  more: boolean;
}

export interface Closer {
  /** Of the cases received in the window, by their own words; null where only what is known now could be listed. */
  cases: { received: number; quarantined: Counted; unknownSource: Counted; died: Counted } | null;
  /** Results of the window that count, and of them those that are positive; null for a role that reads no results. */
  tests: { positive: number; conclusive: number } | null;
}

const MOST_PAGES = 10; // of 200 cases
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

/** No counter knows by whom a case was found, where it came from or how it ended, so these are listed. */
async function countCases(filters: object, signal: AbortSignal): Promise<Counted> {
  const counted: Counted = { n: 0, more: true };
  let after: string | null = null;
  for (let pages = 0; counted.more && pages < MOST_PAGES; pages++) {
    const page: Schemas["cases_page"] = await get("/api/v1/cases", { ...filters, sort: "received_date", page_size: 200, ...(after === null ? {} : { after }) } as never, { signal });
    counted.n += page.rows.length;
    counted.more = page.next !== null;
    after = page.next;
  }
  return counted;
}

async function askCases(of: object, from: string, to: string, signal: AbortSignal): Promise<Closer["cases"]> {
  const count = (which: object) => countCases({ ...of, ...which, "received_date.from": from, "received_date.to": to }, signal);
  const [received, quarantined, unknownSource, died] = await Promise.all([
    get("/api/v1/counts", { ...of, counter: "case_by_received", from, to } as never, { signal }),
    count({ found_by: "contact-in-quarantine" }),
    count({ origin: "unknown" }),
    count({ outcome: "died-of-disease" }),
  ]);
  return { received: received.points.reduce((sum, point) => sum + point.count, 0), quarantined, unknownSource, died };
}

/** of: area and disease; known: as of when, where it is not now. */
export async function askCloser(of: object, from: string, to: string, known: { asof?: string }, signal: AbortSignal): Promise<Closer> {
  const [cases, tests] = await Promise.all([
    known.asof === undefined && may("case", "read") ? askCases(of, from, to, signal) : null,
    askTests(of, from, to, known, signal),
  ]);
  return { cases, tests };
}
