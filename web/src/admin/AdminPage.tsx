// SPDX-License-Identifier: GPL-3.0-or-later
// Administration: who may sign in, who may do what where, the areas, who looked at a person, what was done, whether backups
// are made and how long what is kept. Each role sees its parts, with the second factor; the server holds every line to that.
import { useState } from "preact/hooks";
import { get, patch, post, Problem, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { day, number, t, time } from "../core/language";
import { query, withQuery } from "../core/router";
import { administers, asksWhoLooked, codeName, codesOf, labelOf, may, model, nameOf, oversees, role } from "../core/session";
import { Empty, Failure, Fresh, Show } from "../ui/states";
import { Areas } from "./Areas";
import { Readings } from "./Readings";
import { saidVerb } from "./verbs";
import "./admin.css";

type User = Schemas["users_row"];
type Grant = Schemas["grants_row"];

const PARTS = ["users", "grants", "areas", "readings", "audit", "upkeep"] as const;
type Part = (typeof PARTS)[number];
const PAGE = 200;

const SHOWN: Record<Part, () => boolean> = {
  users: () => may("user", "read"),
  grants: () => may("grant", "read"),
  areas: () => true,
  readings: () => asksWhoLooked() !== null,
  audit: () => role.value?.role === "auditor",
  upkeep: oversees,
};

/** What is sent, and what came of it: busy, refused, done. */
function useSending(done: () => void): { problem: Problem | null; busy: boolean; send: (what: () => Promise<unknown>) => void } {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const send = (what: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    what()
      .then(done, (failure: unknown) => setProblem(Problem.of(failure)))
      .finally(() => setBusy(false));
  };
  return { problem, busy, send };
}

/* ---- users ---- */

function NewUser({ done }: { done: () => void }) {
  const [login, setLogin] = useState("");
  const [name, setName] = useState("");
  const { problem, busy, send } = useSending(() => {
    setLogin("");
    setName("");
    done();
  });
  const make = (event: Event) => {
    event.preventDefault();
    send(() => post("/api/v1/users", { login, ...(name === "" ? {} : { name }) }));
  };
  return (
    <form class="row" onSubmit={make}>
      {problem !== null && <Failure problem={problem} />}
      <label>
        {t("admin.login")}
        <input required maxLength={60} value={login} onInput={(event) => setLogin(event.currentTarget.value)} autocomplete="off" />
      </label>
      <label>
        {t("admin.name")}
        <input maxLength={120} value={name} onInput={(event) => setName(event.currentTarget.value)} autocomplete="off" />
      </label>
      <button type="submit" class="main" disabled={busy}>
        {t("admin.addUser")}
      </button>
    </form>
  );
}

/** A link of one use, shown once; and the end of an account, which asks again. */
function UserVerbs({ user, done }: { user: User; done: () => void }) {
  const [link, setLink] = useState<Schemas["link"] | null>(null);
  const [asking, setAsking] = useState(false);
  const { problem, busy, send } = useSending(done);
  const invite = (kind: "invite" | "reset") => send(async () => setLink(await post("/api/v1/users/{id}/link", { kind }, { path: { id: user.id } })));
  const leave = () => send(() => post("/api/v1/users/{id}/leave", {}, { path: { id: user.id } }));
  return (
    <>
      {problem !== null && <Failure problem={problem} />}
      {link !== null && (
        <label class="link">
          {t("admin.linkOnce", { until: time(link.until) })}
          <input readOnly value={location.origin + link.path} onFocus={(event) => event.currentTarget.select()} />
        </label>
      )}
      <span class="row">
        <button type="button" disabled={busy} onClick={() => invite("invite")}>
          {t("admin.invite")}
        </button>
        <button type="button" disabled={busy} onClick={() => invite("reset")}>
          {t("admin.reset")}
        </button>
        {asking ? (
          <>
            <button type="button" class="danger" disabled={busy} onClick={leave}>
              {t("admin.leaveNow", { login: user.login ?? "" })}
            </button>
            <button type="button" onClick={() => setAsking(false)}>
              {t("case.cancel")}
            </button>
          </>
        ) : (
          <button type="button" onClick={() => setAsking(true)}>
            {t("admin.leave")}
          </button>
        )}
      </span>
    </>
  );
}

function Users() {
  const data = useData("users", (signal) => get("/api/v1/users", { page_size: PAGE, sort: "login", direction: "ascending" }, { signal }), ["user"]);
  const writes = may("user", "create");
  return (
    <>
      {writes && <NewUser done={data.again} />}
      <Show data={data}>
        {(page) => (
          <>
            <Fresh data={data} />
            <div class="over" tabIndex={0} role="group" aria-label={t("admin.users")}>
              <table>
                <thead>
                  <tr>
                    <th>{t("admin.login")}</th>
                    <th>{t("admin.name")}</th>
                    <th>{t("admin.office")}</th>
                    <th>{t("admin.until")}</th>
                    <th>{t("admin.grants")}</th>
                    {writes && <th>{t("admin.do")}</th>}
                  </tr>
                </thead>
                <tbody>
                  {page.rows.map((user) => (
                    <tr key={user.id}>
                      <th scope="row">{user.login}</th>
                      <td>{user.name ?? ""}</td>
                      <td>{nameOf({ name_en: user.facility_en ?? "", name_zh: user.facility_zh ?? "" })}</td>
                      <td>{day(user.valid_to, "long")}</td>
                      <td>
                        <a href={withQuery({ part: "grants", user: user.id })}>{t("admin.showGrants")}</a>
                      </td>
                      {writes && <td>{user.valid_to === undefined ? <UserVerbs user={user} done={data.again} /> : t("admin.left")}</td>}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {page.next !== null && <p class="quiet">{t("admin.first", { n: PAGE })}</p>}
          </>
        )}
      </Show>
    </>
  );
}

/* ---- grants ---- */

interface Place {
  id: string;
  text: string;
}

function AreaField({ set }: { set: (id: string) => void }) {
  const [places, setPlaces] = useState<Place[]>([]);
  const [typed, setTyped] = useState("");
  const look = async () => {
    const { found } = await post("/api/v1/search", { typed, record: "area", page_size: 20 });
    const rows = (found[0]?.rows ?? []) as unknown as { id: string; code?: string; name_en?: string; name_zh?: string }[];
    setPlaces(rows.map((row) => ({ id: row.id, text: `${nameOf(row)} ${row.code ?? ""}` })));
    set(rows[0]?.id ?? "");
  };
  return (
    <>
      <label>
        {t("admin.areaSearch")}
        <input value={typed} onInput={(event) => setTyped(event.currentTarget.value)} onBlur={() => typed !== "" && void look()} />
      </label>
      <label>
        {t("cases.area")}
        <select onChange={(event) => set(event.currentTarget.value)}>
          {places.length === 0 && <option value="">–</option>}
          {places.map((place) => (
            <option key={place.id} value={place.id}>
              {place.text}
            </option>
          ))}
        </select>
      </label>
    </>
  );
}

const EVERYWHERE = "everywhere";

function NewGrant({ users, user, done }: { users: User[]; user: string; done: () => void }) {
  const [given, setGiven] = useState<Record<string, string>>({ user, reach: "area" });
  const { problem, busy, send } = useSending(done);
  const set = (name: string, value: string) => setGiven((old) => ({ ...old, [name]: value }));
  const make = (event: Event) => {
    event.preventDefault();
    const reach = given["reach"] === EVERYWHERE ? { everywhere: true } : { area: given["area"] ?? "" };
    const ends = given["ends"] === undefined || given["ends"] === "" ? {} : { ends: `${given["ends"]}T23:59:59Z` };
    send(() => post("/api/v1/grants", { user: given["user"], role: given["role"], ...reach, ...ends, starts: new Date().toISOString() }));
  };
  return (
    <form class="row" onSubmit={make}>
      {problem !== null && <Failure problem={problem} />}
      <label>
        {t("admin.user")}
        <select required value={given["user"]} onChange={(event) => set("user", event.currentTarget.value)}>
          <option value="">–</option>
          {users.map((one) => (
            <option key={one.id} value={one.id}>
              {one.login}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("shell.role")}
        <select required value={given["role"] ?? ""} onChange={(event) => set("role", event.currentTarget.value)}>
          <option value="">–</option>
          {codesOf("role")
            .filter(([code]) => code !== "program")
            .map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
        </select>
      </label>
      <label>
        {t("admin.reach")}
        <select value={given["reach"]} onChange={(event) => set("reach", event.currentTarget.value)}>
          <option value="area">{t("admin.oneArea")}</option>
          <option value={EVERYWHERE}>{t("admin.everywhere")}</option>
        </select>
      </label>
      {given["reach"] !== EVERYWHERE && <AreaField set={(id) => set("area", id)} />}
      <label>
        {t("admin.until")}
        <input type="date" value={given["ends"] ?? ""} onChange={(event) => set("ends", event.currentTarget.value)} />
      </label>
      <button type="submit" class="main" disabled={busy}>
        {t("admin.give")}
      </button>
    </form>
  );
}

function EndGrant({ grant, done }: { grant: Grant; done: () => void }) {
  const { problem, busy, send } = useSending(done);
  const end = () =>
    send(async () => {
      const { version } = await get("/api/v1/grants/{id}", {}, { path: { id: grant.id } });
      await patch("/api/v1/grants/{id}", { id: grant.id }, version, { ends: new Date().toISOString() });
    });
  return (
    <>
      {problem !== null && <Failure problem={problem} />}
      <button type="button" disabled={busy} onClick={end}>
        {t("admin.end")}
      </button>
    </>
  );
}

function reachOf(grant: Grant): string {
  if (grant.everywhere === true) return t("admin.everywhere");
  if (grant.facility !== undefined) return t("admin.oneOffice");
  return nameOf({ name_en: grant.area_en ?? "", name_zh: grant.area_zh ?? "" });
}

function Grants() {
  const user = query.value.get("user") ?? "";
  const data = useData(`grants ${user}`, async (signal) => {
    const [grants, users] = await Promise.all([
      get("/api/v1/grants", { page_size: PAGE, ...(user === "" ? {} : { user }) }, { signal }),
      get("/api/v1/users", { page_size: PAGE, sort: "login", direction: "ascending" }, { signal }),
    ]);
    return { grants, users };
  }, ["grant", "user"]);
  const writes = may("grant", "create");
  return (
    <Show data={data}>
      {({ grants, users }) => (
        <>
          {writes && <NewGrant key={user} users={users.rows} user={user} done={data.again} />}
          {user !== "" && <a href={withQuery({ user: null })}>{t("admin.allGrants")}</a>}
          <Fresh data={data} />
          {grants.rows.length === 0 ? (
            <Empty>{t("admin.noGrants")}</Empty>
          ) : (
            <div class="over" tabIndex={0} role="group" aria-label={t("admin.grants")}>
              <table>
                <thead>
                  <tr>
                    <th>{t("admin.user")}</th>
                    <th>{t("shell.role")}</th>
                    <th>{t("admin.reach")}</th>
                    <th>{t("admin.since")}</th>
                    <th>{t("admin.until")}</th>
                    {writes && <th>{t("admin.do")}</th>}
                  </tr>
                </thead>
                <tbody>
                  {grants.rows.map((grant) => {
                    const over = grant.ends !== undefined && Date.parse(grant.ends) <= Date.now();
                    return (
                      <tr key={grant.id}>
                        <th scope="row">{grant.login}</th>
                        <td>{codeName("role", grant.role ?? "")}</td>
                        <td>{reachOf(grant)}</td>
                        <td>{time(grant.starts)}</td>
                        <td>{grant.ends === undefined ? t("admin.noEnd") : time(grant.ends)}</td>
                        {writes && <td>{over ? t("admin.over") : <EndGrant grant={grant} done={data.again} />}</td>}
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
          )}
          {grants.next !== null && <p class="quiet">{t("admin.first", { n: PAGE })}</p>}
        </>
      )}
    </Show>
  );
}

/* ---- the audit trail, backups, retention ---- */

const recordLabel = (name: string): string => {
  const record = model.value?.records.find((one) => one.name === name);
  return record === undefined ? name : labelOf({ label_en: record.title_en, label_zh: record.title_zh });
};

function Audit() {
  const before = query.value.get("before");
  const data = useData(`audit ${before ?? ""}`, (signal) => get("/api/v1/audit", before === null ? {} : { before: Number(before) }, { signal }));
  return (
    <Show data={data}>
      {(page) => (
        <>
          <Fresh data={data} />
          <div class="over" tabIndex={0} role="group" aria-label={t("admin.audit")}>
            <table>
              <thead>
                <tr>
                  <th class="number">{t("admin.number")}</th>
                  <th>{t("admin.at")}</th>
                  <th>{t("admin.who")}</th>
                  <th>{t("shell.role")}</th>
                  <th>{t("admin.purpose")}</th>
                  <th>{t("admin.did")}</th>
                  <th>{t("admin.what")}</th>
                </tr>
              </thead>
              <tbody>
                {page.entries.map((entry) => (
                  <tr key={entry.number}>
                    <td class="number">{number(entry.number)}</td>
                    <td>{time(entry.at)}</td>
                    <td>
                      <code>{entry.actor?.slice(-8) ?? "–"}</code>
                    </td>
                    <td>{codeName("role", entry.role)}</td>
                    <td>{codeName("purpose", entry.purpose)}</td>
                    <td>{saidVerb(entry.verb)}</td>
                    <td>{entry.subjects.map((one) => t("admin.subjects", { record: recordLabel(one.record), n: one.count })).join(", ")}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p class="row">
            {before !== null && <a href={withQuery({ before: null })}>{t("admin.newest")}</a>}
            {page.next !== null && <a href={withQuery({ before: String(page.next) })}>{t("admin.older")}</a>}
          </p>
        </>
      )}
    </Show>
  );
}

const HOUR_MS = 3_600_000;

function Upkeep() {
  const data = useData("upkeep", (signal) => get("/api/v1/upkeep", {}, { signal }));
  return (
    <Show data={data}>
      {({ backup, retention }) => {
        const late = backup.newest === null || Date.now() - Date.parse(backup.newest) > 2 * backup.every_hours * HOUR_MS;
        const said = !backup.set_up ? "admin.noBackup" : !backup.readable ? "admin.backupUnread" : late ? "admin.backupLate" : "admin.backupWell";
        return (
          <>
            <Fresh data={data} />
            <h2>{t("admin.backups")}</h2>
            <p class={said === "admin.backupWell" ? "" : "stale"}>
              {t(said, { at: backup.newest === null ? t("admin.never") : time(backup.newest), hours: backup.every_hours, days: backup.keep_days })}
            </p>
            <h2>{t("admin.retention")}</h2>
            <table>
              <thead>
                <tr>
                  <th>{t("admin.record")}</th>
                  <th class="number">{t("admin.days")}</th>
                </tr>
              </thead>
              <tbody>
                {retention.map((one) => (
                  <tr key={one.record}>
                    <td>{recordLabel(one.record)}</td>
                    <td class="number">{number(one.days)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        );
      }}
    </Show>
  );
}

export default function AdminPage() {
  const parts = PARTS.filter((part) => SHOWN[part]());
  const part = parts.find((one) => one === query.value.get("part")) ?? parts[0] ?? "areas";
  if (!administers()) return <Empty>{t("admin.notForYou")}</Empty>;
  return (
    <>
      <h1>{t("page.administration")}</h1>
      <nav class="parts" aria-label={t("page.administration")}>
        {parts.map((one) => (
          <a key={one} href={`/administration?part=${one}`} aria-current={one === part ? "page" : undefined}>
            {t(`admin.${one}`)}
          </a>
        ))}
      </nav>
      <section class="card" aria-label={t(`admin.${part}`)}>
        {part === "users" && <Users />}
        {part === "grants" && <Grants />}
        {part === "areas" && <Areas />}
        {part === "readings" && <Readings />}
        {part === "audit" && <Audit />}
        {part === "upkeep" && <Upkeep />}
      </section>
    </>
  );
}
