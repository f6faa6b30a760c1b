/**
 * The shell of the page, kept for when the server cannot be reached: the page opens then, and says so itself. What the
 * server has is always asked of the server first, so that a page and its server are of one version.
 */

const SHELL = "shell-1"; // another name drops what was kept under this one
const PATIENCE = 3000; // ms after which a server that does not answer counts as out of reach

/** Pages and their files; not the settings, the API, or what tells how the server is. */
const isShell = ({ pathname }) => pathname === "/" || pathname === "/manifest.webmanifest" || pathname.startsWith("/static/");

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => event.waitUntil(begin()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin || url.search || !isShell(url)) return;
  event.respondWith(answer(event.request));
});

/** Drops the shells of former versions, and takes charge of the pages that are open. */
async function begin() {
  for (const name of await caches.keys()) if (name !== SHELL) await caches.delete(name);
  await self.clients.claim();
}

/** From the server, and kept; from what was kept, when it cannot be reached. */
async function answer(request) {
  const cache = await caches.open(SHELL);
  try {
    const fresh = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (fresh.ok && fresh.type === "basic" && !fresh.redirected) await cache.put(request, fresh.clone());
    return fresh;
  } catch (error) {
    const kept = await cache.match(request, { ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}
