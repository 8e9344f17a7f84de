import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Hub } from '../src/live/hub';
import type { ToPage } from '../src/live/messages';

const lines = 'event: hello\ndata: {"now":"2026-11-22T12:00:00Z"}\n\nevent: beat\ndata: {}\n\nevent: lease\ndata: {"leaseId":"l"}\n\nevent: bye\ndata: {}\n\n';
const fetched = vi.fn((_: string, init: { headers: Headers }) => Promise.resolve(new Response(lines, { headers: init.headers })));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', fetched.mockClear());
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A hub with one page, which gives this token whenever it is asked for one. */
function page(who: string | null, token: () => string | null): ToPage[] {
  const told: ToPage[] = [];
  const hub = new Hub();
  const listener = {
    post: (message: ToPage) => {
      told.push(message);
      if (message.say === 'token-please') queueMicrotask(() => hub.take(listener, { say: 'token', token: token() }));
    },
  };
  hub.take(listener, { say: 'watch', topics: { sites: ['s'] }, who });
  return told;
}

it('opens no stream in the name of somebody whose token it does not have, and tries again', async () => {
  let token: string | null = null;
  const told = page('p', () => token);
  await vi.advanceTimersByTimeAsync(100);
  expect(fetched).not.toHaveBeenCalled();
  expect(told.at(-1)).toMatchObject({ say: 'state', state: 'broken' });
  token = 't';
  await vi.advanceTimersByTimeAsync(1000);
  expect(fetched.mock.calls[0]?.[1].headers.get('Authorization')).toBe('Bearer t');
  expect(told).toContainEqual(expect.objectContaining({ say: 'state', state: 'live' }));
});

it('opens one without a token for somebody who is not signed in', async () => {
  page(null, () => null);
  await vi.advanceTimersByTimeAsync(100);
  expect(fetched.mock.calls[0]?.[1].headers.has('Authorization')).toBe(false);
});

it('tells what happened, and nothing of the line itself', async () => {
  const told = page(null, () => null);
  await vi.advanceTimersByTimeAsync(100);
  expect(told.filter(({ say }) => say === 'hello' || say === 'event').map((each) => (each.say === 'event' ? each.event.event : each.say))).toEqual(['hello', 'lease']);
});
