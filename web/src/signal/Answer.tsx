// SPDX-License-Identifier: GPL-3.0-or-later
// The next step of a signal: one key opens it, Enter sends it. Nothing is shown as done before the server has said so.
import { useEffect, useRef, useState } from "preact/hooks";
import { get, newKey, post, Problem } from "../core/api";
import { useData } from "../core/data";
import { useKeys } from "../core/keys";
import { t } from "../core/language";
import { codesOf, may } from "../core/session";
import { Failure } from "../ui/states";
import { titleOf } from "./OpenSignals";
import { stepsOf, STEP_KEYS, type SignalRow, type Step } from "./signals";

const LISTS: Partial<Record<Step, string>> = { verify: "verification", assess: "risk_level", close: "signal_closing" };
const ROUTES = {
  triage: "/api/v1/signals/{id}/triage",
  verify: "/api/v1/signals/{id}/verify",
  assess: "/api/v1/signals/{id}/assess",
  act: "/api/v1/signals/{id}/act",
  close: "/api/v1/signals/{id}/close",
} as const;

export interface Asked {
  id: string;
  status: string;
  disease: string | undefined;
}

const NEW = "new"; // instead of an outbreak's id: opened by this answer

function Outbreak({ opens, needed, set }: { opens: boolean; needed: boolean; set: (id: string) => void }) {
  const data = useData("outbreaks", (signal) => get("/api/v1/outbreaks", { page_size: 50 }, { signal }), ["outbreak"]);
  const rows = (data.value?.rows ?? []).filter((row) => row.status !== "over");
  return (
    <label>
      {t("answer.outbreak")}
      <select required={needed} onChange={(event) => set(event.currentTarget.value)}>
        <option value="">{t("answer.noOutbreak")}</option>
        {opens && <option value={NEW}>{t("answer.newOutbreak")}</option>}
        {rows.map((row) => (
          <option key={row.id} value={row.id}>
            {row.number}
          </option>
        ))}
      </select>
    </label>
  );
}

function Duplicate({ of, set }: { of: Asked; set: (id: string) => void }) {
  const data = useData(`signals like ${of.id}`, (signal) =>
    get("/api/v1/signals", { page_size: 50, ...(of.disease === undefined ? {} : { disease: of.disease }) }, { signal }),
  );
  const rows = (data.value?.rows ?? []).filter((row: SignalRow) => row.id !== of.id);
  return (
    <label>
      {t("answer.duplicateOf")}
      <select required onChange={(event) => set(event.currentTarget.value)}>
        <option value="">–</option>
        {rows.map((row) => (
          <option key={row.id} value={row.id}>
            {titleOf(row)} {row.noticed_time?.slice(0, 10)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Form({ of, step, done, cancel }: { of: Asked; step: Step; done: () => void; cancel: () => void }) {
  const [given, setGiven] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey()); // pressed twice it is one answer
  const form = useRef<HTMLFormElement>(null);
  const list = LISTS[step];
  const set = (name: string, value: string) => setGiven((old) => ({ ...old, [name]: value }));
  useEffect(() => form.current?.querySelector<HTMLElement>("select, input, button")?.focus(), [step]);
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ""));
      const headers = { "Idempotency-Key": key.current };
      if (body["outbreak"] === NEW) await post("/api/v1/outbreaks/open", { ...body, outbreak: undefined, signal: of.id }, { headers });
      else await post(ROUTES[step], body, { path: { id: of.id }, headers });
      done();
    } catch (failure) {
      key.current = newKey();
      setProblem(Problem.of(failure));
      setBusy(false);
    }
  };
  return (
    <form ref={form} class="answer" onSubmit={(event) => void send(event)} onKeyDown={(event) => event.key === "Escape" && cancel()}>
      {problem !== null && <Failure problem={problem} />}
      <div class="row">
        {list !== undefined && (
          <label>
            {t(`answer.${step as "verify" | "assess" | "close"}`)}
            <select required value={given["code"] ?? ""} onChange={(event) => set("code", event.currentTarget.value)}>
              <option value="">–</option>
              {codesOf(list).map(([code, name]) => (
                <option key={code} value={code}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        {given["code"] === "duplicate" && <Duplicate of={of} set={(id) => set("duplicate_of", id)} />}
        {(step === "act" || step === "close") && (
          <Outbreak
            opens={step === "act" && of.disease !== undefined && may("outbreak", "create")}
            needed={given["code"] === "outbreak-opened"}
            set={(id) => set("outbreak", id)}
          />
        )}
        <label class="reason">
          {t("answer.reason")}
          <input maxLength={300} value={given["reason"] ?? ""} onInput={(event) => set("reason", event.currentTarget.value)} />
        </label>
        <button type="submit" class="main" disabled={busy}>
          {t(`step.${step}`)}
        </button>
        <button type="button" onClick={cancel}>
          {t("case.cancel")}
        </button>
      </div>
      <p class="quiet">{t("answer.noNames")}</p>
    </form>
  );
}

export function Answer({ of, done }: { of: Asked; done: () => void }) {
  const [step, setStep] = useState<Step | null>(null);
  const steps = stepsOf(of.status);
  useEffect(() => setStep(null), [of.status]);
  useKeys(Object.fromEntries(steps.map((one) => [STEP_KEYS[one], () => setStep(one)])));
  if (steps.length === 0) return null;
  return (
    <section class="card" aria-labelledby="answer">
      <h2 id="answer">{t("answer.title")}</h2>
      <div class="row">
        {steps.map((one, i) => (
          <button key={one} type="button" class={i === 0 && step === null ? "main" : ""} aria-pressed={one === step} onClick={() => setStep(one === step ? null : one)}>
            {t(`step.${one}`)} <kbd>{STEP_KEYS[one]}</kbd>
          </button>
        ))}
      </div>
      {step !== null && (
        <Form
          key={step}
          of={of}
          step={step}
          cancel={() => setStep(null)}
          done={() => {
            setStep(null);
            done();
          }}
        />
      )}
    </section>
  );
}
