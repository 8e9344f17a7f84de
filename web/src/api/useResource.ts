import { useCallback, useEffect, useRef, useState } from 'react';
import { asProblem, type Problem } from './problem';

export interface Resource<T> {
  data: T | null;
  problem: Problem | null;
  /** True while the first answer, or one for a new key, is on its way. */
  loading: boolean;
  reload: () => void;
  put: (change: T | ((known: T) => T)) => void;
}

/**
 * Reads something and keeps it. What was read stays on the screen while it is read again, also when that fails: stale
 * with a word about it is better than nothing.
 */
export function useResource<T>(key: string | null, read: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const [state, setState] = useState<{ key: string | null; data: T | null; problem: Problem | null }>({ key: null, data: null, problem: null });
  const [turn, setTurn] = useState(0);
  const reader = useRef(read);
  reader.current = read;

  useEffect(() => {
    if (key === null) return;
    const stop = new AbortController();
    let retry = 0;
    reader.current(stop.signal).then(
      (data) => {
        if (!stop.signal.aborted) setState({ key, data, problem: null });
      },
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const problem = asProblem(error);
        setState((known) => ({ key, data: known.key === key ? known.data : null, problem }));
        // A passing trouble heals without anybody pressing a button.
        if (problem.passing) retry = window.setTimeout(() => setTurn((n) => n + 1), (problem.retryAfter ?? 5) * 1000);
      },
    );
    return () => {
      stop.abort();
      clearTimeout(retry);
    };
  }, [key, turn]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  useEffect(() => {
    addEventListener('online', reload);
    return () => removeEventListener('online', reload);
  }, [reload]);

  const put = useCallback((change: T | ((known: T) => T)) => {
    setState((known) => {
      if (typeof change !== 'function') return { ...known, key, data: change, problem: null };
      return known.data === null ? known : { ...known, data: (change as (known: T) => T)(known.data) };
    });
  }, [key]);

  const current = state.key === key;
  return {
    data: current ? state.data : null,
    problem: current ? state.problem : null,
    loading: key !== null && (!current || (state.data === null && state.problem === null)),
    reload,
    put,
  };
}
