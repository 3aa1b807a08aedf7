// SPDX-License-Identifier: GPL-3.0-or-later
// Why today's number of a figure is another than yesterday's: each kind of change, how many cases, and which.
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

/** A number of the page that counts cases, as the API calls it, and its name here. */
export type Figure = "received" | "not-quarantined" | "source-unknown" | "died";
const NAMES: Record<Exclude<Figure, "received">, TextKey> = {
  "not-quarantined": "situation.notQuarantined",
  "source-unknown": "situation.noSource",
  died: "situation.died",
};

export interface WhyOf {
  area: string;
  disease: string;
  from: string;
  to: string;
  asof: string;
}

function Told({ changes, figure, from, to }: { changes: Changes; figure: Figure; from: string; to: string }) {
  const said = { from: day(from), to: day(to), then: changes.then, day: day(plusDays(to, -1)), now: changes.now };
  const kinds = changes.kinds.filter((kind) => kind.count !== 0);
  return (
    <>
      <p>{figure === "received" ? t("why.sum", said) : t("why.sumOf", { ...said, figure: t(NAMES[figure]) })}</p>
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
export function Why({ figure, of: { area, disease, from, to, asof } }: { figure: Figure; of: WhyOf }) {
  const [open, setOpen] = useState(false);
  const which = { area, figure, from, to, ...(disease === "" ? {} : { disease }), ...(asof === "" ? {} : { asof }) };
  const data = useData(open ? `why ${JSON.stringify(which)}` : null, (signal) => get("/api/v1/cases/changes", which, { signal }), ["case", "person"], PACE);
  return (
    <dd class="quiet">
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("why.title")}</summary>
        {open && <Show data={data}>{(changes) => <Told changes={changes} figure={figure} from={from} to={to} />}</Show>}
      </details>
    </dd>
  );
}
