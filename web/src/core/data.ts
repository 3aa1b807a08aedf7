// SPDX-License-Identifier: GPL-3.0-or-later
// Data of a page: asked for when its key changes, and again when a live event says that something of it has changed.
import { useEffect, useRef, useState } from "preact/hooks";
import { Problem } from "./api";
import { onChange } from "./live";

export interface Data<T> {
  value: T | null; /** the newest that came; kept while it is asked for anew */
  failure: Problem | null;
  loading: boolean;
  at: number | null; /** when it came, in milliseconds */
  again: () => void;
}

/** key: what it depends on; null = nothing to ask for yet. records: whose changes make it out of date. */
export function useData<T>(key: string | null, ask: (signal: AbortSignal) => Promise<T>, records: readonly string[] = []): Data<T> {
  const [state, setState] = useState<Omit<Data<T>, "again">>({ value: null, failure: null, loading: key !== null, at: null });
  const [round, setRound] = useState(0);
  const shown = useRef<string | null>(null);

  useEffect(() => {
    if (key === null) return;
    const ending = new AbortController();
    setState((old) => ({ ...old, value: shown.current === key ? old.value : null, failure: null, loading: true }));
    shown.current = key;
    ask(ending.signal).then(
      (value) => setState({ value, failure: null, loading: false, at: Date.now() }),
      (failure: unknown) => {
        if (ending.signal.aborted) return;
        setState((old) => ({ ...old, failure: Problem.of(failure), loading: false }));
      },
    );
    return () => ending.abort();
  }, [key, round]);

  const names = records.join();
  useEffect(() => {
    if (names === "" || key === null) return;
    return onChange(names.split(","), () => setRound((old) => old + 1));
  }, [names, key]);

  return { ...state, again: () => setRound((old) => old + 1) };
}
