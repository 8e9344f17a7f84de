import type { LiveEvent } from '../api/types';
import type { StreamState } from './stream';

/** `floors`: sites at which one works, with each change there. */
export interface Topics { sites: string[]; floors?: string[] }

/** What a page says to the hub. */
export type ToHub =
  | { say: 'watch'; topics: Topics; who: string | null }
  | { say: 'token'; token: string | null }
  | { say: 'retry' }
  | { say: 'bye' };

/** What the hub says to a page. */
export type ToPage =
  | { say: 'state'; state: StreamState | 'idle'; since: number }
  | { say: 'event'; event: LiveEvent }
  | { say: 'hello'; now: string }
  | { say: 'token-please'; refused: boolean };
