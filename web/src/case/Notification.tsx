// SPDX-License-Identifier: GPL-3.0-or-later
// The clock of the law: by when a case is to be notified, to whom, that it was, and the receipt.
import { useState } from "preact/hooks";
import { get, post, Problem, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { t, time } from "../core/language";
import { Clock } from "../signal/Clock";
import { Failure, Show } from "../ui/states";

type Standing = Schemas["case_notification"];

/** An instant of the form's local time as text with its zone. */
function withZone(local: string): string {
  const minutes = -new Date(local).getTimezoneOffset();
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, "0");
  return `${local.slice(0, 16)}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

function Form({ id, done, leave }: { id: string; done: () => void; leave: () => void }) {
  const [at, setAt] = useState("");
  const [receipt, setReceipt] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const body = { ...(at === "" ? {} : { at: withZone(at) }), ...(receipt === "" ? {} : { receipt }) };
      await post("/api/v1/cases/{id}/notify", body, { path: { id } });
      done();
    } catch (failure) {
      setBusy(false);
      setProblem(Problem.of(failure));
    }
  };
  return (
    <form onSubmit={(event) => void send(event)}>
      {problem !== null && <Failure problem={problem} />}
      <div class="fields">
        <label>
          {t("notify.at")}
          <input type="datetime-local" value={at} onChange={(event) => setAt(event.currentTarget.value)} />
        </label>
        <label>
          {t("notify.receipt")}
          <input type="text" maxLength={40} value={receipt} onChange={(event) => setReceipt(event.currentTarget.value)} />
        </label>
      </div>
      <div class="row">
        <button type="submit" class="main" disabled={busy}>
          {t("notify.save")}
        </button>
        <button type="button" onClick={leave}>
          {t("case.cancel")}
        </button>
      </div>
    </form>
  );
}

function Sentence({ clock }: { clock: Standing }) {
  const hours = clock.hours ?? 0;
  if (clock.standing === "no-rule") return <p class="quiet">{t("notify.noRule")}</p>;
  if (clock.notified !== null)
    return (
      <p>
        <strong>{t(clock.standing === "met-late" ? "notify.metLate" : "notify.met", { at: time(clock.notified), hours })}</strong>{" "}
        {clock.receipt === null ? t("notify.noReceipt") : t("notify.receiptIs", { receipt: clock.receipt })}
      </p>
    );
  if (clock.due === null) return <p>{t("notify.unknown", { hours })}</p>;
  return (
    <p>
      <Clock due={clock.due} />{" "}
      {t(clock.from === "diagnosis_time" ? "notify.fromDiagnosis" : "notify.fromResult", { hours, due: time(clock.due) })} {!clock.exact && t("notify.notExact")}
    </p>
  );
}

export function Notification({ value, may }: { value: Schemas["case"]; may: boolean }) {
  const [open, setOpen] = useState(false);
  const data = useData(`notification ${value.id} ${value.version}`, (signal) => get("/api/v1/cases/{id}/notification", {}, { path: { id: value.id }, signal }), open ? [] : ["case", "task"]);
  return (
    <section class="card" aria-labelledby="notification">
      <h2 id="notification">{t("notify.title")}</h2>
      <Show data={data}>
        {(clock) => (
          <>
            <Sentence clock={clock} />
            {clock.standing !== "no-rule" && clock.notified === null && <p class="quiet">{t("notify.to")}</p>}
            {open ? (
              <Form
                id={value.id}
                leave={() => setOpen(false)}
                done={() => {
                  setOpen(false);
                  data.again();
                }}
              />
            ) : (
              may &&
              clock.notified === null && (
                <button type="button" onClick={() => setOpen(true)}>
                  {t("notify.record")}
                </button>
              )
            )}
          </>
        )}
      </Show>
    </section>
  );
}
