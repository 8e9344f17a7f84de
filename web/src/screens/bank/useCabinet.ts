import { useCallback, useEffect } from 'react';
import { freshToken } from '../../api/client';
import { base } from '../../api/client-base';
import { api } from '../../api/endpoints';
import type { Cabinet } from '../../api/types';
import { type Resource, useResource } from '../../api/useResource';
import { Stream } from '../../live/stream';

/** The simulated hardware, watched: doors move here the moment they move there. */
export function useCabinet(bankId: string | null): Resource<Cabinet> {
  const resource = useResource(bankId === null ? null : `cabinet/${bankId}`, (signal) => api.cabinet(bankId ?? '', signal));
  const { put: replace, reload } = resource;
  // An answer to a deed may come after the news of what followed from it: the later one stands.
  const put = useCallback((change: Cabinet | ((known: Cabinet) => Cabinet)) => {
    if (typeof change === 'function') replace(change);
    else replace((known) => (change.seq > known.seq ? change : known));
  }, [replace]);
  useEffect(() => {
    if (bankId === null) return;
    let broken = false;
    const stream = new Stream({
      url: () => `${base}/demo/banks/${encodeURIComponent(bankId)}/hardware/watch`,
      token: freshToken,
      refused: () => undefined,
      heard: ({ event, data }) => { if (event === 'cabinet') put(JSON.parse(data) as Cabinet); },
      state: (state) => {
        if (state === 'live' && broken) reload();
        broken = state === 'broken';
      },
    });
    return () => stream.close();
  }, [bankId, put, reload]);
  return { ...resource, put };
}
