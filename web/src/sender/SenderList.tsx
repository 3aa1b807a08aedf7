// SPDX-License-Identifier: GPL-3.0-or-later
// Who sends: when each was last heard, today against its own habit. Those that are silent or flooding come first.
import { get, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { number, t, time } from "../core/language";
import { codeName, may } from "../core/session";
import { Empty, Fresh, Show } from "../ui/states";
import "./sender.css";

type Sender = Schemas["senders"]["senders"][number];

const URGENCY = ["silent", "flooding", "new", "as-usual"] as const;

/** Is its habit a matter for somebody? */
export function isUnusual(sender: Pick<Sender, "habit">): boolean {
  return sender.habit === "silent" || sender.habit === "flooding";
}

export function usual(sender: Pick<Sender, "usual_day">): string {
  return sender.usual_day === null ? t("senders.notKnown") : number(sender.usual_day, Number.isInteger(sender.usual_day) ? 0 : 1);
}

function byUrgency(a: Sender, b: Sender): number {
  return URGENCY.indexOf(a.habit) - URGENCY.indexOf(b.habit) || a.name.localeCompare(b.name);
}

export default function SenderList() {
  const data = useData("senders", (signal) => get("/api/v1/senders", {}, { signal }), ["feed", "message"]);
  if (!may("feed", "read")) return <Empty>{t("senders.notForYou")}</Empty>;
  return (
    <Show data={data}>
      {({ senders }) => (
        <>
          <h1>{t("senders.title", { n: senders.length, odd: senders.filter(isUnusual).length })}</h1>
          <Fresh data={data} />
          {senders.length === 0 ? (
            <Empty>{t("senders.none")}</Empty>
          ) : (
            <div class="over" tabIndex={0} role="group" aria-label={t("page.senders")}>
              <table class="senders">
                <thead>
                  <tr>
                    <th>{t("senders.name")}</th>
                    <th>{t("senders.channel")}</th>
                    <th>{t("senders.status")}</th>
                    <th>{t("senders.heard")}</th>
                    <th class="number">{t("senders.today")}</th>
                    <th class="number">{t("senders.usual")}</th>
                    <th>{t("senders.habit")}</th>
                  </tr>
                </thead>
                <tbody>
                  {[...senders].sort(byUrgency).map((one) => (
                    <tr key={one.id}>
                      <th scope="row">
                        <a href={`/senders/${one.id}`}>{one.name}</a>
                      </th>
                      <td>{codeName("message_channel", one.channel)}</td>
                      <td>{codeName("feed_status", one.status)}</td>
                      <td>{one.last_heard === null ? t("senders.never") : time(one.last_heard)}</td>
                      <td class="number">{number(one.today)}</td>
                      <td class="number">{usual(one)}</td>
                      <td class={isUnusual(one) ? "unusual" : ""}>{t(`senders.habit.${one.habit}`)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </>
      )}
    </Show>
  );
}
