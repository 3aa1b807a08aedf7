// SPDX-License-Identifier: GPL-3.0-or-later
// Health passes of the person of a case: issue one, hand it over as a picture or a PDF, withdraw it. What a pass says is
// here until it is put away, and nowhere else: the server keeps that it was issued, not the pass.
import { useState } from "preact/hooks";
import { get, post, Problem, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { day, t, time } from "../core/language";
import { codeName, codesOf, identityPurposes, may } from "../core/session";
import { Empty, Failure, Show } from "../ui/states";
import type { Laboratory } from "./Laboratory";

type Case = Schemas["case"];
type Issued = Schemas["pass_issued"];
type Row = Schemas["passes_page"]["rows"][number];
type Source = { kind: "case" | "result" | "vaccination"; id: string; name: string };

const COVID = "covid-19"; // of what passes have a code (src/response/pass.h)
const TARGET = "sars-cov-2";
const RETRACTED = new Set(["cancelled", "entered-in-error", "superseded"]);

interface Standing {
  signs: boolean;
  rows: Row[];
  doses: Schemas["vaccinations_page"]["rows"];
}

/** Does this node issue passes, which has the person, and what else could one be made of? */
async function askStanding(person: string, signal: AbortSignal): Promise<Standing> {
  const signs = await get("/pass/trust.json", {}, { signal }).then(
    () => true,
    (failure: unknown) => {
      if (failure instanceof Problem && failure.status === 404) return false;
      throw failure;
    },
  );
  const { rows } = await get("/api/v1/passes", { person, page_size: 50 }, { signal });
  const doses = may("vaccination", "read") ? (await get("/api/v1/vaccinations", { person, page_size: 50 }, { signal })).rows : [];
  return { signs, rows, doses };
}

function sourcesOf(value: Case, laboratory: Laboratory | null, standing: Standing): Source[] {
  const results = (laboratory?.results ?? []).filter((one) => one.target === TARGET && one.interpretation === "not-detected" && !RETRACTED.has(one.status ?? ""));
  return [
    ...(value.disease === COVID ? [{ kind: "case" as const, id: value.id, name: t("passes.ofCase", { day: day(value.specimen_date, "long") }) }] : []),
    ...results.map((one) => ({ kind: "result" as const, id: one.id, name: t("passes.ofResult", { method: codeName("test_method", one.method ?? ""), at: time(one.result_time) }) })),
    ...standing.doses
      .filter((one) => one.disease === COVID)
      .map((one) => ({ kind: "vaccination" as const, id: one.id, name: t("passes.ofDose", { product: codeName("vaccine_product", one.product ?? ""), day: day(one.given_on, "long") }) })),
  ];
}

function keep(document_: string): void {
  const place = URL.createObjectURL(new Blob([Uint8Array.from(atob(document_), (letter) => letter.charCodeAt(0))], { type: "application/pdf" }));
  const link = document.createElement("a");
  link.href = place;
  link.download = "pass.pdf";
  link.click();
  URL.revokeObjectURL(place);
}

function Shown({ issued, close }: { issued: Issued; close: () => void }) {
  return (
    <div class="issued" role="status">
      <p>
        <strong>{t("passes.made", { form: codeName("pass_form", issued.form), until: time(issued.expires ?? undefined) })}</strong> {t("passes.once")}
      </p>
      <div class="codes">
        {(issued.pictures ?? []).map((svg, at) => (
          <img key={at} src={`data:image/svg+xml,${encodeURIComponent(svg)}`} alt={t("passes.code", { n: at + 1 })} />
        ))}
      </div>
      <div class="row">
        {issued.document !== undefined && (
          <button type="button" class="main" onClick={() => keep(issued.document ?? "")}>
            {t("passes.pdf")}
          </button>
        )}
        <button type="button" onClick={close}>
          {t("passes.away")}
        </button>
      </div>
    </div>
  );
}

function IssueForm({ sources, issued }: { sources: Source[]; issued: (pass: Issued) => void }) {
  const purposes = identityPurposes();
  const [source, setSource] = useState(sources[0]?.id ?? "");
  const [form, setForm] = useState("hc1");
  const [purpose, setPurpose] = useState(purposes[0] ?? "");
  const [amount, setAmount] = useState({ number: 10, hours: 24 });
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const chosen = sources.find((one) => one.id === source) ?? sources[0];
  if (chosen === undefined) return <Empty>{t("passes.nothing")}</Empty>;
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const body = { [chosen.kind]: chosen.id, form, pictures: true, document: true, ...(form === "minimal" ? amount : {}) };
      issued(await post("/api/v1/passes", body, { headers: { "Tocsin-Purpose": purpose } }));
    } catch (failure) {
      setProblem(Problem.of(failure));
    }
    setBusy(false);
  };
  const number = (name: "number" | "hours", high: number) => (
    <label>
      {t(`passes.${name}`)}
      <input type="number" min={1} max={high} required value={amount[name]} onChange={(event) => setAmount({ ...amount, [name]: Number(event.currentTarget.value) })} />
    </label>
  );
  return (
    <form onSubmit={(event) => void send(event)}>
      {problem !== null && <Failure problem={problem} />}
      <div class="fields">
        <label>
          {t("passes.of")}
          <select value={chosen.id} onChange={(event) => setSource(event.currentTarget.value)}>
            {sources.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("passes.form")}
          <select value={form} onChange={(event) => setForm(event.currentTarget.value)}>
            {codesOf("pass_form").map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("passes.purpose")}
          <select value={purpose} onChange={(event) => setPurpose(event.currentTarget.value)}>
            {purposes.map((one) => (
              <option key={one} value={one}>
                {codeName("purpose", one)}
              </option>
            ))}
          </select>
        </label>
        {form === "minimal" && number("number", 100)}
        {form === "minimal" && number("hours", 72)}
      </div>
      <p class="quiet">{t(form === "minimal" ? "passes.minimalSays" : "passes.audited")}</p>
      <button type="submit" class="main" disabled={busy}>
        {t("passes.issue")}
      </button>
    </form>
  );
}

function Given({ rows, again }: { rows: Row[]; again: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const withdraw = async (id: string) => {
    setProblem(null);
    try {
      await post("/api/v1/passes/{id}/revoke", undefined, { path: { id } });
      again();
    } catch (failure) {
      setProblem(Problem.of(failure));
    }
  };
  const standingOf = (row: Row) =>
    typeof row.revoked === "string"
      ? t("passes.withdrawn", { at: time(row.revoked) })
      : Date.parse(row.expires ?? "") < Date.now()
        ? t("passes.ended", { at: time(row.expires) })
        : t("passes.until", { at: time(row.expires) });
  if (rows.length === 0) return <Empty>{t("passes.none")}</Empty>;
  return (
    <>
      {problem !== null && <Failure problem={problem} />}
      <div class="scroll" tabIndex={0} role="region" aria-label={t("passes.given")}>
        <table class="results">
          <thead>
            <tr>
              <th>{t("passes.proof")}</th>
              <th>{t("passes.form")}</th>
              <th>{t("passes.issued")}</th>
              <th>{t("passes.standing")}</th>
              <th>{t("passes.act")}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <td>{codeName("pass_proof", row.proof ?? "")}</td>
                <td>
                  {codeName("pass_form", row.form ?? "")} {(row.number ?? 1) > 1 && `× ${row.number}`}
                </td>
                <td>{time(row.issued)}</td>
                <td>{standingOf(row)}</td>
                <td>
                  {row.form === "minimal" ? (
                    <span class="quiet">{t("passes.endsItself")}</span>
                  ) : (
                    typeof row.revoked !== "string" &&
                    Date.parse(row.expires ?? "") >= Date.now() && (
                      <button type="button" onClick={() => void withdraw(row.id)}>
                        {t("passes.withdraw")}
                      </button>
                    )
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

export function Passes({ value, laboratory }: { value: Case; laboratory: Laboratory | null }) {
  const [open, setOpen] = useState(false);
  const [issued, setIssued] = useState<Issued | null>(null);
  const person = value.person ?? "";
  const data = useData(open && person !== "" ? `passes ${person}` : null, (signal) => askStanding(person, signal), ["credential", "vaccination"]);
  // Whoever may read identities for nothing may issue nothing.
  if (!may("credential", "read") || person === "" || identityPurposes().length === 0) return null;
  return (
    <section class="card" aria-labelledby="passes">
      <h2 id="passes">{t("passes.title")}</h2>
      {!open && (
        <button type="button" onClick={() => setOpen(true)}>
          {t("passes.open")}
        </button>
      )}
      {open && (
        <Show data={data}>
          {(standing) => (
            <>
              <Given rows={standing.rows} again={data.again} />
              {issued !== null && <Shown issued={issued} close={() => setIssued(null)} />}
              {!standing.signs && <Empty>{t("passes.noSigner")}</Empty>}
              {standing.signs && issued === null && (
                <IssueForm
                  sources={sourcesOf(value, laboratory, standing)}
                  issued={(pass) => {
                    setIssued(pass);
                    data.again();
                  }}
                />
              )}
            </>
          )}
        </Show>
      )}
    </section>
  );
}
