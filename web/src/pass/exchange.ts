// What the page says to the server, all of it apart from passes: it fetches lists and rules, and sends numbers. Each part
// may fail for want of a network; then the page goes on with what is kept.
import { type Checkpoint, type Count, counts, forget, hourOf, keep, type Kept, read } from "./kept";

const ROLE = "checkpoint-staff";
const as = { "Tocsin-Role": ROLE };

/** Nobody answered; somebody has to sign in; somebody is signed in who may not; or it is done. */
export type Told = "away" | "sign-in" | "denied" | "done";

async function told(work: () => Promise<Response | null>): Promise<Told> {
  try {
    const response = await work();
    if (response === null || response.ok) return "done";
    return response.status === 401 ? "sign-in" : response.status === 403 || response.status === 404 ? "denied" : "away";
  } catch {
    return "away";
  }
}

interface File {
  text: string;
  tag: string;
}

async function fetchFile(path: string, known: File | undefined): Promise<Response | File> {
  const response = await fetch(path, { headers: known === undefined ? as : { ...as, "If-None-Match": known.tag }, cache: "no-store" });
  if (response.status === 304 && known !== undefined) return known;
  return response.ok ? { text: await response.text(), tag: response.headers.get("ETag") ?? "" } : response;
}

/** Fetch what is newer than what is kept. */
export async function renew(): Promise<Told> {
  return told(async () => {
    const known = await read<Kept>("lists");
    const trust = await fetchFile("/api/v1/pass/trust", known?.trust);
    if (trust instanceof Response) return trust;
    const rules = await fetchFile("/api/v1/pass/rules", known?.rules);
    if (rules instanceof Response) return rules;
    await keep("lists", { trust, rules, fetched: Date.now() });
    return null;
  });
}

/** The checkpoints that may be chosen. */
export async function checkpoints(): Promise<Checkpoint[]> {
  const response = await fetch("/api/v1/facilities?kind=checkpoint&page_size=200", { headers: as, cache: "no-store" });
  if (!response.ok) return [];
  const { rows } = (await response.json()) as { rows: { id: string; code: string; name_en?: string; name_zh?: string }[] };
  return rows.map((row) => ({ id: row.id, name: row.name_en ?? row.name_zh ?? row.code }));
}

async function send(one: Count): Promise<boolean> {
  const response = await fetch("/api/v1/checkpoint-counts", {
    method: "POST",
    headers: { ...as, "Content-Type": "application/json", "Idempotency-Key": one.id },
    body: JSON.stringify(one),
  });
  return response.ok || response.status === 409;
}

/** Send the counts of hours that are over: so no count says to the minute who came. */
export async function sendCounts(now: number): Promise<void> {
  try {
    for (const one of await counts()) if (one.hour < hourOf(now) && (await send(one))) await forget(one.id);
  } catch {
    return; // they stay for the next time
  }
}
