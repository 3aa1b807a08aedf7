// SPDX-License-Identifier: GPL-3.0-or-later
// One case: what is known, in the order in which it happened; by when it is to be notified; what laboratories say; changes in
// place.
import { useState } from "preact/hooks";
import { get, patch, Problem, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { day, number, t, time } from "../core/language";
import { codeName, codesOf, labelOf, model, nameOf } from "../core/session";
import { Empty, Failure, Show } from "../ui/states";
import { askLaboratory, Findings, momentsOf, type Laboratory } from "./Laboratory";
import { Notification } from "./Notification";
import { Passes } from "./Passes";
import "./case.css";

type Case = Schemas["case"];
type Field = NonNullable<typeof model.value>["records"][number]["fields"][number];
type Values = Record<string, unknown>;

interface Moment {
  at: string;
  what: string;
}

/** What happened when: the case's own days and times, and what laboratories did, in the order of the days. */
function Timeline({ values, fields, laboratory }: { values: Values; fields: Field[]; laboratory: Laboratory | null }) {
  const own = fields
    .filter((field) => field.kind === "date" || field.kind === "time")
    .flatMap((field) => (typeof values[field.name] === "string" ? [{ what: labelOf(field), at: values[field.name] as string }] : []));
  const moments: Moment[] = [...own, ...(laboratory === null ? [] : momentsOf(laboratory))].sort((a, b) => a.at.localeCompare(b.at));
  if (moments.length === 0) return <Empty>{t("case.noDates")}</Empty>;
  return (
    <ol class="timeline">
      {moments.map(({ at, what }) => (
        <li key={`${at} ${what}`}>
          <time dateTime={at} title={time(at)}>
            {day(at, "long")}
          </time>{" "}
          {what}
        </li>
      ))}
    </ol>
  );
}

function textOf(field: Field, value: unknown): string {
  if (value === undefined || value === null || value === "") return "–";
  if (field.kind === "code" && field.list !== undefined) return codeName(field.list, String(value));
  if (field.kind === "date") return day(String(value), "long");
  if (field.kind === "flag") return t(value === true ? "case.yes" : "case.no");
  return typeof value === "number" ? number(value) : String(value);
}

function Input({ field, value, set }: { field: Field; value: unknown; set: (value: unknown) => void }) {
  const text = value === undefined || value === null ? "" : String(value);
  const take = (typed: string) => set(typed === "" ? null : field.kind === "integer" || field.kind === "real" ? Number(typed) : typed);
  if (field.kind === "code")
    return (
      <select value={text} onChange={(event) => take(event.currentTarget.value)}>
        {field.rule !== "required" && <option value="">–</option>}
        {codesOf(field.list ?? "").map(([code, name]) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </select>
    );
  if (field.kind === "flag") return <input type="checkbox" checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />;
  const type = field.kind === "date" ? "date" : field.kind === "integer" || field.kind === "real" ? "number" : "text";
  return <input type={type} value={text} onChange={(event) => take(event.currentTarget.value)} />;
}

/** Only what was changed is sent; somebody else's change meanwhile is refused by the server and said. */
function Form({ value, fields, done }: { value: Case; fields: Field[]; done: (saved: boolean) => void }) {
  const [changes, setChanges] = useState<Values>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const editable = fields.filter((field) => field.write && ["code", "date", "integer", "text", "flag"].includes(field.kind));
  const save = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await patch("/api/v1/cases/{id}", { id: value.id }, value.version, changes);
      done(true);
    } catch (failure) {
      setBusy(false);
      if (!(failure instanceof Problem)) throw failure;
      setProblem(failure.status === 412 ? new Problem(412, failure.type, t("case.elsewhere")) : failure);
    }
  };
  return (
    <form onSubmit={(event) => void save(event)}>
      {problem !== null && <Failure problem={problem} />}
      <div class="fields">
        {editable.map((field) => (
          <label key={field.name}>
            {labelOf(field)}
            <Input
              field={field}
              value={field.name in changes ? changes[field.name] : (value as Values)[field.name]}
              set={(to) => setChanges((old) => ({ ...old, [field.name]: to }))}
            />
          </label>
        ))}
      </div>
      <div class="row">
        <button type="submit" class="main" disabled={busy || Object.keys(changes).length === 0}>
          {t("case.save")}
        </button>
        <button type="button" onClick={() => done(false)}>
          {t("case.cancel")}
        </button>
      </div>
    </form>
  );
}

function Known({ value, fields }: { value: Case; fields: Field[] }) {
  const said = fields.filter((field) => field.read && !["date", "time", "instant", "id", "reference"].includes(field.kind));
  return (
    <dl class="known">
      {said.map((field) => (
        <div key={field.name}>
          <dt>{labelOf(field)}</dt>
          <dd>{textOf(field, (value as Values)[field.name])}</dd>
        </div>
      ))}
    </dl>
  );
}

interface Whole {
  value: Case;
  area: Schemas["area"] | null;
}

async function askCase(id: string, signal: AbortSignal): Promise<Whole> {
  const value = await get("/api/v1/cases/{id}", {}, { path: { id }, signal });
  const area = value.responsible_area === undefined ? null : await get("/api/v1/areas/{id}", {}, { path: { id: value.responsible_area }, signal });
  return { value, area };
}

export default function CasePage({ id }: { id: string }) {
  const [editing, setEditing] = useState(false);
  const data = useData(`case ${id}`, (signal) => askCase(id, signal), editing ? [] : ["case"]);
  const laboratory = useData(`laboratory ${id}`, (signal) => askLaboratory(id, signal), ["specimen", "result", "message"]);
  const record = model.value?.records.find((one) => one.name === "case");
  const fields = record?.fields ?? [];
  if (data.failure?.status === 404) return <Empty>{t("case.absent")}</Empty>;
  return (
    <Show data={data}>
      {({ value, area }) => (
        <>
          <p>
            <a href="/cases">{t("case.back")}</a>
          </p>
          <h1>
            {t("case.title", {
              disease: codeName("disease", value.disease ?? ""),
              classification: codeName("case_classification", value.classification ?? ""),
              area: area === null ? "" : nameOf(area),
            })}
          </h1>
          <Notification value={value} may={record?.may.includes("change") === true} />
          <div class="halves">
            <section class="card" aria-labelledby="timeline">
              <h2 id="timeline">{t("case.timeline")}</h2>
              <Timeline values={value as Values} fields={fields} laboratory={laboratory.value} />
            </section>
            <section class="card" aria-labelledby="known">
              <div class="row">
                <h2 id="known">{t("case.known")}</h2>
                {!editing && record?.may.includes("change") && (
                  <button type="button" onClick={() => setEditing(true)}>
                    {t("case.change")}
                  </button>
                )}
              </div>
              {editing ? (
                <Form
                  value={value}
                  fields={fields}
                  done={(saved) => {
                    setEditing(false);
                    if (saved) data.again();
                  }}
                />
              ) : (
                <Known value={value} fields={fields} />
              )}
            </section>
          </div>
          <section class="card" aria-labelledby="specimens">
            <h2 id="specimens">{t("case.specimens")}</h2>
            <Show data={laboratory}>{(found) => <Findings caseId={id} found={found} />}</Show>
          </section>
          <Passes value={value} laboratory={laboratory.value} />
        </>
      )}
    </Show>
  );
}
