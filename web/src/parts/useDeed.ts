import { useState } from 'react';
import { asProblem, type Problem } from '../api/problem';

interface Deed<What> {
  /** What is being done now; null while nothing is. */
  busy: What | null;
  /** Why the last one failed; null once the next begins. */
  problem: Problem | null;
  forget: () => void;
  /** One deed; what it throws becomes the problem. It answers whether it went well. */
  run: (what: What, deed: () => Promise<void>) => Promise<boolean>;
}

/** What a button does at the server: its spinner while it lasts, its problem where it fails. */
export function useDeed<What extends string = 'deed'>(): Deed<What> {
  const [busy, setBusy] = useState<What | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  return {
    busy, problem,
    forget: () => setProblem(null),
    run: async (what, deed) => {
      setBusy(what);
      setProblem(null);
      try {
        await deed();
        return true;
      } catch (error) {
        setProblem(asProblem(error));
        return false;
      } finally {
        setBusy(null);
      }
    },
  };
}
