import { useCallback, useEffect, useRef, useState } from 'react';
import { forget, keep, kept } from '../offline/kept';
import { asProblem, type Problem } from './problem';

export interface Resource<T> {
  data: T | null;
  problem: Problem | null;
  /** True while the first answer, or one for a new key, is on its way. */
  loading: boolean;
  /** When what is shown was read, in this machine's milliseconds; null while nothing is shown. */
  at: number | null;
  /** What is shown is from before, and may have changed since. */
  stale: boolean;
  reload: () => void;
  /** Asks once more, unless an answer is on its way already: whoever asks every few seconds must not take back what a slow network still brings. */
  again: () => void;
  /** Asks once more as soon as an answer that is on its way is here: for news that may come faster than answers. */
  catchUp: () => void;
  put: (change: T | ((known: T) => T)) => void;
}

/** `old`: taken from what was kept, and not confirmed since. */
interface State<T> { key: string | null; data: T | null; problem: Problem | null; at: number | null; old: boolean }

/** So long a person looks at an empty page before they are shown what was kept, marked as old. */
const patience = 2000;

/**
 * Reads something and keeps it. What was read stays on the screen while it is read again, also when that fails: stale
 * with a word about it is better than nothing.
 * @param keepAs a name under which the last answer outlives the page, for a time without a network.
 */
export function useResource<T>(key: string | null, read: (signal: AbortSignal) => Promise<T>, keepAs?: string): Resource<T> {
  const [state, setState] = useState<State<T>>({ key: null, data: null, problem: null, at: null, old: false });
  const [turn, setTurn] = useState(0);
  const reader = useRef(read);
  reader.current = read;
  const underWay = useRef(false);
  const behind = useRef(false);

  useEffect(() => {
    if (key === null) return;
    const stop = new AbortController();
    let retry = 0;
    const before = (known: State<T>): Pick<State<T>, 'data' | 'at' | 'old'> => {
      if (known.key === key && known.data !== null) return { data: known.data, at: known.at, old: known.old };
      const found = keepAs === undefined ? null : kept<T>(keepAs);
      return { data: found?.value ?? null, at: found?.at ?? null, old: true };
    };
    const slow = setTimeout(() => setState((known) => ({ key, problem: known.key === key ? known.problem : null, ...before(known) })), patience);
    underWay.current = true;
    behind.current = false;
    reader.current(stop.signal).then(
      (data) => {
        clearTimeout(slow);
        if (stop.signal.aborted) return;
        underWay.current = false;
        setState({ key, data, problem: null, at: Date.now(), old: false });
        if (behind.current) setTurn((n) => n + 1);
        if (keepAs !== undefined) keep(keepAs, data);
      },
      (error: unknown) => {
        clearTimeout(slow);
        if (stop.signal.aborted) return;
        underWay.current = false;
        const problem = asProblem(error);
        // What is gone, or not theirs any more, is not shown from memory.
        if (!problem.passing && keepAs !== undefined) forget(keepAs);
        setState((known) => ({ key, problem, ...(problem.passing ? before(known) : { data: known.key === key ? known.data : null, at: known.at, old: known.old }) }));
        // A passing trouble heals without anybody pressing a button.
        if (problem.passing) retry = window.setTimeout(() => setTurn((n) => n + 1), (problem.retryAfter ?? 5) * 1000);
      },
    );
    return () => {
      stop.abort();
      underWay.current = false;
      clearTimeout(slow);
      clearTimeout(retry);
    };
  }, [key, turn, keepAs]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const again = useCallback(() => { if (!underWay.current) setTurn((n) => n + 1); }, []);
  const catchUp = useCallback(() => {
    if (underWay.current) behind.current = true;
    else setTurn((n) => n + 1);
  }, []);
  useEffect(() => {
    addEventListener('online', reload);
    return () => removeEventListener('online', reload);
  }, [reload]);

  const put = useCallback((change: T | ((known: T) => T)) => {
    setState((known) => {
      if (typeof change !== 'function') return { key, data: change, problem: null, at: Date.now(), old: false };
      return known.data === null ? known : { ...known, data: (change as (known: T) => T)(known.data) };
    });
  }, [key]);

  const current = state.key === key;
  return {
    data: current ? state.data : null,
    problem: current ? state.problem : null,
    loading: key !== null && (!current || (state.data === null && state.problem === null)),
    at: current ? state.at : null,
    stale: current && state.data !== null && (state.old || state.problem !== null),
    reload,
    again,
    catchUp,
    put,
  };
}
