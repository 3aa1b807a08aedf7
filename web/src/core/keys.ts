// SPDX-License-Identifier: GPL-3.0-or-later
// Keys of one letter, alone or after "g". Not while somebody types, and not at all where they are switched off.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

const KEPT = "tocsin-keys";
export const keysOn = signal(localStorage.getItem(KEPT) !== "off");

export function switchKeys(on: boolean): void {
  keysOn.value = on;
  localStorage.setItem(KEPT, on ? "on" : "off");
}

type Keys = Record<string, () => void>;
const listeners: Keys[] = []; // the newest first
let led = false;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function press(event: KeyboardEvent): void {
  if (!keysOn.value || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") !== null) return;
  const key = led ? `g ${event.key}` : event.key;
  led = !led && event.key === "g";
  const found = listeners.find((one) => key in one)?.[key];
  if (found === undefined) return;
  event.preventDefault();
  found();
}

/** keys: what is done by which, while the component is shown: "j", "g s". */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    if (listeners.length === 0) addEventListener("keydown", press);
    listeners.unshift(keys);
    return () => {
      listeners.splice(listeners.indexOf(keys), 1);
      if (listeners.length === 0) removeEventListener("keydown", press);
    };
  });
}
