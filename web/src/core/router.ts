// SPDX-License-Identifier: GPL-3.0-or-later
// What a page shows stands in its address: path and query. Going somewhere is a change of the address, and only that.
import { computed, signal } from "@preact/signals";

const here = signal(location.pathname + location.search);

export const path = computed(() => here.value.split("?")[0] ?? "/");
export const query = computed(() => new URLSearchParams(here.value.split("?")[1] ?? ""));

addEventListener("popstate", () => (here.value = location.pathname + location.search));

/** Pages that are documents of their own, under a policy of their own. */
const documents = ["/pass"];

export function go(target: string, replace = false): void {
  if (documents.includes(target)) {
    location.assign(target);
    return;
  }
  if (target === here.value) return;
  if (replace) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  here.value = target;
  if (!replace) scrollTo(0, 0);
}

/** The present address with some words of the query changed; null or "" takes one out. */
export function withQuery(changes: Record<string, string | null>): string {
  const words = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") words.delete(name);
    else words.set(name, value);
  }
  const text = words.toString();
  return text === "" ? path.value : `${path.value}?${text}`;
}

/** The same for many values of one word, as the rows of a table need it. */
export function withWord(name: string): (value: string) => string {
  const rest = withQuery({ [name]: null });
  const before = `${rest}${rest.includes("?") ? "&" : "?"}${name}=`;
  return (value) => before + encodeURIComponent(value);
}

/** Links within the program are followed without loading the page anew; modifier keys keep their meaning. */
export function followLinks(root: HTMLElement): void {
  root.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    if (link === null || link.origin !== location.origin || link.hasAttribute("download") || link.dataset["plain"] !== undefined) return;
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
