import { useEffect, useState } from 'react';
import { api } from '../../../api/endpoints';
import type { IssuedPass, Lease, LeasePage } from '../../../api/types';
import { forget, keep, type Kept, kept } from '../../../offline/kept';

/** What somebody may open in other ways: a rented locker, or a lock of their own. */
export interface PassFor { id: string; lock?: boolean; locker: { id: string; label: string }; site: { timeZone: string }; offline: Lease['offline'] }

/** One for this lease at this locker: who gets another locker needs another pass. */
function nameOf(lease: PassFor): string {
  return `pass/${lease.id}/${lease.locker.id}`;
}

export function keepPass(lease: PassFor, pass: IssuedPass): void {
  keep(nameOf(lease), pass);
}

export function keptPass(lease: PassFor): Kept<IssuedPass> | null {
  const found = kept<IssuedPass>(nameOf(lease));
  return found !== null && Date.parse(found.value.validUntil) > Date.now() ? found : null;
}

/** The first page without a network shows what one has, also when it was not looked at since. */
function keepInList(lease: Lease): void {
  const others = (kept<LeasePage>('leases')?.value.items ?? []).filter((each) => each.id !== lease.id);
  keep('leases', { items: ['held', 'active', 'overdue'].includes(lease.state) ? [lease, ...others] : others, next: null } satisfies LeasePage);
}

/**
 * A pass is put by while there is a network, since a person asks for it where there is none. Another one is made when half of its day is over, and none for
 * somebody who only looks at what they had.
 */
export function useKeptPass(lease: Lease | null, stale: boolean): Kept<IssuedPass> | null {
  const usable = lease !== null && lease.may.includes('open');
  const [pass, setPass] = useState<Kept<IssuedPass> | null>(null);
  useEffect(() => {
    if (lease !== null && !stale) keepInList(lease);
  }, [lease, stale]);
  const name = lease === null ? null : nameOf(lease);
  useEffect(() => {
    if (lease === null || name === null) return;
    if (!usable) return forget(name);
    const known = keptPass(lease);
    setPass(known);
    if (stale || (known !== null && Date.now() - known.at < (Date.parse(known.value.validUntil) - known.at) / 2)) return;
    let over = false;
    api.pass(lease.id).then((made) => {
      keepPass(lease, made);
      if (!over) setPass(keptPass(lease));
    }, () => {
      // The next look tries again; the panel says why a pass cannot be had when it is asked for.
    });
    return () => { over = true; };
    // The lease is read again and again; only what is named here matters.
  }, [name, usable, stale]);
  return pass;
}
