import type { Person, Session } from '../api/types';

/** Who is signed in, shared by all tabs through localStorage. */
const key = 'latchkey.session';
const listeners = new Set<() => void>();
let current: Session | null = read();

function read(): Session | null {
  try {
    const text = localStorage.getItem(key);
    return text === null ? null : (JSON.parse(text) as Session);
  } catch {
    return null;
  }
}

addEventListener('storage', (event) => {
  if (event.key !== key && event.key !== null) return;
  current = read();
  for (const listener of listeners) listener();
});

export function session(): Session | null {
  return current;
}

export function person(): Person | null {
  return current?.person ?? null;
}

/** Another tab may have renewed the tokens a moment ago, before its storage event reached us. */
export function rereadSession(): Session | null {
  current = read();
  return current;
}

export function keepSession(next: Session | null): void {
  current = next;
  try {
    if (next === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(next));
  } catch {
    // Without storage the session lives as long as the tab.
  }
  for (const listener of listeners) listener();
}

export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
