// SPDX-License-Identifier: GPL-3.0-or-later
// One sender: its last weeks by day, what was refused or held, what was wrong, by kind, and the reconciliations it has filed.
import { EpiCurve } from "../chart/EpiCurve";
import { get, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { day, number, t, time } from "../core/language";
import { codeName, may } from "../core/session";
import { takesLists } from "../shell/pages";
import { Empty, Fresh, Show } from "../ui/states";
import { isUnusual, usual } from "./SenderList";
import "./sender.css";

type Sender = Schemas["sender"];

const FILED = 20; // filings that are shown
const SUMS = ["listed", "used", "waiting", "not_used", "missing", "not_listed"] as const;

function Days({ sender }: { sender: Sender }) {
  const days = [...sender.days].reverse();
  const troubled = sender.days.filter((one) => one.rejected > 0 || one.held > 0);
  return (
    <section class="card">
      <h2>{t("senders.days", { n: days.length })}</h2>
      <EpiCurve points={days.map((one) => ({ at: one.day, count: one.messages }))} incomplete={1} why="senders.notOver" count="senders.messages" title={t("senders.days", { n: days.length })} />
      {troubled.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>{t("curve.day")}</th>
              <th class="number">{t("senders.messages")}</th>
              <th class="number">{t("senders.rejected")}</th>
              <th class="number">{t("senders.held")}</th>
            </tr>
          </thead>
          <tbody>
            {troubled.map((one) => (
              <tr key={one.day}>
                <th scope="row">{day(one.day)}</th>
                <td class="number">{number(one.messages)}</td>
                <td class="number">{number(one.rejected)}</td>
                <td class="number">{number(one.held)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Faults({ sender }: { sender: Sender }) {
  return (
    <section class="card">
      <h2>{t("senders.faults")}</h2>
      {sender.faults.length === 0 ? (
        <Empty>{t("senders.noFaults")}</Empty>
      ) : (
        <table>
          <thead>
            <tr>
              <th>{t("senders.kind")}</th>
              <th class="number">{t("senders.messages")}</th>
            </tr>
          </thead>
          <tbody>
            {sender.faults.map((one) => (
              <tr key={one.kind}>
                <th scope="row">{one.kind}</th>
                <td class="number">{number(one.messages)}</td>
              </tr>
            ))}
            {sender.other_faults > 0 && (
              <tr>
                <th scope="row">{t("senders.otherFaults")}</th>
                <td class="number">{number(sender.other_faults)}</td>
              </tr>
            )}
          </tbody>
        </table>
      )}
    </section>
  );
}

/** The lists of accession numbers that it has filed at day's end, newest first: what became of their numbers. */
function Reconciliations({ feed }: { feed: string }) {
  const data = useData(`reconciliations ${feed}`, (signal) => get("/api/v1/reconciliations", { feed, page_size: FILED }, { signal }), ["reconciliation"]);
  return (
    <section class="card">
      <h2>{t("senders.filed")}</h2>
      <Show data={data}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty>{t("senders.noneFiled")}</Empty>
          ) : (
            <table>
              <thead>
                <tr>
                  <th>{t("curve.day")}</th>
                  <th>{t("senders.filedAt")}</th>
                  {SUMS.map((sum) => (
                    <th key={sum} class="number">
                      {t(`senders.filed.${sum}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {rows.map((one) => (
                  <tr key={one.id}>
                    <th scope="row">{day(one.day ?? "")}</th>
                    <td>{time(one.filed ?? "")}</td>
                    {SUMS.map((sum) => (
                      <td key={sum} class="number">
                        {number(one[sum] ?? 0)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Show>
    </section>
  );
}

export default function SenderPage({ id }: { id: string }) {
  const data = useData(`sender ${id}`, (signal) => get("/api/v1/senders/{id}", {}, { path: { id }, signal }), ["feed", "message"]);
  if (data.failure?.status === 404) return <Empty>{t("senders.absent")}</Empty>;
  return (
    <>
      <p>
        <a href="/senders">{t("senders.back")}</a>
      </p>
      <Show data={data}>
        {(sender) => (
          <>
            <h1>{sender.name}</h1>
            <Fresh data={data} />
            <dl class="figures">
              <div>
                <dt>{t("senders.channel")}</dt>
                <dd>{codeName("message_channel", sender.channel)}</dd>
              </div>
              <div>
                <dt>{t("senders.status")}</dt>
                <dd>{codeName("feed_status", sender.status)}</dd>
              </div>
              <div>
                <dt>{t("senders.heard")}</dt>
                <dd>{sender.last_heard === null ? t("senders.never") : time(sender.last_heard)}</dd>
              </div>
              <div>
                <dt>{t("senders.todayUsual")}</dt>
                <dd>{t("senders.ofUsual", { n: number(sender.today), usual: usual(sender) })}</dd>
              </div>
              <div>
                <dt>{t("senders.habit")}</dt>
                <dd class={isUnusual(sender) ? "unusual" : ""}>{t(`senders.habit.${sender.habit}`)}</dd>
              </div>
            </dl>
            {takesLists() && (
              <p>
                <a href={`/import?feed=${sender.id}`}>{t("senders.import")}</a>
              </p>
            )}
            <Days sender={sender} />
            <Faults sender={sender} />
            {may("reconciliation", "read") && <Reconciliations feed={sender.id} />}
          </>
        )}
      </Show>
    </>
  );
}
