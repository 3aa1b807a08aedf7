// SPDX-License-Identifier: GPL-3.0-or-later
// A signal: what is unusual and why, where, whose cases are behind it, and its answer with every step's clock.
import { ThresholdChart, UNKNOWN_DELAY } from "../chart/ThresholdChart";
import { get, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { plusDays } from "../core/days";
import { day, number, t, time, type TextKey } from "../core/language";
import { query, withQuery } from "../core/router";
import { codeName, may, nameOf, session } from "../core/session";
import { AreaMap, type MapArea } from "../map/AreaMap";
import { Empty, Fresh, Show } from "../ui/states";
import { Answer } from "./Answer";
import { Clock } from "./Clock";
import { areaOf } from "./OpenSignals";
import { Reported } from "./Reported";
import { counted, shareText } from "./said";
import { STEPS, type Step } from "./signals";
import "./signal.css";

type Signal = Schemas["signal"];
type Alarm = Schemas["alarms_row"];
type Task = Schemas["task"];

const MOST_ALARMS = 200;
const MOST_CASES = 10;
const KINDS: Record<string, Step> = { "triage-signal": "triage", "verify-signal": "verify", "assess-risk": "assess", "act-on-signal": "act", "close-signal": "close" };

interface Whole {
  signal: Signal;
  area: Schemas["area"];
  alarms: Alarm[];
  tasks: Task[];
}

async function askSignal(id: string, ending: AbortSignal): Promise<Whole> {
  const at = { path: { id }, signal: ending };
  const [signal, alarms, tasks] = await Promise.all([
    get("/api/v1/signals/{id}", {}, at),
    get("/api/v1/alarms", { signal: id, page_size: MOST_ALARMS }, { signal: ending }),
    get("/api/v1/tasks", { signal: id, page_size: 50 }, { signal: ending }),
  ]);
  const [area, whole] = await Promise.all([
    get("/api/v1/areas/{id}", {}, { path: { id: signal.area ?? "" }, signal: ending }),
    Promise.all(tasks.rows.map((task) => get("/api/v1/tasks/{id}", {}, { path: { id: task.id }, signal: ending }))),
  ]);
  return { signal, area, alarms: alarms.rows, tasks: whole };
}

/** The streams that alarm, the one that is furthest over its threshold first. */
function streamsOf(alarms: Alarm[]): Alarm[] {
  const found = new Map<string, Alarm>();
  const above = (alarm: Alarm) => (alarm.observed ?? 0) - (alarm.threshold ?? 0);
  for (const alarm of alarms) {
    const known = found.get(alarm.stream ?? "");
    if (known === undefined || above(alarm) > above(known)) found.set(alarm.stream ?? "", alarm);
  }
  return [...found.values()].sort((a, b) => above(b) - above(a));
}

function Series({ alarm }: { alarm: Alarm }) {
  const data = useData(`watch ${alarm.stream}`, (signal) => get("/api/v1/watch/{id}", {}, { path: { id: alarm.stream ?? "" }, signal }), ["case", "result"]);
  const title = t("signal.series", { what: counted(alarm), area: areaOf(alarm) });
  return (
    <Show data={data}>
      {(series) => (
        <>
          <h3>{title}</h3>
          {series.steps.length === 0 ? (
            <Empty>{t("signal.noSeries")}</Empty>
          ) : (
            <ThresholdChart steps={series.steps} completeTo={series.complete_to} share={series.share !== null} title={title} />
          )}
          <p class="quiet">
            {t("signal.method", { method: alarm.method ?? series.method ?? "–", period: codeName("reporting_period", series.period) })}{" "}
            {series.changes.map((one) => `${t("chart.change", { kind: codeName("series_mark", one.kind), day: day(one.day) })}. `)}
            {series.complete_to === null ? t("signal.unknownDelay", { n: UNKNOWN_DELAY }) : t("signal.completeTo", { day: day(series.complete_to) })}
          </p>
        </>
      )}
    </Show>
  );
}

function Streams({ alarms }: { alarms: Alarm[] }) {
  const streams = streamsOf(alarms);
  const chosen = streams.find((one) => one.stream === query.value.get("stream")) ?? streams[0];
  if (chosen === undefined) return <Empty>{t("signal.noAlarms")}</Empty>;
  return (
    <>
      <Series key={chosen.stream} alarm={chosen} />
      <div class="scroll" tabIndex={0} role="group" aria-label={t("signal.streams")}>
        <table>
          <thead>
            <tr>
              <th>{t("cases.area")}</th>
              <th>{t("signal.worst")}</th>
              <th class="number">{t("chart.count")}</th>
              <th class="number">{t("chart.expected")}</th>
              <th class="number">{t("chart.threshold")}</th>
            </tr>
          </thead>
          <tbody>
            {streams.map((one) => (
              <tr key={one.stream} class={one === chosen ? "chosen" : ""}>
                <td>
                  <a href={withQuery({ stream: one.stream ?? null })} aria-current={one === chosen ? "true" : undefined}>
                    {one.among === undefined ? areaOf(one) : t("signals.among", { what: areaOf(one), among: codeName("stream_among", one.among) })}
                  </a>
                </td>
                <td>{day(one.day)}</td>
                <td class="number">{number(one.observed ?? 0)}</td>
                <td class="number">{one.expected === undefined ? "–" : number(one.expected, 1)}</td>
                <td class="number">{one.threshold === undefined ? "–" : number(one.threshold, 1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** The areas right below the signal's, those that alarm marked; where only its own alarms, it among its neighbours. */
async function askMap(area: Schemas["area"], alarming: Set<string>, ending: AbortSignal): Promise<Schemas["area_below"]> {
  const below = (id: string) => get("/api/v1/areas/{id}/below", { detail: 1 }, { path: { id }, signal: ending });
  const own = await below(area.id);
  const within = own.below.some((one) => alarming.has(one.area.id));
  return within || area.parent === undefined ? own : below(area.parent);
}

function Where({ area, alarms }: { area: Schemas["area"]; alarms: Alarm[] }) {
  const worst = new Map(streamsOf(alarms).map((one) => [one.area ?? "", one]));
  const data = useData(`where ${area.id} ${[...worst.keys()].join()}`, (signal) => askMap(area, new Set(worst.keys()), signal));
  if (worst.size === 0) return null;
  return (
    <section class="card" aria-labelledby="where">
      <h2 id="where">{t("signal.where", { n: worst.size })}</h2>
      <Show data={data}>
        {({ below }) => {
          const drawn: MapArea[] = below.flatMap(({ area: one, outline }) => {
            if (outline == null) return [];
            const alarm = worst.get(one.id);
            const text = alarm === undefined ? t("signal.noAlarm") : t("signal.over", { n: number(alarm.observed ?? 0), threshold: number(alarm.threshold ?? 0, 1) });
            return [{ id: one.id, name: nameOf(one), path: outline.path, box: outline.box, grade: alarm === undefined ? 0 : 3, text }];
          });
          if (drawn.length === 0) return <Empty>{t("signal.noMap")}</Empty>;
          return <AreaMap areas={drawn} breaks={[]} grades={{ 0: t("signal.noAlarm"), 3: t("signal.alarm") }} unit="" title={t("signal.map")} />;
        }}
      </Show>
    </section>
  );
}

const DATES: Record<string, "onset_date" | "received_date"> = { case_by_onset: "onset_date", case_by_received: "received_date" };

type DateField = "onset_date" | "received_date";

/** The cases that a series counts of these days in the signal's area: a list for each code by which they are told, where
 * it is among some alone. */
async function askBehind(signal: Signal, lead: Alarm, alarms: Alarm[], ending: AbortSignal) {
  const series = await get("/api/v1/watch/{id}", { steps: 1 }, { path: { id: lead.stream ?? "" }, signal: ending });
  const date: DateField | undefined = DATES[series.counter ?? ""];
  if (date === undefined || (series.among !== null && (series.only === null || series.not_watched !== null))) return null;
  const days = alarms.map((alarm) => alarm.day ?? "").sort();
  const last = plusDays(days[days.length - 1] ?? "", series.period === "week" ? 6 : 0);
  const all = {
    area: signal.area ?? "",
    ...(signal.disease === undefined ? {} : { disease: signal.disease }),
    sort: date,
    [`${date}.from`]: days[0] ?? "",
    [`${date}.to`]: last,
  };
  const { only } = series;
  const lists = only === null ? [{ asked: all, what: null }] : only.codes.map((code) => ({ asked: { ...all, [only.field]: code }, what: codeName(only.field, code) }));
  const pages = await Promise.all(lists.map(({ asked }) => get("/api/v1/cases", { ...asked, page_size: MOST_CASES, total: true }, { signal: ending })));
  const rows = pages.flatMap((page) => page.rows).sort((a, b) => (b[date] ?? "").localeCompare(a[date] ?? ""));
  return { date, rows: rows.slice(0, MOST_CASES), links: lists.map((list, i) => ({ ...list, total: pages[i]?.total })).filter((list) => list.what === null || list.total !== 0) };
}

/** The cases of the days that alarm: those that the chosen series counts, in the signal's area. */
function Behind({ signal, alarms }: { signal: Signal; alarms: Alarm[] }) {
  const streams = streamsOf(alarms);
  const lead = streams.find((one) => one.stream === query.value.get("stream")) ?? streams[0];
  const days = lead?.among === undefined ? alarms : alarms.filter((alarm) => alarm.stream === lead.stream);
  const data = useData(
    lead?.stream === undefined ? null : `behind ${signal.id} ${lead.among === undefined ? "" : lead.stream} ${days.length}`,
    async (ending) => (lead === undefined ? null : askBehind(signal, lead, days, ending)),
    ["case"],
  );
  if (lead === undefined || !may("case", "read")) return null;
  return (
    <section class="card" aria-labelledby="behind">
      <h2 id="behind">{t("signal.behind")}</h2>
      <Show data={{ ...data, value: data.value ?? null }}>
        {(found) =>
          found === null || found.rows.length === 0 ? (
            <Empty>{t("signal.noCases")}</Empty>
          ) : (
            <>
              <div class="over" tabIndex={0} role="group" aria-label={t("signal.behind")}>
                <table>
                  <thead>
                    <tr>
                      <th>{t("curve.day")}</th>
                      <th>{t("signal.classification")}</th>
                      <th>{t("cases.area")}</th>
                      <th class="number">{t("signal.age")}</th>
                      <th>{t("signal.sex")}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {found.rows.map((row) => (
                      <tr key={row.id}>
                        <td>
                          <a href={`/cases/${row.id}`}>{day(row[found.date]) || t("cases.noDate")}</a>
                        </td>
                        <td>{codeName("case_classification", row.classification ?? "")}</td>
                        <td>{areaOf(row)}</td>
                        <td class="number">{row.age_years ?? ""}</td>
                        <td>{codeName("sex", row.sex ?? "")}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              {found.links.map(({ asked, what, total }) => (
                <p key={what}>
                  <a href={`/cases?${new URLSearchParams(asked).toString()}`}>
                    {total == null ? t("signal.wholeList") : t("signal.allCases", { n: total })}
                    {what !== null && `: ${what}`}
                  </a>
                </p>
              ))}
            </>
          )
        }
      </Show>
    </section>
  );
}

function whose(user: string | undefined, role: string | undefined): string {
  if (user === undefined) return codeName("role", role ?? "");
  return user === session.value?.user ? t("signal.you") : t("signal.somebody");
}

function Steps({ signal, tasks }: { signal: Signal; tasks: Task[] }) {
  const found = new Map(tasks.map((task) => [KINDS[task.kind ?? ""], task]));
  const said: Record<Step, [string | undefined, string]> = {
    triage: [signal.triaged_time, ""],
    verify: [signal.verified_time, codeName("verification", signal.verification ?? "")],
    assess: [signal.assessed_time, codeName("risk_level", signal.risk ?? "")],
    act: [signal.acted_time, ""],
    close: [signal.closed_time, codeName("signal_closing", signal.closing ?? "")],
  };
  return (
    <div class="over" tabIndex={0} role="group" aria-label={t("signal.steps")}>
      <table>
        <thead>
          <tr>
            <th>{t("signal.step")}</th>
            <th>{t("signal.deadlineOrDone")}</th>
            <th>{t("signal.owner")}</th>
            <th>{t("signal.outcome")}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{t("signals.noticed")}</th>
            <td>{time(signal.noticed_time)}</td>
            <td>{codeName("signal_source", signal.source ?? "")}</td>
            <td />
          </tr>
          {STEPS.flatMap((step) => {
            const task = found.get(step);
            const [done, outcome] = said[step];
            const open = task !== undefined && task.status === "open";
            if (!open && done === undefined) return [];
            return [
              <tr key={step}>
                <th scope="row">{t(`step.${step}` as TextKey)}</th>
                <td>{done !== undefined ? time(done) : task?.due !== undefined && <Clock due={task.due} />}</td>
                <td>{whose(task?.owner, task?.owner_role)}</td>
                <td>{[outcome, task?.evidence ?? ""].filter((text) => text !== "").join(": ")}</td>
              </tr>,
            ];
          })}
        </tbody>
      </table>
    </div>
  );
}

/** What is unusual: in numbers where alarms say it, else in the words of whoever reported it. */
function Finding({ signal, alarms }: { signal: Signal; alarms: Alarm[] }) {
  const [lead] = streamsOf(alarms);
  if (lead === undefined) return <p>{[signal.summary, signal.place].filter((text) => text !== undefined).join(" · ")}</p>;
  const shared = lead.denominator !== undefined;
  const n = shared ? shareText(lead.observed ?? 0, lead.numerator, lead.denominator) : number(lead.observed ?? 0);
  const values = { n, day: day(lead.day), area: areaOf(lead) };
  return (
    <p>
      {lead.expected === undefined ? t("signal.oneIsEnough", values) : t("signal.finding", { ...values, expected: number(lead.expected, 1), threshold: number(lead.threshold ?? 0, 1) })}
      {signal.mark !== undefined && ` ${t("signals.marked", { mark: codeName("series_mark", signal.mark) })}.`}
    </p>
  );
}

export default function SignalPage({ id }: { id: string }) {
  const data = useData(`signal ${id}`, (signal) => askSignal(id, signal), ["signal", "task", "alarm"]);
  if (!may("signal", "read")) return <Empty>{t("signals.notForYou")}</Empty>;
  if (data.failure?.status === 404) return <Empty>{t("signal.absent")}</Empty>;
  return (
    <Show data={data}>
      {({ signal, area, alarms, tasks }) => (
        <>
          <p>
            <a href="/signals">{t("signal.back")}</a>
          </p>
          <h1>
            {t("signals.what", {
              what: signal.disease === undefined ? codeName("signal_source", signal.source ?? "") : codeName("disease", signal.disease),
              area: nameOf(area),
            })}
            {": "}
            {codeName("signal_status", signal.status ?? "")}
          </h1>
          <Finding signal={signal} alarms={alarms} />
          <Fresh data={data} />
          {may("signal", "change") && <Answer of={{ id, status: signal.status ?? "", disease: signal.disease }} done={data.again} />}
          <section class="card" aria-labelledby="steps">
            <h2 id="steps">{t("signal.steps")}</h2>
            <Steps signal={signal} tasks={tasks} />
          </section>
          <div class="halves">
            {alarms.length === 0 && signal.source !== "alarm" ? (
              <Reported signal={signal} />
            ) : (
              <section class="card" aria-labelledby="why">
                <h2 id="why">{t("signal.why")}</h2>
                <Streams alarms={alarms} />
              </section>
            )}
            <div class="column">
              <Where area={area} alarms={alarms} />
              <Behind signal={signal} alarms={alarms} />
            </div>
          </div>
        </>
      )}
    </Show>
  );
}
