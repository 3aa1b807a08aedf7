// SPDX-License-Identifier: GPL-3.0-or-later
// Where a role begins: the first of its areas that has more than one below it, so that there is something to compare.
import { get } from "../core/api";
import { role } from "../core/session";

const MOST_STEPS = 16; // down the tree of areas

export async function home(): Promise<string | null> {
  const granted = role.value;
  let area = granted === null ? undefined : granted.everywhere ? (await get("/api/v1/areas")).tops[0]?.area.id : granted.areas[0];
  for (let step = 0; area !== undefined && step < MOST_STEPS; step++) {
    const { below } = await get("/api/v1/areas/{id}/below", {}, { path: { id: area } });
    if (below.length !== 1) break;
    area = below[0]?.area.id;
  }
  return area ?? null;
}
