import { newId } from './newId';
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
    this.#key ??= newId();
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
