import { day, t } from "../core/language";
import type { Outcome, Report, RuleResult } from "./verifier";

const marks: Record<Outcome, string> = { fits: "✓", "does not fit": "!", "cannot be checked": "?" };
const kinds: Record<Outcome, "fits" | "not" | "unknown"> = { fits: "fits", "does not fit": "not", "cannot be checked": "unknown" };

function Rule({ result }: { result: RuleResult }) {
  return (
    <li>
      <p>
        {result.says ?? result.rule} {result.verdict !== "met" && <strong>({t(`pass.rule.${result.verdict === "open" ? "open" : "not"}`)})</strong>}
      </p>
      <p class="quiet">
        {result.rule} · {result.legal_basis === undefined ? t("pass.noBasis") : t("pass.basis", { text: result.legal_basis })}
        {result.ends !== undefined && <> · {t("pass.ends", { day: day(result.ends, "long") })}</>}
      </p>
    </li>
  );
}

/** One of three answers, why, and what to do now. */
export function Answer({ report, next }: { report: Report; next: () => void }) {
  const kind = kinds[report.outcome];
  const genuine = report.verdict === "genuine";
  const held = report.holder;
  const results = report.rules?.results ?? [];
  const shown = kind === "fits" ? results : results.filter((one) => one.verdict !== "met");
  return (
    <section class={`answer ${kind}`} data-outcome={report.outcome}>
      <h2>
        <span class="mark" aria-hidden="true">
          {marks[report.outcome]}
        </span>
        {t(`pass.outcome.${kind}`)}
      </h2>
      <p class="why">{genuine && report.rules !== undefined ? report.rules.text : report.text}</p>
      {shown.length > 0 && (
        <ul>
          {shown.map((result) => (
            <Rule key={result.rule} result={result} />
          ))}
        </ul>
      )}
      {held !== undefined && (held.name !== undefined || held.born !== undefined) && genuine && (
        <dl class="holder">
          <dt>{t("pass.name")}</dt>
          <dd>{held.name ?? "–"}</dd>
          <dt>{t("pass.born")}</dt>
          <dd>{held.born ?? "–"}</dd>
        </dl>
      )}
      <h3>{t("pass.now")}</h3>
      <p>{report.next}</p>
      {report.other_way !== undefined && <p class="other">{report.other_way}</p>}
      <p class="quiet">
        {report.trust_age_days !== undefined && t("pass.age", { n: report.trust_age_days })} {t("pass.people")}
      </p>
      <button type="button" class="main" onClick={next}>
        {t("pass.next")}
      </button>
    </section>
  );
}
