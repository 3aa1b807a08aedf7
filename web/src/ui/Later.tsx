// SPDX-License-Identifier: GPL-3.0-or-later
// Parts of a page that are drawn one after the other, each in a task of its own: what was drawn before is seen meanwhile, and
// the page answers.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

const PAUSE_MS = 20; // a frame between them
let last = Promise.resolve();

/** The turn after all those that were asked for before. */
function turn(): Promise<void> {
  last = last.then(() => new Promise((over) => setTimeout(over, PAUSE_MS)));
  return last;
}

export function Later({ children }: { children: () => ComponentChildren }) {
  const [due, setDue] = useState(false);
  useEffect(() => {
    let gone = false;
    void turn().then(() => gone || setDue(true));
    return () => (gone = true);
  }, []);
  return due ? children() : null;
}
