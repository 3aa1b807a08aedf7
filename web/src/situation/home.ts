// SPDX-License-Identifier: GPL-3.0-or-later
// Where a role begins: the first of its areas that has more than one below it, so that there is something to compare.
import { get, type Schemas } from "../core/api";
import { role } from "../core/session";

export type Below = Schemas["area_below"];

const MOST_STEPS = 16; // down the tree of areas
let first: Below | null = null; // what was found on the way, for the page that is drawn next

/** An area and those below it, as the map needs them. */
export async function areasBelow(area: string, signal?: AbortSignal): Promise<Below> {
  const found = first;
  first = null;
  if (found?.here.area.id === area) return found;
  return get("/api/v1/areas/{id}/below", { detail: 1 }, { path: { id: area }, ...(signal === undefined ? {} : { signal }) });
}

export async function home(): Promise<string | null> {
  const granted = role.value;
  let area = granted === null ? undefined : granted.everywhere ? (await get("/api/v1/areas")).tops[0]?.area.id : granted.areas[0];
  for (let step = 0; area !== undefined && step < MOST_STEPS; step++) {
    first = await areasBelow(area);
    if (first.below.length !== 1) break;
    area = first.below[0]?.area.id;
  }
  return area ?? null;
}
