/**
 * Keeps the application's own files, so that it opens without a network. Never an answer of the API: what belongs to a person is kept by the pages, which know
 * who is signed in (kept.ts). No imports: it is one file.
 */
export {};

interface Later extends Event { waitUntil(work: Promise<unknown>): void }
interface Fetching extends Later { request: Request; respondWith(answer: Promise<Response>): void }
interface Worker {
  addEventListener(kind: 'install' | 'activate' | 'message', heard: (event: Later) => void): void;
  addEventListener(kind: 'fetch', heard: (event: Fetching) => void): void;
  location: Location;
  clients: { claim(): Promise<void> };
}
const worker = self as unknown as Worker;

/** Filled in by the build: what a customer's pages are made of, and a name for exactly this set. */
const files: string[] = ['__FILES__'];
const version = '__VERSION__';

const mine = 'latchkey-pages-';
const name = mine + version;
/** A network that does not answer by then is none. */
const patience = 4000;
/** Not pages: other parts of the server. */
const notOurs = /^\/(api|docs|openapi|health|metrics|device|\.well-known)(\/|$)/;

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open(name).then(keepAll));
});

/** A few at a time, since the page that is open comes first; and what one bad moment of the network has lost is asked for once more, for without all of them none is kept. */
async function keepAll(cache: Cache): Promise<void> {
  for (let begin = 0; begin < files.length; begin += 8) {
    const few = files.slice(begin, begin + 8);
    await cache.addAll(few).catch(() => cache.addAll(few));
  }
}

worker.addEventListener('activate', (event) => {
  const old = caches.keys().then((all) => Promise.all(all.filter((each) => each.startsWith(mine) && each !== name).map((each) => caches.delete(each))));
  event.waitUntil(old.then(() => worker.clients.claim()));
});

/** A page asks to be served from what is kept (install.ts). Whatever is said, this is all that it can bring about. */
worker.addEventListener('message', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin || notOurs.test(url.pathname)) return;
  if (request.mode === 'navigate') event.respondWith(page(request));
  else if (url.pathname.startsWith('/assets/')) event.respondWith(asset(request, event));
  else if (files.includes(url.pathname)) event.respondWith(fresh(request, url.pathname));
});

/** Every address is the same page; the newest there is, and the kept one where the network or the server is away. */
async function page(request: Request): Promise<Response> {
  return fresh(request, '/');
}

async function fresh(request: Request, path: string): Promise<Response> {
  const kept = await caches.match(path, { cacheName: name });
  try {
    const answer = await fetch(request, kept === undefined ? {} : { signal: AbortSignal.timeout(patience) });
    return answer.status >= 500 && kept !== undefined ? kept : answer;
  } catch (error) {
    if (kept !== undefined) return kept;
    throw error;
  }
}

/** The name says what is in it: once had, it is never asked for again. */
async function asset(request: Request, event: Later): Promise<Response> {
  const kept = await caches.match(request, { cacheName: name });
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok && answer.status === 200) {
    const copy = answer.clone();
    event.waitUntil(caches.open(name).then((cache) => cache.put(request, copy)));
  }
  return answer;
}
