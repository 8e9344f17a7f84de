import { useEffect, useRef, useState } from 'react';
import { api, type Position } from '../../api/endpoints';
import type { Feature, SitePage, Size } from '../../api/types';
import { useResource } from '../../api/useResource';
import { useLive } from '../../live/useLive';
import { useSoon } from '../../parts/useSoon';
import type { Open } from './Wishes';

const step = 60;

interface Wanted { query: string; city: string | null; size: Size | null; features: Feature[]; open: Open; at: Position | null }

/** The sites that match, kept fresh. What was found last stays until the next answer is there, so the list never blinks. */
export function useSites({ query, city, size, features, open, at }: Wanted) {
  const typed = useSettled(query.trim(), 180);
  const [wanted, setWanted] = useState(step);
  const last = useRef<SitePage | null>(null);

  // The list as it opens is what a person sees first, also without a network.
  const everything = typed === '' && city === null && size === null && features.length === 0 && open === undefined && at === null;
  const found = useResource(JSON.stringify([typed, city, size, features, open, at, wanted]), async (signal) => {
    const ask = { query: typed, city: city ?? undefined, size: size ?? undefined, features, open, at: at ?? undefined, limit: step };
    const page = await api.sites(ask, signal);
    while (page.next !== null && page.items.length < wanted) {
      const more = await api.sites({ ...ask, cursor: page.next }, signal);
      page.items.push(...more.items);
      page.next = more.next;
    }
    return page;
  }, everything ? 'sites' : undefined);
  if (found.data !== null) last.current = found.data;
  const page = found.data ?? last.current;

  // Counts change with every door at every site: read them again together, not one by one.
  const soon = useSoon(found.catchUp, 700);
  useLive({ sites: page?.items.map((site) => site.id) ?? [] }, (heard) => {
    if (heard.event === 'availability' || heard.event === 'resync') soon();
  });
  // Places open and close by the clock, and nobody sends word of that.
  const { reload } = found;
  useEffect(() => {
    const timer = setInterval(() => { if (document.visibilityState === 'visible') reload(); }, 60_000);
    return () => clearInterval(timer);
  }, [reload]);

  return {
    page,
    problem: found.problem,
    at: found.at,
    searching: found.loading || typed !== query.trim(),
    reload: found.reload,
    more: () => setWanted((n) => n + step),
  };
}

function useSettled<T>(value: T, pause: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}
