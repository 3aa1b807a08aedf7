// SPDX-License-Identifier: GPL-3.0-or-later
// What waits for an answer, on the situation page: the first of the inbox, and how many there are.
import type { Data } from "../core/data";
import { t } from "../core/language";
import { codeName, nameOf } from "../core/session";
import { Empty, Show } from "../ui/states";
import { Clock } from "./Clock";
import type { Inbox, Waiting } from "./signals";

const SHOWN = 5;

export const areaOf = (row: { area_en?: string; area_zh?: string; area_bo?: string }): string =>
  nameOf({ name_en: row.area_en ?? "", name_zh: row.area_zh ?? "", name_bo: row.area_bo ?? "" });

export function titleOf(row: Waiting["signal"]): string {
  const what = row.disease === undefined ? codeName("signal_source", row.source ?? "") : codeName("disease", row.disease);
  return t("signals.what", { what, area: areaOf(row) });
}

export function OpenSignals({ data, area, disease }: { data: Data<Inbox>; area: string; disease: string }) {
  const rest = new URLSearchParams(Object.entries({ area, disease }).filter(([, value]) => value !== ""));
  return (
    <section class="card signals-open" aria-labelledby="signals">
      <h2 id="signals">{t("signals.open")}</h2>
      <Show data={data}>
        {(inbox) => {
          const waiting = [...inbox.above, ...inbox.undue];
          if (waiting.length + inbox.below.length === 0) return <Empty>{t("signals.noneOpen")}</Empty>;
          return (
            <>
              <ul>
                {waiting.slice(0, SHOWN).map((one) => (
                  <li key={one.signal.id}>
                    <a href={`/signals/${one.signal.id}`}>{titleOf(one.signal)}</a>
                    <span class="quiet">{codeName("signal_status", one.signal.status ?? "")}</span>
                    {one.task?.due !== undefined && <Clock due={one.task.due} />}
                  </li>
                ))}
              </ul>
              <a href={`/signals?${rest.toString()}`}>{t("signals.all", { n: waiting.length + inbox.below.length })}</a>
            </>
          );
        }}
      </Show>
    </section>
  );
}
