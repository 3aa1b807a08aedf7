// SPDX-License-Identifier: GPL-3.0-or-later
// The frame of all pages: where one can go, as whom, in which language, and whether what is shown is live.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../core/api";
import { choose, language, t, type Language } from "../core/language";
import { live } from "../core/live";
import { path } from "../core/router";
import { chooseRole, codeName, role, session } from "../core/session";
import icon from "./icon.svg";
import { CommandMenu } from "./CommandMenu";
import { pages } from "./pages";
import "./shell.css";

function Languages() {
  return (
    <label>
      <span class="unseen">{t("shell.language")}</span>
      <select value={language.value} onChange={(event) => void choose(event.currentTarget.value as Language)}>
        <option value="en" lang="en">
          English
        </option>
        <option value="zh" lang="zh-CN">
          简体中文
        </option>
      </select>
    </label>
  );
}

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

export function applyTheme(theme: string | null): void {
  if (theme === "light" || theme === "dark") document.documentElement.dataset["theme"] = theme;
  else delete document.documentElement.dataset["theme"];
}

function Themes() {
  const [theme, setTheme] = useState(localStorage.getItem("tocsin-theme") ?? "auto");
  const pick = (wanted: Theme) => {
    localStorage.setItem("tocsin-theme", wanted);
    applyTheme(wanted);
    setTheme(wanted);
  };
  return (
    <label>
      <span class="unseen">{t("shell.theme")}</span>
      <select value={theme} onChange={(event) => pick(event.currentTarget.value as Theme)}>
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {t(`shell.theme.${one}`)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Roles() {
  const roles = session.value?.roles ?? [];
  if (roles.length < 2) return null;
  return (
    <label>
      <span class="unseen">{t("shell.role")}</span>
      <select
        value={role.value?.role ?? ""}
        onChange={(event) => void chooseRole(roles.find((one) => one.role === event.currentTarget.value) ?? null)}
      >
        {roles.map((one) => (
          <option key={one.role} value={one.role}>
            {codeName("role", one.role)}
          </option>
        ))}
      </select>
    </label>
  );
}

async function signOut(): Promise<void> {
  await ask("delete", "/api/v1/session", {});
  location.assign("/sign-in");
}

export function Shell({ children }: { children: ComponentChildren }) {
  const page = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) page.current?.focus(); // who reads by ear hears where they are
    first.current = false;
  }, [path.value]);
  return (
    <div class="shell">
      <a class="skip" href="#page" data-plain>
        {t("shell.skip")}
      </a>
      <nav class="rail" aria-label={t("shell.pages")}>
        <strong>
          <img src={icon} alt="" width="22" height="22" /> Tocsin
        </strong>
        <ul>
          {pages.filter((one) => one.shown()).map((one) => (
            <li key={one.path}>
              <a href={one.path} aria-current={one.holds(path.value) ? "page" : undefined}>
                {t(one.title)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <header class="top">
        <CommandMenu />
        <span class="grow" />
        <span class={`live ${live.value === "live" ? "on" : ""}`} role="status">
          {t(`live.${live.value}`)}
        </span>
        <Roles />
        <Languages />
        <Themes />
        <a href="/account" data-plain>
          {session.value?.name || session.value?.login}
        </a>
        <button type="button" onClick={() => void signOut()}>
          {t("shell.signOut")}
        </button>
      </header>
      <main class="page" id="page" tabIndex={-1} ref={page}>
        {children}
      </main>
    </div>
  );
}
