// SPDX-License-Identifier: GPL-3.0-or-later
// A map of areas from the server's paths. One level of areas, rates, the same classes for all of them; no data is
// hatched, and zero is not no data. The keyboard reaches the areas by the table beside it.
import { titled } from "../chart/hover";
import { number, t } from "../core/language";
import "./map.css";

export interface MapArea {
  id: string;
  name: string;
  path: string;
  box: readonly number[]; /** west, north, east, south */
  grade: number; /** class 0 … 5; NaN = no data */
  text: string; /** what its value is, in words */
}

function frame(areas: MapArea[]): string {
  const west = Math.min(...areas.map((area) => area.box[0] ?? 0));
  const north = Math.min(...areas.map((area) => area.box[1] ?? 0));
  const east = Math.max(...areas.map((area) => area.box[2] ?? 0));
  const south = Math.max(...areas.map((area) => area.box[3] ?? 0));
  const margin = Math.max(east - west, south - north) * 0.02;
  return `${west - margin} ${north - margin} ${east - west + 2 * margin} ${south - north + 2 * margin}`;
}

/** grades: what classes mean that are no numbers, instead of the breaks. */
export function AreaMap({ areas, breaks, grades, unit, title, onPick }: {
  areas: MapArea[];
  breaks: number[];
  grades?: Record<number, string>;
  unit: string;
  title: string;
  onPick?: (id: string) => void;
}) {
  const keys: [number, string][] =
    grades === undefined
      ? [0, ...breaks].map((upper, i) => [i, i === 0 ? "0" : `≤ ${number(upper, upper < 10 && !Number.isInteger(upper) ? 1 : 0)}`])
      : Object.entries(grades).map(([grade, text]) => [Number(grade), text]);
  const under = (event: MouseEvent) => {
    const shape = event.target as Element;
    const area = areas[[...(shape.parentElement?.querySelectorAll(".area") ?? [])].indexOf(shape)];
    return area === undefined ? "" : `${area.name}: ${area.text}`;
  };
  return (
    <figure class="map">
      <svg viewBox={frame(areas)} role="img" aria-label={title} onMouseOver={titled(under)}>
        {areas.map((area) => (
          <path
            key={area.id}
            class={Number.isNaN(area.grade) ? "area none" : `area grade-${area.grade}`}
            d={area.path}
            onClick={onPick === undefined ? undefined : () => onPick(area.id)}
          />
        ))}
      </svg>
      <figcaption>
        <span>{unit}</span>
        {keys.map(([grade, text]) => (
          <span key={grade} class="key">
            <svg width="14" height="14" aria-hidden="true">
              <rect class={`area grade-${grade}`} width="14" height="14" />
            </svg>
            {text}
          </span>
        ))}
        {areas.some((area) => Number.isNaN(area.grade)) && (
          <span class="key">
            <svg width="14" height="14" aria-hidden="true">
              <rect class="area none" width="14" height="14" />
            </svg>
            {t("map.noData")}
          </span>
        )}
      </figcaption>
    </figure>
  );
}
