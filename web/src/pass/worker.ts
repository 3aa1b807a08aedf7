// The scan page without a network: its own files from the cache, and nothing else. What the API answers is never kept
// here, and nothing is sent.
const CACHE = "tocsin-pass";
const PATIENCE = 2_000; // milliseconds that the network may take for the page, where it is kept too

/** The page and all that it loads; the build writes the names in (vite.config.ts), so none depends on what a browser has
 * noticed by some moment. */
const FILES = "KEPT_FILES".split(" ");

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface Fetching extends Event {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

interface Worker {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}

const worker = self as unknown as Worker;

/** All of them, or this worker is not installed and the next round tries again. */
async function keep(): Promise<void> {
  await (await caches.open(CACHE)).addAll(FILES);
  await worker.skipWaiting();
}

/** What another release kept goes; pages that are open have their files from here from now on. */
async function tidy(): Promise<void> {
  const cache = await caches.open(CACHE);
  for (const request of await cache.keys()) if (!FILES.includes(new URL(request.url).pathname)) await cache.delete(request);
  await worker.clients.claim();
}

const kept = (path: string) => caches.match(path, { cacheName: CACHE, ignoreVary: true });

/** The newest; but a network that hangs keeps nobody waiting. */
async function page(request: Request): Promise<Response> {
  const own = await kept("/pass");
  if (own === undefined) return fetch(request);
  const fresh = fetch(request).then(
    (response) => (response.ok ? response : own),
    () => own,
  );
  return Promise.race([fresh, new Promise<Response>((done) => setTimeout(done, PATIENCE, own))]);
}

async function asset(request: Request, path: string): Promise<Response> {
  return (await kept(path)) ?? fetch(request);
}

self.addEventListener("install", (event) => (event as Lasting).waitUntil(keep()));
self.addEventListener("activate", (event) => (event as Lasting).waitUntil(tidy()));
self.addEventListener("fetch", (event) => {
  const fetching = event as Fetching;
  const { pathname, origin } = new URL(fetching.request.url);
  if (fetching.request.method !== "GET" || origin !== self.location.origin) return;
  if (pathname === "/pass") fetching.respondWith(page(fetching.request));
  else if (pathname.startsWith("/assets/")) fetching.respondWith(asset(fetching.request, pathname));
});

export {};
