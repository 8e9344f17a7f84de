import { freshToken } from '../api/client';
import { learnServerTime } from '../api/clock';
import type { LiveEvent } from '../api/types';
import { renewed } from '../session/refresh';
import { onSession, session } from '../session/store';
import { Hub } from './hub';
import type { ToHub, ToPage, Topics } from './messages';
import type { StreamState } from './stream';

/** This page's end of the live stream: what it watches, what it heard, and whether the line is up. */
export interface LiveState { state: StreamState | 'idle'; since: number }
export type Heard = LiveEvent | { event: 'resync' };

/** Whether it is about what the reader has: a lease, a deposit or a lock of theirs, its door, an order to it; or whether something may have been missed. */
export const aboutMe = ({ event }: Heard): boolean => event === 'resync' || event === 'lease' || event === 'door' || event === 'command';

let state: LiveState = { state: 'idle', since: Date.now() };
let cut: LiveState | null = null;
const stateListeners = new Set<() => void>();
const ears = new Set<(heard: Heard) => void>();
const watched = new Map<symbol, Topics>();
let say: ((message: ToHub) => void) | null = null;

function connected(): (message: ToHub) => void {
  if (say !== null) return say;
  say = sharedWorker() ?? inPage();
  onSession(announce);
  addEventListener('pagehide', () => say?.({ say: 'bye' }));
  addEventListener('pageshow', announce);
  addEventListener('online', () => { say?.({ say: 'retry' }); told(); });
  addEventListener('offline', told);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') announce();
  });
  setInterval(announce, 20_000);
  return say;
}

function sharedWorker(): ((message: ToHub) => void) | null {
  if (!('SharedWorker' in window)) return null;
  try {
    const worker = new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'latchkey-live' });
    worker.port.onmessage = (event: MessageEvent<ToPage>) => take(event.data);
    return (message) => worker.port.postMessage(message);
  } catch {
    return null;
  }
}

function inPage(): (message: ToHub) => void {
  const hub = new Hub();
  const listener = { post: take };
  return (message) => hub.take(listener, message);
}

function take(message: ToPage): void {
  if (message.say === 'state') {
    state = { state: message.state, since: message.since };
    for (const listener of stateListeners) listener();
  } else if (message.say === 'hello') {
    learnServerTime(message.now);
    for (const ear of ears) ear({ event: 'resync' });
  } else if (message.say === 'token-please') {
    void token(message.refused).then((found) => say?.({ say: 'token', token: found }));
  } else {
    for (const ear of ears) ear(message.event);
  }
}

async function token(refused: boolean): Promise<string | null> {
  try {
    const known = session()?.accessToken;
    return refused && known !== undefined ? ((await renewed(known))?.accessToken ?? null) : await freshToken();
  } catch {
    return null;
  }
}

function announce(): void {
  const all = [...watched.values()];
  say?.({
    say: 'watch',
    topics: { sites: all.flatMap((topics) => topics.sites), floors: all.flatMap((topics) => topics.floors ?? []) },
    who: session()?.person.id ?? null,
  });
}

/** Watches some topics (and one's own leases, always) until the returned function is called. */
export function watch(topics: Topics, ear: (heard: Heard) => void): () => void {
  const name = Symbol('watch');
  connected();
  watched.set(name, topics);
  ears.add(ear);
  announce();
  return () => {
    watched.delete(name);
    ears.delete(ear);
    announce();
  };
}

/** A stream that was cut off by losing the network goes on to look alive for a while: the machine itself knows sooner. */
export function liveState(): LiveState {
  if (state.state !== 'live' || navigator.onLine) {
    cut = null;
    return state;
  }
  return (cut ??= { state: 'broken', since: Date.now() });
}

function told(): void {
  for (const listener of stateListeners) listener();
}

export function onLiveState(listener: () => void): () => void {
  stateListeners.add(listener);
  return () => stateListeners.delete(listener);
}
