import { renewed } from '../session/refresh';
import { session } from '../session/store';
import { thisDevice } from '../session/device';
import { base } from './client-base';
import { learnServerTime } from './clock';
import { readProblem, unreachable } from './problem';

export interface Ask {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  /** The name of one intent; the same for every try of it. */
  key?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  timeout?: number;
  /** For signing in and up: a refusal there says nothing about the session one may still have. */
  anonymous?: boolean;
}

/** Asks the server; throws a Problem for everything that is not an answer. */
export async function ask<T>(path: string, options: Ask = {}): Promise<T> {
  const response = await send(path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

export async function send(path: string, options: Ask): Promise<Response> {
  const token = options.anonymous === true ? null : await freshToken();
  const first = await once(path, options, token);
  if (first.status !== 401 || token === null) return accepted(first);
  const next = await renewed(token);
  return accepted(await once(path, options, next?.accessToken ?? null));
}

/** A token about to run out is renewed ahead of time, so that most requests never meet a 401. */
export async function freshToken(): Promise<string | null> {
  const known = session();
  if (known === null) return null;
  if (Date.parse(known.accessTokenExpires) - Date.now() > 30_000) return known.accessToken;
  try {
    return (await renewed(known.accessToken))?.accessToken ?? null;
  } catch {
    return known.accessToken;
  }
}

async function once(path: string, options: Ask, token: string | null): Promise<Response> {
  const headers = new Headers(options.headers);
  headers.set('Accept', 'application/json');
  if (token !== null) headers.set('Authorization', `Bearer ${token}`);
  if (options.anonymous === true) headers.set('Latchkey-Device', thisDevice());
  if (options.key !== undefined) headers.set('Idempotency-Key', options.key);
  if (options.body !== undefined) headers.set('Content-Type', 'application/json');
  const timeout = AbortSignal.timeout(options.timeout ?? 15_000);
  try {
    const response = await fetch(base + path, {
      method: options.method ?? 'GET',
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      cache: 'no-cache',
    });
    learnServerTime(response.headers.get('Date'));
    return response;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreachable();
  }
}

async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw await readProblem(response);
}
