// SPDX-License-Identifier: GPL-3.0-or-later
// Who is signed in, in which role they work now, and what the node's model calls things.
import { computed, signal } from "@preact/signals";
import { asWhom, get, type Schemas } from "./api";
import { language } from "./language";

export type Session = Schemas["session"];
export type Model = Schemas["model"];
export type Role = Session["roles"][number];

export const session = signal<Session | null>(null);
export const model = signal<Model | null>(null);
export const role = signal<Role | null>(null);

const REMEMBERED = "tocsin-role";

/** Administrators have no cases to look at; somebody who is more begins with the rest. */
function firstRole(roles: Role[]): Role | null {
  const remembered = sessionStorage.getItem(REMEMBERED);
  return roles.find((one) => one.role === remembered) ?? roles.find((one) => one.role !== "administrator") ?? roles[0] ?? null;
}

/** Does the server ask for the second factor before anything else? */
export function lacksFactor(): boolean {
  const given = session.value?.second_factor;
  return given === "wanted" || (role.value?.needs_second_factor === true && given !== "given");
}

export async function chooseRole(chosen: Role | null): Promise<void> {
  role.value = chosen;
  asWhom.role = chosen?.role ?? null;
  asWhom.purpose = null;
  if (chosen !== null) sessionStorage.setItem(REMEMBERED, chosen.role);
  model.value = chosen === null || lacksFactor() ? null : await get("/api/v1/model");
}

/** Read who is signed in; 401 is thrown to the caller. */
export async function begin(): Promise<void> {
  session.value = await get("/api/v1/session");
  await chooseRole(firstRole(session.value.roles));
}

/** The purposes for which the present role reads identities. `audit` reads who looked, and shows nobody's name. */
export function identityPurposes(): string[] {
  return (role.value?.purposes ?? []).filter((purpose) => purpose !== "audit");
}

/** Show identities for a purpose, or no more (null). Each reading is an entry of the audit trail. */
export function choosePurpose(purpose: string | null): void {
  asWhom.purpose = purpose;
}

/** The purpose for which the present role may ask who looked at a person, which the server holds it to; null: it may not. */
export function asksWhoLooked(): string | null {
  if (role.value?.role === "data-manager") return "own-request";
  return role.value?.role === "supervisor" ? "audit" : null;
}

export const oversees = () => role.value?.role === "administrator" || role.value?.role === "auditor";

/** Does the page of administration have something for the present role? */
export const administers = () => oversees() || asksWhoLooked() !== null;

type Names = { name_en?: string; name_zh?: string; name_bo?: string };

/** A thing's name in the language of the page, else in whichever it has. */
export function nameOf(thing: Names): string {
  const first = language.value === "zh" ? thing.name_zh : thing.name_en;
  return first || thing.name_en || thing.name_zh || thing.name_bo || "";
}

/** Each list's words in the language of the page, once somebody asks for them. */
const named = computed(() => {
  const lists = model.value?.lists ?? {};
  const found = new Map<string, Map<string, string>>();
  void language.value;
  return (list: string): Map<string, string> => {
    const words = found.get(list) ?? new Map((lists[list] ?? []).map((entry) => [entry.code, nameOf(entry)]));
    found.set(list, words);
    return words;
  };
});

/** The words of a code of a reference list; the code itself where the list has none. */
export function codeName(list: string, code: string): string {
  return named.value(list).get(code) ?? code;
}

export function codesOf(list: string): [string, string][] {
  return [...named.value(list)];
}

/** May the present role do that with a record of this kind, somewhere? */
export function may(record: string, verb: "read" | "create" | "change"): boolean {
  return model.value?.records.find((one) => one.name === record)?.may.includes(verb) ?? false;
}

type Labels = { label_en: string; label_zh: string };
export function labelOf(thing: Labels): string {
  return language.value === "zh" ? thing.label_zh : thing.label_en;
}
