// SPDX-License-Identifier: GPL-3.0-or-later
// Bars by day, the newest hatched while reports of them still come in. Real text and shapes: it prints, and a screen
// reader gets the table that stands behind it.
import { scaleLinear } from "d3-scale";
import { useState } from "preact/hooks";
import { day, number, t, type TextKey } from "../core/language";
import { titled } from "./hover";
import "./chart.css";

export interface CurvePoint {
  at: string;
  count: number;
}

const WIDTH = 720;
const HEIGHT = 220;
const LEFT = 40;
const BOTTOM = 24;
const TOP = 8;

/** Where to write dates: the first of each month, or every second Monday of a short curve. */
function dateMarks(points: CurvePoint[]): number[] {
  const every = Math.max(7, Math.ceil(points.length / 8 / 7) * 7);
  return points.flatMap((_, i) => ((points.length - 1 - i) % every === 0 ? [i] : []));
}

/** incomplete: so many of the newest days are hatched; why: the text that says what that means; count: what is counted. */
export function EpiCurve({ points, incomplete, why, title, count = "curve.cases" }: { points: CurvePoint[]; incomplete: number; why: TextKey; title: string; count?: TextKey }) {
  const [open, setOpen] = useState(false);
  const most = Math.max(1, ...points.map((point) => point.count));
  const y = scaleLinear([0, most], [HEIGHT - BOTTOM, TOP]).nice(4);
  const step = (WIDTH - LEFT) / Math.max(1, points.length);
  const x = (i: number) => LEFT + i * step;
  const full = Math.max(0, points.length - incomplete);
  // One shape for all bars: a page with a shape for each day is slow to come.
  const bars = (from: number, to: number) =>
    points
      .slice(from, to)
      .map((point, i) => (point.count > 0 ? `M${(x(from + i) + step * 0.08).toFixed(1)} ${HEIGHT - BOTTOM}V${y(point.count).toFixed(1)}h${(step * 0.84).toFixed(1)}V${HEIGHT - BOTTOM}z` : ""))
      .join("");
  const under = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const point = points[Math.floor((((event.clientX - box.left) / box.width) * WIDTH - LEFT) / step)];
    return point === undefined ? "" : `${day(point.at)}: ${number(point.count)}`;
  };
  return (
    <figure class="curve">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title} onMouseMove={titled(under)}>
        <defs>
          <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect class="hatch-ground" width="5" height="5" />
            <rect class="hatch-line" width="2" height="5" />
          </pattern>
        </defs>
        {y.ticks(4).filter(Number.isInteger).map((tick) => (
          <g key={tick}>
            <line class="grid" x1={LEFT} x2={WIDTH} y1={y(tick)} y2={y(tick)} />
            <text class="axis" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
              {number(tick)}
            </text>
          </g>
        ))}
        <path class="bar" d={bars(0, full)} />
        {incomplete > 0 && <path class="bar incomplete" d={bars(full, points.length)} />}
        {dateMarks(points).map((i) => (
          <text key={i} class="axis" x={x(i) + step / 2} y={HEIGHT - 6} text-anchor={i > points.length - 4 ? "end" : "middle"}>
            {day(points[i]?.at)}
          </text>
        ))}
      </svg>
      {incomplete > 0 && (
        <figcaption class="quiet">
          <svg width="14" height="14" aria-hidden="true">
            <rect class="bar incomplete" width="14" height="14" />
          </svg>{" "}
          {t(why, { n: incomplete })}
        </figcaption>
      )}
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("curve.table")}</summary>
        {open && (
          <table>
            <thead>
              <tr>
                <th>{t("curve.day")}</th>
                <th class="number">{t(count)}</th>
              </tr>
            </thead>
            <tbody>
              {points
                .map((point, i) => (
                  <tr key={point.at}>
                    <td>
                      {point.at}
                      {i >= full ? ` (${t("curve.stillComing")})` : ""}
                    </td>
                    <td class="number">{number(point.count)}</td>
                  </tr>
                ))
                .reverse()}
            </tbody>
          </table>
        )}
      </details>
    </figure>
  );
}
