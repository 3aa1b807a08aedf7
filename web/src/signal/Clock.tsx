// SPDX-License-Identifier: GPL-3.0-or-later
// A deadline against the clock: how long there is still, or how late it is. Shape and word, not colour alone.
import { now } from "../core/clock";
import { number, t, time } from "../core/language";
import { minutesTo } from "./signals";
import "./signal.css";

const SOON_MINUTES = 120;

function span(minutes: number): string {
  if (minutes < 60) return t("clock.minutes", { n: number(minutes) });
  if (minutes < 48 * 60) return t("clock.hours", { n: number(Math.floor(minutes / 60)) });
  return t("clock.days", { n: number(Math.floor(minutes / 1440)) });
}

export function Clock({ due }: { due: string }) {
  const minutes = minutesTo(due, now.value);
  const state = minutes < 0 ? "late" : minutes < SOON_MINUTES ? "soon" : "due";
  const mark = { late: "⯃", soon: "▲", due: "○" }[state];
  return (
    <time class={`clock ${state}`} dateTime={due} title={time(due)}>
      <span aria-hidden="true">{mark}</span> {t(state === "late" ? "clock.late" : "clock.left", { span: span(Math.max(0, state === "late" ? -minutes : minutes)) })}
    </time>
  );
}
