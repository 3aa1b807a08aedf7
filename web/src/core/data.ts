// SPDX-License-Identifier: GPL-3.0-or-later
// Data of a page: asked for when its key changes, and again when a live event says that something of it has changed.
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "./api";
import { onChange, type Pace } from "./live";

export interface Data<T> {
  value: T | null; /** the newest that came; kept while it is asked for anew */
  failure: Problem | null;
  loading: boolean;
  at: number | null; /** when it came, in milliseconds */
  again: () => void;
}

/** Run it; asked for while it runs, it runs once more afterwards. Changes that come faster than answers never keep an
 * answer from being shown, and never ask twice at once. */
export function oneAtATime(run: () => Promise<void>): () => void {
  let busy = false;
  let again = false;
  return function turn() {
    again = busy;
    if (busy) return;
    busy = true;
    void run().finally(() => {
      busy = false;
      if (again) turn();
    });
  };
}

/** What hardly ever changes, asked for again only when its key is another one or it is older than so many milliseconds. */
export function keptFor<T>(milliseconds: number): (key: string, ask: () => Promise<T>) => Promise<T> {
  let kept: { key: string; at: number; value: T } | null = null;
  return async (key, ask) => {
    if (kept?.key === key && Date.now() - kept.at < milliseconds) return kept.value;
    const at = Date.now();
    const value = await ask();
    kept = { key, at, value };
    return value;
  };
}

/** key: what it depends on; null = nothing to ask for yet. records: whose changes make it out of date; pace: how soon
 * after them it is asked for anew (a constant). */
export function useData<T>(key: string | null, ask: (signal: AbortSignal) => Promise<T>, records: readonly string[] = [], pace?: Pace): Data<T> {
  const [state, setState] = useState<Omit<Data<T>, "again">>({ value: null, failure: null, loading: key !== null, at: null });
  const [round, setRound] = useState(0);
  const shown = useRef<string | null>(null);
  const newest = useRef(ask);
  newest.current = ask;

  const names = records.join();
  useEffect(() => {
    if (key === null) return;
    const ending = new AbortController();
    const turn = oneAtATime(async () => {
      if (ending.signal.aborted) return;
      setState((old) => ({ ...old, value: shown.current === key ? old.value : null, failure: null, loading: true }));
      shown.current = key;
      try {
        const value = await newest.current(ending.signal);
        if (!ending.signal.aborted) setState({ value, failure: null, loading: false, at: Date.now() });
      } catch (failure: unknown) {
        if (!ending.signal.aborted) setState((old) => ({ ...old, failure: Problem.of(failure), loading: false }));
      }
    });
    turn();
    const deaf = names === "" ? null : onChange(names.split(","), turn, pace);
    return () => {
      deaf?.();
      ending.abort();
    };
  }, [key, names, pace, round]);

  return { ...state, again: () => setRound((old) => old + 1) };
}
