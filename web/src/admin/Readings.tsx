// SPDX-License-Identifier: GPL-3.0-or-later
// Who looked at a person: asked by the person, at a desk, and shown without naming any colleague. Asking is itself an
// entry of the list. What is typed to find them is sent in a body and stands in no address.
import { useState } from "preact/hooks";
import { get, post, Problem, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { t, time } from "../core/language";
import { go, query, withQuery } from "../core/router";
import { asksWhoLooked, codeName, nameOf, role } from "../core/session";
import { Empty, Failure, Fresh, Show } from "../ui/states";
import { saidVerb } from "./verbs";

type Found = Schemas["persons_found"];

const ID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

const asked = () => ({ "Tocsin-Purpose": asksWhoLooked() ?? "" });

function FindPerson() {
  const [typed, setTyped] = useState("");
  const [found, setFound] = useState<Found | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const byName = role.value?.purposes.includes(asksWhoLooked() ?? "") === true; // may this role see identities for it?
  const look = (event: Event) => {
    event.preventDefault();
    setProblem(null);
    setFound(null);
    const text = typed.trim();
    if (ID.test(text)) return go(withQuery({ person: text.toLowerCase(), before: null }));
    post("/api/v1/persons/search", { typed: text }, { headers: asked() }).then(setFound, (failure: unknown) => setProblem(Problem.of(failure)));
  };
  return (
    <>
      <form class="row" onSubmit={look}>
        <label>
          {t(byName ? "admin.findPerson" : "admin.findPersonId")}
          <input required maxLength={200} pattern={byName ? undefined : ID.source} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} autocomplete="off" />
        </label>
        <button type="submit" class="main">
          {t("admin.find")}
        </button>
      </form>
      {problem !== null && <Failure problem={problem} />}
      {found !== null && found.persons.length === 0 && <Empty>{t("admin.nobodyFound")}</Empty>}
      {found !== null && (
        <ul class="plain">
          {found.persons.map(({ person, identity }) => (
            <li key={person.id}>
              <a href={withQuery({ person: person.id, before: null })}>{identity.name ?? person.id}</a> {identity.birth_date ?? ""}
            </li>
          ))}
        </ul>
      )}
      {found?.more === true && <p class="quiet">{t("admin.moreFound")}</p>}
    </>
  );
}

/** The names of the offices, which the list has by their ids. */
async function officesOf(ids: (string | null)[], signal: AbortSignal): Promise<Map<string, string>> {
  const each = [...new Set(ids.filter((id) => id !== null))];
  const names = await Promise.all(each.map((id) => get("/api/v1/facilities/{id}", {}, { path: { id }, signal }).then(nameOf, () => id)));
  return new Map(each.map((id, i) => [id, names[i] ?? id]));
}

function List({ person, before }: { person: string; before: string | null }) {
  const data = useData(`readings ${person} ${before ?? ""}`, async (signal) => {
    const page = await get("/api/v1/persons/{id}/readings", before === null ? {} : { before: Number(before) }, { path: { id: person }, headers: asked(), signal });
    return { ...page, offices: await officesOf(page.readings.map((one) => one.office), signal) };
  });
  return (
    <Show data={data}>
      {({ readings, offices, next }) => (
        <>
          <Fresh data={data} />
          {readings.length === 0 ? (
            <Empty>{t("admin.nobodyLooked")}</Empty>
          ) : (
            <div class="over" tabIndex={0} role="group" aria-label={t("admin.readings")}>
              <table>
                <thead>
                  <tr>
                    <th>{t("admin.at")}</th>
                    <th>{t("shell.role")}</th>
                    <th>{t("admin.office")}</th>
                    <th>{t("admin.purpose")}</th>
                    <th>{t("admin.did")}</th>
                  </tr>
                </thead>
                <tbody>
                  {readings.map((one, i) => (
                    <tr key={i}>
                      <td>{time(one.at)}</td>
                      <td>{codeName("role", one.role)}</td>
                      <td>{one.office === null ? "–" : offices.get(one.office)}</td>
                      <td>{codeName("purpose", one.purpose)}</td>
                      <td>
                        {saidVerb(one.verb)}
                        {one.break_glass ? ` (${t("admin.brokeGlass")})` : ""}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
          <p class="row">
            {before !== null && <a href={withQuery({ before: null })}>{t("admin.newest")}</a>}
            {next !== null && <a href={withQuery({ before: String(next) })}>{t("admin.older")}</a>}
          </p>
        </>
      )}
    </Show>
  );
}

export function Readings() {
  const person = query.value.get("person");
  return (
    <>
      <p class="quiet">{t("admin.readingsAre", { purpose: codeName("purpose", asksWhoLooked() ?? "") })}</p>
      <FindPerson />
      {person !== null && <List person={person} before={query.value.get("before")} />}
    </>
  );
}
