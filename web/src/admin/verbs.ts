// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody did, as an entry of the audit says it, in the reader's language.
import { t, type TextKey } from "../core/language";

const TEXTS: Record<string, TextKey> = {
  read: "verb.read",
  list: "verb.list",
  search: "verb.search",
  "who looked": "verb.whoLooked",
  "read file of errors": "verb.readErrors",
  create: "verb.create",
  change: "verb.change",
  erase: "verb.erase",
  "notify case": "verb.notifyCase",
  "issue pass": "verb.issuePass",
  "revoke pass": "verb.revokePass",
  "receive message": "verb.receiveMessage",
  "work off message": "verb.workOffMessage",
  "release message": "verb.releaseMessage",
  "break glass": "verb.breakGlass",
};

/** A verb that is not known here stays as the audit has it: that is better than nothing said. */
export function saidVerb(verb: string): string {
  const known = TEXTS[verb];
  if (known !== undefined) return t(known);
  const file = /^export \S+ as (\w+)/.exec(verb);
  return file === null ? verb : t("verb.export", { as: (file[1] ?? "").toUpperCase() });
}
