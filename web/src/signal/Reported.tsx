// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody reported who saw something: what, where, when, how many. How they may be asked again is shown on request, for
// the purpose, with its audit entry.
import { useState } from "preact/hooks";
import { get, Problem, type Schemas } from "../core/api";
import { day, number, t } from "../core/language";
import { codeName, role } from "../core/session";
import { Failure } from "../ui/states";

const PURPOSE = "case-investigation";

function Contact({ id }: { id: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const show = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const report = await get("/api/v1/event-reports/{id}", {}, { path: { id }, headers: { "Tocsin-Purpose": PURPOSE } });
      setSaid(report.contact ?? t("report.noContact"));
    } catch (failure) {
      const met = Problem.of(failure);
      if (met.status === 404) setSaid(t("report.contactGone"));
      else setProblem(met);
    }
    setBusy(false);
  };
  if (said !== null) return <>{said}</>;
  if (!(role.value?.purposes.includes(PURPOSE) ?? false)) return <span class="quiet">{t("report.contactWho")}</span>;
  return (
    <>
      {problem !== null && <Failure problem={problem} />}
      <button type="button" disabled={busy} onClick={() => void show()}>
        {t("report.contactShow", { purpose: codeName("purpose", PURPOSE) })}
      </button>
    </>
  );
}

export function Reported({ signal }: { signal: Schemas["signal"] }) {
  const count = (found: number | undefined) => (found === undefined ? "–" : number(found));
  const rows: [string, string][] = [
    [t("report.what"), signal.summary ?? "–"],
    [t("report.place"), signal.place ?? "–"],
    [t("report.began"), day(signal.event_date) || "–"],
    [t("report.ill"), count(signal.num_ill)],
    [t("report.died"), count(signal.num_died)],
    [t("report.animals"), count(signal.num_animals)],
  ];
  return (
    <section class="card" aria-labelledby="reported">
      <h2 id="reported">{t("report.title")}</h2>
      <dl class="reported">
        {rows.map(([name, said]) => (
          <>
            <dt key={name}>{name}</dt>
            <dd>{said}</dd>
          </>
        ))}
        <dt>{t("report.contact")}</dt>
        <dd>
          <Contact id={signal.id} />
        </dd>
      </dl>
      <p class="quiet">{t("report.note")}</p>
    </section>
  );
}
