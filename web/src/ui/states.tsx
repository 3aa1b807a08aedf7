// SPDX-License-Identifier: GPL-3.0-or-later
// What a part of a page shows while it has nothing to show, and why.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Problem } from "../core/api";
import type { Data } from "../core/data";
import { t, time } from "../core/language";
import { live } from "../core/live";

const PATIENCE_MS = 300; // nobody needs to see that it took a moment

export function Loading() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const due = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(due);
  }, []);
  return late ? (
    <p class="quiet" role="status">
      {t("state.loading")}
    </p>
  ) : null;
}

export function Failure({ problem, again }: { problem: Problem; again?: () => void }) {
  return (
    <div class="failure" role="alert">
      <strong>{problem.status === 0 ? t("state.offline") : problem.message}</strong>
      {problem.faults.map((fault) => (
        <div key={fault.where}>
          {fault.where.replace(/^\//, "")}: {fault.found}
          {fault.allowed === undefined ? "" : ` (${fault.allowed})`}
        </div>
      ))}
      {again !== undefined && (
        <button type="button" onClick={again}>
          {t("state.again")}
        </button>
      )}
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="quiet empty">{children}</p>;
}

/** What came, or why nothing did. What came before stays while it is asked for anew, or where that fails. */
export function Show<T>({ data, children }: { data: Data<T>; children: (value: T) => ComponentChildren }) {
  return (
    <>
      {data.failure !== null && <Failure problem={data.failure} again={data.again} />}
      {data.value !== null ? children(data.value) : data.loading && <Loading />}
    </>
  );
}

/** Of when what is shown is; told as old while nothing new can come. */
export function Fresh<T>({ data }: { data: Data<T> }) {
  if (data.at === null) return null;
  const at = time(new Date(data.at).toISOString());
  return <p class={live.value === "offline" ? "stale" : "quiet"}>{t(live.value === "offline" ? "state.stale" : "state.asOf", { at })}</p>;
}
