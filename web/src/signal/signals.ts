// SPDX-License-Identifier: GPL-3.0-or-later
// Signals that wait for an answer, and the clocks that they wait by. What the steps are is said in docs/watch.md.
import { get, type Schemas } from "../core/api";

export type SignalRow = Schemas["signals_row"];
export type TaskRow = Schemas["tasks_row"];

export interface Waiting {
  signal: SignalRow;
  task: TaskRow | null; /** the next step, with its deadline; null = nothing is due */
}

export interface Inbox {
  above: Waiting[]; /** has a deadline, the nearest first: of urgent ones, of what is no wave, of waves */
  below: Waiting[]; /** beyond the budget of new signals */
  undue: Waiting[]; /** acted on or watched: nothing is due */
  more: boolean; /** there are more than are shown */
}

export const STEPS = ["triage", "verify", "assess", "act", "close"] as const;
export type Step = (typeof STEPS)[number];

/** The key of each step, on the page of a signal and in the list. */
export const STEP_KEYS: Record<Step, string> = { triage: "t", verify: "v", assess: "a", act: "s", close: "c" };

const STEPS_OF: Record<string, Step[]> = {
  new: ["triage", "verify", "assess", "close"],
  verifying: ["verify", "assess", "act", "close"],
  assessing: ["assess", "act", "close"],
  watching: ["act", "assess", "close"],
  acting: ["close", "act"],
};

/** The steps that may follow, the usual one first. */
export function stepsOf(status: string): Step[] {
  return STEPS_OF[status] ?? [];
}

const dueOf = (one: Waiting) => one.task?.due ?? "";

/** More open signals of a disease than this are a wave: something else must not be lost among them. */
const WAVE = 5;

function ranks(waiting: Waiting[]): (one: Waiting) => number {
  const open = new Map<string, number>();
  for (const { signal } of waiting) open.set(signal.disease ?? signal.id, (open.get(signal.disease ?? signal.id) ?? 0) + 1);
  return ({ signal, task }) => (task?.priority === "urgent" ? 0 : (open.get(signal.disease ?? signal.id) ?? 0) <= WAVE ? 1 : 2);
}

export function inOrder(signals: SignalRow[], tasks: TaskRow[]): Omit<Inbox, "more"> {
  const next = new Map<string, TaskRow>();
  for (const task of tasks) {
    const known = next.get(task.signal ?? "");
    if (known === undefined || (task.due ?? "") < (known.due ?? "")) next.set(task.signal ?? "", task);
  }
  const all = signals.map((signal) => ({ signal, task: next.get(signal.id) ?? null }));
  const rank = ranks(all);
  const byDue = (a: Waiting, b: Waiting) => dueOf(a).localeCompare(dueOf(b)) || a.signal.id.localeCompare(b.signal.id);
  const byRank = (a: Waiting, b: Waiting) => rank(a) - rank(b) || byDue(a, b);
  const deferred = (one: Waiting) => one.task?.priority === "low";
  return {
    above: all.filter((one) => one.task !== null && !deferred(one)).sort(byRank),
    below: all.filter(deferred).sort(byDue),
    undue: all.filter((one) => one.task === null).sort((a, b) => (b.signal.noticed_time ?? "").localeCompare(a.signal.noticed_time ?? "")),
  };
}

/** area: of it and all below; "" = of the whole grant. */
export async function askInbox(area: string, disease: string, signal: AbortSignal): Promise<Inbox> {
  const { signals, tasks } = await get("/api/v1/signals/open", { ...(area === "" ? {} : { area }), ...(disease === "" ? {} : { disease }) }, { signal });
  return {
    ...inOrder(signals.flatMap((page) => page.rows), tasks.flatMap((page) => page.rows)),
    more: signals.some((page) => page.next !== null),
  };
}

/** Whole minutes from now to a deadline: negative once it is over. */
export function minutesTo(due: string, now: number): number {
  return Math.floor((Date.parse(due) - now) / 60_000);
}
