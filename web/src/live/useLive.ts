import { useEffect, useRef, useSyncExternalStore } from 'react';
import { type Heard, liveState, type LiveState, onLiveState, watch } from './page';

interface Wanted { sites?: string[]; floors?: string[] }

/** Hears what happens at these places and to one's own leases; "resync" says that something may have been missed. */
export function useLive({ sites = [], floors = [] }: Wanted, ear: (heard: Heard) => void): void {
  const latest = useRef(ear);
  latest.current = ear;
  const topics = JSON.stringify({ sites: [...sites].sort(), floors: [...floors].sort() });
  useEffect(() => watch(JSON.parse(topics) as Required<Wanted>, (heard) => latest.current(heard)), [topics]);
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(onLiveState, liveState);
}
