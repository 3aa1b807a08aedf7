// What stays on the device: lists of issuers, rules, the checkpoint's name, and numbers. Nothing of a pass is ever here.
import type { Outcome } from "./verifier";

export interface Kept {
  trust: { text: string; tag: string };
  rules: { text: string; tag: string };
  /** When both were last known to be the newest, in milliseconds. */
  fetched: number;
}

/** So many passes of one outcome in one hour at one checkpoint; the id makes sending it twice harmless. */
export interface Count {
  id: string;
  checkpoint: string;
  hour: string;
  outcome: "fits" | "does-not-fit" | "not-checked";
  number: number;
}

export interface Checkpoint {
  id: string;
  name: string;
}

function promised<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error ?? new Error("IndexedDB"));
  });
}

async function open(): Promise<IDBDatabase> {
  const opening = indexedDB.open("tocsin-pass", 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("kept");
    opening.result.createObjectStore("counts", { keyPath: "id" });
  };
  return promised(opening);
}

let database: Promise<IDBDatabase> | null = null;

async function store(name: "kept" | "counts", mode: IDBTransactionMode): Promise<IDBObjectStore> {
  database ??= open();
  return (await database).transaction(name, mode).objectStore(name);
}

export async function read<T>(name: "lists" | "checkpoint"): Promise<T | undefined> {
  return promised((await store("kept", "readonly")).get(name)) as Promise<T | undefined>;
}

export async function keep(name: "lists" | "checkpoint", value: Kept | Checkpoint): Promise<void> {
  await promised((await store("kept", "readwrite")).put(value, name));
}

const words: Record<Outcome, Count["outcome"]> = { fits: "fits", "does not fit": "does-not-fit", "cannot be checked": "not-checked" };

/** An id that begins with its time (UUIDv7), as every record's does. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  let time = Date.now();
  for (let i = 5; i >= 0; i--, time = Math.floor(time / 256)) bytes[i] = time % 256;
  bytes[6] = ((bytes[6] ?? 0) & 15) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 63) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** The hour that a time lies in, as the server writes it. */
export function hourOf(now: number): string {
  return new Date(Math.floor(now / 3_600_000) * 3_600_000).toISOString().replace(".000Z", ".000000Z");
}

/** One more of this outcome in this hour. */
export async function count(checkpoint: string, outcome: Outcome, now: number): Promise<void> {
  const counts = await store("counts", "readwrite");
  const hour = hourOf(now);
  const all = (await promised(counts.getAll())) as Count[];
  const same = all.find((one) => one.checkpoint === checkpoint && one.hour === hour && one.outcome === words[outcome]);
  await promised(counts.put(same === undefined ? { id: newId(), checkpoint, hour, outcome: words[outcome], number: 1 } : { ...same, number: same.number + 1 }));
}

export async function counts(): Promise<Count[]> {
  return promised((await store("counts", "readonly")).getAll()) as Promise<Count[]>;
}

export async function forget(id: string): Promise<void> {
  await promised((await store("counts", "readwrite")).delete(id));
}
