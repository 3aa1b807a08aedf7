// SPDX-License-Identifier: GPL-3.0-or-later
// Live events: one stream a browser. The page that holds the lock reads it and tells the others; it is read with fetch,
// as an EventSource cannot say in which role it listens.
import { signal } from "@preact/signals";
import { callerHeaders } from "./api";

export type LiveState = "joining" | "live" | "offline";
export const live = signal<LiveState>("joining");

export interface Change {
  type: string;
  id: string;
  version: number;
  area?: string;
}

/** When a listener is told: soon after a change, but once in so many milliseconds (spaced); or so many milliseconds after
 * the first change, once for all that come until then (gathered). */
export interface Pace {
  spaced?: number;
  gathered?: number;
}

interface Listener {
  records: readonly string[];
  tell: () => void;
  pace: Pace;
  due: ReturnType<typeof setTimeout> | null;
  told: number; /** when it was told last, in milliseconds */
}
const listeners = new Set<Listener>();
const SOON_MS = 30; // what was written together comes together
const CALM_MS = 400;

function wait({ pace: { spaced = CALM_MS, gathered }, told }: Listener): number {
  return gathered ?? Math.min(spaced, Math.max(SOON_MS, told + spaced - Date.now()));
}

function hear(change: Change | null): void {
  for (const listener of listeners) {
    if (change !== null && !listener.records.includes(change.type)) continue;
    listener.due ??= setTimeout(() => {
      listener.due = null;
      listener.told = Date.now();
      listener.tell();
    }, wait(listener));
  }
}

/** Call `tell` when a record of these kinds has changed, or when events may have been missed. */
export function onChange(records: readonly string[], tell: () => void, pace: Pace = {}): () => void {
  const listener: Listener = { records, tell, pace, due: null, told: 0 };
  listeners.add(listener);
  return () => {
    if (listener.due !== null) clearTimeout(listener.due);
    listeners.delete(listener);
  };
}

/** One event of the stream, as its lines came: the part between two blank lines. */
export function readEvent(block: string): { id?: string; event: string; data: string } {
  const found: { id?: string; event: string; data: string } = { event: "message", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    const name = line.slice(0, colon);
    if (name === "id") found.id = value;
    else if (name === "event") found.event = value;
    else if (name === "data") found.data += value;
  }
  return found;
}

type Told = { change: Change | null } | { state: LiveState };
const others = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("tocsin-live");

/** For tests too: what the stream or another page has said. */
export function take(told: Told): void {
  if ("state" in told) live.value = told.state;
  else hear(told.change);
}

function tellAll(told: Told): void {
  take(told);
  others?.postMessage(told);
}

let last: string | null = null;

async function readStream(signal: AbortSignal): Promise<void> {
  const headers = { ...callerHeaders(), Accept: "text/event-stream", ...(last === null ? {} : { "Last-Event-ID": last }) };
  const response = await fetch("/api/v1/live", { headers, signal });
  if (!response.ok || response.body === null) throw new Error(String(response.status));
  tellAll({ state: "live" });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const { id, event, data } = readEvent(block);
      if (id !== undefined) last = id;
      if (event === "change") tellAll({ change: JSON.parse(data) as Change });
      else if (event === "again") tellAll({ change: null });
    }
  }
}

async function follow(signal: AbortSignal): Promise<void> {
  for (let wait = 1000; !signal.aborted; wait = Math.min(wait * 2, 30_000)) {
    try {
      await readStream(signal);
      wait = 1000;
    } catch {
      // Told by the state; it is tried again.
    }
    if (signal.aborted) return;
    tellAll({ state: "offline" });
    await new Promise((done) => setTimeout(done, wait + Math.random() * 500));
  }
}

/** Begin to listen, until the signal. */
export function listen(signal: AbortSignal): void {
  if (others !== null) others.onmessage = (event: MessageEvent<Told>) => take(event.data);
  if (navigator.locks === undefined) void follow(signal);
  else
    void navigator.locks.request("tocsin-live", { signal }, () => follow(signal)).catch(() => {
      // The signal came while another page held the lock.
    });
}
