// Keeps what the playground needs, so that it works without a network when it has been here once.
"use strict";

const CACHE = "playground-{{ version }}";
const KEPT = {{ kept }}; // [address, digest]
const kept = new Set(KEPT.map(([address]) => new URL(address, location).href));

addEventListener("install", (event) => {
  const requests = KEPT.map(([address, integrity]) => new Request(address, { integrity }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("playground-") && name !== CACHE);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

// What is kept does not change within a version; of all else, the newest that can be had.
async function answer(request) {
  const cache = await caches.open(CACHE);
  const isPage = request.mode === "navigate";
  if (kept.has(request.url) && !isPage) return (await cache.match(request.url)) ?? fetch(request);
  try {
    const found = await fetch(request);
    if (found.ok && !isPage) await cache.put(request, found.clone());
    return found;
  } catch (error) {
    const last = await cache.match(isPage ? "index.html" : request.url);
    if (last) return last;
    throw error;
  }
}
