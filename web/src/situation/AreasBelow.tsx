// SPDX-License-Identifier: GPL-3.0-or-later
// Where the cases are: a map of the areas below, and the same numbers as a table.
import { useState } from "preact/hooks";
import type { Schemas } from "../core/api";
import { number, t } from "../core/language";
import { go, withQuery, withWord } from "../core/router";
import { nameOf } from "../core/session";
import { AreaMap } from "../map/AreaMap";
import { Later } from "../ui/Later";
import { Empty } from "../ui/states";
import { classBreaks, classOf } from "./figures";

interface Row {
  id: string;
  name: string;
  count: number;
  people: number | null;
  rate: number; /** per 100,000; NaN where nobody knows how many live there */
  further: boolean;
  outline: Schemas["area_figures"]["outline"];
}

type Sort = "name" | "count" | "rate";

function rowsOf(areas: Schemas["area_below"], counts: Schemas["area_counts"]): Row[] {
  const found = new Map(counts.rows.map((row) => [row.area, row.count]));
  return areas.below.map(({ area, people, num_below, outline }) => {
    const count = found.get(area.id) ?? 0;
    const rate = people === null || people === 0 ? NaN : (count / people) * 100_000;
    return { id: area.id, name: nameOf(area), count, people, rate, further: num_below > 0, outline };
  });
}

function inOrder(rows: Row[], sort: Sort): Row[] {
  const value = (row: Row) => (Number.isNaN(row[sort as "rate"]) ? -1 : row[sort as "rate"]);
  return [...rows].sort((a, b) => (sort === "name" ? a.name.localeCompare(b.name) : value(b) - value(a) || a.name.localeCompare(b.name)));
}

const SHOWN = 20; // the first in order; the others by a button
const FEW = 20; // a rate on fewer cases says little (DESIGN: unstable)

/** within: cases of the area that lie in none of those below. */
function TableBelow({ rows, within, disease }: { rows: Row[]; within: number; disease: string }) {
  const [sort, setSort] = useState<Sort>("count");
  const [all, setAll] = useState(false);
  const ordered = inOrder(rows, sort);
  const toArea = withWord("area");
  const list = `/cases?sort=received_date${disease === "" ? "" : `&disease=${disease}`}&area=`;
  const head = (by: Sort, text: string, numeric: boolean) => (
    <th class={numeric ? "number" : ""} aria-sort={sort === by ? (by === "name" ? "ascending" : "descending") : undefined}>
      <button type="button" onClick={() => setSort(by)}>
        {text}
        {sort === by ? (by === "name" ? " ↑" : " ↓") : ""}
      </button>
    </th>
  );
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("areas.table")}>
        <table>
          <thead>
            <tr>
              {head("name", t("areas.name"), false)}
              {head("count", t("curve.cases"), true)}
              {head("rate", t("areas.rate"), true)}
            </tr>
          </thead>
          <tbody>
            {(all ? ordered : ordered.slice(0, SHOWN)).map((row) => (
              <tr key={row.id}>
                <td>{row.further ? <a href={toArea(row.id)}>{row.name}</a> : row.name}</td>
                <td class="number">
                  <a href={list + row.id}>{number(row.count)}</a>
                </td>
                <td class={row.count < FEW ? "number quiet" : "number"}>{Number.isNaN(row.rate) ? "–" : number(row.rate, 1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > SHOWN && (
        <button type="button" class="more" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("areas.fewer", { n: SHOWN }) : t("areas.all", { n: rows.length })}
        </button>
      )}
      {rows.some((row) => row.count > 0 && row.count < FEW) && <p class="quiet">{t("areas.unstable", { n: FEW })}</p>}
      {within > 0 && <p class="quiet">{t("areas.rest", { n: within })}</p>}
    </>
  );
}

function MapBelow({ rows }: { rows: Row[] }) {
  const breaks = classBreaks(rows.map((row) => row.rate));
  const drawn = rows.flatMap((row) =>
    row.outline == null
      ? []
      : [{ id: row.id, name: row.name, path: row.outline.path, box: row.outline.box, grade: classOf(row.rate, breaks),
           text: t("areas.value", { n: row.count, rate: Number.isNaN(row.rate) ? "–" : number(row.rate, 1) }) }],
  );
  if (drawn.length === 0) return null;
  return <AreaMap areas={drawn} breaks={breaks} unit={t("areas.unit")} title={t("areas.map")} onPick={(id) => go(withQuery({ area: id }))} />;
}

export function AreasBelow({ areas, counts, disease }: { areas: Schemas["area_below"]; counts: Schemas["area_counts"]; disease: string }) {
  const rows = rowsOf(areas, counts);
  if (rows.length === 0) return <Empty>{t("areas.none")}</Empty>;
  const within = counts.total - rows.reduce((total, row) => total + row.count, 0);
  return (
    <>
      <Later>{() => <MapBelow rows={rows} />}</Later>
      <Later>{() => <TableBelow rows={rows} within={within} disease={disease} />}</Later>
    </>
  );
}
