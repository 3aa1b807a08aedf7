// The page's own files into the cache, so that it starts without a network (worker.ts answers from there).
const CACHE = "tocsin-pass";

/** Which files the page has loaded so far; all of it, when the camera's reader has been prepared. */
function loaded(): string[] {
  const names = performance.getEntriesByType("resource").map((entry) => new URL(entry.name));
  return [...new Set(names.filter((url) => url.pathname.startsWith("/assets/")).map((url) => url.pathname))];
}

let keeping: Promise<unknown> = Promise.resolve();

/** One after the other: each keeps all that has been loaded by then and forgets the rest, so an earlier one that ended
 * later would forget what this one keeps. */
export function keepPage(): Promise<boolean> {
  const kept = keeping.then(keepNow);
  keeping = kept.catch(() => undefined);
  return kept;
}

async function keepNow(): Promise<boolean> {
  if (!("serviceWorker" in navigator)) return false;
  await navigator.serviceWorker.register("/pass-worker.js", { scope: "/pass" });
  const cache = await caches.open(CACHE);
  const wanted = ["/pass", ...loaded()];
  await cache.addAll(wanted);
  for (const request of await cache.keys()) if (!wanted.includes(new URL(request.url).pathname)) await cache.delete(request);
  return true;
}
