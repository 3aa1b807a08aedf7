// SPDX-License-Identifier: GPL-3.0-or-later
// Whose list it is, how it is to be read where it does not say, and the file itself: dropped or chosen.
import { useState } from "preact/hooks";
import { get, post, Problem } from "../core/api";
import { useData } from "../core/data";
import { t } from "../core/language";
import { go } from "../core/router";
import { codeName, codesOf, may, role } from "../core/session";
import { Failure, Show } from "../ui/states";

const MOST_BYTES = 32 << 20;
const ENCODINGS = ["gb18030", "windows-1252", "utf-16le", "utf-16be"];
const DELIMITERS = ["comma", "semicolon", "tab", "bar"] as const;
export const ORDERS = ["day-first", "month-first"] as const;

const WORDS = ["encoding", "sheet", "delimiter", "dates", "disease"] as const;
const WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

type Form = Record<(typeof WORDS)[number], string> & { history: boolean };
const PLAIN: Form = { encoding: "", sheet: "", delimiter: "", dates: "", disease: "", history: false };

function Choice({ label, value, choices, choose }: { label: string; value: string; choices: readonly (readonly [string, string])[]; choose: (value: string) => void }) {
  return (
    <label>
      {label}
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        <option value="">{t("import.itself")}</option>
        {choices.map(([code, name]) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A sender of files that is not there yet: a name, within the caller's own area. */
function NewSender({ made }: { made: (id: string) => void }) {
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const add = async () => {
    const area = role.value?.areas[0] ?? (await get("/api/v1/areas")).tops[0]?.area.id;
    return post("/api/v1/feeds", { area, name, channel: "upload", status: "live" });
  };
  const submit = (event: Event) => {
    event.preventDefault();
    setProblem(null);
    add().then(({ id }) => made(id), (failure: unknown) => setProblem(Problem.of(failure)));
  };
  return (
    <details>
      <summary>{t("import.newSender")}</summary>
      {problem !== null && <Failure problem={problem} />}
      <form class="row" onSubmit={submit}>
        <label>
          {t("import.senderName")}
          <input required maxLength={120} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <button type="submit">{t("import.addSender")}</button>
      </form>
    </details>
  );
}

function typeOf(file: globalThis.File): string {
  if (/\.xlsx$/i.test(file.name)) return WORKBOOK;
  if (/\.(ndjson|jsonl)$/i.test(file.name)) return "application/x-ndjson";
  return /\.tsv$/i.test(file.name) ? "text/tab-separated-values" : "text/csv";
}

async function send(file: globalThis.File, feed: string, form: Form): Promise<string> {
  if (file.size > MOST_BYTES) throw new Problem(413, "/problems/too-large", t("import.tooLarge"));
  const words = new URLSearchParams({ feed });
  for (const name of WORDS) if (form[name] !== "") words.set(name, form[name]);
  if (form.history) words.set("history", "true");
  const kept = await sendList(words, file, typeOf(file));
  return `/import?file=${kept.id}${kept.repeats ? "&repeats" : ""}`;
}

/** A list as it is. */
export function sendList(words: URLSearchParams, bytes: Blob, type: string) {
  return post("/api/v1/uploads", undefined, { bytes, headers: { "Content-Type": type }, query: words });
}

/** feed: whose it is, as far as the address says; done: told when it was sent, as the same file has the same address. */
export function SendFile({ feed, done }: { feed: string | null; done?: () => void }) {
  const [chosen, setChosen] = useState(feed ?? "");
  const [form, setForm] = useState(PLAIN);
  const [over, setOver] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const data = useData("senders", (signal) => get("/api/v1/senders", {}, { signal }), ["feed"]);
  const choose = (changes: Partial<Form>) => setForm({ ...form, ...changes });
  const take = (file: globalThis.File | undefined) => {
    if (file === undefined || chosen === "" || busy) return;
    setBusy(true);
    setProblem(null);
    send(file, chosen, form)
      .then(
        (target) => {
          go(target);
          done?.();
        },
        (failure: unknown) => setProblem(Problem.of(failure)),
      )
      .finally(() => setBusy(false));
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer?.files[0]);
  };
  return (
    <section class="card" aria-label={t("import.step.file")}>
      <Show data={data}>
        {({ senders }) => (
          <div class="row">
            <label>
              {t("import.sender")}
              <select required value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
                <option value="">{t("import.choose")}</option>
                {senders.map((one) => (
                  <option key={one.id} value={one.id}>
                    {`${one.name} (${codeName("message_channel", one.channel)}, ${codeName("feed_status", one.status)})`}
                  </option>
                ))}
              </select>
            </label>
            {may("feed", "create") && (
              <NewSender
                made={(id) => {
                  data.again();
                  setChosen(id);
                }}
              />
            )}
          </div>
        )}
      </Show>
      <details>
        <summary>{t("import.form")}</summary>
        <div class="row">
          <Choice label={t("import.encoding")} value={form.encoding} choices={ENCODINGS.map((one) => [one, one.toUpperCase()])} choose={(encoding) => choose({ encoding })} />
          <label>
            {t("import.sheet")}
            <input maxLength={31} value={form.sheet} placeholder={t("import.onlySheet")} onInput={(event) => choose({ sheet: event.currentTarget.value })} />
          </label>
          <Choice label={t("import.delimiter")} value={form.delimiter} choices={DELIMITERS.map((one) => [one, t(`import.delimiter.${one}`)])} choose={(delimiter) => choose({ delimiter })} />
          <Choice label={t("import.dates")} value={form.dates} choices={ORDERS.map((one) => [one, t(`import.dates.${one}`)])} choose={(dates) => choose({ dates })} />
          <Choice label={t("situation.disease")} value={form.disease} choices={codesOf("disease")} choose={(disease) => choose({ disease })} />
          <label class="tick">
            <input type="checkbox" checked={form.history} onChange={(event) => choose({ history: event.currentTarget.checked })} />
            <span>{t("import.history")}</span>
          </label>
        </div>
      </details>
      {problem !== null && <Failure problem={problem} />}
      <label
        class={`drop ${over ? "over-it" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <strong>{busy ? t("import.sending") : t("import.drop")}</strong>
        <span>{chosen === "" ? t("import.senderFirst") : t("import.limits")}</span>
        <input type="file" accept={`.csv,.tsv,.txt,.ndjson,.jsonl,.xlsx,text/csv,${WORKBOOK}`} disabled={chosen === "" || busy} onChange={(event) => take(event.currentTarget.files?.[0])} />
      </label>
    </section>
  );
}
