// SPDX-License-Identifier: GPL-3.0-or-later
// The tree of areas as it is loaded: what lies in what, how many people live there, from when to when an area is valid
// and which one came after it. A new edition is compared and loaded by the command line, as one audited set.
import { get, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { day, number, t } from "../core/language";
import { query, withQuery } from "../core/router";
import { nameOf } from "../core/session";
import { Empty, Fresh, Show } from "../ui/states";

type Figures = Schemas["area_figures"];
interface Shown {
  above: Figures[];
  here: Figures | null; /** null: the top of the tree */
  below: Figures[];
}

const to = (id: string | null) => withQuery({ area: id });

async function read(id: string, signal: AbortSignal): Promise<Shown> {
  if (id !== "") return get("/api/v1/areas/{id}/below", {}, { path: { id }, signal });
  const { tops } = await get("/api/v1/areas", {}, { signal });
  return { above: [], here: null, below: tops };
}

function Way({ above, here }: { above: Figures[]; here: Figures }) {
  return (
    <p class="row">
      <a href={to(null)}>{t("admin.areaTop")}</a>
      {above.map(({ area }) => (
        <a key={area.id} href={to(area.id)}>
          {nameOf(area)}
        </a>
      ))}
      <strong>{nameOf(here.area)}</strong>
    </p>
  );
}

function Row({ one }: { one: Figures }) {
  const { area } = one;
  return (
    <tr>
      <th scope="row">{one.num_below > 0 ? <a href={to(area.id)}>{nameOf(area)}</a> : nameOf(area)}</th>
      <td>
        <code>{area.code}</code>
      </td>
      <td class="number">{area.level === undefined ? "" : number(area.level)}</td>
      <td class="number">{number(one.num_below)}</td>
      <td class="number">{one.people === null || one.people_year === null ? "–" : t("admin.people", { n: number(one.people), year: one.people_year })}</td>
      <td>{day(area.valid_from, "long")}</td>
      <td>{day(area.valid_to, "long")}</td>
      <td>{area.successor !== undefined && <a href={to(area.successor)}>{t("admin.show")}</a>}</td>
    </tr>
  );
}

export function Areas() {
  const id = query.value.get("area") ?? "";
  const data = useData(`areas ${id}`, (signal) => read(id, signal), ["area"]);
  return (
    <Show data={data}>
      {({ above, here, below }) => (
        <>
          {here !== null && <Way above={above} here={here} />}
          <Fresh data={data} />
          {here === null && below.length === 0 ? (
            <Empty>{t("admin.noAreas")}</Empty>
          ) : (
            <div class="over" tabIndex={0} role="group" aria-label={t("admin.areas")}>
              <table>
                <thead>
                  <tr>
                    <th>{t("admin.name")}</th>
                    <th>{t("admin.code")}</th>
                    <th class="number">{t("admin.level")}</th>
                    <th class="number">{t("admin.below")}</th>
                    <th class="number">{t("admin.residents")}</th>
                    <th>{t("admin.since")}</th>
                    <th>{t("admin.until")}</th>
                    <th>{t("admin.successor")}</th>
                  </tr>
                </thead>
                <tbody>
                  {(below.length > 0 || here === null ? below : [here]).map((one) => (
                    <Row key={one.area.id} one={one} />
                  ))}
                </tbody>
              </table>
            </div>
          )}
          <p class="quiet">
            {t("admin.areaImport")} <code>tocsin area changes</code>, <code>tocsin area import</code>
          </p>
        </>
      )}
    </Show>
  );
}
