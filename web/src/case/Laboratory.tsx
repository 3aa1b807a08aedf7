// SPDX-License-Identifier: GPL-3.0-or-later
// What laboratories say of a case: specimens, results with how final they are, and the messages that they came in.
import { useState } from "preact/hooks";
import { get, Problem, type Schemas } from "../core/api";
import { day, number, t, time } from "../core/language";
import { codeName, nameOf, role } from "../core/session";
import { Empty, Failure, Loading } from "../ui/states";

export type Laboratory = Schemas["case_laboratory"];
type Result = Laboratory["results"][number];
type Specimen = Laboratory["specimens"][number];
type Message = Laboratory["messages"][number];
type Text = Schemas["case_message"];

const RETRACTED = new Set(["cancelled", "entered-in-error", "superseded"]);
const PURPOSE = "data-quality"; // for which the bytes of a message are shown (src/model/access.def)

export function askLaboratory(id: string, signal: AbortSignal): Promise<Laboratory> {
  return get("/api/v1/cases/{id}/laboratory", {}, { path: { id }, signal });
}

const findingOf = (result: Result) =>
  t("case.finding", { target: codeName("test_target", result.target ?? ""), found: codeName("result_interpretation", result.interpretation ?? "") });

/** For the timeline: what was taken, what was reported, and how final that was. */
export function momentsOf(found: Laboratory): { at: string; what: string }[] {
  return [
    ...found.specimens.flatMap((one) =>
      one.collected_time === undefined ? [] : [{ at: one.collected_time, what: t("case.taken", { material: codeName("specimen_material", one.material ?? "") }) }],
    ),
    ...found.results.flatMap((one) =>
      one.result_time === undefined ? [] : [{ at: one.result_time, what: t("case.reported", { finding: findingOf(one), status: codeName("result_status", one.status ?? "") }) }],
    ),
  ];
}

function valueOf(result: Result): string {
  const parts = [
    result.cycle_threshold === undefined ? "" : `Ct ${number(result.cycle_threshold, 1)}`,
    result.quantity === undefined ? "" : `${result.below_detection === true ? "< " : ""}${number(result.quantity, 1)} ${result.unit ?? ""}`.trim(),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** Retracted by word and by a line through it, not by colour. */
function Row({ result, laboratory, show }: { result: Result; laboratory: string; show: (() => void) | null }) {
  const retracted = RETRACTED.has(result.status ?? "");
  const found = codeName("result_interpretation", result.interpretation ?? "");
  return (
    <tr class={retracted ? "retracted" : ""}>
      <td>
        {codeName("test_target", result.target ?? "")} <code>{result.target}</code>
      </td>
      <td>{retracted ? <s>{found}</s> : <strong>{found}</strong>}</td>
      <td>{valueOf(result)}</td>
      <td>{codeName("result_status", result.status ?? "")}</td>
      <td>{codeName("test_method", result.method ?? "")}</td>
      <td>
        {time(result.result_time)} <span class="quiet">{laboratory}</span>
      </td>
      <td>
        {show !== null && (
          <button type="button" onClick={show}>
            {t("case.message")}
          </button>
        )}
      </td>
    </tr>
  );
}

/** A message as it came, without what is never collected and without anybody else's part. */
function Bytes({ text }: { text: Text }) {
  if (text.standing !== "shown") return <Empty>{t(text.standing === "gone" ? "case.messageGone" : "case.messageFormat")}</Empty>;
  return (
    <>
      <pre class="message" tabIndex={0} aria-label={t("case.messageText")}>
        {text.lines.map((line, at) => (
          <div key={at}>
            {line.spans.map((span, place) =>
              span.struck === true ? (
                <s key={place} class="struck">
                  {t("case.struck")}
                </s>
              ) : (
                span.text
              ),
            )}
            {line.left_out > 0 && <em>{t("case.leftOut", { n: line.left_out })}</em>}
          </div>
        ))}
      </pre>
      <p class="quiet">{t(text.others ? "case.othersOut" : "case.messageAudited")}</p>
    </>
  );
}

function MessageCard({ caseId, message, sender, close }: { caseId: string; message: Message; sender: string; close: () => void }) {
  const [text, setText] = useState<Text | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const open = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const path = { id: caseId, message: message.id };
      setText(await get("/api/v1/cases/{id}/messages/{message}", {}, { path, headers: { "Tocsin-Purpose": PURPOSE } }));
    } catch (failure) {
      setProblem(Problem.of(failure));
    }
    setBusy(false);
  };
  return (
    <section class="message-card" aria-labelledby="message">
      <h3 id="message">{t("case.messageOf", { at: time(message.received) })}</h3>
      <p>
        {[
          sender,
          codeName("message_channel", message.channel ?? ""),
          codeName("message_format", message.format ?? ""),
          codeName("message_verdict", message.verdict ?? ""),
          message.num_faults === undefined || message.num_faults === 0 ? "" : t("case.faults", { n: message.num_faults }),
        ]
          .filter((part) => part !== "")
          .join(" · ")}
      </p>
      {problem !== null && <Failure problem={problem} />}
      {text !== null && <Bytes text={text} />}
      {busy && <Loading />}
      <div class="row">
        {text === null && role.value?.purposes.includes(PURPOSE) && (
          <button type="button" disabled={busy} onClick={() => void open()}>
            {t("case.messageShow", { purpose: codeName("purpose", PURPOSE) })}
          </button>
        )}
        {!role.value?.purposes.includes(PURPOSE) && <span class="quiet">{t("case.messageWho")}</span>}
        <button type="button" onClick={close}>
          {t("case.messageClose")}
        </button>
      </div>
    </section>
  );
}

function SpecimenTable({ specimen, results, nameFor, show }: {
  specimen: Specimen | null;
  results: Result[];
  nameFor: (id: string | undefined) => string;
  show: (result: Result) => (() => void) | null;
}) {
  const taken = specimen === null ? "" : [codeName("specimen_material", specimen.material ?? ""), day(specimen.collected_time, "long"), nameFor(specimen.laboratory), specimen.number ?? ""];
  return (
    <>
      <h3>{specimen === null ? t("case.otherResults") : [...taken].filter((part) => part !== "").join(" · ")}</h3>
      {results.length === 0 ? (
        <Empty>{t("case.noResult")}</Empty>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label={t("case.results")}>
          <table class="results">
            <thead>
              <tr>
                <th>{t("case.target")}</th>
                <th>{t("case.found")}</th>
                <th>{t("case.value")}</th>
                <th>{t("case.status")}</th>
                <th>{t("case.method")}</th>
                <th>{t("case.reportedAt")}</th>
                <th>{t("case.cameIn")}</th>
              </tr>
            </thead>
            <tbody>
              {results.map((result) => (
                <Row key={result.id} result={result} laboratory={result.laboratory === specimen?.laboratory ? "" : nameFor(result.laboratory)} show={show(result)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

export function Findings({ caseId, found }: { caseId: string; found: Laboratory }) {
  const [shown, setShown] = useState<string | null>(null);
  const nameFor = (id: string | undefined) => {
    const facility = found.facilities.find((one) => one.id === id);
    return facility === undefined ? "" : nameOf(facility);
  };
  const message = found.messages.find((one) => one.id === shown);
  const show = (result: Result) => (found.messages.some((one) => one.id === result.message) ? () => setShown(result.message ?? null) : null);
  const known = new Set(found.specimens.map((one) => one.id));
  const others = found.results.filter((one) => !known.has(one.specimen ?? ""));
  if (found.specimens.length === 0 && others.length === 0) return <Empty>{t("case.noSpecimens")}</Empty>;
  return (
    <>
      {found.specimens.map((one) => (
        <SpecimenTable key={one.id} specimen={one} results={found.results.filter((result) => result.specimen === one.id)} nameFor={nameFor} show={show} />
      ))}
      {others.length > 0 && <SpecimenTable specimen={null} results={others} nameFor={nameFor} show={show} />}
      {message !== undefined && <MessageCard key={message.id} caseId={caseId} message={message} sender={nameFor(message.sender)} close={() => setShown(null)} />}
    </>
  );
}
