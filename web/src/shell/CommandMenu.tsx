// SPDX-License-Identifier: GPL-3.0-or-later
// Ctrl-K: everywhere one can go, and any area by its name. "g" and a letter go to a page.
import { useEffect, useRef, useState } from "preact/hooks";
import { post } from "../core/api";
import { keysOn, switchKeys, useKeys } from "../core/keys";
import { t } from "../core/language";
import { go } from "../core/router";
import { nameOf } from "../core/session";
import { pages } from "./pages";

interface Entry {
  target: string;
  text: string;
}

interface FoundArea {
  id: string;
  code?: string;
  name_en?: string;
  name_zh?: string;
}

const WAIT_MS = 150;

async function findAreas(typed: string): Promise<Entry[]> {
  const { found } = await post("/api/v1/search", { typed, record: "area", page_size: 8 });
  const rows = (found[0]?.rows ?? []) as unknown as FoundArea[];
  return rows.map((row) => ({ target: `/?area=${row.id}`, text: `${nameOf(row)} ${row.code ?? ""}` }));
}

export function CommandMenu() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [areas, setAreas] = useState<Entry[]>([]);
  const [at, setAt] = useState(0);

  const shown = pages.filter((one) => one.shown());
  useKeys(Object.fromEntries(shown.map((one) => [`g ${one.key}`, () => go(one.path)])));
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      dialog.current?.showModal();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);

  useEffect(() => {
    setAt(0);
    setAreas([]);
    if (typed.trim() === "") return;
    const due = setTimeout(() => void findAreas(typed).then(setAreas, () => setAreas([])), WAIT_MS);
    return () => clearTimeout(due);
  }, [typed]);

  const entries: Entry[] = [
    ...shown.map((one) => ({ target: one.path, text: t(one.title) })).filter((one) => one.text.toLowerCase().includes(typed.toLowerCase())),
    ...areas,
  ];
  const open = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    dialog.current?.close();
    setTyped("");
    go(entry.target);
  };
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setAt((at + step + entries.length) % Math.max(entries.length, 1));
    else if (event.key === "Enter") open(entries[at]);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        {t("menu.open")} <kbd>Ctrl K</kbd>
      </button>
      <dialog ref={dialog} aria-label={t("menu.open")}>
        <input
          role="combobox"
          aria-label={t("menu.open")}
          aria-expanded="true"
          aria-controls="menu-entries"
          aria-activedescendant={entries[at] === undefined ? undefined : `menu-${at}`}
          placeholder={t("menu.hint")}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={move}
        />
        <ul id="menu-entries" role="listbox" aria-label={t("menu.open")}>
          {entries.map((entry, i) => (
            <li key={entry.target} id={`menu-${i}`} role="option" aria-selected={i === at} onClick={() => open(entry)}>
              {entry.text}
            </li>
          ))}
        </ul>
        <label class="switch">
          <input type="checkbox" checked={keysOn.value} onChange={(event) => switchKeys(event.currentTarget.checked)} />
          <span>{t("menu.keys")}</span>
        </label>
      </dialog>
    </>
  );
}
