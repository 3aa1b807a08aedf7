// SPDX-License-Identifier: GPL-3.0-or-later
// Of a table of numbers: what no header says. Whose numbers they are, what is counted, and how they add up.
import { get } from "../core/api";
import { useData } from "../core/data";
import { t } from "../core/language";
import { codesOf } from "../core/session";
import { ORDERS } from "./SendFile";

export interface NumbersMapped {
  table: "counts";
  stream: string;
  indicator: string;
  measure: string;
  disease: string;
  period: string;
  area: string;
  cumulative: boolean;
  wide: boolean;
  many: string;
  dates: string;
}

const PERIODS = ["day", "week"];
const MANY = ["fault", "sum", "mean"] as const;

/** Of what a table of numbers says, what the server is to be told. */
export function isNumbers(mapped: { table?: string }): mapped is NumbersMapped {
  return mapped.table === "counts";
}

function Choice({ label, value, first, codes, choose }: { label: string; value: string; first?: string; codes: (readonly [string, string])[]; choose: (code: string) => void }) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        {first !== undefined && <option value="">{first}</option>}
        {codes.map(([code, name]) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Tick({ label, on, choose }: { label: string; on: boolean; choose: (on: boolean) => void }) {
  return (
    <label class="tick">
      <input type="checkbox" checked={on} onChange={(event) => choose(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

/** What streams of an indicator are to be made with, where they are not there. */
function NewStreams({ mapped, change }: { mapped: NumbersMapped; change: (changed: Partial<NumbersMapped>) => void }) {
  return (
    <div class="row">
      <Choice label={t("import.measure")} value={mapped.measure} codes={codesOf("stream_measure")} choose={(measure) => change({ measure })} />
      <Choice label={t("import.period")} value={mapped.period} codes={codesOf("reporting_period").filter(([code]) => PERIODS.includes(code))} choose={(period) => change({ period })} />
      <Choice label={t("import.ofDisease")} value={mapped.disease} first={t("import.anyDisease")} codes={codesOf("disease")} choose={(disease) => change({ disease })} />
      <label>
        {t("import.areaCode")}
        <input value={mapped.area} onInput={(event) => change({ area: event.currentTarget.value.trim() })} />
      </label>
    </div>
  );
}

export function Numbers({ mapped, change }: { mapped: NumbersMapped; change: (changed: Partial<NumbersMapped>) => void }) {
  const data = useData("streams", (signal) => get("/api/v1/streams", { feed: "import", page_size: 200 }, { signal }));
  return (
    <div class="numbers">
      <div class="row">
        <label>
          {t("import.stream")}
          <input value={mapped.stream} list="streams" required onInput={(event) => change({ stream: event.currentTarget.value.trim() })} />
          <datalist id="streams">
            {(data.value?.rows ?? []).map((row) => (
              <option key={row.id} value={row.code} />
            ))}
          </datalist>
        </label>
        <Choice label={t("import.indicator")} value={mapped.indicator} first={t("import.streamsThere")} codes={codesOf("stream_indicator")} choose={(indicator) => change({ indicator })} />
      </div>
      {mapped.indicator !== "" && <NewStreams mapped={mapped} change={change} />}
      <div class="row">
        <Choice label={t("import.many")} value={mapped.many} codes={MANY.map((code) => [code, t(`import.many.${code}`)] as const)} choose={(many) => change({ many })} />
        <Choice label={t("import.dates")} value={mapped.dates} first={t("import.itself")} codes={ORDERS.map((code) => [code, t(`import.dates.${code}`)] as const)} choose={(dates) => change({ dates })} />
      </div>
      <Tick label={t("import.cumulative")} on={mapped.cumulative} choose={(cumulative) => change({ cumulative })} />
      <Tick label={t("import.wide")} on={mapped.wide} choose={(wide) => change({ wide })} />
    </div>
  );
}
