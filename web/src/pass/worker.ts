// The scan page without a network: its own files from the cache, and nothing else. What the API answers is never kept
// here, and nothing is sent.
const CACHE = "tocsin-pass";

interface Fetching extends Event {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}

async function page(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    if (response.ok) return response;
  } catch {
    // no network: below
  }
  return (await caches.match("/pass", { cacheName: CACHE })) ?? Response.error();
}

async function asset(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}

self.addEventListener("install", () => void (self as unknown as { skipWaiting(): Promise<void> }).skipWaiting());
self.addEventListener("activate", (event) =>
  (event as unknown as { waitUntil(work: Promise<void>): void }).waitUntil(
    (self as unknown as { clients: { claim(): Promise<void> } }).clients.claim(),
  ),
);
self.addEventListener("fetch", (event) => {
  const fetching = event as Fetching;
  const { pathname, origin } = new URL(fetching.request.url);
  if (fetching.request.method !== "GET" || origin !== self.location.origin) return;
  if (pathname === "/pass") fetching.respondWith(page(fetching.request));
  else if (pathname.startsWith("/assets/")) fetching.respondWith(asset(fetching.request));
});

export {};
