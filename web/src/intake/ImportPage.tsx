// SPDX-License-Identifier: GPL-3.0-or-later
// A line list comes in: dropped, its columns confirmed, its rows counted, and those with faults mended in place. How far
// it is stands in the address: the file's id; what it waits for the server says.
import { useEffect, useState } from "preact/hooks";
import { get, type Schemas } from "../core/api";
import { useData } from "../core/data";
import { number, t, time } from "../core/language";
import { query } from "../core/router";
import { nameOf } from "../core/session";
import { takesLists } from "../shell/pages";
import { Empty, Show } from "../ui/states";
import { Mapping } from "./Mapping";
import { Mend } from "./Mend";
import { SendFile } from "./SendFile";
import "./intake.css";

type Upload = Schemas["upload_shown"];

const EVERY_MS = 1000;
const STEPS = ["file", "columns", "rows", "mend"] as const;

/** Is something of it still to be worked off? */
export function isWorking(upload: Upload): boolean {
  return upload.verdict === "arriving" || upload.verdict === "received" || upload.rows.waiting > 0;
}

export function askUpload(id: string, signal?: AbortSignal): Promise<Upload> {
  return get("/api/v1/uploads/{id}", {}, { path: { id }, ...(signal === undefined ? {} : { signal }) });
}

function Steps({ at }: { at: (typeof STEPS)[number] }) {
  return (
    <ol class="steps">
      {STEPS.map((step) => (
        <li key={step} aria-current={step === at ? "step" : undefined}>
          {t(`import.step.${step}`)}
        </li>
      ))}
    </ol>
  );
}

/** Files whose columns nobody has confirmed yet. */
function Waiting() {
  const data = useData("held", (signal) => get("/api/v1/messages", { verdict: "held", format: "csv", page_size: 20 }, { signal }), ["message"]);
  const rows = data.value?.rows ?? [];
  if (rows.length === 0) return null;
  return (
    <section class="card">
      <h2>{t("import.waiting")}</h2>
      <ul>
        {rows.map((row) => (
          <li key={row.id}>
            <a href={`/import?file=${row.id}`}>{[nameOf({ name_en: row.sender_en ?? "", name_zh: row.sender_zh ?? "" }), time(row.received)].filter((text) => text !== "").join(", ")}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Counts({ upload }: { upload: Upload }) {
  const { waiting, accepted, accepted_with_faults, held, rejected } = upload.rows;
  const told = [
    upload.values === null ? (["import.in", accepted + accepted_with_faults] as const) : (["import.values", upload.values] as const),
    ["import.bad", rejected],
    ["import.heldRows", held],
    ["import.toDo", waiting],
  ] as const;
  return (
    <div role="status">
      <dl class="tally">
        {told.map(([key, n]) => (
          <div key={key}>
            <dt>{t(key)}</dt>
            <dd>{number(n)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function File({ id }: { id: string }) {
  const data = useData(`upload ${id}`, (signal) => askUpload(id, signal));
  const [first, setFirst] = useState<Upload | null>(null); // before anything was mended
  const working = data.value !== null && isWorking(data.value);
  useEffect(() => {
    if (!working || data.loading) return;
    const due = setTimeout(data.again, EVERY_MS);
    return () => clearTimeout(due);
  }, [working, data.loading]);
  useEffect(() => {
    if (data.value !== null && !working) setFirst(data.value);
  }, [data.value, working]);
  return (
    <Show data={data}>
      {(upload) => {
        const unread = upload.verdict === "held" || upload.verdict === "rejected";
        return (
          <>
            <Steps at={unread ? "columns" : working ? "rows" : "mend"} />
            {query.value.get("repeats") !== null && !unread && <p class="stale">{t("import.repeats", { at: time(upload.received) })}</p>}
            {unread && upload.reason !== null && (
              <p class="failure" role="alert">
                {upload.reason}
              </p>
            )}
            {unread ? (
              <Mapping id={id} feed={upload.feed} reason={upload.reason} done={data.again} />
            ) : (
              <section class="card">
                <h2>{working ? t("import.working") : upload.rows.rejected > 0 ? t("import.someBad", { n: upload.rows.rejected }) : t("import.done")}</h2>
                <Counts upload={upload} />
                {upload.reason !== null && <p class="quiet">{upload.reason}</p>}
                {first !== null && first.rows.rejected > 0 && <Mend id={id} feed={upload.feed ?? ""} />}
              </section>
            )}
          </>
        );
      }}
    </Show>
  );
}

export default function ImportPage() {
  const file = query.value.get("file");
  if (!takesLists()) return <Empty>{t("import.notForYou")}</Empty>;
  return (
    <div class="import">
      <h1>{t("page.import")}</h1>
      {file === null ? (
        <>
          <Steps at="file" />
          <SendFile feed={query.value.get("feed")} />
          <Waiting />
        </>
      ) : (
        <>
          <File key={file} id={file} />
          <p>
            <a href="/import">{t("import.another")}</a>
          </p>
        </>
      )}
    </div>
  );
}
