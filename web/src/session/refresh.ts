import { readProblem, unreachable } from '../api/problem';
import type { Session } from '../api/types';
import { keepSession, rereadSession } from './store';

/**
 * Renews the access token once for all tabs: a refresh token works only once, so two tabs renewing at the same time
 * would sign each other out. The lock makes them queue, and whoever comes second finds the work done.
 */
export async function renewed(stale: string): Promise<Session | null> {
  const renew = async (): Promise<Session | null> => {
    const known = rereadSession();
    if (known === null || known.accessToken !== stale) return known;
    return exchange(known);
  };
  return 'locks' in navigator ? navigator.locks.request('latchkey.refresh', renew) : renew();
}

async function exchange(known: Session): Promise<Session | null> {
  let response: Response;
  try {
    response = await fetch('/api/v1/auth/refresh', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refreshToken: known.refreshToken }),
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    throw unreachable();
  }
  if (response.ok) {
    const next = (await response.json()) as Session;
    keepSession(next);
    return next;
  }
  // Only a clear refusal signs a person out; a server in trouble does not.
  if (response.status === 400 || response.status === 401 || response.status === 403) {
    keepSession(null);
    return null;
  }
  throw await readProblem(response);
}
