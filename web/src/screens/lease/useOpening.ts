import { useEffect, useRef, useState } from 'react';
import { api } from '../../api/endpoints';
import { Intent } from '../../api/intent';
import { asProblem, type Problem } from '../../api/problem';
import type { Lease } from '../../api/types';

/** Asks for the door, and follows the command to its one outcome also when the live line is down. */
export function useOpening(lease: Lease, onNews: (change: (known: Lease) => Lease) => void, reload: () => void) {
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const intent = useRef(new Intent());
  const { command } = lease;

  const open = async (): Promise<void> => {
    setAsking(true);
    setProblem(null);
    try {
      const next = await intent.current.run((key) => api.open(lease.id, key));
      onNews((known) => ({ ...known, command: next }));
      reload();
    } catch (error) {
      setProblem(asProblem(error));
      reload();
    } finally {
      setAsking(false);
    }
  };

  // The stream usually tells first; this only asks while something is under way and nothing has been heard.
  const waiting = command?.state === 'pending' || command?.state === 'sent';
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(reload, 2500);
    return () => clearInterval(timer);
  }, [waiting, reload]);

  return { asking, problem, open: () => void open() };
}
