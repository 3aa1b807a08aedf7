// SPDX-License-Identifier: GPL-3.0-or-later
// The line list's pages: they come by key, so what has come stays right however long somebody reads.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, Problem, type Schemas } from "../core/api";

export type CaseRow = Schemas["cases_page"]["rows"][number];

export interface ListState {
  rows: CaseRow[];
  total: number | null;
  masked: string[];
  more: boolean;
  loading: boolean;
  failure: Problem | null;
}

const PAGE = 100;
const NOTHING: ListState = { rows: [], total: null, masked: [], more: true, loading: false, failure: null };

/** question: the query of the list (filters, sort, from); another question begins anew. */
export function useCaseList(question: Record<string, string>, identities: boolean): ListState & { next: () => void; again: () => void } {
  const [state, setState] = useState<ListState>(NOTHING);
  const [round, setRound] = useState(0);
  const cursor = useRef<string | null>(null);
  const ending = useRef<AbortController | null>(null);
  const busy = useRef(false);
  const key = JSON.stringify([question, identities]);

  const ask = (first: boolean) => {
    if (busy.current && !first) return;
    ending.current?.abort();
    const mine = new AbortController();
    ending.current = mine;
    busy.current = true;
    setState((old) => ({ ...(first ? { ...NOTHING, rows: old.rows, total: old.total } : old), loading: true, failure: null }));
    const begin = first ? { total: true } : { after: cursor.current ?? "", from: "" };
    get("/api/v1/cases", { ...question, page_size: PAGE, ...(identities ? { identities: true } : {}), ...begin }, { signal: mine.signal }).then(
      (page) => {
        cursor.current = page.next ?? null;
        busy.current = false;
        setState((old) => ({
          rows: first ? page.rows : [...old.rows, ...page.rows],
          total: first ? (page.total ?? null) : old.total,
          masked: page.masked ?? [],
          more: page.next != null,
          loading: false,
          failure: null,
        }));
      },
      (failure: unknown) => {
        if (mine.signal.aborted) return;
        busy.current = false;
        setState((old) => ({ ...old, loading: false, failure: Problem.of(failure), more: false }));
      },
    );
  };

  useEffect(() => {
    ask(true);
    return () => ending.current?.abort();
  }, [key, round]);

  return { ...state, next: () => state.more && ask(false), again: () => setRound((old) => old + 1) };
}
