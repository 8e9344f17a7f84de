import { onSession, person } from '../session/store';

/**
 * The last answers about one's own things, so that they can be looked at without a network: a few of them, with the time they are from. They belong to who is
 * signed in, and go when that person signs out, in any tab.
 */
export interface Kept<T> { at: number; value: T }
interface Written { at: number; who: string; value: unknown }

const prefix = 'latchkey.kept.';
/** Newest first; a person has three holds and a few lockers at most, each with its pass. */
const most = 24;
/** Longer ago, it helps nobody: no rental's pass lasts as long. */
const longest = 8 * 86_400_000;

export function keep(name: string, value: unknown): void {
  const who = person()?.id;
  if (who === undefined) return;
  try {
    localStorage.setItem(prefix + name, JSON.stringify({ at: Date.now(), who, value } satisfies Written));
    for (const old of entries().slice(most)) localStorage.removeItem(old.key);
  } catch {
    // No storage, or no room: then it is there with a network only.
  }
}

export function kept<T>(name: string): Kept<T> | null {
  try {
    const text = localStorage.getItem(prefix + name);
    if (text === null) return null;
    const { at, who, value } = JSON.parse(text) as Written;
    return who === person()?.id && Date.now() - at < longest ? { at, value: value as T } : null;
  } catch {
    return null;
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(prefix + name);
  } catch {
    // What cannot be written was not kept.
  }
}

function entries(): { key: string; at: number; who: string }[] {
  return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).map((key) => {
    const { at = 0, who = '' } = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Written>;
    return { key, at, who };
  }).sort((a, b) => b.at - a.at);
}

function forgetOthers(): void {
  try {
    const who = person()?.id;
    for (const { key, at, who: owner } of entries()) if (owner !== who || Date.now() - at >= longest) localStorage.removeItem(key);
  } catch {
    // The same.
  }
}

onSession(forgetOthers);
addEventListener('storage', forgetOthers);
forgetOthers();
