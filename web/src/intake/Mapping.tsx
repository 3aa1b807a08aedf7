// SPDX-License-Identifier: GPL-3.0-or-later
// What each column is taken for, to be changed and confirmed; and what is asked before a row can be read.
import { useEffect, useState } from "preact/hooks";
import { get, post, Problem, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { t } from "../core/language";
import { codesOf, labelOf } from "../core/session";
import { Failure, Show } from "../ui/states";
import { isNumbers, Numbers } from "./Numbers";
import { ORDERS, SendFile } from "./SendFile";

type Proposal = Schemas["upload_proposed"];

export interface Column {
  column: string;
  header: string;
  field: string;
  dates?: string;
  note?: string;
  denied?: boolean;
}

interface Mapped {
  table?: string;
  disease?: string;
  columns: Column[];
}

function Questions({ questions }: { questions: Proposal["questions"] }) {
  if (questions.length === 0) return null;
  return (
    <div class="failure" role="alert">
      <strong>{t("import.asked")}</strong>
      {questions.map((one) => (
        <div key={`${one.row} ${one.column} ${one.found}`}>
          {one.header === "" ? "" : `${one.header}: `}
          {one.found} ({one.allowed})
        </div>
      ))}
    </div>
  );
}

/** ordered: each column of dates may have an order of its own. */
function Line({ column, fields, ordered, change }: { column: Column; fields: Proposal["fields"]; ordered: boolean; change: (changed: Column) => void }) {
  const dated = fields.find((one) => one.code === column.field)?.date === true;
  const { dates: _, ...rest } = column;
  return (
    <tr>
      <td class="quiet">{column.column}</td>
      <th scope="row">{column.header}</th>
      <td>
        {column.denied === true ? (
          t("import.denied")
        ) : (
          <select aria-label={t("import.fieldOf", { header: column.header })} value={column.field} onChange={(event) => change({ ...rest, field: event.currentTarget.value })}>
            <option value="">{t("import.unused")}</option>
            {fields.map((one) => (
              <option key={one.code} value={one.code}>
                {labelOf(one)}
              </option>
            ))}
          </select>
        )}
      </td>
      {ordered && (
        <td>
          {dated && (
            <select
              aria-label={t("import.datesOf", { header: column.header })}
              value={column.dates ?? ""}
              onChange={(event) => change(event.currentTarget.value === "" ? rest : { ...rest, dates: event.currentTarget.value })}
            >
              <option value="">{t("import.itself")}</option>
              {ORDERS.map((one) => (
                <option key={one} value={one}>
                  {t(`import.dates.${one}`)}
                </option>
              ))}
            </select>
          )}
        </td>
      )}
    </tr>
  );
}

function Columns({ id, proposal, done }: { id: string; proposal: Proposal; done: () => void }) {
  const [mapped, setMapped] = useState(proposal.mapping as unknown as Mapped);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => setMapped(proposal.mapping as unknown as Mapped), [proposal]);
  const change = (changed: Column) =>
    setMapped({ ...mapped, columns: mapped.columns.map((one) => (one.column === changed.column ? changed : one)) });
  const { disease, ...rest } = mapped;
  const numbers = isNumbers(mapped) ? mapped : null;
  const confirm = () => {
    setBusy(true);
    setProblem(null);
    post("/api/v1/uploads/{id}/mapping", mapped, { path: { id } })
      .then(done, (failure: unknown) => setProblem(Problem.of(failure)))
      .finally(() => setBusy(false));
  };
  return (
    <>
      <div class="over" tabIndex={0} role="group" aria-label={t("import.step.columns")}>
        <table>
          <thead>
            <tr>
              <th>{t("import.letter")}</th>
              <th>{t("import.header")}</th>
              <th>{t("import.means")}</th>
              {numbers === null && <th>{t("import.dates")}</th>}
            </tr>
          </thead>
          <tbody>
            {mapped.columns.map((column) => (
              <Line key={column.column} column={column} fields={proposal.fields} ordered={numbers === null} change={change} />
            ))}
          </tbody>
        </table>
      </div>
      {numbers !== null && <Numbers mapped={numbers} change={(changed) => setMapped({ ...mapped, ...changed })} />}
      <div class="row">
        {numbers === null && (
          <label>
            {t("import.disease")}
            <select value={disease ?? ""} onChange={(event) => setMapped(event.currentTarget.value === "" ? rest : { ...rest, disease: event.currentTarget.value })}>
              <option value="">{t("import.diseaseByRow")}</option>
              {codesOf("disease").map(([code, name]) => (
                <option key={code} value={code}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        <button type="button" class="main" disabled={busy} onClick={confirm}>
          {t("import.confirm")}
        </button>
      </div>
      {problem !== null && <Failure problem={problem} />}
      <p class="quiet">{t("import.remembered")}</p>
    </>
  );
}

/** reason: why it is not in yet, as far as it was said: what is proposed changes with it. */
export function Mapping({ id, feed, reason, done }: { id: string; feed: string | null; reason: string | null; done: () => void }) {
  const data = useData(`mapping ${id} ${reason ?? ""}`, (signal) => get("/api/v1/uploads/{id}/mapping", {}, { path: { id }, signal }));
  return (
    <Show data={data}>
      {(proposal) => (
        <>
          <Questions questions={proposal.questions} />
          {proposal.mapping === null ? (
            <>
              <p>{t("import.unreadable")}</p>
              <SendFile
                feed={feed}
                done={() => {
                  data.again();
                  done();
                }}
              />
            </>
          ) : (
            <section class="card">
              <h2>{t("import.columns")}</h2>
              <Columns id={id} proposal={proposal} done={done} />
            </section>
          )}
        </>
      )}
    </Show>
  );
}
