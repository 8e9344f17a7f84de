import { useRef } from 'react';
import { api } from '../../api/endpoints';
import { Intent } from '../../api/intent';
import type { Lease } from '../../api/types';
import { isUnderWay } from '../../parts/orderWords';
import { useDeed } from '../../parts/useDeed';
import { useFollowed } from '../../parts/useFollowed';

/** Asks for the door, and follows the command to its one outcome also when the live line is down. */
export function useOpening(lease: Lease, onNews: (change: (known: Lease) => Lease) => void, reload: () => void, again: () => void) {
  const { busy, problem, run } = useDeed();
  const intent = useRef(new Intent());

  const open = async (): Promise<void> => {
    await run('deed', async () => {
      const next = await intent.current.run((key) => api.open(lease.id, key));
      onNews((known) => ({ ...known, command: next }));
    });
    reload();
  };

  useFollowed(isUnderWay(lease.command), again);
  return { asking: busy !== null, problem, open: () => void open() };
}
