// SPDX-License-Identifier: GPL-3.0-or-later
// What the head of the response opens in the morning: one sentence with the finding, a few numbers, why they differ from
// yesterday's, the curve, and where.
import { EpiCurve } from "../chart/EpiCurve";
import { get, type Schemas } from "../core/api";
import { isDay, plusDays, today } from "../core/days";
import { keptFor, useData, type Data } from "../core/data";
import { day, number, t } from "../core/language";
import { go, query, withQuery } from "../core/router";
import { codesOf, may, nameOf } from "../core/session";
import { OpenSignals } from "../signal/OpenSignals";
import { askInbox, type Inbox } from "../signal/signals";
import { Later } from "../ui/Later";
import { Empty, Show } from "../ui/states";
import { AreasBelow } from "./AreasBelow";
import { askCloser, type Closer } from "./closer";
import { incompleteDays, reportedShare, sinceYesterday, type Difference } from "./figures";
import { areasBelow, home, type Below } from "./home";
import { Reports } from "./Reports";
import { Why, type WhyOf } from "./Why";
import "./situation.css";

const WINDOW = 7; // days that a number of the page covers
const CURVE_DAYS = 90;
const MOST_DELAY = 28;
const UNKNOWN_DELAY = 7; // days that are hatched while nobody can say how late reports are

interface Figures {
  areas: Below;
  recent: number;
  before: number;
  difference: Difference;
  curve: Schemas["counts"]["points"];
  undated: number;
  incomplete: number | null;
}

/** What may come a little later than the sentence, its numbers and the curve, when records change. */
interface Rest {
  byArea: Schemas["area_counts"];
  closer: Closer;
}
const REST_PACE = { gathered: 2000 };
// New signals are few, and nobody should wait for one.
const SIGNAL_PACE = { spaced: 100 };

// As known at the end of yesterday: nothing is added to it, except while a clock here goes ahead of the server's.
const keepYesterday = keptFor<Schemas["counts"]>(300_000);
// How late reports are: what is hatched changes in days.
const keepTriangle = keptFor<Schemas["triangle"]>(60_000);

function sum(points: { count: number }[]): number {
  return points.reduce((total, point) => total + point.count, 0);
}

async function askFigures(area: string, disease: string, asof: string, signal: AbortSignal): Promise<Figures> {
  const last = asof === "" ? today() : asof;
  const of = { area, ...(disease === "" ? {} : { disease }) };
  const known = asof === "" ? {} : { asof };
  const first = plusDays(last, 1 - CURVE_DAYS);
  const counts = (counter: string, from: string, more: object) =>
    get("/api/v1/counts", { ...of, counter, from, to: last, ...more }, { signal });
  const key = `${area} ${disease} ${asof} ${last}`;
  const [areas, received, curve, yesterday, triangle] = await Promise.all([
    areasBelow(area, signal),
    counts("case_by_received", plusDays(last, 1 - 2 * WINDOW), known),
    counts("case_by_onset", first, known),
    keepYesterday(key, () => counts("case_by_received", plusDays(last, 1 - WINDOW), { asof: plusDays(last, -1) })),
    keepTriangle(key, () => get("/api/v1/triangle", { ...of, counter: "case_by_onset", from: first, to: last, max_delay: MOST_DELAY, ...known }, { signal })),
  ]);
  const share = reportedShare(triangle.cells, (at) => CURVE_DAYS - 1 - at);
  return {
    areas,
    recent: sum(received.points.slice(WINDOW)),
    before: sum(received.points.slice(0, WINDOW)),
    difference: sinceYesterday(yesterday.points.map((point) => point.count), received.points.slice(WINDOW).map((point) => point.count)),
    curve: curve.points,
    undated: curve.undated,
    incomplete: incompleteDays(share),
  };
}

async function askRest(area: string, disease: string, asof: string, signal: AbortSignal): Promise<Rest> {
  const last = asof === "" ? today() : asof;
  const of = { area, ...(disease === "" ? {} : { disease }) };
  const known = asof === "" ? {} : { asof };
  const from = plusDays(last, 1 - WINDOW);
  const [byArea, closer] = await Promise.all([
    get("/api/v1/counts/areas", { ...of, counter: "case_by_received", from, to: last, ...known }, { signal }),
    askCloser(of, from, last, known, signal),
  ]);
  return { byArea, closer };
}

function finding(figures: Figures): string {
  const area = nameOf(figures.areas.here.area);
  const { recent, before } = figures;
  if (recent === 0 && before === 0) return t("situation.none", { area, days: 2 * WINDOW });
  const key = recent > before ? "situation.more" : recent < before ? "situation.fewer" : "situation.same";
  return t(key, { n: recent, area, days: WINDOW, change: Math.abs(recent - before) });
}

const UNSTABLE = 20; // a share of fewer results says little

/** What the cases of the window are, and the share of results that found something. */
function CloserNumbers({ closer, of }: { closer: Closer; of: WhyOf }) {
  const { area, disease, asof } = of;
  const { cases, tests } = closer;
  const first = plusDays(today(), 1 - WINDOW);
  const list = (more: object) => `/cases?${new URLSearchParams({ area: area, ...(disease === "" ? {} : { disease }), sort: "received_date", "received_date.from": first, ...more }).toString()}`;
  // Lists are of now: what was known on an earlier day leads to none.
  const listed = (text: string, more: object) => (asof === "" ? <a href={list(more)}>{text}</a> : text);
  return (
    <>
      {cases !== null && (
        <>
          <div>
            <dt>{t("situation.notQuarantined")}</dt>
            <dd>{number(cases.received - cases.quarantined)}</dd>
            <dd class="quiet">
              {t("situation.ofCases", { n: cases.received })} {listed(t("situation.quarantined", { n: cases.quarantined }), { found_by: "contact-in-quarantine" })}
            </dd>
            <Why figure="not-quarantined" of={of} />
          </div>
          <div>
            <dt>{t("situation.noSource")}</dt>
            <dd>{listed(number(cases.unknownSource), { origin: "unknown" })}</dd>
            <dd class="quiet">{t("situation.recordedSo", { n: cases.received })}</dd>
            <Why figure="source-unknown" of={of} />
          </div>
          <div>
            <dt>{t("situation.died")}</dt>
            <dd>{listed(number(cases.died), { outcome: "died-of-disease" })}</dd>
            <dd class="quiet">{t("situation.ofCases", { n: cases.received })}</dd>
            <Why figure="died" of={of} />
          </div>
        </>
      )}
      {tests !== null && (
        <div>
          <dt>{t("situation.positivity", { days: WINDOW })}</dt>
          <dd>{tests.conclusive === 0 ? "–" : `${number((tests.positive / tests.conclusive) * 100, 1)} %`}</dd>
          <dd class="quiet">
            {t("situation.ofResults", { k: tests.positive, n: tests.conclusive })}
            {tests.conclusive > 0 && tests.conclusive < UNSTABLE ? ` ${t("situation.unstable")}` : ""}
          </dd>
        </div>
      )}
    </>
  );
}

function Numbers({ figures, rest, disease, asof }: { figures: Figures; rest: Rest; disease: string; asof: string }) {
  const { here } = figures.areas;
  const people = here.people;
  const last = asof === "" ? today() : asof;
  const of = { area: here.area.id, disease, from: plusDays(last, 1 - WINDOW), to: last, asof };
  return (
    <dl class="numbers">
      <div>
        <dt>{t("situation.recent", { days: WINDOW })}</dt>
        <dd>{number(figures.recent)}</dd>
        <dd class="quiet">{t("situation.beforeThat", { n: figures.before, days: WINDOW })}</dd>
        {may("case", "read") && <Why figure="received" of={of} />}
      </div>
      <div>
        <dt>{t("situation.rate")}</dt>
        <dd>{people === null || people === 0 ? "–" : number((figures.recent / people) * 100_000, 1)}</dd>
        <dd class="quiet">
          {people === null ? t("situation.noPeople") : t("situation.people", { n: figures.recent, people, year: String(here.people_year ?? "") })}
        </dd>
      </div>
      <div>
        <dt>{t("situation.since")}</dt>
        <dd>{t("situation.fresh", { n: figures.difference.fresh })}</dd>
        <dd class="quiet">{t("situation.lateGone", { late: figures.difference.late, gone: figures.difference.gone })}</dd>
      </div>
      <CloserNumbers closer={rest.closer} of={of} />
    </dl>
  );
}

function Choices({ areas, disease, asof }: { areas: Below; disease: string; asof: string }) {
  return (
    <div class="row">
      <nav aria-label={t("situation.path")} class="crumbs">
        {[...areas.above, areas.here].map((one) => (
          <a key={one.area.id} href={withQuery({ area: one.area.id })} aria-current={one === areas.here ? "location" : undefined}>
            {nameOf(one.area)}
          </a>
        ))}
      </nav>
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
      <label>
        {t("situation.asof")}
        <input
          type="date"
          value={asof}
          max={today()}
          onChange={(event) => go(withQuery({ asof: isDay(event.currentTarget.value) ? event.currentTarget.value : null }), true)}
        />
      </label>
    </div>
  );
}

function Page({ figures, rest, inbox, disease, asof }: { figures: Figures; rest: Rest; inbox: Data<Inbox> | null; disease: string; asof: string }) {
  return (
    <>
      <Choices areas={figures.areas} disease={disease} asof={asof} />
      {asof !== "" && (
        <p class="asof" role="status">
          {t("situation.asKnown", { day: day(asof, "long") })} <a href={withQuery({ asof: null })}>{t("situation.now")}</a>
        </p>
      )}
      <h1>{finding(figures)}</h1>
      <Numbers figures={figures} rest={rest} disease={disease} asof={asof} />
      {inbox !== null && <OpenSignals data={inbox} area={figures.areas.here.area.id} disease={disease} />}
      <div class="halves">
        <section class="card" aria-labelledby="curve">
          <h2 id="curve">{t("situation.curve")}</h2>
          <Later>
            {() => (
              <EpiCurve
                points={figures.curve}
                incomplete={figures.incomplete ?? UNKNOWN_DELAY}
                why={figures.incomplete === null ? "curve.unknownDelay" : "curve.incomplete"}
                title={t("situation.curve")}
              />
            )}
          </Later>
          {figures.undated > 0 && <p class="quiet">{t("situation.undated", { n: figures.undated })}</p>}
          {asof === "" && may("reporting_unit", "read") && <Reports area={figures.areas.here.area.id} disease={disease} />}
        </section>
        <section class="card" aria-labelledby="where">
          <h2 id="where">{t("situation.where", { days: WINDOW })}</h2>
          <AreasBelow areas={figures.areas} counts={rest.byArea} disease={disease} />
        </section>
      </div>
    </>
  );
}

export function Situation() {
  const disease = query.value.get("disease") ?? "";
  const asof = query.value.get("asof") ?? "";
  const own = useData("home", home);
  const area = query.value.get("area") ?? own.value;
  const key = area === null ? null : `${area} ${disease} ${asof}`;
  const data = useData(key, (signal) => askFigures(area ?? "", disease, asof, signal), ["case", "area"]);
  const rest = useData(key, (signal) => askRest(area ?? "", disease, asof, signal), ["case", "area", "result"], REST_PACE);
  const signals = area !== null && asof === "" && may("signal", "read");
  const inbox = useData(signals ? `inbox ${area} ${disease}` : null, (signal) => askInbox(area ?? "", disease, signal), ["signal", "task"], SIGNAL_PACE);
  // Shown together, so that nothing moves away from under somebody's eyes.
  const waits = area === null ? own : rest.value === null ? rest : signals && inbox.value === null && inbox.failure === null ? inbox : null;
  if (area === null && !own.loading && own.failure === null) return <Empty>{t("situation.noArea")}</Empty>;
  const again = () => {
    data.again();
    rest.again();
  };
  const failure = data.failure ?? rest.failure ?? waits?.failure ?? null;
  return <Show data={waits === null ? { ...data, failure, again } : { ...data, value: null, failure, loading: waits.loading, again }}>
    {(figures) => rest.value !== null && <Page figures={figures} rest={rest.value} inbox={signals ? inbox : null} disease={disease} asof={asof} />}
  </Show>;
}
