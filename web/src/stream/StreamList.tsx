// SPDX-License-Identifier: GPL-3.0-or-later
// What is watched: each stream with its newest value, up to which day it is complete, how it is judged, and its alarms.
import { get, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { plusDays, today } from "../core/days";
import { day, number, t, type TextKey } from "../core/language";
import { go, query, withQuery } from "../core/router";
import { codeName, codesOf, may, nameOf } from "../core/session";
import { areaOf } from "../signal/OpenSignals";
import { counted, shareText } from "../signal/said";
import "../chart/chart.css";
import { Empty, Fresh, Show } from "../ui/states";

type Watched = Schemas["watched_streams"]["streams"][number];
type Row = Schemas["streams_row"];

interface Line {
  row: Row;
  watched: Watched | undefined;
  alarms: number;
  signal: string | undefined; /** of the newest alarm */
}

const DAYS = 28;
const CHANGES_DAYS = 84;
const PAGE = 200;
const MOST_PAGES = 20;

/** Why a stream is not watched, as the server says it (src/response/watch_streams.c). */
const REASONS: Record<string, TextKey> = {
  "only days and weeks are watched": "streams.why.period",
  "it has ended": "streams.why.ended",
  "no counter of that name counts this indicator": "streams.why.counter",
  "no counter of that name counts this indicator among these": "streams.why.among",
  "what tells whom it is among may not be read": "streams.why.amongRead",
  "reports of units do not tell whom they are among": "streams.why.amongUnits",
  "persons are counted of a day by person_by_day and of a week by person_by_week": "streams.why.persons",
  "persons are counted of one disease, and this stream has none": "streams.why.disease",
  "its area is in no tree": "streams.why.area",
  "nothing was counted yet": "streams.why.nothing",
  "how many live in its area is not known, so there is no rate": "streams.why.rate",
  "what it is a share of is not watched": "streams.why.part",
  "what it is a share of has another area or unit of time": "streams.why.parts",
  "what it is a share of is no count": "streams.why.count",
  "a share has no rate of residents": "streams.why.share",
  "its method, or a parameter of it, cannot be used": "streams.why.method",
};

async function askPages<R>(ask: (after: object) => Promise<{ rows: R[]; next: string | null }>): Promise<R[]> {
  const rows: R[] = [];
  let after: string | null = null;
  for (let i = 0; i < MOST_PAGES; i++) {
    const page: { rows: R[]; next: string | null } = await ask(after === null ? {} : { after });
    rows.push(...page.rows);
    after = page.next;
    if (after === null) break;
  }
  return rows;
}

async function askStreams(disease: string, signal: AbortSignal): Promise<Line[]> {
  const of = disease === "" ? {} : { disease };
  const [rows, watched, alarms] = await Promise.all([
    askPages((after) => get("/api/v1/streams", { page_size: PAGE, sort: "code", direction: "ascending", ...of, ...after }, { signal })),
    get("/api/v1/watch", {}, { signal }),
    askPages((after) => get("/api/v1/alarms", { page_size: PAGE, "day.from": plusDays(today(), -DAYS), ...after }, { signal })),
  ]);
  const known = new Map(watched.streams.map((one) => [one.stream, one]));
  return rows.map((row) => {
    const own = alarms.filter((alarm) => alarm.stream === row.id);
    return { row, watched: known.get(row.id), alarms: own.length, signal: own[0]?.signal };
  });
}

function reason(text: string): string {
  const key = REASONS[text];
  return key === undefined ? text : t(key);
}

/** The newest value: of a share with its numerator and denominator, hatched where it is of few. */
function Newest({ watched }: { watched: Watched }) {
  if (watched.newest === null) return <>–</>;
  const { share } = watched;
  const n = share === null ? number(watched.newest) : shareText(watched.newest, share.numerator, share.denominator);
  return (
    <>
      <span class={watched.unstable ? "unstable" : ""}>{t("streams.value", { n, day: day(watched.newest_day) })}</span>
      {watched.unstable && <span class="quiet"> {t("streams.unstable")}</span>}
      {watched.residents !== null && <span class="quiet"> {t("streams.residents", { n: watched.residents, year: String(watched.residents_year) })}</span>}
    </>
  );
}

/** How many of the reports that reporting units owe came, and came in time, on the newest day or week that is awaited no more. */
function Reporting({ watched }: { watched: Watched }) {
  const one = watched.reporting;
  const awaited = watched.reports.reduce((sum, step) => sum + step.awaited, 0);
  return (
    <>
      {one === null ? <span class="quiet">–</span> : t("streams.reports", { n: one.received, all: one.expected, time: one.in_time, day: day(one.day) })}
      {awaited > 0 && <span class="quiet"> {t("streams.awaited", { n: awaited })}</span>}
    </>
  );
}

/** Since when its numbers mean something else, in these days: a sender that joined or left with its name. */
function Changes({ watched }: { watched: Watched }) {
  const from = plusDays(today(), -CHANGES_DAYS);
  return (
    <>
      {watched.changes
        .filter((one) => one.day >= from)
        .map((one) => (
          <div class="quiet" key={`${one.day} ${one.kind} ${one.sender}`}>
            {t("chart.change", { kind: codeName("series_mark", one.kind), day: day(one.day) })}
            {one.sender !== null && `: ${nameOf({ name_en: one.sender_en ?? "", name_zh: one.sender_zh ?? "" }) || one.sender}`}
            {one.percent !== null && ` (${number(one.percent)} %)`}
          </div>
        ))}
    </>
  );
}

function Table({ lines }: { lines: Line[] }) {
  return (
    <div class="over" tabIndex={0} role="group" aria-label={t("page.streams")}>
      <table class="streams">
        <thead>
          <tr>
            <th>{t("cases.area")}</th>
            <th>{t("streams.counts")}</th>
            <th>{t("streams.period")}</th>
            <th>{t("streams.newest")}</th>
            <th>{t("streams.complete")}</th>
            <th>{t("streams.reporting")}</th>
            <th>{t("streams.method")}</th>
            <th>{t("streams.history")}</th>
            <th class="number">{t("streams.alarms", { days: DAYS })}</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ row, watched, alarms, signal }) => (
            <tr key={row.id}>
              <th scope="row">
                <a href={`/streams/${row.id}`}>{areaOf(row)}</a>
              </th>
              <td>{[counted(row), row.disease === undefined ? "" : codeName("disease", row.disease)].filter((text) => text !== "").join(", ")}</td>
              <td>{codeName("reporting_period", row.period ?? "")}</td>
              {watched === undefined || watched.not_watched !== null ? (
                <td colSpan={5} class="quiet">
                  {watched?.not_watched == null ? "" : t("streams.notWatched", { why: reason(watched.not_watched) })}
                </td>
              ) : (
                <>
                  <td>
                    <Newest watched={watched} />
                  </td>
                  <td>{watched.complete_to === null ? <span class="quiet">{t("streams.unknown")}</span> : day(watched.complete_to)}</td>
                  <td>
                    <Reporting watched={watched} />
                  </td>
                  <td>{watched.method}</td>
                  <td>
                    {day(watched.history_from)}
                    <Changes watched={watched} />
                  </td>
                </>
              )}
              <td class="number">{signal === undefined ? number(alarms) : <a href={`/signals/${signal}?stream=${row.id}`}>{number(alarms)}</a>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export default function StreamList() {
  const disease = query.value.get("disease") ?? "";
  const data = useData(`streams ${disease}`, (signal) => askStreams(disease, signal), ["stream", "alarm"]);
  if (!may("stream", "read")) return <Empty>{t("streams.notForYou")}</Empty>;
  return (
    <>
      <div class="row">
        <label>
          {t("situation.disease")}
          <select value={disease} onChange={(event) => go(withQuery({ disease: event.currentTarget.value }), true)}>
            <option value="">{t("situation.allDiseases")}</option>
            {codesOf("disease").map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Show data={data}>
        {(lines) => {
          const watched = lines.filter((one) => one.watched?.not_watched === null).length;
          return (
            <>
              <h1>{t("streams.title", { n: watched, all: lines.length })}</h1>
              <Fresh data={data} />
              {lines.length === 0 ? <Empty>{t("streams.none")}</Empty> : <Table lines={lines} />}
            </>
          );
        }}
      </Show>
    </>
  );
}
