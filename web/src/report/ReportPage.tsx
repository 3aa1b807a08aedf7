// SPDX-License-Identifier: GPL-3.0-or-later
// A daily report: its figures as they were frozen, what the edition before counted otherwise, its text, which is written
// here until it is published, and its files.
import { useEffect, useState } from "preact/hooks";
import { download, get, post, Problem, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { day, language, number, t, time } from "../core/language";
import { go } from "../core/router";
import { nameOf } from "../core/session";
import { Failure, Show } from "../ui/states";
import "./report.css";
import { writes } from "./writes";

type Report = Schemas["daily_report_content"];
type Row = Report["rows"][number];

const titleOf = (row: { title_en: string; title_zh: string }) => (language.value === "zh" ? row.title_zh : row.title_en);

/** Rows of one section that have as many numbers each. */
function sectionsOf(rows: Row[]): { title: string; tables: Row[][] }[] {
  const found: { section: string; title: string; tables: Row[][] }[] = [];
  for (const row of rows) {
    let section = found.find((one) => one.section === row.section);
    if (section === undefined) found.push((section = { section: row.section, title: titleOf(row), tables: [] }));
    const table = section.tables.find((one) => one[0]?.values.length === row.values.length);
    if (table === undefined) section.tables.push([row]);
    else table.push(row);
  }
  return found;
}

function Figures({ title, rows }: { title: string; rows: Row[] }) {
  const alone = rows[0]?.values.length === 1;
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={title}>
      <table>
        <thead>
          <tr>
            <td />
            {(alone ? ([t("daily.count")] as string[]) : [t("daily.theDay"), t("daily.week"), t("daily.before")]).map((head) => (
              <th key={head} scope="col" class="number">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.item}>
              <th scope="row">{nameOf(row)}</th>
              {row.values.map((value, i) => (
                <td key={i} class="number">
                  {number(value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Changes({ report }: { report: Report }) {
  if (report.edition === 1) return null;
  return (
    <section class="card" aria-labelledby="changes">
      <h2 id="changes">{t("daily.changes", { n: report.edition - 1 })}</h2>
      {report.changes.length === 0 ? (
        <p class="quiet">{t("daily.unchanged")}</p>
      ) : (
        <ul class="changes">
          {report.changes.map((change) => (
            <li key={`${change.section} ${change.item}`}>
              {titleOf(change)}, {nameOf(change)}: {change.before.map((value) => number(value)).join(" / ")} → <strong>{change.after.map((value) => number(value)).join(" / ")}</strong>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Text({ report, again }: { report: Report; again: () => void }) {
  const open = report.published === null && writes();
  const [text, setText] = useState(report.text ?? "");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => setText(report.text ?? ""), [report.version]);
  const send = async (publish: boolean) => {
    setBusy(true);
    setProblem(null);
    const request = { path: { id: report.id }, headers: { "If-Match": `"${report.version}"` } };
    try {
      if (publish) await post("/api/v1/reports/{id}/publish", undefined, request);
      else await post("/api/v1/reports/{id}/write", { text: text.normalize("NFC") }, request);
      again();
    } catch (failure) {
      setProblem(Problem.of(failure));
    }
    setBusy(false);
  };
  const kept = text === (report.text ?? "");
  if (!open) return report.text === null ? null : <section class="card said">{report.text}</section>;
  return (
    <section class="card" aria-labelledby="text">
      <h2 id="text">{t("daily.text")}</h2>
      {problem !== null && <Failure problem={problem} again={again} />}
      <textarea aria-labelledby="text" rows={6} maxLength={8000} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <p class="quiet">{t("daily.noNames")}</p>
      <div class="row">
        <button type="button" class={kept ? "" : "main"} disabled={busy || kept || text === ""} onClick={() => void send(false)}>
          {t("daily.keep")}
        </button>
        <button type="button" class={kept ? "main" : ""} disabled={busy || !kept} onClick={() => void send(true)}>
          {t("daily.publish")}
        </button>
        {!kept && <span class="quiet">{t("daily.unkept")}</span>}
      </div>
    </section>
  );
}

function Head({ report, again }: { report: Report; again: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const last = report.editions.at(-1) === report.id;
  const file = (as: "pdf" | "docx") =>
    download(`/api/v1/reports/${report.id}/file`, { as, language: language.value }, `report-${report.number}-${report.edition}.${as}`).catch((failure: unknown) => setProblem(Problem.of(failure)));
  const another = () =>
    post("/api/v1/reports/freeze", { area: report.area, day: report.day }).then((made) => go(`/reports/${made.id}`), (failure: unknown) => setProblem(Problem.of(failure)));
  return (
    <>
      {problem !== null && <Failure problem={problem} again={again} />}
      <div class="row">
        <button type="button" onClick={() => void file("pdf")}>
          PDF
        </button>
        <button type="button" onClick={() => void file("docx")}>
          DOCX
        </button>
        {last && report.published !== null && writes() && (
          <button type="button" onClick={() => void another()}>
            {t("daily.another")}
          </button>
        )}
        {report.editions.length > 1 && (
          <nav class="crumbs" aria-label={t("daily.editions")}>
            {report.editions.map((id, i) => (
              <a key={id} href={`/reports/${id}`} aria-current={id === report.id ? "page" : undefined}>
                {t("daily.editionOf", { n: i + 1 })}
              </a>
            ))}
          </nav>
        )}
      </div>
    </>
  );
}

export default function ReportPage({ id }: { id: string }) {
  const data = useData(`report ${id}`, (signal) => get("/api/v1/reports/{id}/content", {}, { path: { id }, signal }), ["daily_report"]);
  return (
    <Show data={data}>
      {(report) => (
        <>
          <p>
            <a href="/reports">{t("page.reports")}</a>
          </p>
          <h1>{t("daily.title", { number: report.number, area: nameOf({ name_en: report.area_en ?? "", name_zh: report.area_zh ?? "" }), day: day(report.day, "long") })}</h1>
          <p class="quiet">
            {t("daily.editionOf", { n: report.edition })} · {t("daily.asKnown", { at: time(report.cut_off) })} ·{" "}
            {report.published === null ? t("daily.draft") : t("daily.publishedAt", { at: time(report.published) })}
          </p>
          <Head report={report} again={data.again} />
          <Text report={report} again={data.again} />
          <Changes report={report} />
          <div class="figures">
            {sectionsOf(report.rows).map(({ title, tables }) => (
              <section key={title} class="card">
                <h2>{title}</h2>
                {tables.map((rows) => (
                  <Figures key={rows[0]?.item} title={title} rows={rows} />
                ))}
              </section>
            ))}
          </div>
          <p class="quiet">{t("daily.received")}</p>
        </>
      )}
    </Show>
  );
}
