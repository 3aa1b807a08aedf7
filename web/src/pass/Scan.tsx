import { useEffect, useRef, useState } from "preact/hooks";
import { choose, language, t } from "../core/language";
import { Answer } from "./Answer";
import { checkpoints, renew, sendCounts, type Told } from "./exchange";
import { type Checkpoint, count, keep, type Kept, read } from "./kept";
import { Lists } from "./Lists";
import code from "./pass.wasm?url";
import { gather } from "./parts";
import { type Report, Verifier } from "./verifier";

const SHOWN = 30_000; // milliseconds that a name stays on the screen
const AGAIN = 15 * 60_000;

/** Let the service worker keep the page's files; tried again each time, and the page works without. */
async function keepPage(): Promise<void> {
  if ("serviceWorker" in navigator) await navigator.serviceWorker.register("/pass-worker.js", { scope: "/pass" }).catch(() => undefined);
}

/** The verifier with the lists that are kept, or null as long as there are none. */
function useVerifier() {
  const [verifier, setVerifier] = useState<Verifier | null>(null);
  const [lists, setLists] = useState<Kept | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  useEffect(() => {
    let program: Verifier | null = null;
    async function take() {
      const kept = await read<Kept>("lists");
      if (kept === undefined) return;
      program ??= await Verifier.start(await WebAssembly.compileStreaming(fetch(code)));
      await Promise.all([program.trust(kept.trust.text), program.rules(kept.rules.text)]);
      setVerifier(program);
      setLists(kept);
    }
    async function round() {
      setTold(await renew());
      await take();
      await keepPage();
      await sendCounts(Date.now());
    }
    // One round after the other, and none stands in the way of the next.
    let rounds = take().catch(reportError);
    const again = () => (rounds = rounds.then(round).catch(reportError));
    again();
    const timer = setInterval(again, AGAIN);
    const back = () => void again();
    window.addEventListener("online", back);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", back);
    };
  }, []);
  return { verifier, lists, told };
}

function Place({ chosen, choose: chosenNow }: { chosen: Checkpoint | null; choose: (one: Checkpoint) => void }) {
  const [all, setAll] = useState<Checkpoint[]>([]);
  useEffect(() => {
    checkpoints().then(setAll, () => undefined);
  }, []);
  if (all.length === 0) return chosen === null ? null : <p class="quiet">{t("pass.at", { name: chosen.name })}</p>;
  return (
    <label>
      {t("pass.checkpoint")}
      <select
        value={chosen?.id ?? ""}
        onChange={(event) => {
          const one = all.find((checkpoint) => checkpoint.id === event.currentTarget.value);
          if (one !== undefined) chosenNow(one);
        }}
      >
        <option value="">{t("pass.notCounted")}</option>
        {all.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A camera or a scanner on a line, while it is switched on. */
function Sources({ found, failed }: { found: (text: string) => void; failed: (what: "camera" | "serial") => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [on, setOn] = useState<{ what: "camera" | "serial"; ending: AbortController } | null>(null);
  useEffect(() => () => on?.ending.abort(), [on]);
  function toggle(what: "camera" | "serial") {
    on?.ending.abort();
    if (on?.what === what) {
      setOn(null);
      return;
    }
    const ending = new AbortController();
    setOn({ what, ending });
    void import("./sources")
      .then((sources) => {
        const port = sources.serial();
        if (what === "camera" && video.current !== null) return sources.watch(video.current, found, ending.signal);
        return port === null ? Promise.reject(new Error("serial")) : sources.listen(port, found, ending.signal);
      })
      .catch(() => failed(what))
      .finally(() => setOn((now) => (now?.ending === ending ? null : now)));
  }
  return (
    <>
      <div class="row">
        <button type="button" class="main" aria-pressed={on?.what === "camera"} onClick={() => toggle("camera")}>
          {on?.what === "camera" ? t("pass.cameraStop") : t("pass.camera")}
        </button>
        {"serial" in navigator && (
          <button type="button" aria-pressed={on?.what === "serial"} onClick={() => toggle("serial")}>
            {on?.what === "serial" ? t("pass.serialStop") : t("pass.serial")}
          </button>
        )}
      </div>
      <video ref={video} class={on?.what === "camera" ? "" : "away"} muted playsInline aria-label={t("pass.picture")} />
    </>
  );
}

export function Scan() {
  const { verifier, lists, told } = useVerifier();
  const [report, setReport] = useState<Report | null>(null);
  const [parts, setParts] = useState<string[]>([]);
  const [failure, setFailure] = useState<"camera" | "serial" | "check" | "count" | null>(null);
  const [place, setPlace] = useState<Checkpoint | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const waiting = useRef<string[]>([]);

  useEffect(() => {
    void read<Checkpoint>("checkpoint").then((kept) => setPlace(kept ?? null));
  }, []);
  useEffect(() => {
    // The reader of the camera is loaded now, while there may be a network.
    if (lists !== null) void import("./sources").then((sources) => sources.prepare()).catch(() => undefined);
  }, [lists === null]);
  useEffect(() => {
    if (report === null) return;
    const timer = setTimeout(() => setReport(null), SHOWN);
    return () => clearTimeout(timer);
  }, [report]);

  /** What comes while another is being checked waits for it; counting keeps nobody waiting. */
  function check(text: string) {
    if (verifier === null || text.trim() === "") return;
    const whole = gather(waiting.current, text.trim());
    waiting.current = whole.done ? [] : whole.parts;
    setParts(waiting.current);
    setReport(null);
    setFailure(null);
    if (!whole.done) return;
    void verifier.check(whole.parts.join("\n"), Date.now() / 1000, language.value).then(
      (found) => {
        setReport(found);
        if (place !== null) count(place.id, found.outcome, Date.now()).catch(() => setFailure("count"));
      },
      () => setFailure("check"),
    );
  }
  // A camera that was switched on earlier has the verifier and the checkpoint of now.
  const newest = useRef(check);
  newest.current = check;

  function submit(event: Event) {
    event.preventDefault();
    const input = field.current;
    if (input === null) return;
    const text = input.value;
    input.value = "";
    check(text);
  }

  return (
    <main class="scan">
      <header class="row">
        <h1>{t("pass.title")}</h1>
        <button type="button" onClick={() => void choose(language.value === "zh" ? "en" : "zh")}>
          {language.value === "zh" ? "English" : "中文"}
        </button>
        <a href="/account">{t("pass.account")}</a>
      </header>
      <Lists lists={lists} told={told} />
      {lists !== null && (
        <>
          <form onSubmit={submit} autocomplete="off">
            <label>
              {t("pass.field")}
              <input ref={field} type="text" autocomplete="off" autocapitalize="off" spellcheck={false} autofocus />
            </label>
            <button type="submit">{t("pass.check")}</button>
          </form>
          <Sources found={(text) => newest.current(text)} failed={setFailure} />
          <div role="status" class="said">
            {failure !== null && <p class="failure">{t(`pass.failed.${failure}`)}</p>}
            {parts.length > 0 && <p>{t("pass.parts", { n: parts.length })}</p>}
            {report !== null && <Answer report={report} next={() => setReport(null)} />}
          </div>
          <Place
            chosen={place}
            choose={(one) => {
              setPlace(one);
              void keep("checkpoint", one);
            }}
          />
          <p class="quiet">{t("pass.nothingStays")}</p>
        </>
      )}
    </main>
  );
}
