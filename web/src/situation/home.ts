// SPDX-License-Identifier: GPL-3.0-or-later
// Where a role begins: the first of its areas that has more than one below it, so that there is something to compare.
import { get, type Schemas } from "../core/api";
import { onChange } from "../core/live";
import { role } from "../core/session";

export type Below = Schemas["area_below"];

const MOST_STEPS = 16; // down the tree of areas
let kept: Below | null = null; // the one asked for last, as shapes are long and hardly ever change
onChange(["area"], () => {
  kept = null;
});

/** An area and those below it, as the map needs them. */
export async function areasBelow(area: string, signal?: AbortSignal): Promise<Below> {
  if (kept?.here.area.id === area) return kept;
  const below = await get("/api/v1/areas/{id}/below", { detail: 1 }, { path: { id: area }, ...(signal === undefined ? {} : { signal }) });
  kept = below;
  return below;
}

export async function home(): Promise<string | null> {
  const granted = role.value;
  let area = granted === null ? undefined : granted.everywhere ? (await get("/api/v1/areas")).tops[0]?.area.id : granted.areas[0];
  for (let step = 0; area !== undefined && step < MOST_STEPS; step++) {
    const { below } = await areasBelow(area);
    if (below.length !== 1) break;
    area = below[0]?.area.id;
  }
  return area ?? null;
}
