import { useEffect, useRef } from 'react';

/** Gathers a burst: calls once, so long after the first of it. Counted from the last, it would never come where there is always another. */
export function useSoon(act: () => void, after: number): () => void {
  const timer = useRef<number | undefined>(undefined);
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => () => {
    window.clearTimeout(timer.current);
    timer.current = undefined;
  }, []);
  return () => {
    timer.current ??= window.setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, after);
  };
}
