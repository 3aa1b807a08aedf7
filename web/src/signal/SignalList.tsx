// SPDX-License-Identifier: GPL-3.0-or-later
// The inbox: what has to be answered first stands first. j and k move, Enter opens, t takes the one that is chosen.
import { useRef, useState } from "preact/hooks";
import { post, Problem } from "../core/api";
import { useData } from "../core/data";
import { useKeys } from "../core/keys";
import { t, time } from "../core/language";
import { go, query, withQuery } from "../core/router";
import { codeName, codesOf, may } from "../core/session";
import { Empty, Failure, Fresh, Show } from "../ui/states";
import { Clock } from "./Clock";
import { areaOf } from "./OpenSignals";
import { saidBy } from "./said";
import { askInbox, stepsOf, STEP_KEYS, type Inbox, type Waiting } from "./signals";

function Row({ one, chosen, choose }: { one: Waiting; chosen: boolean; choose: () => void }) {
  const { signal, task } = one;
  const [next] = stepsOf(signal.status ?? "");
  return (
    <tr class={chosen ? "chosen" : ""} onFocusCapture={choose}>
      <td>{task?.due === undefined ? <span class="quiet">{t("signals.notDue")}</span> : <Clock due={task.due} />}</td>
      <th scope="row">
        <a href={`/signals/${signal.id}`} data-signal={signal.id}>
          {signal.disease === undefined ? codeName("signal_source", signal.source ?? "") : codeName("disease", signal.disease)}
        </a>
      </th>
      <td>{areaOf(signal)}</td>
      <td class="wide">{saidBy(signal)}</td>
      <td>{codeName("signal_status", signal.status ?? "")}</td>
      <td class="wide">{time(signal.noticed_time)}</td>
      <td class="wide">{next === undefined ? "" : t(`step.${next}`)}</td>
    </tr>
  );
}

function Rows({ list, title, chosen, choose }: { list: Waiting[]; title: string | null; chosen: string | null; choose: (id: string) => void }) {
  return (
    <tbody>
      {title !== null && (
        <tr class="line">
          <th colSpan={7} scope="colgroup">
            {title}
          </th>
        </tr>
      )}
      {list.map((one) => (
        <Row key={one.signal.id} one={one} chosen={one.signal.id === chosen} choose={() => choose(one.signal.id)} />
      ))}
    </tbody>
  );
}

function List({ inbox, again }: { inbox: Inbox; again: () => void }) {
  const all = [...inbox.above, ...inbox.below, ...inbox.undue];
  const [chosen, setChosen] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const at = all.findIndex((one) => one.signal.id === chosen);
  const move = (step: number) => {
    const to = all[Math.min(all.length - 1, Math.max(0, at + step))];
    if (to !== undefined) box.current?.querySelector<HTMLElement>(`[data-signal="${to.signal.id}"]`)?.focus();
  };
  const take = () => {
    const one = all[at];
    if (one === undefined || !stepsOf(one.signal.status ?? "").includes("triage") || !may("signal", "change")) return;
    setProblem(null);
    post("/api/v1/signals/{id}/triage", {}, { path: { id: one.signal.id } }).then(again, (failure: unknown) => setProblem(Problem.of(failure)));
  };
  useKeys({ j: () => move(1), k: () => move(-1), [STEP_KEYS.triage]: take });
  return (
    <>
      {problem !== null && <Failure problem={problem} again={again} />}
      <div class="over" ref={box} tabIndex={0} role="group" aria-label={t("signals.title")}>
        <table class="inbox">
          <thead>
            <tr>
              <th>{t("signals.deadline")}</th>
              <th>{t("signals.about")}</th>
              <th>{t("cases.area")}</th>
              <th class="wide">{t("signals.summary")}</th>
              <th>{t("signals.status")}</th>
              <th class="wide">{t("signals.noticed")}</th>
              <th class="wide">{t("signals.next")}</th>
            </tr>
          </thead>
          <Rows list={inbox.above} title={null} chosen={chosen} choose={setChosen} />
          {inbox.below.length > 0 && <Rows list={inbox.below} title={t("signals.below", { n: inbox.below.length })} chosen={chosen} choose={setChosen} />}
          {inbox.undue.length > 0 && <Rows list={inbox.undue} title={t("signals.undue", { n: inbox.undue.length })} chosen={chosen} choose={setChosen} />}
        </table>
      </div>
      {inbox.more && <p class="quiet">{t("signals.more")}</p>}
      <p class="quiet">{t("signals.keys")}</p>
    </>
  );
}

export default function SignalList() {
  const area = query.value.get("area") ?? "";
  const disease = query.value.get("disease") ?? "";
  const data = useData(`inbox ${area} ${disease}`, (signal) => askInbox(area, disease, signal), ["signal", "task"]);
  if (!may("signal", "read")) return <Empty>{t("signals.notForYou")}</Empty>;
  return (
    <>
      <div class="row">
        <label>
          {t("situation.disease")}
          <select value={disease} onChange={(event) => go(withQuery({ disease: event.currentTarget.value }), true)}>
            <option value="">{t("situation.allDiseases")}</option>
            {codesOf("disease").map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {area !== "" && <a href={withQuery({ area: null })}>{t("signals.everywhere")}</a>}
      </div>
      <Show data={data}>
        {(inbox) => (
          <>
            <h1>{t("signals.waiting", { n: inbox.above.length + inbox.below.length })}</h1>
            <Fresh data={data} />
            {inbox.above.length + inbox.below.length + inbox.undue.length === 0 ? <Empty>{t("signals.none")}</Empty> : <List inbox={inbox} again={data.again} />}
          </>
        )}
      </Show>
    </>
  );
}
