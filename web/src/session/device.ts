import { newId } from '../api/newId';

/** A random name that this browser keeps, so that its owner is not warned of a new device at each sign-in. */
const key = 'latchkey.device';
let known: string | null = null;

export function thisDevice(): string {
  if (known !== null) return known;
  try {
    known = localStorage.getItem(key);
    if (known === null) localStorage.setItem(key, (known = newId()));
  } catch {
    // Without storage each visit is a new device.
    known ??= newId();
  }
  return known;
}
