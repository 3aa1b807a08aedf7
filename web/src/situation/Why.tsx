// SPDX-License-Identifier: GPL-3.0-or-later
// Why today's number of cases is another than yesterday's: each kind of change, how many, and which.
import { useState } from "preact/hooks";
import { get, type Schemas } from "../core/api";
import { plusDays } from "../core/days";
import { useData } from "../core/data";
import { day, number, t, type TextKey } from "../core/language";
import { codeName } from "../core/session";
import { Show } from "../ui/states";

type Changes = Schemas["case_changes"];
type Kind = Changes["kinds"][number];
type Row = Kind["rows"][number];

const PACE = { gathered: 5000 };

const signed = (change: number) => `${change > 0 ? "+" : ""}${number(change)}`;

function classification(row: Row): string {
  const name = (code: string | null) => (code === null ? "" : codeName("case_classification", code));
  const before = row.classification_before;
  return before === null || before === row.classification ? name(row.classification) : `${name(before)} → ${name(row.classification)}`;
}

function Rows({ kind }: { kind: Kind }) {
  return (
    <>
      <ul>
        {kind.rows.map((row) => (
          <li key={row.id}>
            <a href={`/cases/${row.id}`}>
              {row.received_date === null ? t("cases.noDate") : day(row.received_date)} {row.disease === null ? "" : codeName("disease", row.disease)}
            </a>{" "}
            <span class="quiet">{classification(row)}</span>
          </li>
        ))}
      </ul>
      {kind.rows.length < kind.count && <p class="quiet">{t("why.listed", { n: kind.rows.length, all: kind.count })}</p>}
    </>
  );
}

function Told({ changes, from, to }: { changes: Changes; from: string; to: string }) {
  const kinds = changes.kinds.filter((kind) => kind.count !== 0);
  return (
    <>
      <p>{t("why.sum", { from: day(from), to: day(to), then: changes.then, day: day(plusDays(to, -1)), now: changes.now })}</p>
      {kinds.length === 0 && <p>{t("why.none")}</p>}
      {!changes.complete && <p role="status">{t("why.incomplete")}</p>}
      <ul class="why">
        {kinds.map((kind) => {
          const text = `${t(`why.${kind.kind}` as TextKey, { n: Math.abs(kind.count) })} (${signed(kind.change)})`;
          return (
            <li key={kind.kind}>
              {kind.rows.length === 0 ? (
                text
              ) : (
                <details>
                  <summary>{text}</summary>
                  <Rows kind={kind} />
                </details>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** Asked for when it is opened: most mornings nobody needs it. */
export function Why({ area, disease, from, to, asof }: { area: string; disease: string; from: string; to: string; asof: string }) {
  const [open, setOpen] = useState(false);
  const which = { area, from, to, ...(disease === "" ? {} : { disease }), ...(asof === "" ? {} : { asof }) };
  const data = useData(open ? `why ${JSON.stringify(which)}` : null, (signal) => get("/api/v1/cases/changes", which, { signal }), ["case", "person"], PACE);
  return (
    <details class="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t("why.title")}</summary>
      {open && <Show data={data}>{(changes) => <Told changes={changes} from={from} to={to} />}</Show>}
    </details>
  );
}
