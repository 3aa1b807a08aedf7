// SPDX-License-Identifier: GPL-3.0-or-later
// The line list: filters and order in the address, rows by key as one scrolls, names only for a purpose.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core";
import { memo } from "preact/compat";
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import { download } from "../core/api";
import { isDay } from "../core/days";
import { day, number, t } from "../core/language";
import { onChange } from "../core/live";
import { go, query, withQuery } from "../core/router";
import { choosePurpose, codeName, codesOf, identityPurposes, labelOf, model, nameOf } from "../core/session";
import { Empty, Failure, Loading } from "../ui/states";
import { useCaseList, type CaseRow } from "./list";
import "./case.css";

const ROW_HEIGHT = 32;
const NEAR_THE_END = 30; // rows

type View = NonNullable<typeof model.value>["views"][number];
type Column = View["columns"][number];

/** In this order; what the caller may not see is left out. */
const COLUMNS = ["onset_date", "received_date", "disease", "classification", "sex", "age_years", "area", "name", "phone", "severity", "outcome", "delay"];
const NAMES = ["name", "phone"];

function cell(column: Column, row: CaseRow): string {
  const value = (row as Record<string, unknown>)[column.name];
  if (column.name === "area_en") return nameOf({ name_en: row.area_en ?? "", name_zh: row.area_zh ?? "" });
  if (value === undefined || value === null) return "";
  if (column.kind === "code" && column.list !== undefined) return codeName(column.list, String(value));
  if (column.kind === "date") return day(String(value));
  return typeof value === "number" ? number(value) : String(value);
}

function columnsOf(view: View, identities: boolean): Column[] {
  return COLUMNS.flatMap((name) => {
    const column = view.columns.find((one) => one.name === (name === "area" ? "area_en" : name));
    return column === undefined || (!identities && NAMES.includes(name)) ? [] : [column];
  });
}

/** Rows that are in sight, drawn where they would lie in the whole list. */
function useRows(count: number, scroller: { current: HTMLDivElement | null }): Virtualizer<HTMLDivElement, Element> {
  const [, draw] = useReducer((n: number) => n + 1, 0);
  const options = {
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => draw(0),
  };
  const [rows] = useState(() => new Virtualizer<HTMLDivElement, Element>(options));
  rows.setOptions(options);
  useEffect(() => rows._didMount(), []);
  useEffect(() => rows._willUpdate());
  return rows;
}

/** A row, which stays as it is while others come: each page, each step of scrolling draws the list anew. */
const Line = memo(function Line({ row, index, start, columns }: { row: CaseRow; index: number; start: number; columns: Column[] }) {
  return (
    <div class="grid-row" role="row" aria-rowindex={index + 2} ref={(line) => line?.style.setProperty("transform", `translateY(${start}px)`)}>
      {columns.map((column, i) => (
        <span key={column.name} role="cell" class={`c-${column.name}`}>
          {i === 0 ? <a href={`/cases/${row.id}`}>{cell(column, row) || t("cases.noDate")}</a> : cell(column, row)}
        </span>
      ))}
    </div>
  );
});

/** Days that are asked for are listed in their order, until another one is chosen: however far back, they are found at once. */
function inOrder(view: View, field: string, value: string): { sort?: string } {
  return value !== "" && view.sorts.includes(field) ? { sort: field } : {};
}

const Filters = memo(function Filters({ view }: { view: View }) {
  const shown = ["disease", "classification", "severity", "outcome"];
  return (
    <div class="row filters" role="group" aria-label={t("cases.filters")}>
      {view.filters
        .filter((filter) => shown.includes(filter.field))
        .map(({ field }) => {
          const column = view.columns.find((one) => one.name === field);
          if (column?.list === undefined || !column.read) return null;
          return (
            <label key={field}>
              {labelOf(column)}
              <select value={query.value.get(field) ?? ""} onChange={(event) => go(withQuery({ [field]: event.currentTarget.value, from: null }), true)}>
                <option value="">{t("cases.any")}</option>
                {codesOf(column.list).map(([code, name]) => (
                  <option key={code} value={code}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          );
        })}
      {(["onset_date", "received_date"] as const).map((field) => {
        const column = view.columns.find((one) => one.name === field);
        if (column === undefined) return null;
        return (
          <fieldset key={field} class="range">
            <legend>{labelOf(column)}</legend>
            {(["from", "to"] as const).map((end) => (
              <input
                key={end}
                type="date"
                aria-label={`${labelOf(column)}: ${t(`cases.${end}`)}`}
                value={query.value.get(`${field}.${end}`) ?? ""}
                onChange={(event) => go(withQuery({ [`${field}.${end}`]: event.currentTarget.value, from: null, ...inOrder(view, field, event.currentTarget.value) }), true)}
              />
            ))}
          </fieldset>
        );
      })}
    </div>
  );
});

function Identities({ shown, show }: { shown: string | null; show: (purpose: string | null) => void }) {
  const purposes = identityPurposes();
  if (purposes.length === 0) return null;
  return (
    <label>
      {t("cases.names")}
      <select value={shown ?? ""} onChange={(event) => show(event.currentTarget.value === "" ? null : event.currentTarget.value)}>
        <option value="">{t("cases.namesHidden")}</option>
        {purposes.map((purpose) => (
          <option key={purpose} value={purpose}>
            {t("cases.namesFor", { purpose: codeName("purpose", purpose) })}
          </option>
        ))}
      </select>
    </label>
  );
}

const Tools = memo(function Tools({ view, question, purpose, show }: {
  view: View;
  question: Record<string, string>;
  purpose: string | null;
  show: (purpose: string | null) => void;
}) {
  const sort = question["sort"] ?? view.sorts[0] ?? "";
  const { from: _, sort: __, direction: ___, ...filters } = question;
  return (
    <div class="row">
      <label>
        {t("cases.sort")}
        <select value={sort} onChange={(event) => go(withQuery({ sort: event.currentTarget.value, from: null }), true)}>
          {view.sorts.map((name) => {
            const column = view.columns.find((one) => one.name === name);
            return (
              <option key={name} value={name}>
                {column === undefined ? t("cases.updated") : labelOf(column)}
              </option>
            );
          })}
        </select>
      </label>
      {sort !== "updated" && (
        <label>
          {t("cases.jump")}
          <input
            type="date"
            value={question["from"] ?? ""}
            onChange={(event) => go(withQuery({ from: isDay(event.currentTarget.value) ? event.currentTarget.value : null }), true)}
          />
        </label>
      )}
      <Identities shown={purpose} show={show} />
      <span class="row end">
        {["csv", "xlsx"].map((as) => (
          <button key={as} type="button" onClick={() => void download("/api/v1/exports/cases", { ...filters, as, bom: as === "csv" ? true : undefined }, `cases.${as}`)}>
            {t("cases.export", { as: as.toUpperCase() })}
          </button>
        ))}
      </span>
    </div>
  );
});

export default function CaseList() {
  const view = model.value?.views.find((one) => one.name === "cases");
  const [purpose, setPurpose] = useState<string | null>(null);
  const [changed, setChanged] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const question = useMemo(() => Object.fromEntries(query.value), [query.value]);
  const list = useCaseList(question, purpose !== null);
  const rows = useRows(list.rows.length, scroller);
  const items = rows.getVirtualItems();
  const lastSeen = items[items.length - 1]?.index ?? 0;

  useEffect(() => {
    // A page may hold nothing and yet say where to go on: the server looks through so many rows at a time.
    if (lastSeen > list.rows.length - NEAR_THE_END && list.more && !list.loading) list.next();
  }, [lastSeen, list.rows.length, list.more, list.loading]);
  useEffect(() => {
    scroller.current?.scrollTo(0, 0);
    setChanged(false);
  }, [JSON.stringify(question)]);
  useEffect(() => onChange(["case"], () => setChanged(true)), []);
  useEffect(() => () => choosePurpose(null), []); // names are for this page alone

  const columns = useMemo(() => (view === undefined ? [] : columnsOf(view, purpose !== null)), [view, purpose !== null]);
  const show = useCallback((wanted: string | null) => {
    choosePurpose(wanted);
    setPurpose(wanted);
  }, []);
  if (view === undefined) return <Empty>{t("cases.notForYou")}</Empty>;
  return (
    <div class="cases">
      <h1>{list.total === null ? t("cases.title") : t("cases.count", { n: list.total })}</h1>
      <Filters view={view} />
      <Tools view={view} question={question} purpose={purpose} show={show} />
      {purpose !== null && <p class="asof">{t("cases.audited")}</p>}
      {changed && (
        <p class="asof" role="status">
          {t("cases.changed")}{" "}
          <button
            type="button"
            onClick={() => {
              setChanged(false);
              list.again();
            }}
          >
            {t("cases.showNew")}
          </button>
        </p>
      )}
      {list.failure !== null && <Failure problem={list.failure} again={list.again} />}
      {list.rows.length === 0 && !list.more && list.failure === null && <Empty>{t("cases.none")}</Empty>}
      <div class="grid" ref={scroller} role="table" aria-label={t("cases.title")} aria-rowcount={list.total ?? -1} tabIndex={0}>
        <div class="grid-head" role="rowgroup">
          <div class="grid-row" role="row">
            {columns.map((column) => (
              <span key={column.name} role="columnheader" class={`c-${column.name}`}>
                {column.name === "area_en" ? t("cases.area") : labelOf(column)}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" class="grid-body" ref={(body) => body?.style.setProperty("height", `${rows.getTotalSize()}px`)}>
          {items.map((item) => {
            const row = list.rows[item.index];
            return row === undefined ? null : <Line key={item.index} row={row} index={item.index} start={item.start} columns={columns} />;
          })}
        </div>
        {list.loading && <Loading />}
      </div>
    </div>
  );
}
