import { useRef } from 'react';
import type { Problem } from '../api/problem';
import { type Resource, useResource } from '../api/useResource';
import { type Read, withFirst, withNext } from './pages';
import { useDeed } from './useDeed';

export interface Pages<T, P> extends Pick<Resource<unknown>, 'problem' | 'at' | 'reload' | 'catchUp'> {
  /** The first page as it was read last, with what else it says; null until it was. */
  first: P | null;
  items: T[];
  next: string | null;
  more: () => void;
  busy: boolean;
  /** Why the next page could not be read. */
  failed: Problem | null;
}

interface Wanted<T, P> {
  keyOf: (item: T) => string;
  read: (cursor: string | undefined, signal?: AbortSignal) => Promise<P>;
  /** Things come to and leave any part of this list, not its top alone, such as alerts when they are resolved: when it is read again all of it is, as far as it was. */
  shifting?: boolean;
}

/** A list that is read page by page and kept fresh: news are put before it, older things behind it, and nothing is lost in between. */
export function usePages<T, P extends Read<T>>(key: string, { keyOf, read, shifting = false }: Wanted<T, P>): Pages<T, P> {
  const latest = useRef<(Read<T> & { first: P }) | null>(null);
  const { data, problem, at, reload, catchUp, put } = useResource(key, async (signal) => {
    const first = await read(undefined, signal);
    const before = latest.current;
    if (before === null) return { first, items: first.items, next: first.next };
    if (!shifting) return { first, ...withFirst(before, first, keyOf) };
    let all: Read<T> = first;
    while (all.next !== null && all.items.length < before.items.length) all = withNext(all, all.next, await read(all.next, signal), keyOf);
    return { first, items: all.items, next: all.next };
  });
  latest.current = data;
  const { busy, problem: failed, run } = useDeed();
  const next = data?.next ?? null;
  const more = (): void => {
    if (next === null || busy !== null) return;
    void run('deed', async () => {
      const page = await read(next);
      put((known) => ({ ...known, ...withNext(known, next, page, keyOf) }));
    });
  };
  return { first: data?.first ?? null, items: data?.items ?? [], next, more, busy: busy !== null, failed, problem, at, reload, catchUp };
}
