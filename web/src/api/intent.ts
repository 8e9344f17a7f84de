import { asProblem } from './problem';

/**
 * One thing a person means to do, for example "open door 14". Its idempotency key stays the same while the outcome is
 * not known, so that a retry after a lost answer cannot move the door or the money a second time. Another wish is another
 * intent: its key is not that of the last one.
 */
export class Intent {
  #key: string | null = null;
  #wish = '';

  async run<T>(act: (key: string) => Promise<T>, wish = ''): Promise<T> {
    if (wish !== this.#wish) this.#key = null;
    this.#wish = wish;
    this.#key ??= newKey();
    try {
      const result = await act(this.#key);
      this.#key = null;
      return result;
    } catch (error) {
      if (!asProblem(error).passing) this.#key = null;
      throw error;
    }
  }
}

/** randomUUID is only there on secure origins; a kiosk on a plain local address still needs a key. */
function newKey(): string {
  if ('randomUUID' in crypto) return crypto.randomUUID();
  const bytes = (crypto as Crypto).getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
