import { useSyncExternalStore } from 'react';
import { currentLanguage, type Language, speak } from '../text/t';

const key = 'latchkey.language';
const listeners = new Set<() => void>();

/** The language chosen earlier, or the browser's own where we speak it. */
export async function startLanguage(): Promise<void> {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem(key);
  } catch {
    // No storage, no memory of it.
  }
  const wanted = chosen ?? navigator.language;
  try {
    await speak(wanted.startsWith('hi') ? 'hi' : 'en');
  } catch {
    // The other catalogue could not be fetched: English is always there.
    await speak('en');
  }
}

export async function chooseLanguage(next: Language): Promise<void> {
  await speak(next);
  try {
    localStorage.setItem(key, next);
  } catch {
    // It still holds for this visit.
  }
  for (const listener of listeners) listener();
}

export function useLanguage(): Language {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, currentLanguage);
}
