// SPDX-License-Identifier: GPL-3.0-or-later
// A series that is watched: bars, what was to be expected (dashed), the threshold (line), and a mark over each step that
// is above it, an empty one where more than that explains it. Shares of few are hatched. The same as a table behind it.
import { scaleLinear } from "d3-scale";
import { plusDays } from "../core/days";
import { day, number, t } from "../core/language";
import { codeName } from "../core/session";
import { shareText } from "../signal/said";
import "./chart.css";

export interface Step {
  day: string;
  count: number | null; /** nobody has said */
  numerator: number | null;
  denominator: number | null;
  unstable: boolean; /** a share of few */
  mark: string | null; /** over, but not because more fell ill */
  expected: number | null;
  threshold: number | null;
  over: boolean;
}

const WIDTH = 720;
const HEIGHT = 220;
const LEFT = 40;
const BOTTOM = 24;
const TOP = 16;

/** A line of flat pieces, one a step, interrupted where there is no value. */
function stairs(steps: Step[], x: (i: number) => number, y: (value: number) => number, of: (step: Step) => number | null): string {
  let drawn = "";
  let open = false;
  steps.forEach((step, i) => {
    const value = of(step);
    if (value === null) open = false;
    else {
      drawn += `${open ? "L" : "M"}${x(i).toFixed(1)} ${y(value).toFixed(1)}H${x(i + 1).toFixed(1)}`;
      open = true;
    }
  });
  return drawn;
}

/** Days that are hatched while nobody can say how late reports are. */
export const UNKNOWN_DELAY = 28;

/** completeTo: later days still change; null = nobody can say. share: counts are per cent. */
export function ThresholdChart({ steps, completeTo, share, title }: { steps: Step[]; completeTo: string | null; share: boolean; title: string }) {
  const most = Math.max(1, ...steps.map((step) => Math.max(step.count ?? 0, step.threshold ?? 0)));
  const y = scaleLinear([0, most], [HEIGHT - BOTTOM, TOP]).nice(4);
  const wide = (WIDTH - LEFT) / Math.max(1, steps.length);
  const x = (i: number) => LEFT + i * wide;
  const every = Math.max(1, Math.ceil(steps.length / 8));
  const complete = completeTo ?? plusDays(steps[steps.length - 1]?.day ?? "", -UNKNOWN_DELAY);
  const incomplete = (step: Step) => step.day > complete;
  const text = (step: Step) => (step.count === null ? "–" : share ? shareText(step.count, step.numerator, step.denominator) : number(step.count));
  const over = (step: Step) => (step.mark === null ? t("chart.over") : t("signals.marked", { mark: codeName("series_mark", step.mark) }));
  return (
    <figure class="curve">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title}>
        <defs>
          <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect class="hatch-ground" width="5" height="5" />
            <rect class="hatch-line" width="2" height="5" />
          </pattern>
        </defs>
        {y.ticks(4).filter(Number.isInteger).map((tick) => (
          <g key={tick}>
            <line class="grid-line" x1={LEFT} x2={WIDTH} y1={y(tick)} y2={y(tick)} />
            <text class="axis" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
              {number(tick)}
            </text>
          </g>
        ))}
        {steps.map((step, i) => (
          <g key={step.day}>
            <rect class={incomplete(step) || step.unstable ? "bar incomplete" : "bar"} x={x(i) + wide * 0.08} width={wide * 0.84} y={y(step.count ?? 0)} height={HEIGHT - BOTTOM - y(step.count ?? 0)}>
              <title>{`${day(step.day)}: ${text(step)}`}</title>
            </rect>
            {step.over && <path class={step.mark === null ? "over-mark" : "over-mark marked"} d={`M${x(i) + wide / 2} ${y(step.count ?? 0) - 3}l5 -9h-10z`} />}
          </g>
        ))}
        <path class="expected" d={stairs(steps, x, y, (step) => step.expected)} />
        <path class="threshold" d={stairs(steps, x, y, (step) => step.threshold)} />
        {steps.map((step, i) =>
          (steps.length - 1 - i) % every === 0 ? (
            <text key={step.day} class="axis" x={x(i) + wide / 2} y={HEIGHT - 6} text-anchor={i > steps.length - 3 ? "end" : "middle"}>
              {day(step.day)}
            </text>
          ) : null,
        )}
      </svg>
      <figcaption class="quiet legend">
        <span>
          <svg width="24" height="10" aria-hidden="true">
            <path class="threshold" d="M0 5H24" />
          </svg>{" "}
          {t("chart.threshold")}
        </span>
        <span>
          <svg width="24" height="10" aria-hidden="true">
            <path class="expected" d="M0 5H24" />
          </svg>{" "}
          {t("chart.expected")}
        </span>
        <span>
          <svg width="12" height="10" aria-hidden="true">
            <path class="over-mark" d="M6 10l5 -9h-10z" />
          </svg>{" "}
          {t("chart.over")}
        </span>
        {steps.some(incomplete) && (
          <span>
            <svg width="14" height="14" aria-hidden="true">
              <rect class="bar incomplete" width="14" height="14" />
            </svg>{" "}
            {t("curve.stillComing")}
          </span>
        )}
        {steps.some((step) => step.unstable) && (
          <span>
            <svg width="14" height="14" aria-hidden="true">
              <rect class="bar incomplete" width="14" height="14" />
            </svg>{" "}
            {t("chart.unstable")}
          </span>
        )}
      </figcaption>
      <details>
        <summary>{t("curve.table")}</summary>
        <table>
          <thead>
            <tr>
              <th>{t("curve.day")}</th>
              <th class="number">{t("chart.count")}</th>
              <th class="number">{t("chart.expected")}</th>
              <th class="number">{t("chart.threshold")}</th>
            </tr>
          </thead>
          <tbody>
            {[...steps].reverse().map((step) => (
              <tr key={step.day}>
                <td>
                  {step.day}
                  {step.over ? ` (${over(step)})` : ""}
                  {step.unstable ? ` (${t("chart.unstable")})` : ""}
                </td>
                <td class="number">{text(step)}</td>
                <td class="number">{step.expected === null ? "–" : number(step.expected, 1)}</td>
                <td class="number">{step.threshold === null ? "–" : number(step.threshold, 1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}
