import { useEffect, useRef } from 'react';

/**
 * The live feed usually tells first; this asks again only while something is under way and nothing has been heard.
 * @param again asks once more, and leaves an answer that is still on its way alone (see Resource.again).
 */
export function useFollowed(waiting: boolean, again: () => void, every = 2500): void {
  const latest = useRef(again);
  latest.current = again;
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(() => latest.current(), every);
    return () => clearInterval(timer);
  }, [waiting, every]);
}
