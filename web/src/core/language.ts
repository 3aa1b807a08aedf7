// SPDX-License-Identifier: GPL-3.0-or-later
// Texts of the pages: a catalogue for each application and language, of which English is the measure
// (web/src/i18n/check.test.ts). An application says at its start which is its own: the scan page loads none of the others'.
import { computed, signal } from "@preact/signals";
import type en from "../i18n/en.json";
import type pass from "../i18n/pass.en.json";

export type Language = "en" | "zh";
export type TextKey = keyof typeof en | keyof typeof pass;
type Catalogue = Partial<Record<TextKey, string>>;
type Load = () => Promise<{ default: Catalogue }>;

const KEPT = "tocsin-language";
const tags = { en: "en-GB", zh: "zh-CN" } as const;
const loaded: { en: Catalogue; zh?: Catalogue } = { en: {} };
let loadChinese: Load | undefined;

export const language = signal<Language>("en");
export const tag = computed(() => tags[language.value]);

/** English is there at once, Chinese when it is chosen. */
export function speak(english: Catalogue, chinese: Load): void {
  loaded.en = english;
  loadChinese = chinese;
}

export async function choose(wanted: Language): Promise<void> {
  if (wanted === "zh" && loadChinese !== undefined) loaded.zh ??= (await loadChinese()).default;
  language.value = wanted;
  document.documentElement.lang = tag.value;
  localStorage.setItem(KEPT, wanted);
}

/** The language kept from last time, else the browser's. */
export function preferred(): Language {
  const kept = localStorage.getItem(KEPT);
  if (kept === "en" || kept === "zh") return kept;
  return navigator.languages.some((one) => one.startsWith("zh")) ? "zh" : "en";
}

/** A text with its {places} filled in. "{n|one|many}" chooses by a number. */
export function t(key: TextKey, values: Record<string, string | number> = {}): string {
  const text = loaded[language.value]?.[key] ?? loaded.en[key] ?? key;
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) => {
    const value = values[name] ?? "";
    if (many === undefined) return typeof value === "number" ? number(value) : value;
    return value === 1 ? (one ?? "") : many;
  });
}

/** To make one of these takes longer than to write a hundred numbers with it. */
const writers = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function writer<T extends Intl.NumberFormat | Intl.DateTimeFormat>(how: string, make: (tag: string) => T): T {
  const key = `${tag.value} ${how}`;
  const made = (writers.get(key) as T | undefined) ?? make(tag.value);
  writers.set(key, made);
  return made;
}

export function number(value: number, digits = 0): string {
  const text = writer(String(digits), (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: digits, minimumFractionDigits: digits })).format(Math.abs(value));
  return value < 0 ? `−${text}` : text;
}

/** The year is told where it is another than this one: a pass ends next year, a list goes back into the last. */
const unlessThisYear = (year: number): Intl.DateTimeFormatOptions => (year === new Date().getFullYear() ? {} : { year: "numeric" });

/** A local date as the department writes it; ISO text in, no time zone anywhere. */
export function day(iso: string | null | undefined, style: "short" | "long" = "short"): string {
  if (iso === null || iso === undefined || iso === "") return "";
  const [year, month = "", date = ""] = iso.slice(0, 10).split("-");
  if (month === "") return year ?? "";
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(date || 1)));
  const parts: Intl.DateTimeFormatOptions =
    style === "long"
      ? { year: "numeric", month: "long", ...(date === "" ? {} : { day: "numeric" }) }
      : { ...unlessThisYear(Number(year)), month: "short", ...(date === "" ? {} : { day: "numeric" }) };
  return writer(`day ${Object.keys(parts).join()} ${style}`, (tag) => new Intl.DateTimeFormat(tag, { ...parts, timeZone: "UTC" })).format(at);
}

/** A time where the browser is, from an ISO instant or a TIME of a record (which may be a day alone). */
export function time(iso: string | null | undefined): string {
  if (iso === null || iso === undefined || iso === "") return "";
  if (!iso.includes("T")) return day(iso);
  const at = new Date(iso);
  const parts: Intl.DateTimeFormatOptions = { ...unlessThisYear(at.getFullYear()), month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return writer(`time ${Object.keys(parts).join()}`, (tag) => new Intl.DateTimeFormat(tag, parts)).format(at);
}
