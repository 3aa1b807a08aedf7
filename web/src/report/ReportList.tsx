// SPDX-License-Identifier: GPL-3.0-or-later
// The daily reports, the newest day first; whoever may write one freezes it here.
import { useState } from "preact/hooks";
import { get, post, Problem, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { plusDays, today } from "../core/days";
import { day, number, t, time } from "../core/language";
import { go } from "../core/router";
import { may, nameOf, role } from "../core/session";
import { home } from "../situation/home";
import { Empty, Failure, Fresh, Show } from "../ui/states";
import { writes } from "./writes";

type Row = Schemas["reports_row"];

const areaOf = (row: Row) => nameOf({ name_en: row.area_en ?? "", name_zh: row.area_zh ?? "" }) || (row.area_code ?? "");

function Freeze() {
  const own = useData("home", home);
  const [chosen, setChosen] = useState(plusDays(today(), -1));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const area = own.value;
  const freeze = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      go(`/reports/${(await post("/api/v1/reports/freeze", { area, day: chosen })).id}`);
    } catch (failure) {
      setProblem(Problem.of(failure));
      setBusy(false);
    }
  };
  return (
    <form class="card" onSubmit={(event) => void freeze(event)}>
      {problem !== null && <Failure problem={problem} />}
      <div class="row">
        <label>
          {t("daily.day")}
          <input type="date" required value={chosen} max={plusDays(today(), -1)} onInput={(event) => setChosen(event.currentTarget.value)} />
        </label>
        <button type="submit" class="main" disabled={busy || area === null}>
          {t("daily.freeze")}
        </button>
      </div>
      <p class="quiet">{t("daily.freezeWhat")}</p>
    </form>
  );
}

function Table({ rows }: { rows: Row[] }) {
  return (
    <div class="over" tabIndex={0} role="group" aria-label={t("page.reports")}>
      <table class="reports">
        <thead>
          <tr>
            <th>{t("daily.number")}</th>
            <th>{t("daily.day")}</th>
            <th>{t("cases.area")}</th>
            <th class="number">{t("daily.edition")}</th>
            <th>{t("daily.cutOff")}</th>
            <th>{t("daily.published")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <th scope="row">
                <a href={`/reports/${row.id}`}>{row.number}</a>
              </th>
              <td>{day(row.day)}</td>
              <td>{areaOf(row)}</td>
              <td class="number">{number(row.edition ?? 1)}</td>
              <td>{time(row.cut_off)}</td>
              <td>{row.published === undefined ? <span class="quiet">{t("daily.draft")}</span> : time(row.published)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export default function ReportList() {
  const data = useData(`reports ${role.value?.role ?? ""}`, (signal) => get("/api/v1/reports", { page_size: 100 }, { signal }), ["daily_report"]);
  if (!may("daily_report", "read")) return <Empty>{t("daily.notForYou")}</Empty>;
  return (
    <Show data={data}>
      {({ rows }) => (
        <>
          <h1>{rows.length === 0 ? t("daily.none") : t("daily.newest", { number: rows[0]?.number ?? "", day: day(rows[0]?.day, "long") })}</h1>
          <Fresh data={data} />
          {writes() && <Freeze />}
          {rows.length > 0 && <Table rows={rows} />}
        </>
      )}
    </Show>
  );
}
