import { useSyncExternalStore } from 'react';

/** The address bar as state. Which page an address is, is said in App.tsx and Console.tsx: fixed routes need no library. */
const listeners = new Set<() => void>();
addEventListener('popstate', tell);

function tell(): void {
  for (const listener of listeners) listener();
}

export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  tell();
  if (!replace) window.scrollTo(0, 0);
}

/** The payment provider's page: of another origin, but for the sandbox's. */
export function toCheckout(url: string): void {
  if (url.startsWith('/')) go(url);
  else location.assign(url);
}

/** Changes the query without a new entry in the history: what a person has chosen survives a reload and a sign-in. */
export function keepQuery(values: Record<string, string | null>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`));
  tell();
}

export function useAddress(): URL {
  const href = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => location.href,
  );
  return new URL(href);
}

/** Only a path of this application may be returned to; anything else in the address is somebody's trick. */
export function safePath(path: string | null, otherwise: string): string {
  if (path === null) return otherwise;
  try {
    const url = new URL(path, location.origin);
    return url.origin === location.origin && path.startsWith('/') ? url.pathname + url.search : otherwise;
  } catch {
    return otherwise;
  }
}
