// SPDX-License-Identifier: GPL-3.0-or-later
// One stream: its series, how it is judged, and what another way would have made of the last year, before it is set.
import { useState } from "preact/hooks";
import { ThresholdChart } from "../chart/ThresholdChart";
import { get, patch, Problem, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { day, number, t } from "../core/language";
import { codeName, codesOf, may, nameOf } from "../core/session";
import "../chart/chart.css";
import "./stream.css";
import { Empty, Failure, Fresh, Show } from "../ui/states";

type Evaluation = Schemas["stream_evaluation"];
type Result = Evaluation["results"][number];

interface Way {
  method: string; /** "": by its history */
  parameters: string;
  threshold: string;
}

async function askStream(id: string, signal: AbortSignal) {
  const [record, series] = await Promise.all([
    get("/api/v1/streams/{id}", {}, { path: { id }, signal }),
    get("/api/v1/watch/{id}", {}, { path: { id }, signal }),
  ]);
  const area = await get("/api/v1/areas/{id}", {}, { path: { id: series.area }, signal });
  return { record, series, area };
}

const ask = (id: string, way: Way | null) =>
  get("/api/v1/watch/{id}/evaluation", way === null ? {} : way.threshold === "" ? { method: way.method, parameters: way.parameters } : { threshold: Number(way.threshold) }, { path: { id } });

function Compared({ evaluation }: { evaluation: Evaluation }) {
  const rows: [string, (one: Result) => string][] = [
    [t("stream.method"), (one) => one.method ?? "–"],
    [t("stream.episodes"), (one) => number(one.episodes)],
    [t("stream.aYear"), (one) => number(one.episodes_a_year, 1)],
    [t("stream.outside"), (one) => number(one.outside_outbreaks)],
    [t("stream.found"), (one) => t("stream.of", { n: one.found, all: one.outbreaks.length })],
    [t("stream.delay"), (one) => (one.median_delay === null ? "–" : number(one.median_delay, 1))],
    [t("stream.marked"), (one) => number(one.marked)],
  ];
  return (
    <>
      <p>{t("stream.judged", { from: day(evaluation.from), to: day(evaluation.to) })}</p>
      <div class="over compared" tabIndex={0} role="group" aria-label={t("stream.howJudged")}>
        <table>
          <thead>
            <tr>
              <td />
              {evaluation.results.map((one) => (
                <th key={String(one.tried)} class="number" scope="col">
                  {t(one.tried ? "stream.tried" : "stream.asSet")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, text]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {evaluation.results.map((one) => (
                  <td key={String(one.tried)} class="number">
                    {text(one)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {evaluation.results.map((one) => (
        <details key={String(one.tried)}>
          <summary>{t(one.tried ? "stream.alarmsTried" : "stream.alarmsAsSet", { n: one.alarms.length })}</summary>
          <div class="over" tabIndex={0} role="group" aria-label={t("stream.alarms")}>
            <table>
              <thead>
                <tr>
                  <th>{t("curve.day")}</th>
                  <th>{t("stream.raised")}</th>
                  <th class="number">{t("stream.then")}</th>
                  <th class="number">{t("stream.now")}</th>
                  <th class="number">{t("chart.threshold")}</th>
                </tr>
              </thead>
              <tbody>
                {one.alarms.map((alarm) => (
                  <tr key={alarm.day}>
                    <th scope="row">{day(alarm.day)}</th>
                    <td>{day(alarm.raised)}</td>
                    <td class="number">{alarm.observed_then === null ? "–" : number(alarm.observed_then)}</td>
                    <td class="number">{alarm.observed_now === null ? "–" : number(alarm.observed_now)}</td>
                    <td class="number">{alarm.threshold === null ? "–" : number(alarm.threshold, 1)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      ))}
    </>
  );
}

/** How it is judged: tried on the last year first, then set. */
function Setting({ record, saved }: { record: Schemas["stream"]; saved: () => void }) {
  const set: Way = { method: record.method ?? "", parameters: record.parameters ?? "", threshold: record.threshold === undefined || record.threshold === null ? "" : String(record.threshold) };
  const [way, setWay] = useState(set);
  const [found, setFound] = useState<Evaluation | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const differs = (Object.keys(set) as (keyof Way)[]).some((name) => way[name] !== set[name]);
  const run = async (what: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    try {
      await what();
    } catch (failure) {
      setProblem(Problem.of(failure));
    }
    setBusy(false);
  };
  const tries = differs && (way.method !== "" || way.threshold !== "");
  const attempt = () => run(async () => setFound(await ask(record.id, tries ? way : null)));
  const save = () =>
    run(async () => {
      const value = { method: way.method === "" ? null : way.method, parameters: way.parameters === "" ? null : way.parameters, threshold: way.threshold === "" ? null : Number(way.threshold) };
      await patch("/api/v1/streams/{id}", { id: record.id }, record.version, value);
      saved();
    });
  const field = (name: keyof Way) => (event: Event) => setWay({ ...way, [name]: (event.currentTarget as HTMLInputElement).value });
  return (
    <section class="card" aria-labelledby="judged">
      <h2 id="judged">{t("stream.howJudged")}</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void attempt();
        }}
      >
        <div class="row">
          <label>
            {t("stream.method")}
            <select value={way.method} onChange={field("method")}>
              <option value="">{t("stream.byHistory")}</option>
              {codesOf("detection_method").map(([code, name]) => (
                <option key={code} value={code}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t("stream.parameters")}
            <input value={way.parameters} placeholder="alpha=0.01" maxLength={200} onInput={field("parameters")} />
          </label>
          <label>
            {t("stream.threshold")}
            <input type="number" min="0" step="any" value={way.threshold} onInput={field("threshold")} />
          </label>
        </div>
        <div class="row">
          <button type="submit" class="main" disabled={busy}>
            {t(tries ? "stream.try" : "stream.evaluate")}
          </button>
          {may("stream", "change") && (
            <button type="button" disabled={busy || !differs} onClick={() => void save()}>
              {t("stream.save")}
            </button>
          )}
        </div>
        <p class="quiet">{t("stream.rule")}</p>
      </form>
      {problem !== null && <Failure problem={problem} />}
      {found !== null && (found.not_watched === null ? <Compared evaluation={found} /> : <Empty>{t("stream.notWatched")}</Empty>)}
    </section>
  );
}

export default function StreamPage({ id }: { id: string }) {
  const [round, setRound] = useState(0);
  const data = useData(`stream ${id} ${round}`, (signal) => askStream(id, signal), ["stream", "case", "result"]);
  if (!may("stream", "read")) return <Empty>{t("streams.notForYou")}</Empty>;
  if (data.failure?.status === 404) return <Empty>{t("stream.absent")}</Empty>;
  return (
    <Show data={data}>
      {({ record, series, area }) => {
        const what = [codeName("stream_indicator", series.indicator), series.disease === null ? "" : codeName("disease", series.disease)].filter((text) => text !== "").join(", ");
        const title = t("signal.series", { what, area: nameOf(area) });
        return (
          <>
            <p>
              <a href="/streams">{t("stream.back")}</a>
            </p>
            <h1>{title}</h1>
            <Fresh data={data} />
            {series.steps.length === 0 ? (
              <Empty>{t("signal.noSeries")}</Empty>
            ) : (
              <ThresholdChart steps={series.steps} completeTo={series.complete_to} share={series.share !== null} title={title} />
            )}
            <Setting key={record.version} record={record} saved={() => setRound(round + 1)} />
          </>
        );
      }}
    </Show>
  );
}
